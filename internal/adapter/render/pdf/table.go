package pdf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// How wide a column becomes at most for the sake of its longest word: where the
// page is full, and where there is room. And how many rows are looked at for it.
const (
	fullWord  = 82.0
	roomyWord = 125.0
	lookedAt  = 200
)

// fields is a grid of names and values.
func (w *writer) fields(items []document.Field) *grid {
	g := &grid{weights: []float64{2, 7}, least: []float64{60, 60}, rows: len(items), ruled: hairline}
	g.row = func(i int, widths []float64) row {
		name := w.letters.setter(widths[0]-2*cellX, body-0.5)
		name.text(items[i].Name, look{face: regular, size: body - 0.5, colour: soft})
		value := w.letters.setter(widths[1]-2*cellX, body-0.5)
		value.runs(items[i].Value, look{face: regular, size: body - 0.5, colour: ink})
		return row{cells: [][]line{name.done(), value.done()}}
	}
	return g
}

// table is a grid as the tree says it.
func (w *writer) table(t document.Table) *grid {
	g := &grid{caption: t.Caption, titles: t.Columns, rows: len(t.Rows), ruled: hairline}
	k := look{face: regular, size: cellSize, colour: ink}
	g.row = func(i int, widths []float64) row {
		r := row{}
		for c, cell := range t.Rows[i].Cells[:min(len(t.Rows[i].Cells), len(widths))] {
			s := w.letters.setter(widths[c]-2*cellX, cellSize)
			s.runs(cell, k)
			r.cells = append(r.cells, s.done())
			r.right = append(r.right, t.Columns[c].Numeric)
		}
		return r
	}
	for _, c := range t.Columns {
		g.weights = append(g.weights, float64(max(c.Weight, 1)))
	}
	g.roomy = w.least(t, k, roomyWord)
	g.settle(w.least(t, k, fullWord))
	return g
}

// least is the width of the longest word of each column, up to a limit, with the
// room beside it.
func (w *writer) least(t document.Table, k look, limit float64) []float64 {
	out := make([]float64, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = w.longest(c.Title, look{face: bold, size: cellSize}, 2*fullWord)
	}
	for _, r := range t.Rows[:min(len(t.Rows), lookedAt)] {
		for i, cell := range r.Cells[:min(len(r.Cells), len(out))] {
			for _, x := range cell {
				out[i] = max(out[i], w.longestRun(x, k, limit))
			}
		}
	}
	for i := range out {
		out[i] += 2 * cellX
	}
	return out
}

// settle chooses between portrait and landscape: a grid whose longest words do
// not fit beside each other gets the wider page.
func (g *grid) settle(least []float64) {
	g.least, g.wide = least, total(least) > short-2*side
}

// longest is the width of the longest part of a text that is not broken, up to a
// limit.
func (w *writer) longest(text string, k look, limit float64) float64 {
	most := 0.0
	for word := range strings.FieldsFuncSeq(beginning(text, 400), func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }) {
		most = max(most, w.letters.width(k.face, k.size, word)+0.1)
	}
	return min(most, limit)
}

func (w *writer) longestRun(r document.Run, k look, limit float64) float64 {
	switch r.Style {
	case document.Status:
		return min(w.letters.width(bold, k.size*0.92, r.Text)+2*pad, 1.4*fullWord)
	case document.Mono:
		return w.longest(r.Text, look{face: mono, size: k.size * 0.9}, limit)
	case document.Strong:
		k.face = bold
	case document.Small:
		k.size *= 0.92
	}
	return w.longest(r.Text, k, min(limit, fullWord*1.2))
}

// matrix is a grid of the paths of the traceability matrix; a title that stands
// in the row above is not repeated.
func (w *writer) matrix(m document.Matrix) *grid {
	g := &grid{caption: "Traceability matrix", rows: len(m.Rows), ruled: hairline}
	for _, title := range []string{"Requirement", "Specification", "Risk", "Test"} {
		g.titles = append(g.titles, document.Column{Title: title})
	}
	for _, c := range m.Columns {
		g.titles = append(g.titles, document.Column{Title: c.Title()})
	}
	g.titles = append(g.titles, document.Column{Title: "State"})
	g.weights = []float64{6, 6, 2, 6}
	least := []float64{81, 81, 43, 81}
	for _, c := range m.Columns {
		g.weights, least = append(g.weights, 3), append(least, max(55, w.longest(c.Title(), look{face: bold, size: cellSize}, 60)+2*cellX))
	}
	g.weights, least = append(g.weights, 5), append(least, 79)
	g.row = func(i int, widths []float64) row {
		var above document.MatrixRow
		if i > 0 {
			above = m.Rows[i-1]
		}
		return w.path(m.Rows[i], above, i > 0, widths)
	}
	g.settle(least)
	g.roomy = slices.Clone(least)
	id := look{face: mono, size: cellSize * 0.9}
	for _, r := range m.Rows[:min(len(m.Rows), lookedAt)] {
		for c, text := range map[int]string{0: r.URS.ID, 1: r.FS.ID, 3: r.Test.ID} {
			g.roomy[c] = max(g.roomy[c], w.longest(text, id, roomyWord)+2*cellX)
		}
	}
	return g
}

func (w *writer) path(r, above document.MatrixRow, follows bool, widths []float64) row {
	k := look{face: regular, size: cellSize, colour: ink}
	out := row{}
	add := func(fill func(s *setter)) {
		s := w.letters.setter(widths[len(out.cells)]-2*cellX, cellSize)
		fill(s)
		out.cells = append(out.cells, s.done())
	}
	same := follows && r.URS == above.URS
	if !same && follows {
		edge := rule
		out.upper = &edge
	}
	add(func(s *setter) { s.reference(r.URS, same, k) })
	add(func(s *setter) { s.reference(r.FS, same && r.FS == above.FS, k) })
	add(func(s *setter) {
		if r.Risk == "" {
			s.text("none said", k.in(faint))
		} else {
			s.text(r.Risk, k)
		}
	})
	add(func(s *setter) { s.reference(r.Test, false, k) })
	for _, c := range r.Cells[:max(0, min(len(r.Cells), len(widths)-5))] {
		add(func(s *setter) { s.result(c, k) })
	}
	for len(out.cells) < len(widths)-1 {
		add(func(*setter) {})
	}
	add(func(s *setter) {
		s.run(document.StateRun(r.State), k)
		if r.Reason != "" {
			s.run(document.Run{Style: document.Small, Text: r.Reason}, k)
		}
	})
	return out
}

func (k look) in(c colour) look {
	k.colour = c
	return k
}

// reference is the id of an item with its title below.
func (s *setter) reference(r document.ItemRef, repeated bool, k look) {
	id := document.Run{Style: document.Mono, Text: r.ID}
	switch {
	case r.ID == "" && r.Title == "":
		s.text("none", k.in(faint))
	case r.ID == "":
		s.text("named directly", k.in(soft))
		s.newline()
		s.text(r.Title, k)
	case repeated:
		s.run(id, k.in(faint))
	default:
		s.run(id, k)
		s.newline()
		s.text(r.Title, k)
	}
}

// result is a cell of the matrix.
func (s *setter) result(c document.MatrixCell, k look) {
	if c.State == "" {
		s.text("–", k.in(faint))
		return
	}
	s.run(document.StateRun(c.State), k)
	if c.Attempt > 0 {
		s.run(document.Run{Style: document.Small, Text: fmt.Sprintf("attempt %d", c.Attempt)}, k)
	}
	if c.Note != "" {
		s.run(document.Run{Style: document.Small, Text: c.Note}, k)
	}
}
