// Package html renders a document tree as one self-contained HTML file: no
// script, no request to anywhere, readable on screen in light and dark and
// printable on A4 with running heads. It sees the tree only; every text of it
// is escaped.
package html

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
	w.open(t)
	for i, b := range t.Blocks {
		if err := w.block(b); err != nil {
			return nil, fmt.Errorf("render %q as html: block %d: %w", t.Meta.Number, i, err)
		}
	}
	w.close(t.Meta)
	return w.buf.Bytes(), nil
}

type writer struct{ buf bytes.Buffer }

// put writes markup of this package. Text of the tree goes through escape.
func (w *writer) put(parts ...string) {
	for _, p := range parts {
		w.buf.WriteString(p)
	}
}

func (w *writer) open(t document.Tree) {
	m := t.Meta
	w.put("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n",
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		"<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
		"<title>", escape(m.Number+" "+m.Title), "</title>\n<style>\n", sheet, "\n", page(m), "</style>\n</head>\n")
	mark := m.Stage.Mark()
	w.put("<body class=\"", stageClass(m.Stage), "\">\n")
	if mark != "" {
		w.put("<div class=\"watermark\" aria-hidden=\"true\">", escape(mark), "</div>\n")
	}
	w.put("<div class=\"bar\"><span class=\"bar-number\">", escape(m.Number), "</span><span class=\"bar-title\">", escape(m.Title+", "+m.Subject()), "</span>")
	if m.Evaluation != "" {
		w.put("<span class=\"bar-mark evaluation\">EVALUATION</span>")
	}
	if m.Restriction != "" {
		w.put("<span class=\"bar-mark\">", document.Restricted, "</span>")
	}
	if mark != "" {
		w.put("<span class=\"bar-mark\">", escape(mark), "</span>")
	}
	w.put("</div>\n<div class=\"sheet\">\n")
	contents := sections(t.Blocks)
	if contents != "" {
		w.put("<nav class=\"contents\" aria-label=\"Contents\">\n<h2>Contents</h2>\n", contents, "</nav>\n")
	}
	w.put("<main>\n<header class=\"head\">\n<p class=\"kind\">", escape(m.Number), "</p>\n<h1>", escape(m.Title), "</h1>\n<p class=\"subject\">", escape(m.Subject()), "</p>\n")
	w.banners(m)
	w.put("<dl class=\"control\">")
	for _, f := range m.Control() {
		w.put("<div><dt>", escape(f.Name), "</dt><dd>", runs(f.Value), "</dd></div>")
	}
	w.put("</dl>\n</header>\n")
	if contents != "" {
		w.put("<nav class=\"contents-inline\" aria-label=\"Contents\">\n", contents, "</nav>\n")
	}
}

func (w *writer) banners(m document.Meta) {
	if m.Evaluation != "" {
		w.put("<p class=\"banner evaluation\" role=\"note\"><strong>EVALUATION</strong> <span>", escape(m.Evaluation), ". Not a record for regulated use.</span></p>\n")
	}
	if m.Restriction != "" {
		w.put("<p class=\"banner\" role=\"note\"><strong>", document.Restricted, "</strong> <span>", escape(m.Restriction), "</span></p>\n")
	}
	if mark := m.Stage.Mark(); mark != "" {
		w.put("<p class=\"banner\" role=\"note\"><strong>", escape(mark), "</strong> <span>", escape(m.Stage.Explanation()), "</span></p>\n")
	}
}

// sections is the contents list. It stands twice: beside the text for a wide
// screen, and below the head for a narrow screen and for print.
func sections(blocks []document.Block) string {
	var list strings.Builder
	for _, b := range blocks {
		if h := b.Heading; h != nil && h.Level <= 2 {
			fmt.Fprintf(&list, "<li class=\"level-%d\"><a href=\"#%s\"><span>%s</span> %s</a></li>\n", max(h.Level, 1), anchor(h.Number), escape(h.Number), escape(h.Text))
		}
	}
	if list.Len() == 0 {
		return ""
	}
	return "<ol>\n" + list.String() + "</ol>\n"
}

func (w *writer) close(m document.Meta) {
	w.put("<footer class=\"provenance\">\n<dl>")
	for _, f := range m.Provenance() {
		w.put("<div><dt>", escape(f.Name), "</dt><dd>", runs(f.Value), "</dd></div>")
	}
	w.put("</dl>\n<p class=\"end\">End of ", escape(m.Number))
	if mark := m.Stage.Mark(); mark != "" {
		w.put(", ", escape(mark))
	}
	w.put("</p>\n</footer>\n</main>\n</div>\n</body>\n</html>\n")
}

func (w *writer) block(b document.Block) error {
	switch {
	case b.Heading != nil:
		w.heading(*b.Heading)
	case b.Paragraph != nil:
		w.put("<p>", runs(b.Paragraph.Runs), "</p>\n")
	case b.List != nil:
		w.list(*b.List)
	case b.Code != nil:
		w.put("<pre><code>", escape(strings.ReplaceAll(b.Code.Text, "\r\n", "\n")), "</code></pre>\n")
	case b.Notice != nil:
		w.put("<p class=\"notice ", tone(b.Notice.Tone), "\"><strong>", escape(b.Notice.Head), "</strong> <span>", runs(b.Notice.Runs), "</span></p>\n")
	case b.Fields != nil:
		w.fields(*b.Fields)
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
	return nil
}

func (w *writer) heading(h document.Heading) {
	tag := fmt.Sprintf("h%d", min(max(h.Level, 1), 5)+1)
	w.put("<", tag, " id=\"", anchor(h.Number), "\"><span class=\"number\">", escape(h.Number), "</span> ", escape(h.Text), "</", tag, ">\n")
}

func (w *writer) list(l document.List) {
	tag := "ul"
	if l.Ordered {
		tag = "ol"
	}
	w.put("<", tag, ">\n")
	for _, item := range l.Items {
		w.put("<li>", runs(item), "</li>\n")
	}
	w.put("</", tag, ">\n")
}

func (w *writer) fields(f document.Fields) {
	w.put("<dl class=\"fields\">\n")
	for _, item := range f.Items {
		w.put("<div><dt>", escape(item.Name), "</dt><dd>", runs(item.Value), "</dd></div>\n")
	}
	w.put("</dl>\n")
}
