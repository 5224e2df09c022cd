package document

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// outlineTraceability writes the matrix forward and backward, its coverage and
// its gaps.
func outlineTraceability(a *author) {
	m := a.facts.Matrix
	a.identification()
	a.section("Basis")
	a.paragraph(
		text("Requirements (URS) are read at commit "), code(orDash(a.facts.Release.RequirementsCommit)),
		text(", specifications (FS) and tests at commit "), code(a.facts.Release.Commit),
		text(". A result counts when it was made at this commit; the latest attempt decides; earlier attempts stay in the test reports."),
	)
	a.states()
	a.section("Coverage")
	a.coverage()
	a.section("Gaps")
	a.gaps()
	for _, s := range m.Around {
		a.add(Block{Scene: &s})
	}
	m.Around = nil // the matrix stands without them
	a.waivers()
	a.section("Matrix")
	a.say("From requirement to result. A missing step is a row, not an omission.")
	if len(m.Rows) == 0 {
		a.notice(Caution, "Empty matrix", text("No requirement, specification or test was found at these commits."))
		return
	}
	a.add(Block{Matrix: &m})
	a.section("From test to requirement")
	a.backward()
}

func (a *author) states() {
	t := Table{
		Caption: "States",
		Columns: []Column{{Title: "State", Weight: 2}, {Title: "Meaning", Weight: 12}},
	}
	for _, s := range [][2]string{
		{"OK", "every result that is expected is there and passed"},
		{"PARTIAL", "some of what is expected is there and passed, the rest is missing or stale"},
		{"MISSING", "no result, or no specification or test where one must be"},
		{"FAILED", "the latest attempt of a test did not pass"},
		{"STALE", "results are there, but of another commit; they never count"},
		{"SUSPECT", "everything passed, but what the item refers to changed since the link was reviewed"},
		{"JUSTIFIED", "not OK, and excepted by people in a signed waiver; counted apart"},
	} {
		t.Rows = append(t.Rows, row(outcome(s[0]), plain(s[1])))
	}
	a.table(t)
}

func (a *author) coverage() {
	t := Table{
		Caption: "Items whose state is OK",
		Columns: []Column{
			{Title: "Kind", Weight: 2},
			{Title: "Risk or environment", Weight: 4},
			{Title: "Covered", Weight: 2, Numeric: true},
			{Title: "Waived", Weight: 2, Numeric: true},
			{Title: "Total", Weight: 2, Numeric: true},
			{Title: "State", Weight: 6},
		},
		Empty: "There is nothing to cover.",
	}
	for _, c := range a.facts.Matrix.Coverage {
		state := "OK"
		switch {
		case c.Covered < c.Total && c.Covered+c.Waived == c.Total:
			state = "JUSTIFIED"
		case c.Covered == 0:
			state = "MISSING"
		case c.Covered < c.Total:
			state = "PARTIAL"
		}
		of := plain("all")
		switch {
		case c.Environment != "":
			of = plain("in " + strings.ToUpper(c.Environment))
		case c.Risk != "":
			of = plain("risk " + c.Risk)
		}
		t.Rows = append(t.Rows, row(plain(c.Kind), of, number(c.Covered), number(c.Waived), number(c.Total), outcome(state)))
	}
	a.table(t)
}

func (a *author) gaps() {
	t := Table{
		Caption: "Items whose state is not OK",
		Columns: []Column{{Title: "Item", Weight: 7}, {Title: "State", Weight: 4}, {Title: "Cause", Weight: 4}, {Title: "Reason", Weight: 13}, {Title: "Source", Weight: 10}},
		Empty:   "There is no gap: every item is OK.",
	}
	for _, g := range a.facts.Matrix.Gaps {
		cause := "own"
		if !g.Direct {
			cause = "inherited"
		}
		t.Rows = append(t.Rows, row(mono(g.ID), outcome(g.State), plain(cause), plain(g.Reason), mono(g.Source)))
	}
	a.table(t)
}

func (a *author) backward() {
	rows := slices.Clone(a.facts.Matrix.Rows)
	slices.SortStableFunc(rows, func(x, y MatrixRow) int { return evidence.CompareIDs(x.Test.ID, y.Test.ID) })
	t := Table{
		Caption: "Tests and what they verify",
		Columns: []Column{{Title: "Test", Weight: 8}, {Title: "Title", Weight: 11}, {Title: "Specification", Weight: 7}, {Title: "Requirement", Weight: 8}, {Title: "State", Weight: 4}},
		Empty:   "No test is recorded.",
	}
	for _, r := range rows {
		if r.Test.ID == "" {
			continue
		}
		t.Rows = append(t.Rows, row(mono(r.Test.ID), plain(r.Test.Title), mono(r.FS.ID), mono(r.URS.ID), outcome(r.State)))
	}
	if left := len(rows) - len(t.Rows); left > 0 {
		a.say("%s no test and stand in the gaps.", Plural(int64(left), "path has", "paths have"))
	}
	a.table(t)
}
