package trace

import (
	"github.com/dc-release/dc-release/internal/core/document"
)

// Scope is what a matrix is about.
type Scope struct {
	// Commit of the release; results of other commits are stale.
	Commit string
	// Columns are the results that are expected by now, for example OV in tst
	// and val at approve_to_prd. Results elsewhere are shown as well.
	Columns []Column
	// Minimum is the least evidence for a risk class, whichever test gives it;
	// what of it is not among Columns is not asked for yet. Nil asks for none.
	Minimum map[Class][]Column
	// Waived names the waiver of each item that people excepted.
	Waived map[string]string
	// Approved are the fingerprints of the items of the baseline that people
	// signed last; nil before the first.
	Approved map[string]string
}

// Matrix is items joined with results.
type Matrix struct {
	Columns []Column
	Rows    []Row
	graph   *graph
}

// Row is one path from requirement to test; indexes of absent steps are -1.
type Row struct{ urs, fs, test int }

// Link joins items and results. It is linear in both; the same input gives the
// same matrix.
func Link(items []Item, results []Result, scope Scope) Matrix {
	g := newGraph(items, results, scope)
	g.judge()
	m := Matrix{Columns: g.columns, graph: g}
	for i := range g.nodes {
		if g.nodes[i].item.Kind == URS {
			m.rowsOf(i)
		}
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.item.Kind == FS && len(n.up) == 0 {
			m.paths(-1, i)
		}
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.item.Kind == TEST && len(n.up) == 0 {
			m.Rows = append(m.Rows, Row{-1, -1, i})
		}
	}
	return m
}

// rowsOf are the paths of a requirement: through its specifications, and to the
// tests that name it directly.
func (m *Matrix) rowsOf(urs int) {
	specified := false
	for _, c := range m.graph.nodes[urs].down {
		if m.graph.nodes[c].item.Kind == FS {
			specified = true
			m.paths(urs, c)
		}
	}
	if !specified {
		m.Rows = append(m.Rows, Row{urs, -1, -1})
	}
	for _, c := range m.graph.nodes[urs].down {
		if m.graph.nodes[c].item.Kind == TEST {
			m.Rows = append(m.Rows, Row{urs, -1, c})
		}
	}
}

func (m *Matrix) paths(urs, fs int) {
	tests := m.graph.nodes[fs].down
	if len(tests) == 0 {
		m.Rows = append(m.Rows, Row{urs, fs, -1})
	}
	for _, t := range tests {
		m.Rows = append(m.Rows, Row{urs, fs, t})
	}
}

// Gap is an item whose state is not OK. Direct is false for a state that comes
// from a child.
type Gap struct {
	ID     string
	State  State
	Reason string
	Direct bool
	At     document.Position // line 0 for a test that only results name
}

// Gaps are the requirements, specifications and tests whose state is not OK,
// in the order of their ids. A test that traces to nothing is among them when
// it did not pass.
func (m Matrix) Gaps() []Gap {
	var out []Gap
	for i := range m.graph.nodes {
		n := &m.graph.nodes[i]
		if n.state == OK || n.direct() {
			continue
		}
		out = append(out, Gap{ID: n.item.ID, State: n.state, Reason: n.reason, Direct: n.own, At: n.item.At})
	}
	return out
}

// State is the state of an item with its reason; an unknown id is MISSING.
func (m Matrix) State(id string) (State, string) {
	at, ok := m.graph.byID[id]
	if !ok {
		return Missing, "the id is not in the matrix"
	}
	return m.graph.nodes[at].state, m.graph.nodes[at].reason
}

// Forward are the ids directly below an item: what implements or verifies it.
func (m Matrix) Forward(id string) []string {
	at, ok := m.graph.byID[id]
	if !ok {
		return nil
	}
	return m.ids(m.graph.nodes[at].down)
}

// Backward are the ids directly above an item: what it implements or verifies.
func (m Matrix) Backward(id string) []string {
	at, ok := m.graph.byID[id]
	if !ok {
		return nil
	}
	return m.ids(m.graph.nodes[at].up)
}

func (m Matrix) ids(nodes []int) []string {
	var out []string
	for _, i := range nodes {
		if id := m.graph.nodes[i].item.ID; id != "" {
			out = append(out, id)
		}
	}
	return out
}
