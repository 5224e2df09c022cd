package document

import (
	"fmt"
	"slices"
)

// gateTitles are the names of the gates for readers.
var gateTitles = map[string]string{
	"pre_val":          "Release to VAL",
	"approve_to_prd":   "Approval to PRD",
	"approve_for_use":  "Approval for use",
	"approve_rollback": "Approval of rollback",
	"catch_up":         "Catching up on an emergency",
}

func gateTitle(name string) string {
	if t, ok := gateTitles[name]; ok {
		return t
	}
	return name
}

// bindings explains the two kinds of signature once, under the signatures.
const bindings = "Each signature binds to the SHA-256 of the gate's manifest, which names the commit, artifacts, evidence and documents. " +
	"User-key bound: the signer's own key signed the payload. Server-attested: the server authenticated the signer with two components and attests it."

// gate prints the state of a gate with its checks and signatures.
func (a *author) gate(g Gate) {
	a.subsection(fmt.Sprintf("%s (%s)", gateTitle(g.Name), g.Name))
	items := []Field{field("State", outcome(g.State)...), field("Opened", text(stamp(g.OpenedAt))), field("Satisfied", text(stamp(g.SatisfiedAt)))}
	if !g.signable() { // else the signatures name it
		items = append(items, field("Manifest", mono(g.ManifestSHA256)...))
	}
	a.fields(items...)
	if len(g.Missing) > 0 {
		items := make([][]Run, len(g.Missing))
		for i, m := range g.Missing {
			items[i] = cell(text(m))
		}
		a.notice(Caution, "Not yet open", text("The gate waits for:"))
		a.add(Block{List: &List{Items: items}})
	}
	t := Table{
		Caption: "Checks of " + g.Name,
		Columns: []Column{{Title: "Check", Weight: 5}, {Title: "Result", Weight: 3}, {Title: "Detail", Weight: 14}},
		Empty:   "This gate demands no check.",
	}
	if g.State == GateClosed && len(g.Checks) == 0 {
		t.Empty = "The checks are recorded when the gate opens; what it waits for is named above."
	}
	for _, c := range g.Checks {
		met := cell(status("met", Positive))
		switch {
		case !c.Met:
			met = cell(status("not met", Negative))
		case len(c.Waived) > 0:
			met = cell(status("met with waiver", Caution))
		}
		t.Rows = append(t.Rows, row(plain(c.Name), met, detailed(c.Detail, slices.Concat(c.Reports, c.Waived)...)))
	}
	a.table(t)
	a.signatures(g)
}

func (a *author) signatures(g Gate) {
	if !g.signable() {
		a.say("The profile demands no signature at this gate.")
		return
	}
	a.add(Block{Signatures: &SignatureBlock{Gate: g.Name, Signed: g.Signatures, Open: g.open(), Manifest: g.ManifestSHA256}})
}

// signable reports whether the gate demands or holds a signature.
func (g Gate) signable() bool { return len(g.Required)+len(g.Signatures) > 0 }

// signaturePage is what a final has and its candidate has not.
func (a *author) signaturePage(m Meta, g Gate) {
	a.section("Signature page")
	a.paragraph(
		text("The sections above are the candidate "), code(m.Number), text(" as it was signed, unchanged. SHA-256 of its canonical form: "),
		code(m.CandidateSHA), text("."),
	)
	a.gate(g)
	a.say(bindings)
}
