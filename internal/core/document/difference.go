package document

import (
	"encoding/json"
	"strings"
)

// What happened to something between two states.
const (
	WasAdded   = "added"
	WasChanged = "changed"
	WasRemoved = "removed"
)

// SectionChange is one section that is not what it was. Title is "" for what
// stands before the first heading.
type SectionChange struct {
	Title  string `json:"title"`
	Change string `json:"change"`
}

// Passage is a heading with the text that stands below it, up to the next one.
type Passage struct{ Title, Text string }

// CompareSections names every section that differs, in the order of the later
// state, those that are gone last. Of sections with the same title the first is
// compared with the first. White space is not compared.
func CompareSections(before, after []Passage) []SectionChange {
	was := map[string][]string{}
	for _, p := range before {
		was[p.Title] = append(was[p.Title], compact(p.Text))
	}
	var out []SectionChange
	for _, p := range after {
		texts := was[p.Title]
		switch {
		case len(texts) == 0:
			out = append(out, SectionChange{p.Title, WasAdded})
			continue
		case texts[0] != compact(p.Text):
			out = append(out, SectionChange{p.Title, WasChanged})
		}
		was[p.Title] = texts[1:]
	}
	for _, p := range before {
		if texts := was[p.Title]; len(texts) > 0 {
			was[p.Title] = texts[1:]
			out = append(out, SectionChange{p.Title, WasRemoved})
		}
	}
	return out
}

func compact(s string) string { return strings.Join(strings.Fields(s), " ") }

// Passages are the sections of a document.
func (t Tree) Passages() []Passage {
	var out []Passage
	for _, b := range t.Blocks {
		if b.Heading != nil {
			out = append(out, Passage{Title: b.Heading.Text})
			continue
		}
		if len(out) == 0 {
			out = append(out, Passage{})
		}
		raw, err := json.Marshal(b)
		if err == nil { // a block is data only
			out[len(out)-1].Text += string(raw) + "\n"
		}
	}
	return out
}
