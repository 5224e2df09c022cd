package pdf

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// much is the length from which a text is not set in the size of a title: it
// would fill pages.
const much = 300

func sized(text string, size float64) float64 {
	if len(text) > much {
		return body
	}
	return size
}

// title is the head of the first page: number, title, subject, what the reader
// must know before, and the control data.
func (w *writer) title() {
	m := w.meta
	w.y += 6
	w.say(m.Number, look{face: mono, size: sized(m.Number, 9.5), colour: accent})
	w.y += 2
	w.say(m.Title, look{face: bold, size: sized(m.Title, titleSize), colour: ink})
	w.say(m.Subject(), look{face: regular, size: sized(m.Subject(), 12), colour: soft})
	w.y += 10
	if m.Evaluation != "" {
		w.banner(document.Negative, "EVALUATION", m.Evaluation+". Not a record for regulated use.")
	}
	if m.Restriction != "" {
		w.banner(document.Caution, document.Restricted, m.Restriction)
	}
	if mark := m.Stage.Mark(); mark != "" {
		w.banner(document.Caution, mark, m.Stage.Explanation())
	}
	w.control(m.Control())
}

// say sets a text of one look over the width of the page.
func (w *writer) say(text string, k look) {
	s := w.letters.setter(w.width(), k.size)
	s.text(text, k)
	w.flow(s.done(), 0)
}

func (w *writer) banner(t document.Tone, head, text string) {
	shade := shadeOf(t)
	s := w.letters.setter(w.width()-20, body)
	s.text(head+" ", look{face: bold, size: body, colour: shade.line})
	s.text(text, look{face: regular, size: body, colour: shade.line})
	w.boxed(s.done(), shade, 6)
}

// control prints the control data in a frame, two fields beside each other.
func (w *writer) control(items []document.Field) {
	g := &grid{weights: []float64{1, 1}, least: []float64{0, 0}, rows: (len(items) + 1) / 2, ruled: hairline}
	g.row = func(i int, widths []float64) row {
		r := row{}
		for k := 2 * i; k < min(2*i+2, len(items)); k++ {
			s := w.letters.setter(widths[k%2]-2*cellX, body)
			s.text(items[k].Name, look{face: regular, size: smallest, colour: soft})
			s.newline()
			s.runs(items[k].Value, look{face: regular, size: body, colour: ink})
			r.cells = append(r.cells, s.done())
		}
		return r
	}
	w.need(60)
	w.line(side, w.y, side+w.width(), w.y, 1.4, ink)
	w.grid(g)
}

// reserve leaves room for the contents, whose page numbers are not known yet.
func (w *writer) reserve() {
	k := look{face: regular, size: body - 0.6, colour: ink}
	first := true
	for _, b := range w.blocks {
		h := b.Heading
		if h == nil || h.Level > 2 {
			continue
		}
		if first {
			w.need(60)
			w.say("Contents", look{face: bold, size: 11, colour: ink})
			w.y += 2
			first = false
		}
		deep := h.Level == 2
		line := k.size * 1.5
		w.need(line)
		x := side + 24.0
		k.colour = ink
		if deep {
			x, k.colour = side+48, soft
		}
		number := w.fit(h.Number, look{face: regular, size: k.size, colour: faint}, 46)
		name := w.fit(h.Text, k, side+w.width()-x-40)
		w.draw(x-24, w.y+line*0.72, number)
		w.draw(x+number.w-min(number.w, 20), w.y+line*0.72, name)
		at := entry{anchor: anchor(h.Number), page: len(w.pages), y: w.y, h: line}
		w.dots(x+number.w-min(number.w, 20)+name.w+6, w.y+line*0.72)
		w.contents = append(w.contents, at)
		w.y += line
	}
	if !first {
		w.y += 16
	}
}

