package document

import (
	"cmp"
	"fmt"
	"strings"
)

// identification is the first section of every document: what exactly the
// document is about.
func (a *author) identification() {
	f := a.facts
	a.section(identificationTitle)
	items := []Field{
		field("Product", f.Product.runs()...),
		field("Version", strong(f.Release.Version)),
		field("Tag", code(f.Release.Tag), text(", tag object "), code(orDash(f.Release.TagObject))),
		field("Commit", code(f.Release.Commit)),
		field("File list digest", mono(f.Release.FilesSHA256)...),
		field("Requirements commit", mono(f.Release.RequirementsCommit)...),
		field("Code repository", text(orDash(f.Product.Repository))),
		field("Requirements repository", text(orDash(f.Product.RequirementsRepository))),
		field("Release log", text(orDash(f.Product.ReleaseLogRepository))),
		field("Run", mono(f.Release.Run)...),
		field("State when frozen", outcome(f.Release.State)...),
		field("Profile", text(orDash(f.Policy.Profile)), text(", policy "), code(orDash(short(f.Policy.SHA256))), text(", baseline "+orDash(f.Policy.Baseline))),
		field("Previous release", previous(f.Previous)...),
		field("Facts frozen", text(stamp(f.FrozenAt)), text(fmt.Sprintf(", ledger size %d, root ", f.Ledger.Size)), code(orDash(short(f.Ledger.Root)))),
	}
	if a.request.Environment != "" {
		items = append(items[:2:2], append([]Field{field("Environment", strong(strings.ToUpper(a.request.Environment)))}, items[2:]...)...)
	}
	a.fields(items...)
	if f.Evaluation != "" {
		a.notice(Negative, "EVALUATION", text("This installation runs in EVALUATION mode: "+f.Evaluation+". This document is not a record for regulated use."))
	}
	if s := f.Restriction.Sentence(); s != "" {
		a.notice(Caution, Restricted, text(s))
	}
}

// runs is the name of the product with its key, where that is another word.
func (p Product) runs() []Run {
	if p.printed() == p.Key {
		return cell(strong(p.Key))
	}
	return cell(strong(p.printed()), text(" "), code(p.Key))
}

func previous(p Previous) []Run {
	if p.First {
		return cell(text("none, this is the first release"))
	}
	if p.Version == "" {
		return plain("")
	}
	return cell(strong(p.Version), text(" at "), code(short(p.Commit)), text(", "+orDash(p.State)+", manifest "), code(orDash(short(p.ManifestSHA256))))
}

func (p Person) printed() string {
	switch {
	case p.Name == "" && p.ID == "":
		return ""
	case p.Name == "":
		return p.ID
	case p.Login != "":
		return p.Name + " (" + p.Login + ")"
	}
	return p.Name
}

// people are the trigger actor and the authors, who may sign no gate of this
// release.
func (a *author) people() {
	var names []string
	for _, p := range a.facts.Authors {
		names = append(names, p.printed())
	}
	a.fields(
		field("Change type", a.facts.Release.changeType()...),
		field("Release started by", text(cmp.Or(a.facts.Trigger.printed(), "nobody known"))),
		field("Authors of the change", lines(names...)...),
	)
	a.say("Authors of a change do not sign the gates of its release.")
}

// exceptions is the list of what did not go straight.
func (a *author) exceptions() {
	a.section("Exceptions")
	a.say("Events of this release that a reviewer should look at: failed and repeated attempts, late results, refused actions, rejected or withdrawn signatures.")
	t := Table{
		Caption: "Exception list",
		Columns: []Column{{Title: "Time", Weight: 5}, {Title: "Kind", Weight: 4}, {Title: "Subject", Weight: 6}, {Title: "What happened", Weight: 9}, {Title: "Disposition", Weight: 8}, {Title: "Ledger", Weight: 3, Numeric: true}},
		Empty:   "No exception is recorded.",
	}
	for _, e := range a.facts.Exceptions {
		t.Rows = append(t.Rows, row(plain(stamp(e.At)), plain(e.Kind), mono(e.Subject), plain(e.Text), plain(e.Disposition), number(e.Seq)))
	}
	a.table(t)
}

// artifacts lists what is deployed, and before its files the artifacts by their
// names where there are several.
func (a *author) artifacts() {
	if len(a.facts.Parts) > 0 {
		t := Table{
			Caption: "Artifacts that are released together",
			Columns: []Column{{Title: "Artifact", Weight: 8}, {Title: "Files", Weight: 3, Numeric: true}, {Title: "SHA-256 of its list of files", Weight: 13}},
		}
		for _, p := range a.facts.Parts {
			t.Rows = append(t.Rows, row(mono(p.Name), number(int64(p.Files)), mono(p.SHA256)))
		}
		a.table(t)
	}
	t := Table{
		Caption: "Artifacts, built once",
		Columns: []Column{{Title: "Artifact", Weight: 8}, {Title: "Built by job", Weight: 4}, {Title: "Size", Weight: 3, Numeric: true}, {Title: "SHA-256", Weight: 13}},
		Empty:   "No artifact was handed in; the deploying job builds what it deploys, and installation verification observes the result.",
	}
	for _, x := range a.facts.Artifacts {
		t.Rows = append(t.Rows, row(plain(x.Name), mono(x.Job), plain(bytesText(x.Size)), mono(x.SHA256)))
	}
	a.table(t)
}
