package pdf

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
)

// grid is what a table, a matrix, fields and signatures are drawn as: rows of
// cells below a head that is repeated on each page.
type grid struct {
	caption string
	weights []float64
	titles  []document.Column // nil for no head
	rows    int
	row     func(i int, widths []float64) row
	ruled   colour // of the line below a row
	boxed   bool
	wide    bool      // asks for landscape pages
	least   []float64 // the narrowest that columns are made while there is room
	roomy   []float64 // the same where there is enough for this, nil for no other

	width  float64 // of the page's text that the rest was set for
	widths []float64
	head   row
	first  row
}

// row is a row that was set: the lines of each cell.
type row struct {
	cells  [][]line
	right  []bool // which cells stand at the right
	upper  *colour
	bar    *colour // at the left edge; the first cell stands beside it
	ground *colour
}

const (
	cellX = 4.5 // room beside the text of a cell
	cellY = 3.0 // and above and below it
)

func (r row) height() float64 {
	h := 0.0
	for _, c := range r.cells {
		h = max(h, height(c))
	}
	return h + 2*cellY
}

// measure settles the widths for the current page, and sets the head and the
// first row.
func (w *writer) measure(g *grid) {
	if g.width == w.width() {
		return
	}
	g.width = w.width()
	g.widths = shares(g.weights, g.least, g.width)
	if g.roomy != nil && total(g.roomy) <= g.width {
		g.widths = shares(g.weights, g.roomy, g.width)
	}
	if g.titles != nil {
		g.head = w.titles(g)
	}
	if g.rows > 0 {
		g.first = g.row(0, g.widths)
	}
}

func (w *writer) titles(g *grid) row {
	r := row{}
	for i, c := range g.titles {
		s := w.letters.setter(g.widths[i]-2*cellX, cellSize)
		s.text(c.Title, look{face: bold, size: cellSize, colour: ink})
		r.cells = append(r.cells, s.done())
		r.right = append(r.right, c.Numeric)
	}
	return r
}

func total(widths []float64) (sum float64) {
	for _, w := range widths {
		sum += w
	}
	return sum
}

// shares divides a width by weights; no column is narrower than its least
// width, as far as there is room for all of these.
func shares(weights, least []float64, width float64) []float64 {
	sum := total(least)
	out := make([]float64, len(weights))
	if sum >= width {
		for i, l := range least {
			out[i] = l * width / sum
		}
		return out
	}
	held := make([]bool, len(weights))
	for range weights {
		room, open := width, 0.0
		for i := range weights {
			if held[i] {
				room -= least[i]
			} else {
				open += weights[i]
			}
		}
		again := false
		for i := range weights {
			if held[i] {
				out[i] = least[i]
				continue
			}
			if out[i] = room * weights[i] / open; out[i] < least[i] {
				held[i], again = true, true
			}
		}
		if !again {
			break
		}
	}
	return out
}

// start is the height that the beginning of a grid needs on a page: caption,
// head and the first rows, where that is not more than a part of a page.
func (w *writer) start(g *grid) float64 {
	w.measure(g)
	h := 0.0
	if g.caption != "" {
		h += 18
	}
	if g.titles != nil {
		h += g.head.height()
	}
	if g.rows > 0 {
		h += min(g.first.height()*float64(min(g.rows, 3)), max(g.first.height(), 60), w.depth()/3)
	}
	return h
}

// grid draws a grid.
func (w *writer) grid(g *grid) {
	w.need(w.start(g))
	if g.caption != "" {
		w.caption(g.caption)
	}
	repeat := g.titles != nil && g.head.height() < w.depth()/3
	switch {
	case repeat:
		w.headRow(g)
	case g.titles != nil: // a head that is too high for each page stands once, as a row
		w.drawRow(g, g.head, false)
	}
	for i := range g.rows {
		r := g.first
		if i > 0 {
			r = g.row(i, g.widths)
		}
		w.drawRow(g, r, repeat)
	}
	w.y += 14
}

// caption stands above a table; one of many lines is set like a paragraph.
func (w *writer) caption(text string) {
	s := w.letters.setter(w.width(), body)
	s.text(text, look{face: bold, size: body - 0.4, colour: ink})
	w.flow(s.done(), 0)
	w.y += 3
}

func (w *writer) headRow(g *grid) {
	h := g.head.height()
	w.fill(side, w.y, w.width(), h, tint)
	w.line(side, w.y, side+w.width(), w.y, 0.7, rule)
	w.cells(g, g.head, w.y+h-cellY-g.headText())
	w.y += h
	w.line(side, w.y, side+w.width(), w.y, 0.7, rule)
}

// headText is the height of the highest title.
func (g *grid) headText() float64 { return g.head.height() - 2*cellY }

// drawRow draws a row, on as many pages as it needs: one that fits on a page is
// kept whole.
func (w *writer) drawRow(g *grid, r row, repeat bool) {
	again := func() {
		w.turn(w.wide)
		if repeat {
			w.headRow(g)
		}
	}
	h := r.height()
	if h > w.room() && w.y > top && (h <= w.depth()*0.45 || w.room() < 60) {
		again()
	}
	for h > w.room() {
		part := r.take(w.room() - 2*cellY)
		w.rowAt(g, part, part.height())
		again()
		h = r.height()
	}
	w.rowAt(g, r, h)
}

// take removes the lines that fit in a height, at least one of those that are
// left, so that a row always ends.
func (r *row) take(room float64) row {
	part := *r
	part.cells = make([][]line, len(r.cells))
	r.cells = slices.Clone(r.cells)
	taken := false
	for i, c := range r.cells {
		h, n := 0.0, 0
		for n < len(c) && h+c[n].h <= room {
			h += c[n].h
			n++
		}
		part.cells[i], r.cells[i] = c[:n], c[n:]
		taken = taken || n > 0
	}
	if !taken {
		for i, c := range r.cells {
			n := min(1, len(c))
			part.cells[i], r.cells[i] = c[:n], c[n:]
		}
	}
	r.upper = nil
	return part
}

func (w *writer) rowAt(g *grid, r row, h float64) {
	right := side + w.width()
	if r.ground != nil {
		w.fill(side, w.y, w.width(), h, *r.ground)
	}
	if r.upper != nil {
		w.line(side, w.y, right, w.y, 0.6, *r.upper)
	}
	if r.bar != nil {
		w.fill(side, w.y, 2.5, h, *r.bar)
	}
	w.cells(g, r, w.y+cellY)
	if g.boxed {
		w.line(side, w.y, side, w.y+h, 0.4, g.ruled)
		w.line(right, w.y, right, w.y+h, 0.4, g.ruled)
	}
	w.y += h
	w.line(side, w.y, right, w.y, 0.4, g.ruled)
}

// cells draws the cells of a row from y on.
func (w *writer) cells(g *grid, r row, y float64) {
	x := side
	for i, c := range r.cells {
		inner := cellX
		if i == 0 && r.bar != nil {
			inner = 2 * cellX
		}
		if i < len(r.right) && r.right[i] {
			at := y
			for _, l := range c {
				w.set(x+g.widths[i]-cellX-l.w, at, []line{l})
				at += l.h
			}
		} else {
			w.set(x+inner, y, c)
		}
		x += g.widths[i]
	}
}