// dots lead from an entry to its page number.
func (w *writer) dots(x, y float64) {
	right := side + w.width() - 26
	if x >= right {
		return
	}
	w.pdf.SetDashPattern([]float64{0.6, 3}, 0)
	w.line(x, y-0.5, right, y-0.5, 0.6, rule)
	w.pdf.SetDashPattern([]float64{}, 0)
}

// numberContents draws the page numbers of the contents, and makes each line a
// link.
func (w *writer) numberContents() {
	at := map[string]int{}
	for _, s := range w.sections {
		at[anchor(strings.SplitN(s.text, " ", 2)[0])] = s.page
	}
	for _, e := range w.contents {
		w.revisit(e.page)
		p := w.fit(fmt.Sprint(at[e.anchor]), look{face: regular, size: body - 0.6, colour: ink}, 40)
		w.draw(side+w.width()-p.w, e.y+e.h*0.72, p)
		w.link(e.anchor, side, e.y, w.width(), e.h)
	}
}

// bookmarks are the outline of the file.
func (w *writer) bookmarks() {
	w.pdf.SetFont(names[regular], "", body)
	level := -1
	for _, s := range w.sections {
		w.revisit(s.page)
		level = min(s.level, level+1) // a level is not left out
		w.pdf.Bookmark(strings.Join(strings.Fields(beginning(s.text, 160)), " "), level, s.y+w.shift)
	}
}

// headingSizes by level, from 1.
var headingSizes = [...]float64{14, 11, 9.6}

func (w *writer) heading(i int) {
	h := w.blocks[i].Heading
	level := min(max(h.Level, 1), len(headingSizes))
	size := sized(h.Text, headingSizes[level-1])
	before := size * 1.1
	w.need(min(w.startOf(i), w.depth()*0.6))
	if level == 1 && w.y > top+w.depth()*0.45 && w.isSigned(i) {
		w.turn(w.wide) // who signs finds the signatures together
	}
	if w.y > top {
		w.y += before
		if level == 1 {
			w.line(side, w.y-size*0.5, side+w.width(), w.y-size*0.5, 0.5, hairline)
			w.y += size * 0.3
		}
	}
	name := anchor(h.Number)
	w.pdf.SetLink(w.anchors[name], w.y, len(w.pages))
	w.sections = append(w.sections, section{h.Number + " " + w.letters.drawable(h.Text), level - 1, len(w.pages), w.y})
	s := w.letters.setter(w.width(), size)
	s.text(h.Number+" ", look{face: bold, size: size, colour: faint})
	s.text(" "+h.Text, look{face: bold, size: size, colour: ink})
	w.flow(s.done(), 0)
	w.y += size * 0.4
}

// isSigned reports whether the section of a heading holds signatures and nothing
// that is long before them.
func (w *writer) isSigned(i int) bool {
	for n := i + 1; n < len(w.blocks) && n <= i+5; n++ {
		switch b := w.blocks[n]; {
		case b.Heading != nil && b.Heading.Level <= 1:
			return false
		case b.Signatures != nil:
			return true
		}
	}
	return false
}

// startOf is the height that a heading needs with the beginning of what follows,
// so that none stands alone at the end of a page.
func (w *writer) startOf(i int) float64 {
	h := 0.0
	for ; i < len(w.blocks); i++ {
		b := w.blocks[i]
		switch {
		case b.Heading != nil:
			h += 40
			continue
		case b.Paragraph != nil, b.List != nil:
			return h + 3*body*leading
		case b.Code != nil, b.Notice != nil:
			return h + 50
		case b.Scene != nil:
			return h + float64(b.Scene.Place().Height) + 30
		}
		if g := w.grids[i]; g != nil {
			return h + w.start(g)
		}
		return h + 40
	}
	return h
}

func (w *writer) paragraph(runs []document.Run) {
	s := w.letters.setter(w.width(), body)
	s.runs(runs, look{face: regular, size: body, colour: ink})
	w.flow(s.done(), 0)
	w.y += 6
}

