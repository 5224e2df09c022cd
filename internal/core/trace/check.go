package trace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Checks is the list of the rules of this package.
var Checks = []document.Check{
	{ID: "DOC-S01", Severity: workflow.Error, Basic: true, Rule: "ids and the keys that hold ids follow the grammar"},
	{ID: "DOC-S02", Severity: workflow.Error, Basic: true, Rule: "an id stands once over all files and repositories"},
	{ID: "DOC-S03", Severity: workflow.Error, Rule: "an id is retired and never removed, and never used again"},
	{ID: "DOC-S04", Severity: workflow.Error, Rule: "every requirement and specification has a statement"},
	{ID: "DOC-S05", Severity: workflow.Warning, Rule: "a requirement or specification says shall at most once, and no vague words"},
	{ID: "DOC-S06", Severity: workflow.Error, Rule: "every requirement says its owner, its risk and whether it is relevant to GxP, in the words of the vocabulary"},
	{ID: "DOC-S08", Severity: workflow.Error, Basic: true, Rule: "every specification that a resource of the bundle deploys exists and is in force"},
	{ID: "DOC-S11", Severity: workflow.Warning, Rule: "a changed requirement or specification was changed by a pull request"},
	{ID: "DOC-S12", Severity: workflow.Error, Rule: "every source of items can be read, and everything in it has a meaning here"},
	{ID: "DOC-K01", Severity: workflow.Error, Rule: "every risk names the item that it is about"},
	{ID: "DOC-K02", Severity: workflow.Error, Rule: "severity, occurrence and detection are 1 to 3 each; the class is computed and not typed"},
	{ID: "DOC-K03", Severity: workflow.Error, Rule: "a risk of class High or Medium names the tests and specifications that mitigate it"},
	{ID: "DOC-K04", Severity: workflow.Error, Rule: "every risk says the class that is left"},
	{ID: "DOC-K05", Severity: workflow.Error, Rule: "every requirement that is relevant to GxP, or a specification of it, has a risk"},
	{ID: "DOC-T01", Severity: workflow.Error, Rule: "every specification has a test, or says which verification is planned"},
	{ID: "DOC-T02", Severity: workflow.Error, Rule: "every requirement has a specification"},
	{ID: "DOC-T03", Severity: workflow.Error, Basic: true, Rule: "every link goes to an item that exists, is not retired and is of the right kind"},
	{ID: "DOC-T04", Severity: workflow.Warning, Rule: "every specification and test traces back to a requirement"},
	{ID: "DOC-T05", Severity: workflow.Error, Basic: true, Rule: "every feature file can be read"},
	{ID: "DOC-T06", Severity: workflow.Error, Rule: "a scenario that names an item has exactly one tag of a verification, or a folder that says it"},
	{ID: "DOC-T07", Severity: workflow.Error, Rule: "every item of class High has an acceptance test"},
	{ID: "DOC-T08", Severity: workflow.Error, Rule: "every test has a result of this commit wherever one is expected"},
	{ID: "DOC-T09", Severity: workflow.Error, Rule: "the artifact in PRD is the one that was verified in VAL"},
	{ID: "DOC-T10", Severity: workflow.Error, Basic: true, Rule: "the latest attempt of every test passed"},
	{ID: "DOC-T11", Severity: workflow.Warning, Rule: "no test passed only after it had failed at the same commit"},
	{ID: "DOC-T12", Severity: workflow.Error, Basic: true, Rule: "nothing but pIV and pOV runs in PRD"},
	{ID: "DOC-T13", Severity: workflow.Error, Rule: "no link leads to an item that changed since the link was reviewed"},
	{ID: "DOC-T14", Severity: workflow.Error, Rule: "every waiver of a gap is signed, of this version and not run out"},
	{ID: "DOC-T15", Severity: workflow.Error, Rule: "a case has one result in a place at each attempt"},
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

// Check judges the items of all files together (DOC-S02, S05, S06, K01 to K05,
// T01 to T04, T12). A link to an id of another project is a warning, as its baseline is not pinned here;
// project "" treats every id as our own.
func Check(items []Item, project string) []document.Finding {
	c := checker{project: project, byID: make(map[string]*Item, len(items)), down: map[string]bool{}, assessed: map[string]bool{}}
	for i := range items {
		c.declare(&items[i])
	}
	for i := range items {
		c.links(&items[i])
	}
	for i := range items {
		c.inherit(&items[i])
	}
	for i := range items {
		c.covered(&items[i])
		c.risk(&items[i])
		c.wording(&items[i])
		c.inProduction(&items[i])
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
	assessed map[string]bool // items that a risk is about
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
	for _, r := range item.Assesses {
		c.link(item, r, RA, URS, FS)
	}
	for _, r := range item.Mitigations {
		c.link(item, r, RA, FS, TEST)
	}
}

const rightKinds = "an FS implements a URS, a TEST verifies an FS or a URS, an RA assesses a URS or an FS and is mitigated by an FS or a TEST"

// link judges one reference from an item, which must be of kind from, to an
// item of one of the kinds to.
func (c *checker) link(item *Item, r Reference, from Kind, to ...Kind) {
	target, found := c.byID[r.ID]
	switch {
	case item.Kind != from:
		c.report("DOC-T03", r.At, rightKinds, "%s is of kind %s and cannot hold this link to %s", item.ID, item.Kind, r.ID)
	case !slices.Contains(to, kindOf(r.ID)):
		c.report("DOC-T03", r.At, rightKinds, "%s links to %s, which is of kind %s", item.ID, r.ID, kindOf(r.ID))
	case found && target.Retired:
		c.report("DOC-T03", r.At, "link to the item that took its place", "%s links to %s, which is retired", item.ID, r.ID)
	case found && from == RA:
		c.assessed[r.ID] = true
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

// inherit gives a requirement the risks of its specifications.
func (c *checker) inherit(item *Item) {
	if item.Retired || item.Kind != FS || !c.assessed[item.ID] {
		return
	}
	for _, r := range item.Implements {
		c.assessed[r.ID] = true
	}
}

// risk judges what an item says of risk.
func (c *checker) risk(item *Item) {
	switch {
	case item.Retired || c.byID[item.ID] != item:
	case item.Kind == RA:
		c.assessment(item)
	case item.Kind == URS:
		var lacks []string
		for _, key := range []struct{ name, value string }{{"Owner", item.Owner}, {"Risk", string(item.Risk)}, {"GxP", item.GxP}} {
			if key.value == "" {
				lacks = append(lacks, key.name)
			}
		}
		if len(lacks) > 0 {
			c.report("DOC-S06", item.At, "write - "+lacks[0]+": ... below the heading", "%s does not say %s", item.ID, strings.Join(lacks, ", "))
		}
		if item.GxP == "yes" && !c.assessed[item.ID] {
			c.report("DOC-K05", item.At, "write - Item: "+item.ID+" in a risk", "no risk is about %s, which is relevant to GxP", item.ID)
		}
	}
}

func (c *checker) assessment(item *Item) {
	a := item.Assessment
	if a == nil {
		a = &Assessment{}
	}
	if len(item.Assesses) == 0 {
		c.report("DOC-K01", item.At, "write - Item: FS-... or URS-...", "%s is about no item", item.ID)
	}
	var lacks []string
	for _, f := range []struct {
		name  string
		value int
	}{{"Severity", a.Severity}, {"Occurrence", a.Occurrence}, {"Detection", a.Detection}} {
		if f.value == 0 {
			lacks = append(lacks, f.name)
		}
	}
	if len(lacks) > 0 {
		c.report("DOC-K02", item.At, "write - "+lacks[0]+": 1, 2 or 3", "%s does not say %s", item.ID, strings.Join(lacks, ", "))
	}
	if class := a.Class(); class != "" && class != Low && len(item.Mitigations) == 0 {
		c.report("DOC-K03", item.At, "write - Mitigation: TEST-... or FS-...", "nothing mitigates %s, which is %s (%d of %d)", item.ID, class, a.Priority(), MaxFactor*MaxFactor*MaxFactor)
	}
	if a.Residual == "" {
		c.report("DOC-K04", item.At, "write - Residual: Low, Medium or High", "%s does not say which risk is left", item.ID)
	}
}
