package trace

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// State of an item, path or cell.
type State string

// The closed list of states.
const (
	OK      State = "OK"      // everything expected is there and passed
	Partial State = "PARTIAL" // some of it is
	Missing State = "MISSING" // nothing is: no child, no result, or only skipped ones
	Failed  State = "FAILED"  // the latest attempt of a test did not pass
	Stale   State = "STALE"   // results are of another commit and never count
	// Suspect is everything there and passed, but what it refers to changed
	// since the link was reviewed.
	Suspect State = "SUSPECT"
	// Justified is not OK and excepted by people with a signed waiver; it is
	// counted apart and never as covered.
	Justified State = "JUSTIFIED"
)

// Column is one verification in one environment.
type Column struct {
	Verification string `json:"verification"`
	Environment  string `json:"environment"` // "" for UT and DT
}

// String is "OV in tst", or "UT" for what binds to the commit alone.
func (c Column) String() string {
	if c.Environment == "" {
		return c.Verification
	}
	return c.Verification + " in " + c.Environment
}

// Cell is the state of one test in one column; State "" is no result where
// none is expected.
type Cell struct {
	State    State  `json:"state"`
	Attempt  int    `json:"attempt,omitempty"`
	Evidence string `json:"evidence,omitempty"`
	Note     string `json:"note,omitempty"`
}

// tested is what the results say of a test.
type tested struct{ cells []Cell }

// verdict is the state of a node with its reason. Own is false when the state
// is inherited from a child.
type verdict struct {
	state  State
	reason string
	own    bool
}

// Environments are the places in the order of promotion.
var Environments = []string{"dev", "tst", "val", "prd"}

// environments is that order with what is bound to none before it.
var environments = append([]string{""}, Environments...)

// findColumns are the columns that the scope demands and those of results at
// its commit, in the order of promotion.
func (g *graph) findColumns() {
	seen := map[Column]bool{}
	for _, c := range g.scope.Columns {
		seen[c] = true
	}
	for _, r := range g.results {
		if r.Commit == g.scope.Commit {
			seen[Column{r.Verification, r.Environment}] = true
		}
	}
	g.columns = slices.Collect(maps.Keys(seen))
	place := func(c Column) (int, int) {
		v := slices.Index(evidence.Verifications, evidence.Verification(c.Verification))
		return slices.Index(environments, c.Environment), v
	}
	slices.SortFunc(g.columns, func(a, b Column) int {
		envA, verA := place(a)
		envB, verB := place(b)
		return cmp.Or(cmp.Compare(envA, envB), cmp.Compare(verA, verB), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Verification, b.Verification))
	})
	g.column = make(map[Column]int, len(g.columns))
	for i, c := range g.columns {
		g.column[c] = i
	}
}

// judge gives every node its state: tests first, then what stands above them.
func (g *graph) judge() {
	g.findColumns()
	for _, kind := range []Kind{TEST, FS, URS, RA} {
		for i := range g.nodes {
			n := &g.nodes[i]
			if n.item.Kind != kind {
				continue
			}
			switch kind {
			case TEST:
				g.judgeTest(n)
			case RA:
				g.judgeRisk(n)
			default:
				g.judgeParent(n)
			}
			g.settle(n)
		}
	}
}

// judgeTest fills the cells of a test and decides its state.
func (g *graph) judgeTest(n *node) {
	n.own = true
	n.cells = make([]Cell, len(g.columns))
	expected := g.expected(n)
	stale := make([]string, len(g.columns))
	for _, r := range n.results {
		result := g.results[r]
		if at, ok := g.column[Column{result.Verification, result.Environment}]; ok && result.Commit != g.scope.Commit {
			stale[at] = result.Commit
		}
	}
	for at := range g.columns {
		n.cells[at] = g.cell(n, at)
		if n.cells[at].State == "" && stale[at] != "" {
			n.cells[at] = Cell{State: Stale, Note: "result of commit " + short(stale[at])}
		}
		if n.cells[at].State == "" && expected[at] {
			n.cells[at] = Cell{State: Missing, Note: "no result"}
		}
	}
	n.state, n.reason = g.decide(n, expected)
}

// cell reads the latest attempt of a test in one column.
func (g *graph) cell(n *node, at int) Cell {
	latest, earlier := 0, false
	for _, r := range n.results {
		if result := g.results[r]; g.here(result, at) {
			latest = max(latest, result.Attempt)
		}
	}
	var passed, skipped, bad Cell
	for _, r := range n.results {
		result := g.results[r]
		if !g.here(result, at) {
			continue
		}
		found := Cell{Attempt: latest, Evidence: result.Evidence, Note: string(result.Outcome)}
		switch {
		case result.Attempt < latest:
			earlier = earlier || result.Outcome != evidence.Passed && result.Outcome != evidence.Skipped
		case result.Outcome == evidence.Passed:
			found.State = OK
			passed = found
		case result.Outcome == evidence.Skipped:
			found.State = Missing
			skipped = found
		default:
			found.State = Failed
			bad = found
		}
	}
	switch {
	case bad.State != "":
		return bad
	case passed.State == "":
		return skipped
	}
	passed.Note = ""
	if skipped.State != "" {
		passed.Note = "some cases skipped"
	}
	if earlier {
		passed.Note = fmt.Sprintf("passed on attempt %d", latest)
	}
	return passed
}

// here reports whether a result belongs to a column and to the release.
func (g *graph) here(r Result, at int) bool {
	return r.Commit == g.scope.Commit && Column{r.Verification, r.Environment} == g.columns[at]
}

// expected are the columns of the scope in which a test must have passed: those
// of its planned verifications, else of the verifications that its results
// have, limited to the environments that it names.
func (g *graph) expected(n *node) []bool {
	out := make([]bool, len(g.columns))
	wanted := n.item.Planned
	if len(wanted) == 0 {
		for _, r := range n.results {
			wanted = append(wanted, evidence.Verification(g.results[r].Verification))
		}
	}
	for _, c := range g.scope.Columns {
		if slices.Contains(wanted, evidence.Verification(c.Verification)) && (len(n.item.Environments) == 0 || slices.Contains(n.item.Environments, c.Environment)) {
			out[g.column[c]] = true
		}
	}
	return out
}

// decide joins the cells of a test. Where nothing is expected, what is there
// decides; a failure counts wherever it happened.
func (g *graph) decide(n *node, expected []bool) (State, string) {
	any := slices.Contains(expected, true)
	count := map[State]int{}
	var why []string
	relevant := 0
	for at, c := range n.cells {
		if c.State == "" || any && !expected[at] && c.State != Failed {
			continue
		}
		relevant++
		count[c.State]++
		if c.State != OK {
			why = append(why, fmt.Sprintf("%s %s (%s)", strings.ToLower(string(c.State)), g.columns[at], c.Note))
		}
	}
	reason := strings.Join(why, ", ")
	switch {
	case relevant == 0:
		return g.unseen(n)
	case count[Failed] > 0:
		return Failed, reason
	case count[OK] == relevant:
		return OK, ""
	case count[OK] > 0:
		return Partial, reason
	case count[Stale] > 0:
		return Stale, reason
	}
	return Missing, reason
}

// unseen is a test without a result in any column of the matrix.
func (g *graph) unseen(n *node) (State, string) {
	for _, r := range n.results {
		if c := g.results[r].Commit; c != g.scope.Commit {
			return Stale, "result of commit " + short(c)
		}
	}
	return Missing, "no result names it"
}

func short(commit string) string {
	if len(commit) > 12 {
		return commit[:12]
	}
	return commit
}
