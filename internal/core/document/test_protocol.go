package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// outlineTestProtocol writes which tests prove what, where, by whom and how.
func outlineTestProtocol(a *author) {
	a.identification()
	a.section("Purpose and prerequisites")
	a.vocabulary()
	a.say("UT and DT bind to the commit. IV, OV and AV run in TST and VAL after a deployment whose read-back passed, pIV and pOV in PRD; they change nothing there. AV is executed by a tester who is not an author, in VAL.")
	a.quoted(PageTestStrategy, "The repository holds no test strategy.")
	tests := a.facts.ItemsOf("TEST")
	for _, v := range evidence.Verifications {
		a.testsOf(string(v), tests)
	}
	a.testsOf("", tests)
	a.section("Steps of manual tests")
	a.manualSteps(tests)
	a.section("Tools")
	a.sources()
}

// testsOf lists the tests that one verification is planned for, "" those that
// do not say.
func (a *author) testsOf(verification string, tests []Item) {
	t := Table{
		Columns: []Column{{Title: "Test", Weight: 6}, {Title: "Title", Weight: 10}, {Title: "Verifies", Weight: 6}, {Title: "Risk", Weight: 3}, {Title: "By", Weight: 3}},
	}
	for _, i := range tests {
		if i.Change == Retired || verification == "" != (len(i.Planned) == 0) || verification != "" && !slices.Contains(i.Planned, verification) {
			continue
		}
		by := "machine"
		if i.Manual {
			by = "person"
		}
		t.Rows = append(t.Rows, row(mono(i.ID), plain(i.Title), ids(i.Above), plain(i.Risk), plain(by)))
	}
	if len(t.Rows) == 0 {
		return
	}
	title := "Tests without a planned verification"
	if verification != "" {
		label := evidence.Verification(verification).Label()
		title = strings.ToUpper(label[:1]) + label[1:]
	}
	a.section(title)
	t.Caption = "Planned tests"
	a.table(t)
}

func (a *author) manualSteps(tests []Item) {
	found := false
	for _, i := range tests {
		if len(i.Steps) == 0 || i.Change == Retired {
			continue
		}
		found = true
		a.subsection(strings.TrimSpace(i.ID + " " + i.Title))
		a.prose(i.Text)
		t := Table{
			Caption: "Steps of " + i.ID,
			Columns: []Column{{Title: "Step", Weight: 1, Numeric: true}, {Title: "What to do", Weight: 9}, {Title: "Expected", Weight: 9}},
		}
		for n, s := range i.Steps {
			t.Rows = append(t.Rows, row(plain(fmt.Sprint(n+1)), plain(s.Action), plain(s.Expected)))
		}
		a.table(t)
	}
	if !found {
		a.say("No test has steps for a person.")
	}
}
