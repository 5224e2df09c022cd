package trace

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// node is an item of the graph. Results that name a requirement or
// specification without a TEST id hang on a node of their own, which has no id.
type node struct {
	item    *Item // not changed, but for that of a direct node
	down    []int
	up      []int
	results []int
	risks   []int    // assessments of the item; for an assessment, what mitigates it is down
	class   Class    // the highest class of what is said of the item and of what stands above it
	broken  []string // links that go nowhere
	suspect []string // links whose target changed since they were reviewed

	tested
	verdict
}

// direct reports whether the node stands for results that name its parent.
func (n *node) direct() bool { return n.item.ID == "" }

// graph joins items and results. Links are kept forward and backward and built
// once, so that nothing is searched later.
type graph struct {
	nodes   []node
	byID    map[string]int
	linked  map[[2]int]bool // above, below
	retired map[string]bool
	results []Result
	scope   Scope
	columns []Column
	column  map[Column]int
}

// newGraph links everything. Of two items with the same id the first counts;
// Check reports the second. Retired items and results that name only them are
// left out.
func newGraph(items []Item, results []Result, scope Scope) *graph {
	g := &graph{
		nodes: make([]node, 0, len(items)), byID: make(map[string]int, len(items)), linked: make(map[[2]int]bool, len(items)),
		retired: map[string]bool{}, results: ordered(results), scope: scope,
	}
	g.declare(items)
	for i := range g.nodes {
		item := g.nodes[i].item
		switch item.Kind {
		case FS:
			g.link(i, item.Implements, URS)
		case TEST:
			g.link(i, item.Verifies, FS, URS)
		case RA:
			g.assess(i)
		}
	}
	g.bind()
	g.classify()
	return g
}

// ordered is the results in an order of their own, so that which of two equal
// answers is shown does not depend on the caller.
func ordered(results []Result) []Result {
	results = slices.Clone(results)
	slices.SortFunc(results, func(a, b Result) int {
		if c := cmp.Or(cmp.Compare(a.Attempt, b.Attempt), cmp.Compare(a.Name, b.Name)); c != 0 {
			return c // nearly always
		}
		return cmp.Or(
			cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Evidence, b.Evidence), cmp.Compare(a.Commit, b.Commit),
			cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Verification, b.Verification), slices.Compare(a.IDs, b.IDs),
		)
	})
	return results
}

// rank is the order of kinds in every list.
var rank = map[Kind]int{URS: 1, FS: 2, RA: 3, TEST: 4}

// declare adds a node for each item and for each test that only results name, in
// the order of kinds and ids.
func (g *graph) declare(items []Item) {
	there := make([]*Item, 0, len(items))
	known := make(map[string]bool, len(items))
	for i := range items {
		item := &items[i]
		if item.Retired {
			g.retired[item.ID] = true
		}
		if !known[item.ID] && !item.Retired && rank[item.Kind] > 0 {
			known[item.ID] = true
			there = append(there, item)
		}
	}
	for i := range g.results {
		for _, id := range g.results[i].IDs {
			if !known[id] && !g.retired[id] && kindOf(id) == TEST {
				known[id] = true
				there = append(there, &Item{ID: id, Kind: TEST, Title: g.results[i].Name})
			}
		}
	}
	slices.SortStableFunc(there, inOrder)
	for _, item := range there {
		g.add(node{item: item})
	}
}

// inOrder is the order of kinds and ids.
func inOrder(a, b *Item) int {
	if a.Kind != b.Kind {
		return cmp.Compare(rank[a.Kind], rank[b.Kind])
	}
	return evidence.CompareIDs(a.ID, b.ID)
}

func (g *graph) add(n node) int {
	g.nodes = append(g.nodes, n)
	at := len(g.nodes) - 1
	if n.item.ID != "" {
		g.byID[n.item.ID] = at
	}
	return at
}

func (g *graph) link(from int, references []Reference, kinds ...Kind) {
	for _, r := range references {
		to, ok := g.byID[r.ID]
		if !ok || !slices.Contains(kinds, g.nodes[to].item.Kind) {
			g.nodes[from].broken = append(g.nodes[from].broken, r.ID)
			continue
		}
		g.review(from, r, to)
		g.connect(to, from)
	}
}

