package pdf

import (
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/dc-release/dc-release/internal/core/document"
)

// A4 in points, and the room around the text.
const (
	short, long = 595.28, 841.89
	side        = 48.0
	top         = 66.0 // below the running head
	foot        = 54.0 // above it the running foot
)

// Sizes of text in points.
const (
	body      = 9.0
	cellSize  = 7.6
	smallest  = 7.0
	titleSize = 23.0
)

// writer draws a document from top to bottom. Heads are drawn with their page;
// what needs the number of all pages, at the end.
type writer struct {
	pdf     *fpdf.Fpdf
	letters *lettering
	meta    document.Meta
	blocks  []document.Block
	grids   []*grid // of each block, nil for text
	wides   []bool  // which blocks stand on landscape pages

	y     float64
	wide  bool   // the current page is landscape
	pages []bool // which of them are landscape, from page 1
	shift float64
	face  face // that the page's content was told last; size 0 for none
	size  float64

	anchors  map[string]int // link of each section
	sections []section      // bookmarks
	contents []entry
}

// section is where a heading stands.
type section struct {
	text  string
	level int
	page  int
	y     float64
}

// entry is a line of the contents list, whose page number is drawn at the end.
type entry struct {
	anchor string
	page   int
	y, h   float64
}

func newWriter(t document.Tree, text []byte) (*writer, error) {
	letters, err := newLettering()
	if err != nil {
		return nil, err
	}
	w := &writer{letters: letters, meta: t.Meta, blocks: t.Blocks, anchors: map[string]int{}}
	w.pdf = fpdf.New("P", "pt", "A4", "")
	w.pdf.SetAutoPageBreak(false, 0)
	w.pdf.SetCatalogSort(true)
	w.pdf.SetCompression(false)                  // finish does
	w.pdf.SetCreationDate(time.Unix(0, 0).UTC()) // finish writes what stands in the file
	w.pdf.SetModificationDate(time.Unix(0, 0).UTC())
	w.pdf.SetLang("en")
	for i, file := range letters.files(text) {
		w.pdf.AddUTF8FontFromBytes(names[i], "", file)
	}
	return w, w.pdf.Error()
}

func (w *writer) pageWidth() float64 {
	if w.wide {
		return long
	}
	return short
}

func (w *writer) pageHeight() float64 {
	if w.wide {
		return short
	}
	return long
}

// width of the text.
func (w *writer) width() float64 { return w.pageWidth() - 2*side }

// bottom is where the text ends.
func (w *writer) bottom() float64 { return w.pageHeight() - foot }

func (w *writer) room() float64 { return w.bottom() - w.y }

// depth of the text of a whole page.
func (w *writer) depth() float64 { return w.bottom() - top }

// need begins a new page when less room is left, but not when a page offers no
// more.
func (w *writer) need(h float64) {
	if h > w.room() && w.y > top {
		w.turn(w.wide)
	}
}

// turn begins a page.
func (w *writer) turn(wide bool) {
	orientation := "P"
	if wide {
		orientation = "L"
	}
	w.wide = wide
	w.pages = append(w.pages, wide)
	w.pdf.AddPageFormat(orientation, fpdf.SizeType{Wd: short, Ht: long})
	w.size = 0
	w.y = top
	w.head()
}

// marks are the words that stand on every page.
func marks(m document.Meta) string {
	var out []string
	if m.Evaluation != "" {
		out = append(out, "EVALUATION")
	}
	if mark := m.Stage.Mark(); mark != "" {
		out = append(out, mark)
	}
	if m.Restriction != "" {
		out = append(out, document.Restricted)
	}
	return strings.Join(out, "  ")
}

// head is the running head: number, marks, title and subject.
func (w *writer) head() {
	m := w.meta
	right := side + w.width()
	mark := marks(m)
	markWidth := w.letters.width(bold, smallest, mark)
	half := (w.width()-markWidth)/2 - 10
	w.draw(side, 36, w.fit(m.Number, look{face: mono, size: smallest, colour: ink}, half))
	if mark != "" {
		p := w.fit(mark, look{face: bold, size: smallest, colour: shadeOf(document.Caution).line}, w.width())
		w.draw(side+(w.width()-p.w)/2, 36, p)
	}
	p := w.fit(m.Title+", "+m.Subject(), look{face: regular, size: smallest, colour: soft}, half)
	w.draw(right-p.w, 36, p)
	w.line(side, 43, right, 43, 0.5, rule)
}

// fit is the text on one line, shortened where it is too long: in running heads
// and the contents, whose texts stand whole elsewhere.
func (w *writer) fit(text string, k look, width float64) piece {
	s := w.letters.setter(1e9, k.size)
	s.text(strings.Join(strings.Fields(beginning(text, 400)), " "), k)
	pieces := s.done()[0].pieces
	if len(pieces) == 0 {
		return piece{look: k}
	}
	p := pieces[0]
	for _, more := range pieces[1:] { // another face: one line of text is enough of it here
		p.text += strings.Repeat(" ", min(1, int(more.blank))) + w.within(more.text, p.face)
	}
	if p.w = w.letters.width(p.face, p.size, p.text); p.w <= width {
		return p
	}
	ellipsis := w.letters.rune(p.face, p.size, '…')
	sum := 0.0
	for i, r := range p.text {
		step := w.letters.rune(p.face, p.size, r)
		if sum+step+ellipsis > width {
			p.text, p.w = p.text[:i]+"…", sum+ellipsis
			break
		}
		sum += step
	}
	return p
}

