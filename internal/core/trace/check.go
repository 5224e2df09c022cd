package trace

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Checks is the list of the rules of this package.
var Checks = []document.Check{
	{ID: "DOC-S01", Severity: workflow.Error, Rule: "ids and the keys that hold ids follow the grammar"},
	{ID: "DOC-S02", Severity: workflow.Error, Rule: "an id stands once over all files and repositories"},
	{ID: "DOC-S04", Severity: workflow.Error, Rule: "every requirement and specification has a statement"},
	{ID: "DOC-T01", Severity: workflow.Error, Rule: "every specification has a test, or says which verification is planned"},
	{ID: "DOC-T02", Severity: workflow.Error, Rule: "every requirement has a specification"},
	{ID: "DOC-T03", Severity: workflow.Error, Rule: "every link goes to an item that exists, is not retired and is of the right kind"},
	{ID: "DOC-T04", Severity: workflow.Warning, Rule: "every specification and test traces back to a requirement"},
}

func finding(id string, at document.Position, hint, format string, args ...any) document.Finding {
	severity := workflow.Error
	for _, c := range Checks {
		if c.ID == id {
			severity = c.Severity
		}
	}
	return document.Finding{ID: id, Severity: severity, At: at, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Check judges the items of all files together (DOC-S02, T01 to T04). A link
// to an id of another project is a warning, as its baseline is not pinned here;
// project "" treats every id as our own.
func Check(items []Item, project string) []document.Finding {
	c := checker{project: project, byID: make(map[string]*Item, len(items)), down: map[string]bool{}}
	for i := range items {
		c.declare(&items[i])
	}
	for i := range items {
		c.links(&items[i])
	}
	for i := range items {
		c.covered(&items[i])
	}
	slices.SortStableFunc(c.findings, func(a, b document.Finding) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.ID, b.ID))
	})
	return c.findings
}

type checker struct {
	project  string
	byID     map[string]*Item
	down     map[string]bool // requirements that are implemented, specifications that are verified
	findings []document.Finding
}

func (c *checker) report(id string, at document.Position, hint, format string, args ...any) {
	c.findings = append(c.findings, finding(id, at, hint, format, args...))
}

func (c *checker) declare(item *Item) {
	if first, twice := c.byID[item.ID]; twice {
		c.report("DOC-S02", item.At, "take a number that was never used", "%s stands twice, first at %s", item.ID, first.At)
		return
	}
	c.byID[item.ID] = item
}

func (c *checker) links(item *Item) {
	if item.Retired {
		return
	}
	for _, r := range item.Implements {
		c.link(item, r, FS, URS)
	}
	for _, r := range item.Verifies {
		c.link(item, r, TEST, FS, URS)
	}
}

// link judges one reference from an item, which must be of kind from, to an
// item of one of the kinds to.
func (c *checker) link(item *Item, r Reference, from Kind, to ...Kind) {
	target, found := c.byID[r.ID]
	switch {
	case item.Kind != from:
		c.report("DOC-T03", r.At, "an FS implements a URS, a TEST verifies an FS or a URS", "%s is of kind %s and cannot hold this link to %s", item.ID, item.Kind, r.ID)
	case !slices.Contains(to, kindOf(r.ID)):
		c.report("DOC-T03", r.At, "an FS implements a URS, a TEST verifies an FS or a URS", "%s links to %s, which is of kind %s", item.ID, r.ID, kindOf(r.ID))
	case found && target.Retired:
		c.report("DOC-T03", r.At, "link to the item that took its place", "%s links to %s, which is retired", item.ID, r.ID)
	case found:
		// A test of a requirement does not take the place of its specification.
		c.down[r.ID] = c.down[r.ID] || from == FS || target.Kind == FS
	case c.external(r.ID):
		f := finding("DOC-T03", r.At, "trace it in that project's own matrix", "%s links to %s of another project, which is not resolved here", item.ID, r.ID)
		f.Severity = workflow.Warning
		c.findings = append(c.findings, f)
	default:
		c.report("DOC-T03", r.At, "correct the id, or write the item", "%s links to %s, which does not exist", item.ID, r.ID)
	}
}

func (c *checker) external(id string) bool {
	parsed, err := evidence.ParseID(id)
	return err == nil && c.project != "" && parsed.Project != c.project
}

func (c *checker) covered(item *Item) {
	switch {
	case item.Retired || c.byID[item.ID] != item:
	case item.Kind == URS && !c.down[item.ID]:
		c.report("DOC-T02", item.At, "write - Implements: "+item.ID+" in a specification", "no specification implements %s", item.ID)
	case item.Kind == FS && !c.down[item.ID] && len(item.Planned) == 0:
		c.report("DOC-T01", item.At, "write - Verifies: "+item.ID+" in a test, or - Verification: OV here", "no test verifies %s and none is planned", item.ID)
	}
	switch {
	case item.Retired:
	case item.Kind == FS && len(item.Implements) == 0:
		c.report("DOC-T04", item.At, "write - Implements: URS-...", "%s implements no requirement", item.ID)
	case item.Kind == TEST && len(item.Verifies) == 0:
		c.report("DOC-T04", item.At, "write - Verifies: FS-...", "%s verifies nothing", item.ID)
	}
}
