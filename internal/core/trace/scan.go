package trace

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Scan reads the items of one Markdown file and reports what their text alone
// shows to be wrong (DOC-S01, DOC-S04). Headings inside code fences are text.
// An item ends at the next heading of its level or a higher one, and at the
// next item.
func Scan(file string, data []byte) ([]Item, []document.Finding) {
	s := scanner{file: file, current: -1}
	text := strings.TrimPrefix(string(data), "\ufeff")
	s.items = slices.Grow(s.items, headings(text))
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		s.line++
		s.take(strings.TrimRight(line, " \t\r"))
	}
	s.end()
	return s.items, s.findings
}

// headings counts those that look like the beginning of an item, so that there
// is room for all before any is read.
func headings(text string) (n int) {
	for at := 0; ; {
		title := strings.TrimLeft(text[at:], "#")
		if len(title) < len(text)-at && LooksLikeID(firstWord(strings.TrimLeft(title[:min(len(title), 100)], " \t"))) {
			n++
		}
		next := strings.Index(text[at:], "\n#")
		if next < 0 {
			return n
		}
		at += next + 1
	}
}

// firstWord of a heading.
func firstWord(title string) string {
	if i := strings.IndexAny(title, " \t:"); i >= 0 {
		return title[:i]
	}
	return title
}

type scanner struct {
	file     string
	line     int
	items    []Item
	findings []document.Finding

	current int  // index of the open item, -1 for none
	level   int  // of its heading
	listing bool // attributes may still come: they are the first list
	listed  bool // one has come
	body    []string
	fence   string
}

func (s *scanner) at(column int) document.Position {
	return document.Position{File: s.file, Line: s.line, Column: column}
}

func (s *scanner) take(line string) {
	if s.fence != "" || strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
		s.fenced(line)
		s.text(line)
		return
	}
	if strings.HasPrefix(line, "#") {
		level := len(line) - len(strings.TrimLeft(line, "#"))
		if title := line[level:]; level <= 6 && (title == "" || title[0] == ' ' || title[0] == '\t') {
			s.heading(level, strings.TrimSpace(strings.TrimRight(title, "#")), level+1+leading(title))
			return
		}
	}
	if s.current < 0 {
		return
	}
	if s.listing && line == "" && s.listed {
		s.listing = false
	}
	if s.listing && line != "" {
		if key, value, column, ok := attribute(line); ok {
			s.findings = append(s.findings, s.items[s.current].Set(key, value, s.at(column))...)
			s.listed = true
			return
		}
		s.listing = false
	}
	s.text(line)
}

func (s *scanner) fenced(line string) {
	switch {
	case s.fence == "":
		s.fence = line[:3]
	case strings.HasPrefix(line, s.fence):
		s.fence = ""
	}
	s.listing = false
}

func (s *scanner) text(line string) {
	if s.current >= 0 {
		s.body = append(s.body, line)
	}
}

func leading(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

func (s *scanner) heading(level int, title string, column int) {
	word := firstWord(title)
	if !LooksLikeID(word) {
		if s.current >= 0 && level > s.level {
			s.listing = false
			s.text(strings.Repeat("#", level) + " " + title)
			return
		}
		s.end()
		return
	}
	s.end()
	if _, err := evidence.ParseID(word); err != nil {
		s.findings = append(s.findings, finding("DOC-S01", s.at(column), "write an id such as FS-corp-procurement-1", "a heading has a wrong id: %v", err))
		return
	}
	title = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(title[len(word):]), ":"))
	s.items = append(s.items, Item{ID: word, Kind: kindOf(word), Title: title, At: s.at(column)})
	s.current, s.level, s.listing, s.listed = len(s.items)-1, level, true, false
}

// LooksLikeID reports whether a word is meant as an id: KIND-something with a
// digit in it, in any case.
func LooksLikeID(word string) bool {
	kind, rest, ok := strings.Cut(word, "-")
	if !ok || !strings.ContainsAny(rest, "0123456789") {
		return false
	}
	return slices.ContainsFunc(evidence.Prefixes, func(p string) bool { return strings.EqualFold(p, kind) })
}

// end closes the open item.
func (s *scanner) end() {
	if s.current < 0 {
		return
	}
	item, body := &s.items[s.current], s.body
	if item.Kind == TEST {
		item.Steps, body = takeSteps(body)
	}
	item.Text = strings.TrimSpace(strings.Join(body, "\n"))
	s.findings = append(s.findings, item.Stated()...)
	s.current, s.body = -1, s.body[:0]
}

// attribute reads "- Key: value" with a key of one or two words, so that a
// sentence with a colon stays text; the column is that of the value.
func attribute(line string) (key, value string, column int, ok bool) {
	if len(line) < 4 || line[0] != '-' && line[0] != '*' || line[1] != ' ' {
		return "", "", 0, false
	}
	key, value, ok = strings.Cut(line[2:], ":")
	if !ok || key == "" || strings.Count(key, " ") > 1 || strings.ContainsAny(key, ".,;`[]()") || value != "" && value[0] != ' ' && value[0] != '\t' {
		return "", "", 0, false
	}
	column = 2 + len(key) + 1 + leading(value) + 1
	return strings.TrimSpace(key), strings.TrimSpace(value), column, true
}
