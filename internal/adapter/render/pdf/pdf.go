// Package pdf renders a document tree as one PDF file for paper and for the
// archive: A4 with running heads and feet, a contents list with page numbers,
// bookmarks, tables whose heads are repeated, landscape pages for those that
// need them, all fonts inside and the document's canonical form attached. It
// sees the tree only.
//
// The file is built towards PDF/A-3b. It does not say that it is one: no
// validator of that standard has looked at it.
package pdf

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Render writes the document. The same tree gives the same bytes. It fails for
// a block that is not exactly one thing. Characters that no font has are named
// in brackets; Missing lists them.
func Render(t document.Tree) ([]byte, error) {
	twin, err := t.JSON()
	if err != nil {
		return nil, fmt.Errorf("render %q as pdf: %w", t.Meta.Number, err)
	}
	w, err := newWriter(t, twin)
	if err != nil {
		return nil, fmt.Errorf("render %q as pdf: %w", t.Meta.Number, err)
	}
	if err := w.document(); err != nil {
		return nil, fmt.Errorf("render %q as pdf: %w", t.Meta.Number, err)
	}
	out := finisher{meta: t.Meta, twin: twin}
	if err := w.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("render %q as pdf: %w", t.Meta.Number, err)
	}
	return out.data, nil
}

func (w *writer) document() error {
	for _, b := range w.blocks {
		if h := b.Heading; h != nil {
			w.anchors[anchor(h.Number)] = w.pdf.AddLink()
		}
	}
	w.plan()
	w.turn(false)
	w.title()
	w.reserve()
	for i := range w.blocks {
		if err := w.block(i); err != nil {
			return fmt.Errorf("block %d: %w", i, err)
		}
	}
	w.end()
	w.numberContents()
	w.foots()
	w.bookmarks()
	w.revisit(len(w.pages)) // fpdf writes pages up to the current one
	return w.pdf.Error()
}

// block draws a block, on pages of the orientation that plan gave it.
func (w *writer) block(i int) error {
	b := w.blocks[i]
	if w.wides[i] != w.wide {
		w.turn(w.wides[i])
	}
	switch {
	case b.Heading != nil:
		w.heading(i)
	case b.Paragraph != nil:
		w.paragraph(b.Paragraph.Runs)
	case b.List != nil:
		w.list(*b.List)
	case b.Code != nil:
		w.code(b.Code.Text)
	case b.Notice != nil:
		w.notice(*b.Notice)
	case b.Scene != nil:
		w.scene(*b.Scene)
	case b.Table != nil && len(b.Table.Rows) == 0:
		w.none(*b.Table)
	case b.Fields != nil, b.Table != nil, b.Matrix != nil, b.Signatures != nil:
		w.grid(w.grids[i])
		if s := b.Signatures; s != nil {
			w.bound(*s)
		}
	default:
		return errors.New("the block is empty or of a kind that this renderer does not know")
	}
	return nil
}

// plan makes the grids, and settles which blocks stand on landscape pages: a
// section does as a whole when a grid of it is too wide for portrait. A section
// without text goes with the one below it.
func (w *writer) plan() {
	w.grids, w.wides = make([]*grid, len(w.blocks)), make([]bool, len(w.blocks))
	wide := false
	for i := len(w.blocks) - 1; i >= 0; i-- {
		b := w.blocks[i]
		if w.grids[i] = w.gridOf(b); w.grids[i] != nil && w.grids[i].wide {
			wide = true
		}
		w.wides[i] = wide
		if b.Heading != nil && (i == 0 || w.blocks[i-1].Heading == nil) {
			wide = false
		}
	}
	for i := 1; i < len(w.blocks); i++ { // from its heading on
		if w.blocks[i].Heading == nil && w.wides[i-1] {
			w.wides[i] = true
		}
	}
}

func (w *writer) gridOf(b document.Block) *grid {
	switch {
	case b.Fields != nil:
		return w.fields(b.Fields.Items)
	case b.Table != nil && len(b.Table.Rows) > 0:
		return w.table(*b.Table)
	case b.Matrix != nil:
		return w.matrix(*b.Matrix)
	case b.Signatures != nil:
		return w.signatures(*b.Signatures)
	}
	return nil
}

// anchor is the name of a section, as in the HTML documents: "s-2-1" for 2.1.
func anchor(number string) string {
	return "s-" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, number)
}
