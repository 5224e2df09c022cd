package trace

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
)

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
		out.Coverage = append(out.Coverage, c.Document())
	}
	for _, g := range m.Gaps() {
		out.Gaps = append(out.Gaps, document.Gap{ID: g.ID, State: string(g.State), Reason: g.Reason, Direct: g.Direct, Source: source(g.At)})
	}
	out.Around = m.around()
	return out
}

// How much is drawn of what is around gaps: a document that shows every gap as a
// drawing is read by nobody, and all of them are in its table.
const (
	drawnGaps  = 3
	drawnDepth = 2
)

// around are the neighbourhoods of the first gaps that are no others' cause and
// in no drawing before.
func (m Matrix) around() []document.Scene {
	var out []document.Scene
	drawn := map[string]bool{}
	for _, g := range m.Gaps() {
		if len(out) == drawnGaps {
			break
		}
		if !g.Direct || drawn[g.ID] {
			continue
		}
		n := m.Neighbourhood(g.ID, drawnDepth)
		for _, x := range n.Nodes {
			drawn[x.ID] = true
		}
		if len(n.Nodes) > 1 {
			out = append(out, n.Scene("Around "+g.ID))
		}
	}
	return out
}

// Scene is the neighbourhood as a document draws it.
func (n Neighbourhood) Scene(title string) document.Scene {
	s := document.Scene{Title: title, Left: int64(n.Left)}
	at := map[string]int{}
	for i, x := range n.Nodes {
		at[x.ID] = i
		s.Nodes = append(s.Nodes, document.NodeOf(x.ID, x.Title, string(x.State)))
	}
	for _, e := range n.Edges {
		s.Edges = append(s.Edges, document.SceneEdge{From: at[e.From], To: at[e.To], Verb: e.Kind})
	}
	return s
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
	row.State, row.Reason, row.Risk = string(n.state), n.reason, string(n.class)
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

// Items are all items as documents print them, with their states, what changed
// since the items before, and those that were retired since. Before is empty
// for a first release, of which nothing is a change.
func (m Matrix) Items(items, before []Item) []document.Item {
	was := map[string]Change{}
	if len(before) > 0 {
		for _, c := range Compare(before, items) {
			was[c.ID] = c
		}
	}
	all := make([]*Item, 0, len(items))
	seen := make(map[string]bool, len(items))
	add := func(i *Item) {
		if !seen[i.ID] {
			seen[i.ID] = true
			all = append(all, i)
		}
	}
	for i := range items {
		add(&items[i])
	}
	for i := range m.graph.nodes {
		if n := &m.graph.nodes[i]; !n.direct() {
			add(n.item) // a test that only results name
		}
	}
	slices.SortFunc(all, inOrder)
	out := make([]document.Item, 0, len(all))
	for _, i := range all {
		d := i.document()
		if len(before) > 0 {
			d.Change = string(was[i.ID].What)
		}
		if i.Retired {
			d.Change = document.Retired
		} else if at, ok := m.graph.byID[i.ID]; ok {
			n := &m.graph.nodes[at]
			d.State, d.Reason, d.Risk = string(n.state), n.reason, string(n.class)
			d.Above, d.Below = m.ids(n.up), m.ids(n.down)
		}
		out = append(out, d)
	}
	return out
}

func (i *Item) document() document.Item {
	d := document.Item{
		ID: i.ID, Kind: string(i.Kind), Title: i.Title, Text: i.Text, Source: source(i.At), Owner: i.Owner, GxP: i.GxP,
		Risk: string(i.Risk), Manual: i.ByPeople(), Fingerprint: i.Fingerprint(),
	}
	for _, v := range i.Planned {
		d.Planned = append(d.Planned, string(v))
	}
	for _, s := range i.Steps {
		d.Steps = append(d.Steps, document.Step{Action: s.Action, Expected: s.Expected})
	}
	for _, a := range i.Attributes {
		d.Attributes = append(d.Attributes, document.Attribute{Key: a.Key, Value: a.Value})
	}
	for _, p := range i.Places {
		d.Places = append(d.Places, fmt.Sprintf("%s (%s)", p.Name, source(p.At)))
	}
	if a := i.Assessment; a != nil {
		d.Assessment = &document.Assessment{
			Severity: int64(a.Severity), Occurrence: int64(a.Occurrence), Detection: int64(a.Detection),
			Priority: int64(a.Priority()), Class: string(a.Class()), Residual: string(a.Residual),
		}
	}
	return d
}
