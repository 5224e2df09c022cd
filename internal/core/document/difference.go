package document

import (
	"slices"
	"strings"
)

// What happened to something between two states.
const (
	WasAdded   = "added"
	WasChanged = "changed"
	WasRemoved = "removed"
)

// SectionChange is one section that is not what it was, with the lines that are
// gone and those that are new. Title is "" for what stands before the first
// heading.
type SectionChange struct {
	Title   string   `json:"title"`
	Change  string   `json:"change"`
	Removed []string `json:"removed,omitempty"`
	Added   []string `json:"added,omitempty"`
}

// Passage is a heading with the text that stands below it, up to the next one.
type Passage struct{ Title, Text string }

// lines are those of the text without blanks around words.
func (p Passage) lines() []string {
	var out []string
	for l := range strings.Lines(p.Text) {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// CompareSections names every section that differs, in the order of the later
// state, those that are gone last. Of sections with the same title the first is
// compared with the first. White space is not compared, nor where lines break,
// nor their order.
func CompareSections(before, after []Passage) []SectionChange {
	was := map[string][]Passage{}
	for _, p := range before {
		was[p.Title] = append(was[p.Title], p)
	}
	var out []SectionChange
	for _, p := range after {
		now := p.lines()
		earlier := was[p.Title]
		if len(earlier) == 0 {
			out = append(out, SectionChange{Title: p.Title, Change: WasAdded, Added: now})
			continue
		}
		was[p.Title] = earlier[1:]
		if slices.Equal(strings.Fields(earlier[0].Text), strings.Fields(p.Text)) {
			continue
		}
		then := earlier[0].lines()
		if removed, added := without(then, now), without(now, then); len(removed)+len(added) > 0 {
			out = append(out, SectionChange{Title: p.Title, Change: WasChanged, Removed: removed, Added: added})
		}
	}
	for _, p := range before {
		if left := was[p.Title]; len(left) > 0 {
			was[p.Title] = left[1:]
			out = append(out, SectionChange{Title: p.Title, Change: WasRemoved, Removed: left[0].lines()})
		}
	}
	return out
}

// without are the lines that stand oftener in the first list than in the second.
func without(lines, others []string) []string {
	there := map[string]int{}
	for _, l := range others {
		there[l]++
	}
	var out []string
	for _, l := range lines {
		if there[l]--; there[l] < 0 {
			out = append(out, l)
		}
	}
	return out
}

// Sections that differ in every document and say nothing of what it says.
const (
	identificationTitle = "Identification"
	historyTitle        = "History of this document"
)

// Passages are the sections of a document as lines for reading, without what
// identifies it.
func (t Tree) Passages() []Passage {
	out := []Passage{{}}
	left := false
	for _, b := range t.Blocks {
		if h := b.Heading; h != nil && (h.Level == 1 || !left) {
			if left = h.Text == identificationTitle || h.Text == historyTitle; !left {
				out = append(out, Passage{Title: h.Text})
			}
			continue
		}
		if left {
			continue
		}
		last := &out[len(out)-1]
		for _, l := range b.lines() {
			last.Text += strings.Join(strings.Fields(l), " ") + "\n"
		}
	}
	if out[0].Text == "" {
		return out[1:]
	}
	return out
}

// lines are what a block says, a line for each paragraph, item, field and row.
func (b Block) lines() []string {
	switch {
	case b.Paragraph != nil:
		return []string{said(b.Paragraph.Runs)}
	case b.Notice != nil:
		return []string{b.Notice.Head + ": " + said(b.Notice.Runs)}
	case b.Code != nil:
		return strings.Split(b.Code.Text, "\n")
	case b.List != nil:
		var out []string
		for _, item := range b.List.Items {
			out = append(out, "- "+said(item))
		}
		return out
	case b.Fields != nil:
		var out []string
		for _, f := range b.Fields.Items {
			out = append(out, f.Name+": "+said(f.Value))
		}
		return out
	case b.Table != nil:
		var out []string
		for _, r := range b.Table.Rows {
			cells := make([]string, len(r.Cells))
			for i, c := range r.Cells {
				cells[i] = said(c)
			}
			out = append(out, strings.Join(cells, " | "))
		}
		return out
	}
	var out []string
	v := visitor{yield: func(s string) bool { out = append(out, s); return true }}
	v.block(b)
	return []string{strings.Join(out, " ")}
}

// said is the text of runs, those on lines of their own behind a blank.
func said(runs []Run) string {
	var b strings.Builder
	for _, r := range runs {
		if (r.Style == Small || r.Style == Break) && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(r.Text)
	}
	return b.String()
}
