// Package pagefile reads a Markdown page into the blocks of documents, so that a
// text of the repository is printed like every other part of a document.
package pagefile

import (
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/dc-release/dc-release/internal/core/document"
)

// MaxSize is the number of bytes of a page that are read; what is beyond is
// named in the last block and not printed.
const MaxSize = 1 << 20

var markdown = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList))

// Read gives the blocks of a page. Raw HTML is printed as code, images by their
// text and address; nothing of the page is markup of the document.
func Read(data []byte) []document.Block {
	cut := len(data) > MaxSize
	if cut {
		data = data[:MaxSize]
	}
	data = []byte(document.Visible(string(data)))
	r := reader{source: data}
	root := markdown.Parser().Parse(text.NewReader(data))
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		r.block(n)
	}
	if cut {
		r.add(document.Block{Notice: &document.Notice{Tone: document.Caution, Head: "Cut", Runs: []document.Run{{Style: document.Plain, Text: "The page is longer than 1 MiB; the rest stands in the file."}}}})
	}
	return r.blocks
}

type reader struct {
	source []byte
	blocks []document.Block
}

func (r *reader) add(b document.Block) { r.blocks = append(r.blocks, b) }

func (r *reader) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		r.add(document.Block{Heading: &document.Heading{Level: min(n.Level, 3), Text: plain(r.runs(n))}})
	case *ast.Paragraph, *ast.TextBlock:
		r.add(document.Block{Paragraph: &document.Paragraph{Runs: r.runs(n)}})
	case *ast.List:
		r.list(n)
	case *ast.FencedCodeBlock:
		r.add(document.Block{Code: &document.Code{Language: string(n.Language(r.source)), Text: r.lines(n)}})
	case *ast.CodeBlock:
		r.add(document.Block{Code: &document.Code{Text: r.lines(n)}})
	case *ast.HTMLBlock:
		r.add(document.Block{Code: &document.Code{Language: "html", Text: r.lines(n)}})
	case *extast.Table:
		r.table(n)
	case *ast.Blockquote:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			r.block(c)
		}
	}
}

func (r *reader) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		s := n.Lines().At(i)
		b.Write(s.Value(r.source))
	}
	return b.String()
}

// list flattens: a list inside an item follows it with its own marks.
func (r *reader) list(n *ast.List) {
	out := document.List{Ordered: n.IsOrdered()}
	var inner []*ast.List
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		var runs []document.Run
		for c := item.FirstChild(); c != nil; c = c.NextSibling() {
			if sub, ok := c.(*ast.List); ok {
				inner = append(inner, sub)
				continue
			}
			if len(runs) > 0 {
				runs = append(runs, document.Run{Style: document.Break})
			}
			if c.Type() == ast.TypeBlock && c.Kind() != ast.KindParagraph && c.Kind() != ast.KindTextBlock {
				runs = append(runs, document.Run{Style: document.Mono, Text: strings.TrimSpace(r.lines(c))})
				continue
			}
			runs = append(runs, r.runs(c)...)
		}
		if len(runs) == 0 {
			runs = []document.Run{{Style: document.Plain, Text: "–"}}
		}
		out.Items = append(out.Items, runs)
	}
	r.add(document.Block{List: &out})
	for _, l := range inner {
		r.list(l)
	}
}

func (r *reader) table(n *extast.Table) {
	out := document.Table{Empty: "The table has no rows."}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		var cells [][]document.Run
		for x := c.FirstChild(); x != nil; x = x.NextSibling() {
			runs := r.runs(x)
			if len(runs) == 0 {
				runs = []document.Run{{Style: document.Plain, Text: "–"}}
			}
			cells = append(cells, runs)
		}
		if c.Kind() == extast.KindTableHeader {
			for _, cell := range cells {
				out.Columns = append(out.Columns, document.Column{Title: plain(cell), Weight: 1})
			}
			continue
		}
		for len(cells) < len(out.Columns) {
			cells = append(cells, []document.Run{{Style: document.Plain, Text: "–"}})
		}
		out.Rows = append(out.Rows, document.Row{Cells: cells[:len(out.Columns)]})
	}
	r.add(document.Block{Table: &out})
}

// runs are the inline parts of a node in order.
func (r *reader) runs(n ast.Node) []document.Run {
	var out []document.Run
	put := func(style document.Style, s, href string) {
		if last := len(out) - 1; last >= 0 && out[last].Style == style && style != document.Link && href == "" {
			out[last].Text += s
			return
		}
		if s != "" {
			out = append(out, document.Run{Style: style, Text: s, Href: href})
		}
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			put(document.Plain, meant(c.Segment.Value(r.source)), "")
			switch {
			case c.HardLineBreak():
				out = append(out, document.Run{Style: document.Break})
			case c.SoftLineBreak():
				put(document.Plain, " ", "")
			}
		case *ast.String:
			put(document.Plain, string(c.Value), "")
		case *ast.CodeSpan:
			put(document.Mono, r.literal(c), "")
		case *ast.Emphasis:
			style := document.Plain
			if c.Level > 1 {
				style = document.Strong
			}
			put(style, plain(r.runs(c)), "")
		case *ast.Link:
			put(document.Link, plain(r.runs(c)), string(c.Destination))
		case *ast.AutoLink:
			put(document.Link, string(c.Label(r.source)), string(c.URL(r.source)))
		case *ast.Image:
			put(document.Plain, "[image: "+plain(r.runs(c))+" "+string(c.Destination)+"]", "")
		case *ast.RawHTML:
			var b strings.Builder
			for i := range c.Segments.Len() {
				s := c.Segments.At(i)
				b.Write(s.Value(r.source))
			}
			put(document.Mono, b.String(), "")
		case *extast.TaskCheckBox:
			mark := "[ ] "
			if c.IsChecked {
				mark = "[x] "
			}
			put(document.Plain, mark, "")
		default:
			put(document.Plain, plain(r.runs(c)), "")
		}
	}
	return out
}

func plain(runs []document.Run) string {
	var b strings.Builder
	for _, r := range runs {
		if r.Style == document.Break {
			b.WriteString(" ")
		}
		b.WriteString(r.Text)
	}
	return b.String()
}

// literal is the text of a code span, in which nothing is escaped.
func (r *reader) literal(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(r.source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}

// reference is a character reference of HTML, which Markdown knows too.
var reference = regexp.MustCompile(`^&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)

// meant is a text with its escapes and references resolved, each once.
func meant(source []byte) string {
	var b strings.Builder
	for i := 0; i < len(source); {
		switch c := source[i]; {
		case c == '\\' && i+1 < len(source) && util.IsPunct(source[i+1]):
			b.WriteByte(source[i+1])
			i += 2
		case c == '&':
			if m := reference.Find(source[i:]); m != nil {
				b.WriteString(document.Visible(html.UnescapeString(string(m))))
				i += len(m)
				continue
			}
			fallthrough
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}
