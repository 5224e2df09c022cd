package document

import "fmt"

// outlineCertificate writes the identity of the release, its gates with all
// their signatures, and where each can be verified. It has no signature of its
// own.
func outlineCertificate(a *author) {
	f := a.facts
	a.section("Statement")
	a.paragraph(
		text("Release "), strong(f.Release.Version), text(" of "), strong(f.Product.printed()),
		text(" passed the "+Plural(int64(len(f.Gates)), "gate", "gates")+" below under the profile "), strong(orDash(f.Policy.Profile)),
		text(". The release is a change of type "), strong(orDash(f.Release.ChangeType)),
		text(". Each signature that the gates demand was given and is effective. This certificate lists them; it adds no signature and no conclusion of its own."),
	)
	a.statedExceptions()
	a.identification()
	a.section("Gates and signatures")
	a.road()
	for _, g := range f.Gates {
		a.gate(g)
	}
	a.say(bindings)
	a.section("Artifacts")
	a.artifacts()
	a.section("Documents")
	t := Table{
		Caption: "Documents of this release",
		Columns: []Column{{Title: "Number", Weight: 4}, {Title: "Title", Weight: 3}, {Title: "SHA-256 of the canonical form", Weight: 6}},
		Empty:   "No document is recorded.",
	}
	for _, d := range f.Documents {
		t.Rows = append(t.Rows, row(mono(d.Number), plain(d.Title), mono(d.SHA256)))
	}
	a.table(t)
	a.decisions()
	a.exceptions()
	a.section("How to verify")
	a.paragraph(
		text("The folder of this version in the release log holds the manifests, signatures, evidence and ledger proofs. Verify it on a machine of your own, with the trust file that you were given by another way:"),
	)
	a.add(Block{Code: &Code{Language: "sh", Text: "dc-release audit verify --release-log DIR --version " + f.Release.Version + " --trust FILE\n"}})
	a.fields(
		field("Ledger", code(orDash(f.Ledger.Origin))),
		field("Size", text(fmt.Sprint(f.Ledger.Size))),
		field("Root", mono(f.Ledger.Root)...),
	)
}

func (a *author) statedExceptions() {
	n := len(a.facts.Exceptions)
	if n == 0 {
		a.notice(Positive, "No exception", text("The exception list of this release is empty."))
		return
	}
	a.notice(Caution, "Exceptions", text(Plural(int64(n), "entry stands", "entries stand")+" in the exception list of this release and in this certificate."))
}