// within is a text in one face alone.
func (w *writer) within(text string, f face) string {
	return strings.Map(func(r rune) rune {
		if w.letters.faces[f].has(r) {
			return r
		}
		return '\ufffd'
	}, text)
}

// beginning of a text, of at most n characters.
func beginning(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// foots draws the running foot of every page, and the mark across it.
func (w *writer) foots() {
	for i := range w.pages {
		w.revisit(i + 1)
		y := w.pageHeight() - 30
		right := side + w.width()
		w.line(side, y-11, right, y-11, 0.5, rule)
		k := look{face: regular, size: smallest, colour: soft}
		count := w.fit(fmt.Sprintf("Page %d of %d", i+1, len(w.pages)), k, w.width())
		w.draw(right-count.w, y, count)
		k.face = mono
		k.size = 6.2
		w.draw(side, y, w.fit(w.meta.Number+"   facts "+beginning(w.meta.FactsSHA256, 16), k, w.width()-count.w-20))
		if mark := w.meta.Stage.Mark(); mark != "" {
			w.watermark(w.letters.drawable(mark))
		}
	}
}

// watermark is drawn over the text, so light that all of it stays legible.
func (w *writer) watermark(mark string) {
	size := 0.78 * w.pageWidth() / (w.letters.width(bold, 1, mark) + 0.001)
	size = min(size, 130)
	x, y := w.pageWidth()/2, w.pageHeight()/2
	w.pdf.SetAlpha(0.09, "Normal")
	w.pdf.TransformBegin()
	w.pdf.TransformRotate(38, x, y+w.shift)
	p := piece{look: look{face: bold, size: size, colour: shadeOf(document.Caution).line}, text: mark, w: w.letters.width(bold, size, mark)}
	w.draw(x-p.w/2, y+size*0.36, p)
	w.pdf.TransformEnd()
	w.pdf.SetAlpha(1, "Normal")
	w.size = 0
}

// revisit goes back to a page. fpdf measures from the top of the page that was
// made last; shift is the difference.
func (w *writer) revisit(page int) {
	last := w.pages[len(w.pages)-1]
	w.pdf.SetPage(page)
	w.wide, w.size = last, 0
	h := w.pageHeight()
	w.wide = w.pages[page-1]
	w.shift = h - w.pageHeight()
}

// draw puts a piece with its base line at y.
func (w *writer) draw(x, y float64, p piece) {
	if p.text == "" {
		return
	}
	if w.face != p.face || w.size != p.size {
		w.face, w.size = p.face, p.size
		w.pdf.SetFont(names[p.face], "", p.size)
	}
	if p.pill {
		s := shadeOf(p.tone)
		w.box(x, y-p.size*1.02, p.w, p.size*1.36, s.ground, s.line)
		x += pad
	}
	if r, g, b := w.pdf.GetTextColor(); p.colour != (colour{r, g, b}) { // setting one formats it
		w.pdf.SetTextColor(p.colour[0], p.colour[1], p.colour[2])
	}
	w.pdf.Text(x, y+w.shift, p.text)
	if p.href == "" {
		return
	}
	if anchor, ok := strings.CutPrefix(p.href, "#"); ok {
		w.link(anchor, x, y-p.size, p.w, p.size*1.3)
		return
	}
	w.pdf.LinkString(x, y-p.size+w.shift, p.w, p.size*1.3, uri(p.href))
}

// link leads to a section, when there is one of that name.
func (w *writer) link(anchor string, x, y, width, h float64) {
	if id, ok := w.anchors[anchor]; ok {
		w.pdf.Link(x, y+w.shift, width, h, id)
	}
}

// set draws lines one below the other.
func (w *writer) set(x, y float64, lines []line) {
	for _, l := range lines {
		base := y + l.h*0.72
		for _, p := range l.pieces {
			w.draw(x+p.x, base, p)
		}
		y += l.h
	}
}

func (w *writer) line(x1, y1, x2, y2, width float64, c colour) {
	w.pdf.SetDrawColor(c[0], c[1], c[2])
	w.pdf.SetLineWidth(width)
	w.pdf.Line(x1, y1+w.shift, x2, y2+w.shift)
}

func (w *writer) fill(x, y, width, h float64, c colour) {
	w.pdf.SetFillColor(c[0], c[1], c[2])
	w.pdf.Rect(x, y+w.shift, width, h, "F")
}

// box is a small rounded box.
func (w *writer) box(x, y, width, h float64, ground, edge colour) {
	w.pdf.SetFillColor(ground[0], ground[1], ground[2])
	w.pdf.SetDrawColor(edge[0], edge[1], edge[2])
	w.pdf.SetLineWidth(0.5)
	w.pdf.RoundedRect(x, y+w.shift, width, h, 1.6, "1234", "FD")
}

// tip is the head of an arrow to the right.
func (w *writer) tip(x, y float64) {
	w.pdf.SetFillColor(rule[0], rule[1], rule[2])
	w.pdf.Polygon([]fpdf.PointType{{X: x, Y: y + w.shift}, {X: x - 5, Y: y - 2.4 + w.shift}, {X: x - 5, Y: y + 2.4 + w.shift}}, "F")
}

// uri is an address in ASCII.
func uri(href string) string {
	var b strings.Builder
	for _, c := range []byte(href) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()\<>"`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
