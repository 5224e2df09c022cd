package document

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Outline is what a page is made of as far as sections and links go.
type Outline struct {
	Sections []Section
	Passages []Passage // every text with its heading, but for items of the trace
	Anchors  []string  // that a link may name, as GitHub makes them of headings
	Targets  []Target
	// Leftovers are places where a template's text was left.
	Leftovers []Leftover
}

// Section is a heading with whether something stands below it, up to the next
// heading of its level. Items of the trace are nothing.
type Section struct {
	Level int
	Title string
	At    Position
	Empty bool
}

// Target is where a link or an image of a page leads, decoded.
type Target struct {
	Path     string // "" for the page itself
	Fragment string
	Image    bool
	At       Position
}

// Leftover is text that a template left behind.
type Leftover struct {
	Text string
	At   Position
}

var leftover = regexp.MustCompile(`(?i)\{\{|\blorem ipsum\b`)

var leftoverWord = regexp.MustCompile(`\b(TODO|TBD|FIXME)\b`)

// LeftoverIn finds text of a template in a line; -1 for none.
func LeftoverIn(line string) (at int, text string) {
	for _, re := range []*regexp.Regexp{leftover, leftoverWord} {
		if m := re.FindStringIndex(line); m != nil {
			return m[0], line[m[0]:m[1]]
		}
	}
	return -1, ""
}

// PageFile is a text of the code repository that documents are made of. Section
// is a heading of the page, "" for the whole of it.
type PageFile struct{ Name, Path, Section, Check string }

// PageFiles is the list; each is asked for by one check.
var PageFiles = []PageFile{
	{PageIntendedUse, "documentation/functional_specification.md", "Intended use", "DOC-S07"},
	{PagePublicAPI, "documentation/functional_specification.md", "Public API", "DOC-S07"},
	{PageTestStrategy, "documentation/test_strategy.md", "", "DOC-S09"},
	{PageOperations, "documentation/operations_manual.md", "", "DOC-S09"},
	{PageRecovery, "documentation/recovery_procedure.md", "", "DOC-S09"},
}

// PageChecks is the list of the rules for pages of the repositories.
var PageChecks = []Check{
	{ID: "DOC-S07", Severity: workflow.Error, Rule: "the functional specification has the sections Intended use and Public API, with a text each"},
	{ID: "DOC-S09", Severity: workflow.Error, Rule: "operations manual, recovery procedure and test strategy are there, with a text and without that of a template"},
	{ID: "DOC-P11", Severity: workflow.Warning, Rule: "links to files, anchors and images lead somewhere"},
}

func pageFinding(id string, at Position, hint, format string, args ...any) Finding {
	severity := workflow.Error
	for _, c := range PageChecks {
		if c.ID == id {
			severity = c.Severity
		}
	}
	return Finding{ID: id, Severity: severity, At: at, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// CheckPages judges the pages that documents are made of (DOC-S07, S09).
func CheckPages(pages map[string]Outline) []Finding {
	var out []Finding
	absent := map[string]bool{}
	for _, f := range PageFiles {
		page, there := pages[f.Path]
		top := Position{File: f.Path, Line: 1, Column: 1}
		switch {
		case !there && absent[f.Path]:
		case !there:
			absent[f.Path] = true
			out = append(out, pageFinding(f.Check, top, "write it; documents are made of it", "%s is not there", f.Path))
		case f.Section != "":
			out = append(out, sectionOf(page, f)...)
		default:
			out = append(out, wholeOf(page, f, top)...)
		}
	}
	return out
}

func sectionOf(page Outline, f PageFile) []Finding {
	at := slices.IndexFunc(page.Sections, func(s Section) bool { return strings.EqualFold(s.Title, f.Section) })
	if at < 0 {
		return []Finding{pageFinding(f.Check, Position{File: f.Path, Line: 1, Column: 1}, "add ## "+f.Section, "the section %q is missing", f.Section)}
	}
	s := page.Sections[at]
	if s.Empty {
		return []Finding{pageFinding(f.Check, s.At, "write it", "the section %q is empty", f.Section)}
	}
	end := slices.IndexFunc(page.Sections[at+1:], func(x Section) bool { return x.Level <= s.Level })
	for _, l := range page.Leftovers {
		if l.At.Line > s.At.Line && (end < 0 || l.At.Line < page.Sections[at+1+end].At.Line) {
			return []Finding{pageFinding(f.Check, l.At, "write the text that belongs here", "template text %q is left in %q", l.Text, f.Section)}
		}
	}
	return nil
}

func wholeOf(page Outline, f PageFile, top Position) []Finding {
	var out []Finding
	if !slices.ContainsFunc(page.Sections, func(s Section) bool { return !s.Empty }) {
		out = append(out, pageFinding(f.Check, top, "write it", "the page has headings at most and no text below one"))
	}
	for _, l := range page.Leftovers {
		out = append(out, pageFinding(f.Check, l.At, "write the text that belongs here", "template text %q is left", l.Text))
	}
	return out
}

// CheckLinks judges where the links of pages lead (DOC-P11). Pages are by their
// paths in one repository; exists knows its files and folders. Addresses of other
// places are not looked at.
func CheckLinks(pages map[string]Outline, exists func(path string) bool) []Finding {
	var out []Finding
	for _, name := range sortedKeys(pages) {
		for _, t := range pages[name].Targets {
			if f, bad := deadLink(pages, name, t, exists); bad {
				out = append(out, f)
			}
		}
	}
	return out
}

func deadLink(pages map[string]Outline, page string, t Target, exists func(string) bool) (Finding, bool) {
	what := "link"
	if t.Image {
		what = "image"
	}
	file := page
	if t.Path != "" {
		if file = path.Join(path.Dir(page), t.Path); strings.HasPrefix(t.Path, "/") {
			file = path.Clean(strings.TrimLeft(t.Path, "/"))
		}
		switch {
		case file == ".." || strings.HasPrefix(file, "../"):
			return pageFinding("DOC-P11", t.At, "write the whole address", "the %s %q leads out of the repository", what, Visible(t.Path)), true
		case file != "." && file != "" && !exists(file):
			return pageFinding("DOC-P11", t.At, "correct the path, or add the file", "the %s %q leads to nothing", what, Visible(t.Path)), true
		}
	}
	target, known := pages[file]
	if t.Fragment == "" || t.Image || !known || slices.Contains(target.Anchors, t.Fragment) || slices.Contains(target.Anchors, strings.ToLower(t.Fragment)) {
		return Finding{}, false
	}
	return pageFinding("DOC-P11", t.At, "name a heading as its anchor: lower case, hyphens for spaces", "the link names the anchor %q, which %s does not have", Visible(t.Fragment), file), true
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
