// Package markdown renders a document tree as GitHub-flavoured Markdown. It
// sees the tree only, and every text of it is escaped: no text of a release
// note, test or person can become a heading, link, image, table or HTML.
package markdown

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Render writes the document. The same tree gives the same bytes. It fails for
// a block that is not exactly one thing.
func Render(t document.Tree) ([]byte, error) {
	w := &writer{}
	w.head(t.Meta)
	for i, b := range t.Blocks {
		if err := w.block(b); err != nil {
			return nil, fmt.Errorf("render %q as markdown: block %d: %w", t.Meta.Number, i, err)
		}
	}
	w.foot(t.Meta)
	return w.buf.Bytes(), nil
}

type writer struct{ buf bytes.Buffer }

func (w *writer) line(parts ...string) {
	for _, p := range parts {
		w.buf.WriteString(p)
	}
	w.buf.WriteByte('\n')
}

func (w *writer) head(m document.Meta) {
	w.line("# ", inline(m.Title))
	w.line()
	w.line("**", inline(m.Subject()), "**")
	w.line()
	if m.Evaluation != "" {
		w.line("> **EVALUATION** ", inline(m.Evaluation), ". Not a record for regulated use.")
		w.line()
	}
	if m.Restriction != "" {
		w.line("> **", document.Restricted, "** ", inline(m.Restriction))
		w.line()
	}
	if mark := m.Stage.Mark(); mark != "" {
		w.line("> **", mark, "** ", m.Stage.Explanation())
		w.line()
	}
	w.fields(m.Control())
}

func (w *writer) foot(m document.Meta) {
	w.line("---")
	w.line()
	w.fields(m.Provenance())
	if mark := m.Stage.Mark(); mark != "" {
		w.line("**", mark, "**")
	} else {
		w.line("End of ", inline(m.Number))
	}
}

func (w *writer) block(b document.Block) error {
	switch {
	case b.Heading != nil:
		w.line(strings.Repeat("#", min(max(b.Heading.Level, 1), 5)+1), " ", inline(b.Heading.Number+" "+b.Heading.Text))
	case b.Paragraph != nil:
		w.line(line(b.Paragraph.Runs))
	case b.List != nil:
		w.list(*b.List)
	case b.Code != nil:
		w.code(*b.Code)
	case b.Notice != nil:
		w.line("> **", inline(b.Notice.Head), "**: ", runs(b.Notice.Runs, false))
	case b.Fields != nil:
		w.fields(b.Fields.Items)
		return nil
	case b.Table != nil:
		w.table(*b.Table)
	case b.Matrix != nil:
		w.matrix(*b.Matrix)
	case b.Signatures != nil:
		w.signatures(*b.Signatures)
	case b.Scene != nil:
		w.scene(*b.Scene)
	default:
		return errors.New("the block is empty or of a kind that this renderer does not know")
	}
	w.line()
	return nil
}

func (w *writer) list(l document.List) {
	for i, item := range l.Items {
		mark := "-"
		if l.Ordered {
			mark = fmt.Sprintf("%d.", i+1)
		}
		w.line(mark, " ", line(item))
	}
}

// code is a fence that is longer than any inside the text.
func (w *writer) code(c document.Code) {
	text := document.Visible(strings.ReplaceAll(c.Text, "\r\n", "\n"))
	fence := strings.Repeat("`", max(3, longest(text, '`')+1))
	w.line(fence, word(c.Language))
	w.line(strings.TrimRight(text, "\n"))
	w.line(fence)
}

func (w *writer) fields(items []document.Field) {
	w.line("| Field | Value |")
	w.line("|---|---|")
	for _, f := range items {
		w.line("| ", inline(f.Name), " | ", cells(f.Value), " |")
	}
	w.line()
}

func (w *writer) table(t document.Table) {
	w.line("*", inline(t.Caption), "*")
	w.line()
	if len(t.Rows) == 0 {
		w.line(inline(t.Empty))
		return
	}
	w.buf.WriteByte('|')
	for _, c := range t.Columns {
		w.buf.WriteString(" " + inline(c.Title) + " |")
	}
	w.buf.WriteString("\n|")
	for _, c := range t.Columns {
		if c.Numeric {
			w.buf.WriteString("--:|")
		} else {
			w.buf.WriteString("---|")
		}
	}
	w.line()
	for _, r := range t.Rows {
		w.buf.WriteByte('|')
		for _, cell := range r.Cells {
			w.buf.WriteString(" " + cells(cell) + " |")
		}
		w.line()
	}
}

func (w *writer) matrix(m document.Matrix) {
	w.buf.WriteString("| Requirement | Specification | Risk | Test |")
	for _, c := range m.Columns {
		w.buf.WriteString(" " + inline(c.Title()) + " |")
	}
	w.line(" State | Reason |")
	w.line("|", strings.Repeat("---|", len(m.Columns)+6))
	for _, r := range m.Rows {
		w.buf.WriteString("| " + ref(r.URS) + " | " + ref(r.FS) + " | " + inline(dash(r.Risk)) + " | " + ref(r.Test) + " |")
		for _, c := range r.Cells {
			w.buf.WriteString(" " + cell(c) + " |")
		}
		w.line(" ", run(document.StateRun(r.State), true), " | ", inline(dash(r.Reason)), " |")
	}
}

func ref(r document.ItemRef) string {
	switch {
	case r.ID == "" && r.Title == "":
		return "–"
	case r.ID == "":
		return "direct: " + inline(r.Title)
	case r.Title == "":
		return span(r.ID, true)
	}
	return span(r.ID, true) + "<br>" + inline(r.Title)
}

func cell(c document.MatrixCell) string {
	if c.State == "" {
		return "–"
	}
	s := run(document.StateRun(c.State), true)
	if c.Attempt > 0 {
		s += fmt.Sprintf("<br>attempt %d", c.Attempt)
	}
	if c.Note != "" {
		s += "<br>" + inline(c.Note)
	}
	return s
}

// scene says in words what the other forms draw.
func (w *writer) scene(s document.Scene) {
	w.line("**", inline(s.Title), "**")
	w.line()
	for _, sentence := range s.Sentences() {
		w.line("- ", inline(sentence))
	}
}

func (w *writer) signatures(s document.SignatureBlock) {
	w.line("**Signatures** over manifest ", span(dash(s.Manifest), false))
	w.line()
	w.line("| Printed name | Role | Decision and meaning | Date and time | Method | Signature |")
	w.line("|---|---|---|---|---|---|")
	for _, x := range s.Signed {
		meaning := inline(x.Verb()) + ": " + inline(x.MeaningText) + " (" + span(x.Meaning, true) + ")"
		if x.Reason != "" {
			meaning += "<br>Reason: " + inline(x.Reason)
		}
		if !x.Effective {
			meaning += "<br>**not effective**: " + inline(dash(x.Ineffective))
		}
		w.line("| **", inline(x.Name()), "** | ", inline(x.Role), " | ", meaning, " | ", inline(x.When()), " | ", inline(x.Bound()), " | ",
			span(x.ID, true), "<br>ledger ", fmt.Sprint(x.Seq), "<br>payload ", span(x.Digest(), true), " |")
	}
	for _, o := range s.Open {
		w.line("| **open** | ", inline(strings.Join(o.Roles, " or ")), " | ", span(o.Meaning, true), " | – | – | – |")
	}
}

func dash(s string) string {
	if strings.TrimSpace(s) == "" {
		return "–"
	}
	return s
}
