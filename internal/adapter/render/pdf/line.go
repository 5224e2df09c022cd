package pdf

import (
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// colour is red, green and blue.
type colour [3]int

// The colours of the light form of the HTML documents.
var (
	ink      = colour{0x1b, 0x23, 0x2c}
	soft     = colour{0x55, 0x61, 0x6e}
	faint    = colour{0x76, 0x82, 0x8f}
	hairline = colour{0xd5, 0xdc, 0xe3}
	rule     = colour{0x9a, 0xa7, 0xb4}
	tint     = colour{0xf4, 0xf7, 0xf9}
	accent   = colour{0x0a, 0x4f, 0x78}
)

// shade is the two colours of a tone: for text and lines, and for the ground.
type shade struct{ line, ground colour }

func shadeOf(t document.Tone) shade {
	switch t {
	case document.Positive:
		return shade{colour{0x11, 0x63, 0x3a}, colour{0xe6, 0xf4, 0xec}}
	case document.Caution:
		return shade{colour{0x7a, 0x4b, 0x00}, colour{0xfd, 0xf3, 0xdf}}
	case document.Negative:
		return shade{colour{0xa0, 0x1c, 0x1c}, colour{0xfd, 0xea, 0xea}}
	}
	return shade{soft, tint}
}

// look is how a piece of text is drawn.
type look struct {
	face   face
	size   float64
	colour colour
	href   string // address or #anchor of a link
	pill   bool   // in a box of its own, in the colours of tone
	tone   document.Tone
}

// piece is text on one line in one look.
type piece struct {
	look
	text  string
	x, w  float64 // from the beginning of the line
	blank float64 // before it, when it is not the first of its line
}

// line is one line of text.
type line struct {
	pieces []piece
	w, h   float64
}

// leading is the height of a line for the size of its text.
const leading = 1.42

// setter breaks text into lines of at most a width. Nothing is cut: a word that
// is wider than a line is broken, after a sign that joins where there is one,
// else between characters.
type setter struct {
	letters *lettering
	width   float64
	least   float64 // height of a line
	lines   []line
	current line
	word    []piece // what has to stay together
	blank   float64 // before the word
}

func (l *lettering) setter(width, size float64) *setter {
	return &setter{letters: l, width: max(width, size), least: size * leading}
}

// done is all lines.
func (s *setter) done() []line {
	s.flush()
	if len(s.current.pieces) > 0 || len(s.lines) == 0 {
		s.newline()
	}
	return s.lines
}

// newline ends the current line, which may be empty.
func (s *setter) newline() {
	s.flush()
	s.current.h = max(s.current.h, s.least)
	s.lines = append(s.lines, s.current)
	s.current, s.blank = line{}, 0
}

// runs sets the runs of a tree.
func (s *setter) runs(all []document.Run, base look) {
	for _, r := range all {
		s.run(r, base)
	}
}

func (s *setter) run(r document.Run, base look) {
	k := base
	switch r.Style {
	case document.Break:
		s.newline()
		return
	case document.Small:
		if s.flush(); len(s.current.pieces) > 0 {
			s.newline()
		}
		k.size, k.colour = base.size*0.92, soft
	case document.Mono:
		k.face, k.size = mono, base.size*0.9
	case document.Strong:
		k.face = bold
	case document.Status:
		k.face, k.size, k.colour, k.tone, k.pill = bold, base.size*0.92, shadeOf(r.Tone).line, r.Tone, true
	case document.Link:
		if allowed(r.Href) {
			k.href, k.colour = r.Href, accent
		}
	}
	s.text(r.Text, k)
}

// text sets a text: white space separates words, a line feed ends a line.
func (s *setter) text(text string, k look) {
	text = s.letters.drawable(text)
	if k.pill { // a status is one word, whatever stands in it
		s.add(strings.Join(strings.Fields(text), " "), k)
		return
	}
	start := -1
	for i, r := range text {
		if r != ' ' && r != '\t' && r != '\n' {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			s.add(text[start:i], k)
			start = -1
		}
		s.flush()
		if r == '\n' {
			s.newline()
			continue
		}
		s.blank = s.letters.rune(k.face, k.size, ' ')
	}
	if start >= 0 {
		s.add(text[start:], k)
	}
}

// pad is the room beside the text of a pill.
const pad = 3

// add puts a text without blanks at the end of the current word, in faces that
// have its characters.
func (s *setter) add(text string, k look) {
	if text == "" {
		return
	}
	wanted, from := k.face, 0
	k.face = wanted
	for i, r := range text {
		f := wanted
		if !s.letters.faces[wanted].has(r) {
			f = s.letters.of(wanted, r)
		}
		if i == 0 {
			k.face = f
		}
		if f != k.face {
			s.part(text[from:i], k)
			from, k.face = i, f
		}
	}
	s.part(text[from:], k)
}

func (s *setter) part(text string, k look) {
	p := piece{look: k, text: text, w: s.letters.width(k.face, k.size, text)}
	if k.pill {
		p.w += 2 * pad
	}
	s.word = append(s.word, p)
}

// flush puts the word on the current line, or the next, or on as many as it
// needs.
func (s *setter) flush() {
	if len(s.word) == 0 {
		return
	}
	word, w := s.word, 0.0
	for _, p := range word {
		w += p.w
	}
	s.word = s.word[:0]
	blank := s.blank
	s.blank = 0
	if len(s.current.pieces) > 0 && s.current.w+blank+w > s.width {
		s.newline()
	}
	if w <= s.width {
		for i, p := range word {
			if i == 0 && len(s.current.pieces) > 0 {
				p.blank = blank
			}
			s.put(p)
		}
		return
	}
	for _, p := range word {
		s.broken(p)
	}
}

// put sets a piece that fits.
func (s *setter) put(p piece) {
	p.x = s.current.w + p.blank
	s.current.w = p.x + p.w
	s.current.h = max(s.current.h, p.size*leading)
	if n := len(s.current.pieces); n > 0 && s.current.pieces[n-1].look == p.look && !p.pill {
		last, between := &s.current.pieces[n-1], ""
		if p.blank > 0 {
			between = " "
		}
		last.text += between + p.text
		last.w = p.x + p.w - last.x
		return
	}
	s.current.pieces = append(s.current.pieces, p)
}

// joins are the signs after which a long word is broken.
const joins = "-/_.:,;@=&?+~|"

// broken sets a piece on as many lines as it needs.
func (s *setter) broken(p piece) {
	side := 0.0
	if p.pill {
		side = 2 * pad
	}
	rest := p.text
	for rest != "" {
		room := s.width - s.current.w - side
		end, good, w, goodW := 0, 0, 0.0, 0.0
		for i, r := range rest {
			step := s.letters.rune(p.face, p.size, r)
			if w+step > room {
				break
			}
			w += step
			end = i + len(string(r))
			if strings.ContainsRune(joins, r) {
				good, goodW = end, w
			}
		}
		switch {
		case end == len(rest):
		case good > 0 && goodW > room*0.3:
			end, w = good, goodW
		case end == 0 && len(s.current.pieces) > 0:
			s.endline()
			continue
		case end == 0: // one character is wider than the line
			r := []rune(rest)[0]
			end, w = len(string(r)), s.letters.rune(p.face, p.size, r)
		}
		s.put(piece{look: p.look, text: rest[:end], w: w + side})
		if rest = rest[end:]; rest != "" {
			s.endline()
		}
	}
}

// endline ends the current line within a word.
func (s *setter) endline() {
	s.current.h = max(s.current.h, s.least)
	s.lines = append(s.lines, s.current)
	s.current = line{}
}

// code sets text with all its blanks; a line that is too long goes on in the
// next one, behind a blank where there is one.
func (l *lettering) code(text string, width float64, k look) []line {
	s := l.setter(width, k.size)
	for part := range strings.SplitSeq(l.drawable(text), "\n") {
		part = tabs(part)
		for part != "" {
			end, good, w := 0, 0, 0.0
			for i, r := range part {
				step := l.rune(l.of(k.face, r), k.size, r)
				if w+step > width && end > 0 {
					break
				}
				w += step
				end = i + len(string(r))
				if r == ' ' {
					good = end
				}
			}
			if end < len(part) && good > end/2 {
				end = good
			}
			s.add(part[:end], k)
			for _, p := range s.word {
				s.put(p)
			}
			s.word = s.word[:0]
			if part = part[end:]; part != "" {
				s.endline()
			}
		}
		s.endline()
	}
	return s.lines
}

// tabs replaces tabs by blanks up to the next multiple of eight.
func tabs(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	column := 0
	for _, r := range s {
		if r != '\t' {
			b.WriteRune(r)
			column++
			continue
		}
		n := 8 - column%8
		b.WriteString(strings.Repeat(" ", n))
		column += n
	}
	return b.String()
}

// allowed keeps http, https and places in the document. What is longer than any
// real address stays text: it would be repeated for each line of its text.
func allowed(href string) bool {
	lower := strings.ToLower(href[:min(len(href), 8)])
	return len(href) <= 2000 && (strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "#"))
}

func height(lines []line) (h float64) {
	for _, l := range lines {
		h += l.h
	}
	return h
}
