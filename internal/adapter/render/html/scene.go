package html

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// scene draws a scene as SVG. Its words stand in the drawing, and as sentences
// for readers who do not see it; a scene without a drawing is these sentences.
func (w *writer) scene(s document.Scene) {
	d := s.Place()
	if d.Width == 0 {
		w.put("<p class=\"none\"><span>", escape(s.Title), "</span></p>\n")
		w.list(document.List{Items: sentences(s)})
		return
	}
	w.put("<figure class=\"scene\">\n<figcaption>", escape(s.Title), "</figcaption>\n",
		fmt.Sprintf("<svg viewBox=\"-2 -2 %d %d\" width=\"%d\" role=\"img\">\n", d.Width+4, d.Height+4, (d.Width+4)*4/3),
		"<title>", escape(s.Title), "</title>\n<desc>", escape(strings.Join(s.Sentences(), "\n")), "</desc>\n")
	for _, wire := range d.Wires {
		w.wire(wire)
	}
	for _, b := range d.Boxes {
		w.box(b)
	}
	w.put("</svg>\n")
	if s.Left > 0 {
		w.put("<p class=\"small\">", escape(s.Remainder()), "</p>\n")
	}
	w.put("</figure>\n")
}

func sentences(s document.Scene) (out [][]document.Run) {
	for _, sentence := range s.Sentences() {
		out = append(out, []document.Run{{Style: document.Plain, Text: sentence}})
	}
	return out
}

// wire is an arrow with its head.
func (w *writer) wire(wire document.Wire) {
	var points []string
	for _, p := range wire.Points {
		points = append(points, fmt.Sprintf("%d,%d", p.X, p.Y))
	}
	tip := wire.Points[len(wire.Points)-1]
	w.put("<polyline class=\"wire\" points=\"", strings.Join(points, " "), "\"/>",
		fmt.Sprintf("<path class=\"tip\" d=\"M%d %dl-6 -3v6z\"/>\n", tip.X, tip.Y))
}

func (w *writer) box(b document.Box) {
	w.put("<g class=\"", tone(b.Tone), "\">", fmt.Sprintf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"/>", b.X, b.Y, b.W, b.H))
	y := b.Y + 12
	for _, t := range b.Title {
		w.put(fmt.Sprintf("<text class=\"name\" x=\"%d\" y=\"%d\">", b.X+5, y), escape(t), "</text>")
		y += 10
	}
	for _, t := range b.Note {
		w.put(fmt.Sprintf("<text class=\"note\" x=\"%d\" y=\"%d\">", b.X+5, y), escape(t), "</text>")
		y += 10
	}
	if b.State != "" {
		w.put(fmt.Sprintf("<text class=\"state\" x=\"%d\" y=\"%d\">", b.X+5, y+2), escape(b.State), "</text>")
	}
	w.put("</g>\n")
}