// assess joins an assessment with what it is about and with what mitigates it.
// What mitigates it decides its state; it decides the state of nothing.
func (g *graph) assess(ra int) {
	for _, r := range g.nodes[ra].item.Assesses {
		to, ok := g.byID[r.ID]
		if !ok || !slices.Contains([]Kind{URS, FS}, g.nodes[to].item.Kind) {
			g.nodes[ra].broken = append(g.nodes[ra].broken, r.ID)
			continue
		}
		g.review(ra, r, to)
		g.nodes[ra].up = append(g.nodes[ra].up, to)
		g.nodes[to].risks = append(g.nodes[to].risks, ra)
	}
	for _, r := range g.nodes[ra].item.Mitigations {
		to, ok := g.byID[r.ID]
		if !ok || !slices.Contains([]Kind{FS, TEST}, g.nodes[to].item.Kind) {
			g.nodes[ra].broken = append(g.nodes[ra].broken, r.ID)
			continue
		}
		g.review(ra, r, to)
		g.nodes[ra].down = append(g.nodes[ra].down, to)
	}
}

// review marks a link whose target is no longer what was reviewed: the link
// names another fingerprint, ours or that of the tool of its source, or it names
// none that can be compared, the target changed since the approved baseline, and
// the item that holds the link did not.
func (g *graph) review(from int, r Reference, to int) {
	n, target := &g.nodes[from], g.nodes[to].item
	now := target.Fingerprint
	switch {
	case isFingerprint(r.Seen):
		if r.Seen != now() {
			n.suspect = append(n.suspect, r.ID)
		}
	case r.Seen != "" && target.Stamp != "":
		if r.Seen != target.Stamp {
			n.suspect = append(n.suspect, r.ID)
		}
	case g.scope.Approved != nil:
		before, known := g.scope.Approved[r.ID]
		if known && before != now() && g.scope.Approved[n.item.ID] == n.item.Fingerprint() {
			n.suspect = append(n.suspect, r.ID)
		}
	}
}

// classify gives every item its class, from the requirements down.
func (g *graph) classify() {
	for i := range g.nodes {
		n := &g.nodes[i]
		n.class = higher(n.class, n.item.Risk)
		if a := n.item.Assessment; a != nil {
			n.class = higher(n.class, a.Class())
		}
		for _, ra := range n.risks {
			if a := g.nodes[ra].item.Assessment; a != nil {
				n.class = higher(n.class, a.Class())
			}
		}
		if n.item.Kind == RA {
			continue
		}
		for _, below := range n.down {
			g.nodes[below].class = higher(g.nodes[below].class, n.class)
		}
	}
}

// connect puts an item below another once.
func (g *graph) connect(above, below int) {
	if g.linked[[2]int{above, below}] {
		return
	}
	g.linked[[2]int{above, below}] = true
	g.nodes[below].up = append(g.nodes[below].up, above)
	g.nodes[above].down = append(g.nodes[above].down, below)
}

// bind hangs each result on the tests that it names, else on a direct node
// below each requirement or specification that it names.
func (g *graph) bind() {
	direct := map[int]int{} // parent -> its direct node
	for i := range g.results {
		r := &g.results[i]
		tests, parents := g.split(r)
		for _, t := range tests {
			g.nodes[t].results = append(g.nodes[t].results, i)
			for _, p := range parents {
				g.connect(p, t)
			}
		}
		if len(tests) > 0 {
			continue
		}
		for _, p := range parents {
			d, ok := direct[p]
			if !ok {
				d = g.add(node{item: &Item{Kind: TEST, Title: r.Name}})
				direct[p] = d
				g.connect(p, d)
			}
			g.nodes[d].results = append(g.nodes[d].results, i)
		}
	}
	for _, d := range direct {
		if n := &g.nodes[d]; !g.sameName(n.results) {
			n.item.Title = fmt.Sprintf("%d results", len(n.results))
		}
	}
}

func (g *graph) sameName(results []int) bool {
	for _, r := range results {
		if g.results[r].Name != g.results[results[0]].Name {
			return false
		}
	}
	return true
}

// split sorts the ids of a result into tests and what they verify.
func (g *graph) split(r *Result) (tests, parents []int) {
	for _, id := range r.IDs {
		at, known := g.byID[id]
		switch {
		case !known:
		case g.nodes[at].item.Kind == RA:
		case g.nodes[at].item.Kind == TEST:
			tests = append(tests, at)
		default:
			parents = append(parents, at)
		}
	}
	return tests, parents
}
