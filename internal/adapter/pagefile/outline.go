package pagefile

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Outline gives the sections and links of a page of Markdown. The name is what
// positions call it. What is beyond MaxSize is not looked at.
func Outline(name string, data []byte) document.Outline {
	if len(data) > MaxSize {
		data = data[:MaxSize]
	}
	o := outliner{name: name, source: data, used: map[string]int{}}
	for at, b := range data {
		if b == '\n' {
			o.breaks = append(o.breaks, at)
		}
	}
	root := markdown.Parser().Parse(text.NewReader(data))
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		o.block(n)
	}
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			o.inline(n)
		}
		return ast.WalkContinue, nil
	})
	o.passages()
	return o.out
}

// passages cuts the page at its headings.
func (o *outliner) passages() {
	add := func(title string, from, to int) {
		if text := string(o.source[from:to]); title != "" || strings.TrimSpace(text) != "" {
			o.out.Passages = append(o.out.Passages, document.Passage{Title: title, Text: text})
		}
	}
	line := func(n int) int { // offset of the first byte of a line
		if n <= 1 {
			return 0
		}
		if n-2 < len(o.breaks) {
			return o.breaks[n-2] + 1
		}
		return len(o.source)
	}
	title, from := "", 0
	for _, s := range o.out.Sections {
		if end := line(s.At.Line); !isItem(title) && from <= end {
			add(title, from, end)
		}
		title, from = s.Title, line(s.At.Line+1)
	}
	if !isItem(title) {
		add(title, from, len(o.source))
	}
}

func isItem(title string) bool {
	word, _, _ := strings.Cut(title, ":")
	word, _, _ = strings.Cut(word, " ")
	return evidence.IsID(word)
}

type outliner struct {
	name   string
	source []byte
	breaks []int // offsets of line breaks
	out    document.Outline
	used   map[string]int // anchors
	item   bool           // what comes belongs to an item of the trace
}

func (o *outliner) at(offset int) document.Position {
	line, _ := slices.BinarySearch(o.breaks, offset)
	start := 0
	if line > 0 {
		start = o.breaks[line-1] + 1
	}
	return document.Position{File: o.name, Line: line + 1, Column: utf8.RuneCount(o.source[start:min(offset, len(o.source))]) + 1}
}

// start is the offset of the first byte that a node was read from, -1 when it
// does not say.
func start(n ast.Node) int {
	if t, ok := n.(*ast.Text); ok {
		return t.Segment.Start
	}
	if n.Type() != ast.TypeInline && n.Lines() != nil && n.Lines().Len() > 0 {
		return n.Lines().At(0).Start
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if at := start(c); at >= 0 {
			return at
		}
	}
	return -1
}

// place is where a node is, or what it stands in.
func (o *outliner) place(n ast.Node) document.Position {
	for ; n != nil; n = n.Parent() {
		if at := start(n); at >= 0 {
			return o.at(at)
		}
	}
	return document.Position{File: o.name, Line: 1, Column: 1}
}

// block follows the headings of a page and what stands below them.
func (o *outliner) block(n ast.Node) {
	h, ok := n.(*ast.Heading)
	if !ok {
		if !o.item && (n.Kind() != ast.KindHTMLBlock && n.Kind() != ast.KindThematicBreak) {
			o.filled()
		}
		return
	}
	r := reader{source: o.source}
	title := strings.TrimSpace(plain(r.runs(h)))
	o.item = isItem(title)
	o.out.Sections = append(o.out.Sections, document.Section{Level: h.Level, Title: title, At: o.place(h), Empty: true})
	anchor := slug(title)
	if n := o.used[anchor]; n > 0 {
		o.out.Anchors = append(o.out.Anchors, anchor+"-"+strconv.Itoa(n))
	} else {
		o.out.Anchors = append(o.out.Anchors, anchor)
	}
	o.used[anchor]++
}

// filled says that something stands below the last heading and those above it.
func (o *outliner) filled() {
	level := 7
	for i := len(o.out.Sections) - 1; i >= 0 && level > 1; i-- {
		if s := &o.out.Sections[i]; s.Level < level {
			s.Empty, level = false, s.Level
		}
	}
}

// slug is the anchor that GitHub makes of a heading.
func slug(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '\t':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(title))
}

var htmlAnchor = regexp.MustCompile(`(?i)\b(?:id|name)\s*=\s*["']([^"'<>]+)["']`)

// inline takes links, images, anchors of raw HTML, and what templates leave.
func (o *outliner) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Link:
		o.target(string(n.Destination), false, o.place(n))
	case *ast.Image:
		o.target(string(n.Destination), true, o.place(n))
	case *ast.RawHTML:
		o.html(n.Segments)
	case *ast.HTMLBlock:
		o.html(n.Lines())
	case *ast.Text:
		if n.Parent().Kind() == ast.KindCodeSpan {
			return
		}
		line := n.Segment.Value(o.source)
		if at, found := document.LeftoverIn(string(line)); at >= 0 {
			o.out.Leftovers = append(o.out.Leftovers, document.Leftover{Text: found, At: o.at(n.Segment.Start + at)})
		}
	}
}

func (o *outliner) html(segments *text.Segments) {
	var b bytes.Buffer
	for i := range segments.Len() {
		s := segments.At(i)
		b.Write(s.Value(o.source))
	}
	for _, m := range htmlAnchor.FindAllSubmatch(b.Bytes(), -1) {
		o.out.Anchors = append(o.out.Anchors, string(m[1]))
	}
}

// target takes an address of this repository; all others lead elsewhere.
func (o *outliner) target(address string, image bool, at document.Position) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || strings.HasPrefix(address, "//") || address == "" {
		return
	}
	o.out.Targets = append(o.out.Targets, document.Target{Path: u.Path, Fragment: u.Fragment, Image: image, At: at})
}
