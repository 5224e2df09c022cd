package pdf

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/document"
)

// smallestScale is how far a drawing is made smaller to fit: beyond it nobody
// reads it, and it is said in words.
const smallestScale = 0.62

// scene draws a scene, or lists its sentences where it does not fit.
func (w *writer) scene(s document.Scene) {
	d := s.Place()
	scale := 1.0
	if d.Width > 0 {
		scale = min(1, w.width()/float64(d.Width), (w.depth()-40)/float64(d.Height))
	}
	if d.Width == 0 || scale < smallestScale {
		w.caption(s.Title)
		var items [][]document.Run
		for _, sentence := range s.Sentences() {
			items = append(items, []document.Run{{Style: document.Plain, Text: sentence}})
		}
		w.list(document.List{Items: items})
		return
	}
	w.need(float64(d.Height)*scale + 24)
	w.caption(s.Title)
	left, top := side+(w.width()-float64(d.Width)*scale)/2, w.y
	if float64(d.Width)*scale < w.width()/2 {
		left = side
	}
	at := func(x, y int) (float64, float64) { return left + float64(x)*scale, top + float64(y)*scale }
	for _, wire := range d.Wires {
		w.wire(wire, at)
	}
	for _, b := range d.Boxes {
		w.node(b, scale, at)
	}
	w.y += float64(d.Height)*scale + 6
	if s.Left > 0 {
		w.say(fmt.Sprint(s.Remainder()), look{face: regular, size: smallest, colour: soft})
	}
	w.y += 8
}

func (w *writer) wire(wire document.Wire, at func(x, y int) (float64, float64)) {
	for i := 1; i < len(wire.Points); i++ {
		x1, y1 := at(wire.Points[i-1].X, wire.Points[i-1].Y)
		x2, y2 := at(wire.Points[i].X, wire.Points[i].Y)
		w.line(x1, y1, x2, y2, 0.7, rule)
	}
	x, y := at(wire.Points[len(wire.Points)-1].X, wire.Points[len(wire.Points)-1].Y)
	w.tip(x, y)
}

// node is a box with its text, each line made smaller where the font is wider
// than the layout took it for.
func (w *writer) node(b document.Box, scale float64, at func(x, y int) (float64, float64)) {
	x, y := at(b.X, b.Y)
	shade := shadeOf(b.Tone)
	w.box(x, y, float64(b.W)*scale, float64(b.H)*scale, shade.ground, shade.line)
	inner := float64(b.W-10) * scale
	line := y + 12*scale
	put := func(text string, k look) {
		text = w.letters.drawable(text)
		k.size *= scale
		s := w.letters.setter(1e9, k.size)
		s.text(text, k)
		l := s.done()[0]
		if l.w > inner {
			k.size *= inner / l.w
			s = w.letters.setter(1e9, k.size)
			s.text(text, k)
			l = s.done()[0]
		}
		for _, p := range l.pieces {
			w.draw(x+5*scale+p.x, line, p)
		}
		line += 10 * scale
	}
	for _, t := range b.Title {
		put(t, look{face: bold, size: 7, colour: ink})
	}
	for _, t := range b.Note {
		put(t, look{face: regular, size: 6.4, colour: soft})
	}
	if b.State != "" {
		line += 2 * scale
		put(b.State, look{face: bold, size: 6.8, colour: shade.line})
	}
}
