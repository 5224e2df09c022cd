package document

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// PeriodicFacts is everything that a periodic review of a product says, read at
// one size of the ledger.
type PeriodicFacts struct {
	Product    string
	From       string // in the ledger's form, with it
	To         string // without it
	FrozenAt   string
	Ledger     Ledger
	Tool       Tool
	Policy     Policy
	Conclusion string // of who asked
	AskedBy    Person
	Releases   []PeriodicRelease
	Deviations []Deviation
	Rollbacks  []PeriodicEvent
	Changes    []PeriodicEvent // of baselines, roles and people
	Refusals   []PeriodicEvent
	Access     []PeriodicAccess
}

// PeriodicRelease is a release that moved in the period.
type PeriodicRelease struct {
	Version, ChangeType, State string // the state at the end of the period
	RegisteredAt, ForUseSince  string
	Deviations, Waivers        int64
}

// PeriodicEvent is one event that a reviewer looks at.
type PeriodicEvent struct {
	At, What, Reason, By string
	Seq                  int64
}

// PeriodicAccess is a person with a role for the product at the end of the
// period.
type PeriodicAccess struct {
	Person    Person
	Roles     []string
	ReviewDue string // day until which the access has to be reviewed, "" for none
	Disabled  bool
}

// PeriodicReviewGate is what Finalise takes the signatures of a review as.
const PeriodicReviewGate = "periodic_review"

// PeriodicReviewCode stands in its number.
const PeriodicReviewCode = "PRV"

// PeriodicReview makes the review of a product over a period as a candidate: the
// text that people sign. Finalise adds their signatures.
func PeriodicReview(f PeriodicFacts) Candidate {
	a := &author{}
	a.section("Scope")
	a.fields(
		field("Product", code(f.Product)),
		field("Period", text("from "+stamp(f.From)+" until "+stamp(f.To))),
		field("Profile", text(orDash(f.Policy.Profile)), text(", baseline "+orDash(f.Policy.Baseline)+", SHA-256 "), code(f.Policy.SHA256)),
		field("Asked for by", text(f.AskedBy.printed())),
	)
	a.say("What the ledger holds of the period: releases, deviations, rollbacks, changes of the baseline and of access, and refused acts. Incidents and restores that were handled elsewhere stand in the conclusion of the person who asked.")
	a.section("Releases")
	t := Table{
		Caption: "Releases of the period",
		Columns: []Column{{Title: "Version", Weight: 3}, {Title: "Change", Weight: 3}, {Title: "State at the end", Weight: 4}, {Title: "Registered", Weight: 5}, {Title: "For use since", Weight: 5}, {Title: "Deviations", Weight: 3, Numeric: true}, {Title: "Waivers", Weight: 3, Numeric: true}},
		Empty:   "No release moved in the period.",
	}
	for _, r := range f.Releases {
		t.Rows = append(t.Rows, row(plain(r.Version), plain(r.ChangeType), outcome(r.State), plain(stamp(r.RegisteredAt)), plain(stamp(r.ForUseSince)), number(r.Deviations), number(r.Waivers)))
	}
	a.table(t)
	a.section("Deviations")
	t = Table{
		Caption: "Deviations that were opened in the period",
		Columns: []Column{{Title: "Deviation", Weight: 5}, {Title: "Opened", Weight: 5}, {Title: "What failed", Weight: 12}, {Title: "Cause", Weight: 5}},
		Empty:   "No deviation was opened.",
	}
	for _, d := range f.Deviations {
		t.Rows = append(t.Rows, row(mono(d.ID), plain(stamp(d.OpenedAt)), plain(d.Text), detailed(cmp.Or(d.Disposition, "open"), d.Cause)))
	}
	a.table(t)
	a.section("Rollbacks")
	a.periodicEvents("Rollbacks of the period", "PRD was not rolled back.", f.Rollbacks)
	a.section("Changes of rules and access")
	a.periodicEvents("Changes of the baseline, of roles and of people", "Nothing changed.", f.Changes)
	a.section("Access")
	t = Table{
		Caption: "People with a role at the end of the period",
		Columns: []Column{{Title: "Person", Weight: 6}, {Title: "Roles", Weight: 8}, {Title: "Next review of access", Weight: 5}, {Title: "State", Weight: 3}},
		Empty:   "Nobody has a role.",
	}
	for _, p := range f.Access {
		state := outcome("active")
		if p.Disabled {
			state = outcome("disabled")
		}
		t.Rows = append(t.Rows, row(plain(p.Person.printed()), plain(strings.Join(p.Roles, ", ")), plain(cmp.Or(p.ReviewDue, "none is due")), state))
	}
	a.table(t)
	a.section("Refused acts")
	a.periodicEvents("What the program refused", "Nothing was refused.", f.Refusals)
	a.section("Conclusion")
	a.prose(f.Conclusion)
	m := Meta{
		Number: f.number(), Kind: "periodic-review", Title: "Periodic review", Product: f.Product, Version: f.day(), Stage: StageCandidate, Gate: PeriodicReviewGate, Revision: 1,
		FrozenAt: f.FrozenAt, LedgerSize: f.Ledger.Size, LedgerRoot: f.Ledger.Root, Tool: f.Tool.Printed(),
	}
	return Candidate{Tree{Schema: TreeSchema, Meta: m, Blocks: a.blocks}}
}

// number is <PRODUCT>-PRV-<last day of the period>-r01.
func (f PeriodicFacts) number() string {
	return fmt.Sprintf("%s-%s-%s-r01", strings.ToUpper(f.Product), PeriodicReviewCode, f.day())
}

func (f PeriodicFacts) day() string {
	t, err := time.Parse(timeLayout, f.To)
	if err != nil {
		return f.To
	}
	return t.Format(time.DateOnly)
}

func (a *author) periodicEvents(caption, empty string, all []PeriodicEvent) {
	t := Table{
		Caption: caption,
		Columns: []Column{{Title: "Time", Weight: 5}, {Title: "What", Weight: 12}, {Title: "Reason", Weight: 8}, {Title: "By", Weight: 5}, {Title: "Ledger", Weight: 3, Numeric: true}},
		Empty:   empty,
	}
	for _, e := range all {
		t.Rows = append(t.Rows, row(plain(stamp(e.At)), plain(e.What), plain(e.Reason), plain(e.By), number(e.Seq)))
	}
	a.table(t)
}
