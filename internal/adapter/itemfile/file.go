package itemfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// place is a line and column of a file, counted from 1 in bytes.
type place struct{ line, column int }

// start is what concerns a file as a whole.
var start = place{1, 1}

// file gathers what one file holds.
type file struct {
	name     string
	items    []trace.Item
	findings []document.Finding
	more     int // findings beyond maxFindings
	turned   []turned
	written  int // bytes that documents of Jira were written out to
}

func newFile(name string) *file { return &file{name: name} }

func (f *file) at(p place) document.Position {
	return document.Position{File: f.name, Line: max(p.line, 1), Column: max(p.column, 1)}
}

// report records an error. Without a better hint it is that of the rule.
func (f *file) report(id string, at place, hint, format string, args ...any) {
	f.find(workflow.Error, id, at, hint, format, args)
}

// warn records what is kept and not traced.
func (f *file) warn(id string, at place, hint, format string, args ...any) {
	f.find(workflow.Warning, id, at, hint, format, args)
}

func (f *file) find(s workflow.Severity, id string, at place, hint, format string, args []any) {
	if len(f.findings) >= maxFindings {
		f.more++
		return
	}
	if hint == "" {
		hint = "docs/sources.md shows how the file is written"
	}
	f.findings = append(f.findings, document.Finding{ID: id, Severity: s, At: f.at(at), Message: fmt.Sprintf(format, args...), Hint: hint})
}

// done is everything that was gathered.
func (f *file) done() ([]trace.Item, []document.Finding) {
	f.turn()
	if f.more > 0 {
		f.findings = append(f.findings, document.Finding{
			ID: "DOC-S12", Severity: workflow.Error, At: f.at(start), Message: fmt.Sprintf("%d more findings are left out", f.more), Hint: "correct those that are listed first",
		})
	}
	return f.items, f.findings
}

// full reports whether the file holds as many items as one may.
func (f *file) full(at place) bool {
	if len(f.items) < maxItems {
		return false
	}
	f.report("DOC-S12", at, "split the file", "the file holds more than %d items", maxItems)
	return true
}

// newItem is an item with an id of the grammar; a wrong id is a finding.
func (f *file) newItem(id string, at place) (trace.Item, bool) {
	parsed, err := evidence.ParseID(id)
	if err != nil {
		f.report("DOC-S01", at, "write an id such as FS-corp-procurement-1", "%v", err)
		return trace.Item{}, false
	}
	return trace.Item{ID: id, Kind: trace.Kind(parsed.Kind), At: f.at(at)}, true
}

// set gives an item an attribute and records what is wrong with the value.
func (f *file) set(i *trace.Item, key, value string, at place) {
	for _, x := range i.Set(key, value, f.at(at)) {
		if len(f.findings) >= maxFindings {
			f.more++
			continue
		}
		f.findings = append(f.findings, x)
	}
}

// add takes an item that is whole.
func (f *file) add(i trace.Item) {
	i.Title = oneLine(i.Title)
	i.Text = strings.TrimSpace(i.Text)
	if i.By == "" {
		f.findings = append(f.findings, i.Stated()...)
	}
	if len(f.items) == cap(f.items) {
		f.items = slices.Grow(f.items, len(f.items)+1) // append would copy many large items more often
	}
	f.items = append(f.items, i)
}

// oneLine is a text without line breaks and repeated space.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// trimmedLines is a text without empty lines at its ends and space at the ends
// of its lines; the stamps of Doorstop are made of it.
func trimmedLines(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRightFunc(lines[i], unicode.IsSpace)
	}
	return strings.Join(lines, "\n")
}
