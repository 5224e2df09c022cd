package pdf

import (
	"bytes"
	_ "embed" // the fonts
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"codeberg.org/go-pdf/fpdf"

	"github.com/dc-release/dc-release/internal/core/document"
)

// The fonts stand in each document as far as it uses them.
var (
	//go:embed fonts/DejaVuSansCondensed.ttf
	regularFile []byte
	//go:embed fonts/DejaVuSansCondensed-Bold.ttf
	boldFile []byte
	//go:embed fonts/DejaVuSansMono.ttf
	monoFile []byte
)

// face is one of the fonts.
type face int

const (
	regular face = iota
	bold
	mono
	faces = 3
)

// names are the PostScript names of the faces.
var names = [faces]string{"DejaVuSansCondensed", "DejaVuSansCondensed-Bold", "DejaVuSansMono"}

// typeface is what this package knows of a font file.
type typeface struct {
	file  []byte
	part  []byte         // the file with the glyphs of common alone
	width [1 << 16]int16 // of each character in thousandths of the size, -1 for one without a glyph
}

// common is what nearly every document is written with. fpdf reads the whole
// font for each document, and a font of these characters is read in a fraction
// of the time.
var common = sync.OnceValue(func() string {
	var b strings.Builder
	for _, r := range [][2]rune{
		{0x20, 0x7e},
		{0xa0, 0x17f},
		{0x384, 0x3ce},
		{0x400, 0x45f},
		{0x2010, 0x205e},
		{0x20ac, 0x20ac},
		{0x2100, 0x214f},
		{0x2190, 0x21ff},
		{0x2200, 0x22ff},
		{0x2500, 0x25ff},
		{0x2713, 0x2718},
		{0xfffd, 0xfffd},
	} {
		for c := r[0]; c <= r[1]; c++ {
			b.WriteRune(c)
		}
	}
	return b.String()
})

// typefaces are the fonts, read once for the process and never changed.
var typefaces = sync.OnceValues(func() (*[faces]typeface, error) {
	var out [faces]typeface
	for i, file := range [faces][]byte{regularFile, boldFile, monoFile} {
		if err := out[i].read(file); err != nil {
			return nil, fmt.Errorf("read font %s: %w", names[i], err)
		}
		out[i].part = fpdf.UTF8CutFont(bytes.Clone(file), common())
	}
	return &out, nil
})

// read takes the widths of a TrueType font whose characters are in a cmap of
// format 4, which is the one that fpdf reads.
func (t *typeface) read(file []byte) error {
	t.file = file
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(file[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(file[at:])) }
	tables := map[string]int{}
	for i := range u16(4) {
		at := 12 + 16*i
		tables[string(file[at:at+4])] = u32(at + 8)
	}
	units, metrics := float64(u16(tables["head"]+18)), u16(tables["hhea"]+34)
	cmap := 0
	for i := range u16(tables["cmap"] + 2) {
		at := tables["cmap"] + 4 + 8*i
		if sub := tables["cmap"] + u32(at+4); u16(at) == 3 && u16(at+2) == 1 && u16(sub) == 4 {
			cmap = sub
		}
	}
	if cmap == 0 || units == 0 || metrics == 0 {
		return fmt.Errorf("it has no characters of the Basic Multilingual Plane")
	}
	for i := range t.width {
		t.width[i] = -1
	}
	segments := u16(cmap+6) / 2
	for s := range segments {
		end, start := u16(cmap+14+2*s), u16(cmap+16+2*segments+2*s)
		delta, offset := u16(cmap+16+4*segments+2*s), u16(cmap+16+6*segments+2*s)
		for c := start; c <= end && c < 0xffff; c++ {
			glyph := (c + delta) & 0xffff
			if offset != 0 {
				if glyph = u16(cmap + 16 + 6*segments + 2*s + offset + 2*(c-start)); glyph != 0 {
					glyph = (glyph + delta) & 0xffff
				}
			}
			if glyph != 0 {
				advance := u16(tables["hmtx"] + 4*min(glyph, metrics-1))
				t.width[c] = int16(math.Round(float64(advance) * 1000 / units))
			}
		}
	}
	return nil
}

func (t *typeface) has(r rune) bool { return r < 1<<16 && t.width[r] >= 0 }

// lettering measures texts, and remembers what it could not show.
type lettering struct {
	faces   *[faces]typeface
	missing map[rune]bool
}

func newLettering() (*lettering, error) {
	f, err := typefaces()
	return &lettering{faces: f, missing: map[rune]bool{}}, err
}

// drawable is a text in which every character has a glyph: one that has none,
// and one that a reader could not see, is named, as [U+1F680].
func (l *lettering) drawable(s string) string {
	s = document.Visible(s)
	lacks := func(r rune) bool { return r != '\n' && r != '\t' && !l.faces[regular].has(r) && !l.faces[mono].has(r) }
	if !strings.ContainsFunc(s, lacks) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if lacks(r) {
			l.missing[r] = true
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// of is the face that shows a character: the wanted one, else another.
func (l *lettering) of(want face, r rune) face {
	switch {
	case l.faces[want].has(r):
		return want
	case l.faces[regular].has(r):
		return regular
	}
	return mono
}

// width of a drawable text in points, and of one that is not the width of its
// missing characters as blanks.
func (l *lettering) width(f face, size float64, s string) float64 {
	sum := 0
	for _, r := range s {
		sum += int(max(l.faces[f].width[r&0xffff], 0))
	}
	return float64(sum) * size / 1000
}

func (l *lettering) rune(f face, size float64, r rune) float64 {
	return float64(max(l.faces[f].width[r&0xffff], 0)) * size / 1000
}

// files are the font files for a document with a text: the whole ones where it
// has a character that is not common. They are copies, because fpdf writes into
// a font while it takes a part of it.
func (l *lettering) files(text []byte) (out [faces][]byte) {
	known := [1 << 16]bool{'\n': true, '\t': true}
	for _, r := range common() {
		known[r] = true
	}
	rare := bytes.ContainsFunc(text, func(r rune) bool { return r < 1<<16 && !known[r] })
	for i := range out {
		file := l.faces[i].part
		if rare {
			file = l.faces[i].file
		}
		out[i] = bytes.Clone(file)
	}
	return out
}

// Missing are the characters of a document that no font has, in order: the PDF
// names them in brackets in their place. Characters that are shown in brackets by
// every renderer, because a reader could not see them, are not among them.
func Missing(t document.Tree) ([]rune, error) {
	l, err := newLettering()
	if err != nil {
		return nil, err
	}
	for s := range t.Texts() {
		l.drawable(s)
	}
	return slices.Sorted(maps.Keys(l.missing)), nil
}
