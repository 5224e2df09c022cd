package trace

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Scope is what a matrix is about.
type Scope struct {
	// Commit of the release; results of other commits are stale.
	Commit string
	// Columns are the results that are expected by now, for example OV in tst
	// and val at approve_to_prd. Results elsewhere are shown as well.
	Columns []Column
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

// Coverage counts the items of one kind whose state is OK.
type Coverage struct {
	Kind           Kind
	Covered, Total int64
}

// Coverage is one entry for each of URS, FS and TEST.
func (m Matrix) Coverage() []Coverage {
	out := []Coverage{{Kind: URS}, {Kind: FS}, {Kind: TEST}}
	for i := range m.graph.nodes {
		n := &m.graph.nodes[i]
		if n.direct() {
			continue
		}
		for k := range out {
			if out[k].Kind != n.item.Kind {
				continue
			}
			out[k].Total++
			if n.state == OK {
				out[k].Covered++
			}
		}
	}
	return out
}

// Document is the matrix as documents hold it.
func (m Matrix) Document() document.Matrix {
	out := document.Matrix{Columns: []document.MatrixColumn{}, Rows: make([]document.MatrixRow, 0, len(m.Rows)), Gaps: []document.Gap{}}
	for _, c := range m.Columns {
		out.Columns = append(out.Columns, document.MatrixColumn{Verification: c.Verification, Environment: c.Environment})
	}
	for _, r := range m.Rows {
		out.Rows = append(out.Rows, m.row(r))
	}
	for _, c := range m.Coverage() {
		out.Coverage = append(out.Coverage, document.Coverage{Kind: string(c.Kind), Covered: c.Covered, Total: c.Total})
	}
	for _, g := range m.Gaps() {
		out.Gaps = append(out.Gaps, document.Gap{ID: g.ID, State: string(g.State), Reason: g.Reason, Direct: g.Direct, Source: source(g.At)})
	}
	return out
}

func (m Matrix) row(r Row) document.MatrixRow {
	row := document.MatrixRow{URS: m.ref(r.urs), FS: m.ref(r.fs), Test: m.ref(r.test), Cells: make([]document.MatrixCell, len(m.Columns))}
	last := r.test
	for _, at := range []int{r.fs, r.urs} {
		if last < 0 {
			last = at
		}
	}
	n := &m.graph.nodes[last]
	row.State, row.Reason = string(n.state), n.reason
	if r.test >= 0 {
		for i, c := range n.cells {
			row.Cells[i] = document.MatrixCell{State: string(c.State), Attempt: c.Attempt, Evidence: c.Evidence, Note: c.Note}
		}
	}
	return row
}

func (m Matrix) ref(at int) document.ItemRef {
	if at < 0 {
		return document.ItemRef{}
	}
	item := m.graph.nodes[at].item
	return document.ItemRef{ID: item.ID, Title: item.Title, Source: source(item.At)}
}

func source(at document.Position) string {
	if at.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", at.File, at.Line)
}