func (w *writer) list(l document.List) {
	for i, item := range l.Items {
		mark := "•"
		if l.Ordered {
			mark = fmt.Sprint(i+1) + "."
		}
		k := look{face: regular, size: body, colour: ink}
		s := w.letters.setter(w.width()-20, body)
		s.runs(item, k)
		lines := s.done()
		w.need(min(height(lines), 3*body*leading))
		w.draw(side+2, w.y+lines[0].h*0.72, w.fit(mark, k, 20))
		w.flow(lines, 20)
		w.y += 1.5
	}
	w.y += 6
}

// flow draws lines from the left edge on; the first two and the last two of many
// stay together.
func (w *writer) flow(lines []line, indent float64) {
	for i, l := range lines {
		h := l.h
		if i+1 < len(lines) && (i == 0 || i+2 == len(lines)) {
			h += lines[i+1].h
		}
		w.need(h)
		w.set(side+indent, w.y, []line{l})
		w.y += l.h
	}
}

// boxed draws lines on a ground with an edge, on as many pages as they need; what
// fits on a page is kept whole.
func (w *writer) boxed(lines []line, s shade, inner float64) {
	if h := height(lines) + 2*inner; h <= w.depth()*0.6 {
		w.need(h)
	} else {
		w.need(60)
	}
	right := side + w.width()
	edge := func() { w.line(side, w.y, right, w.y, 0.5, s.line) }
	open := func() {
		y := w.y
		w.fillBox(inner, s)
		w.line(side, y, right, y, 0.5, s.line) // over the ground
	}
	open()
	for i, l := range lines {
		if l.h+inner > w.room() && w.y > top+inner {
			w.fillBox(inner, s)
			edge()
			w.turn(w.wide)
			open()
		}
		w.ground(l.h, s)
		w.set(side+10, w.y, lines[i:i+1])
		w.y += l.h
	}
	w.fillBox(inner, s)
	edge()
	w.y += 8
}

// ground is a piece of a box.
func (w *writer) ground(h float64, s shade) {
	right := side + w.width()
	w.fill(side, w.y, w.width(), h+0.3, s.ground)
	w.line(side, w.y, side, w.y+h, 0.5, s.line)
	w.line(right, w.y, right, w.y+h, 0.5, s.line)
}

func (w *writer) fillBox(h float64, s shade) {
	w.ground(h, s)
	w.y += h
}

func (w *writer) code(text string) {
	k := look{face: mono, size: 7.4, colour: ink}
	w.boxed(w.letters.code(strings.TrimSuffix(text, "\n"), w.width()-20, k), shade{hairline, tint}, 6)
	w.y += 4
}

func (w *writer) notice(n document.Notice) {
	shade := shadeOf(n.Tone)
	s := w.letters.setter(w.width()-20, body)
	s.text(n.Head+" ", look{face: bold, size: body, colour: shade.line})
	s.runs(n.Runs, look{face: regular, size: body, colour: ink})
	w.boxed(s.done(), shade, 6)
	w.y += 2
}

// none stands in place of a table without rows.
func (w *writer) none(t document.Table) {
	s := w.letters.setter(w.width()-20, body)
	s.text(t.Caption+" ", look{face: bold, size: body - 0.4, colour: ink})
	s.text(t.Empty, look{face: regular, size: body - 0.4, colour: soft})
	w.boxed(s.done(), shade{hairline, tint}, 5)
	w.y += 2
}

// end is the provenance and the last line.
func (w *writer) end() {
	if w.wide {
		w.turn(false)
	}
	g := w.fields(w.meta.Provenance())
	w.measure(g)
	h := 40.0
	for i := range g.rows {
		h += g.row(i, g.widths).height()
	}
	w.need(min(h, w.depth()/2))
	w.y += 10
	w.line(side, w.y, side+w.width(), w.y, 1.4, ink)
	w.grid(g)
	last := "End of " + w.meta.Number
	if mark := w.meta.Stage.Mark(); mark != "" {
		last += ", " + mark
	}
	w.need(20)
	w.say(last, look{face: regular, size: smallest, colour: soft})
}
