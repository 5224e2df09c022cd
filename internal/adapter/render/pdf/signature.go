package pdf

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// signatures is a grid with the items of 21 CFR 11.50 (printed name, meaning,
// date and time) of each signature, what binds it, and a place for each that is
// still open. It never looks like handwriting.
func (w *writer) signatures(s document.SignatureBlock) *grid {
	g := &grid{
		caption: "Signatures of " + s.Gate,
		weights: []float64{10, 12, 13}, least: []float64{60, 60, 60}, rows: len(s.Signed) + len(s.Open), ruled: rule, boxed: true,
		titles: []document.Column{{Title: "Printed name and role"}, {Title: "Meaning of the signature"}, {Title: "Date and time, method, proof"}},
	}
	g.row = func(i int, widths []float64) row {
		if i < len(s.Signed) {
			return w.signed(s.Signed[i], widths)
		}
		return w.open(s.Open[i-len(s.Signed)], widths)
	}
	return g
}

func (w *writer) signed(x document.Signature, widths []float64) row {
	tone, verdict := document.Positive, x.Verb()
	switch {
	case !x.Effective:
		tone, verdict = document.Negative, verdict+", not effective"
	case x.Decision != "approve":
		tone = document.Negative
	}
	bar := shadeOf(tone).line
	k := look{face: regular, size: 8, colour: ink}
	who := w.letters.setter(widths[0]-3*cellX, 8)
	who.alone(x.Name(), look{face: bold, size: sized(x.Name(), 11), colour: ink})
	who.alone(x.Role, k.in(soft))
	who.run(document.Run{Style: document.Status, Text: verdict, Tone: tone}, k)
	what := w.letters.setter(widths[1]-2*cellX, 8)
	what.alone(x.MeaningText, k)
	what.run(document.Run{Style: document.Mono, Text: x.Meaning}, k.in(soft))
	if x.Reason != "" {
		what.newline()
		what.text("Reason: "+x.Reason, k)
	}
	if x.Ineffective != "" {
		what.newline()
		what.text("Not effective: "+x.Ineffective, k.in(shadeOf(document.Negative).line))
	}
	how := w.letters.setter(widths[2]-2*cellX, 8)
	how.alone(x.When(), look{face: bold, size: 8, colour: ink})
	how.alone(x.Bound(), k)
	small := k.in(soft)
	small.size = smallest
	for _, f := range [][2]string{{"Signature ", x.ID}, {"Payload ", x.Digest()}} {
		how.text(f[0], small)
		how.run(document.Run{Style: document.Mono, Text: f[1]}, small)
		how.newline()
	}
	how.text(fmt.Sprint("Ledger entry ", x.Seq), small)
	return row{cells: [][]line{who.done(), what.done(), how.done()}, bar: &bar}
}

// alone sets a text and ends its line.
func (s *setter) alone(text string, k look) {
	s.text(text, k)
	s.newline()
}

func (w *writer) open(o document.RequiredSignature, widths []float64) row {
	care := shadeOf(document.Caution)
	k := look{face: regular, size: 8, colour: ink}
	who := w.letters.setter(widths[0]-3*cellX, 8)
	who.alone("Open", look{face: bold, size: 11, colour: care.line})
	who.text(strings.Join(o.Roles, " or "), k.in(soft))
	what := w.letters.setter(widths[1]-2*cellX, 8)
	what.run(document.Run{Style: document.Mono, Text: o.Meaning}, k)
	what.text(" is required and not yet given.", k)
	how := w.letters.setter(widths[2]-2*cellX, 8)
	how.text("–", k.in(faint))
	return row{cells: [][]line{who.done(), what.done(), how.done()}, bar: &care.line, ground: &care.ground}
}

// bound names what the signatures are over.
func (w *writer) bound(s document.SignatureBlock) {
	if s.Manifest == "" {
		return
	}
	w.y -= 8
	set := w.letters.setter(w.width(), smallest)
	set.text("Signatures bind to manifest ", look{face: regular, size: smallest, colour: soft})
	set.text(s.Manifest, look{face: mono, size: smallest * 0.9, colour: soft})
	w.flow(set.done(), 0)
	w.y += 8
}
