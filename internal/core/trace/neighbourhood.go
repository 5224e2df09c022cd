package trace

import (
	"cmp"
	"maps"
	"slices"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// MaxNeighbours is how many items a neighbourhood shows; the rest is counted.
const MaxNeighbours = 60

// Neighbourhood is an item with what is above and below it.
type Neighbourhood struct {
	Nodes []Neighbour `json:"nodes"`
	Edges []Edge      `json:"edges"`
	Left  int         `json:"left,omitempty"` // items beyond MaxNeighbours
}

// Neighbour is an item of a neighbourhood; Distance is 0 for the item itself,
// negative above it and positive below.
type Neighbour struct {
	ID       string `json:"id"`
	Kind     Kind   `json:"kind"`
	Title    string `json:"title,omitempty"`
	State    State  `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Risk     Class  `json:"risk,omitempty"`
	Distance int    `json:"distance"`
}

// Edge goes from an item to one below it.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Kind string `json:"kind"` // implements, verifies, assesses, mitigates: what To does for From
}

// Neighbourhood is the item and everything that is at most depth links above or
// below it, with the risks that are about any of them. An unknown id is an empty
// one.
func (m Matrix) Neighbourhood(id string, depth int) Neighbourhood {
	start, ok := m.graph.byID[id]
	if !ok {
		return Neighbourhood{}
	}
	at := map[int]int{start: 0}
	m.spread(at, start, -1, depth, func(n *node) []int { return n.up })
	m.spread(at, start, 1, depth, func(n *node) []int { return n.down })
	for i, d := range maps.Clone(at) {
		for _, ra := range m.graph.nodes[i].risks {
			if _, seen := at[ra]; !seen {
				at[ra] = d + 1
			}
		}
	}
	return m.neighbours(at)
}

// spread walks breadth first in one direction.
func (m Matrix) spread(at map[int]int, start, step, depth int, next func(*node) []int) {
	edge := []int{start}
	for d := 1; d <= depth; d++ {
		var beyond []int
		for _, i := range edge {
			for _, j := range next(&m.graph.nodes[i]) {
				if _, seen := at[j]; !seen && !m.graph.nodes[j].direct() {
					at[j] = d * step
					beyond = append(beyond, j)
				}
			}
		}
		edge = beyond
	}
}

func (m Matrix) neighbours(at map[int]int) Neighbourhood {
	var out Neighbourhood
	for i, d := range at {
		n := &m.graph.nodes[i]
		out.Nodes = append(out.Nodes, Neighbour{ID: n.item.ID, Kind: n.item.Kind, Title: n.item.Title, State: n.state, Reason: n.reason, Risk: n.class, Distance: d})
	}
	slices.SortFunc(out.Nodes, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(abs(a.Distance), abs(b.Distance)), cmp.Compare(rank[a.Kind], rank[b.Kind]), evidence.CompareIDs(a.ID, b.ID))
	})
	if len(out.Nodes) > MaxNeighbours {
		out.Left = len(out.Nodes) - MaxNeighbours
		out.Nodes = out.Nodes[:MaxNeighbours]
	}
	shown := map[string]bool{}
	for _, n := range out.Nodes {
		shown[n.ID] = true
	}
	for _, n := range out.Nodes {
		out.Edges = append(out.Edges, m.edges(n.ID, shown)...)
	}
	return out
}

// edges are those from an item to what is below it, and to what it assesses.
func (m Matrix) edges(id string, shown map[string]bool) []Edge {
	n := &m.graph.nodes[m.graph.byID[id]]
	var out []Edge
	add := func(to []int, kind string) {
		for _, t := range m.ids(to) {
			if shown[t] {
				out = append(out, Edge{From: id, To: t, Kind: kind})
			}
		}
	}
	switch n.item.Kind {
	case RA:
		add(n.down, "mitigates")
	case URS:
		for _, t := range n.down {
			kind := "verifies"
			if m.graph.nodes[t].item.Kind == FS {
				kind = "implements"
			}
			add([]int{t}, kind)
		}
	default:
		add(n.down, "verifies")
	}
	add(n.risks, "assesses")
	return out
}

func abs(n int) int { return max(n, -n) }
