package testresult

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// place is where something stands: in an entry of an archive or, with "", in
// the result file itself. The column counts bytes, 0 where it is not known.
type place struct {
	entry        string
	line, column int
}

// flaw is a defect that ends the reading, at its place.
type flaw struct {
	at  place
	msg string
}

func (f *flaw) Error() string { return f.msg }

func flawed(at place, format string, args ...any) error {
	return &flaw{at: at, msg: fmt.Sprintf(format, args...)}
}

// gathering is what a reader has found so far: cases and problems, both
// bounded.
type gathering struct {
	cases       []evidence.Case
	problems    []evidence.Problem
	attachments []evidence.Attachment
	fatals      int
	notes       int
	seen        map[[4]string]int // index of the case, by suite, class, name and file
	tests       map[string]int    // index of the case, by TEST id
}

func newGathering() *gathering {
	return &gathering{seen: map[[4]string]int{}, tests: map[string]int{}}
}

func (g *gathering) report() evidence.Report {
	return evidence.Report{Cases: g.cases, Problems: g.problems, Attachments: g.attachments}
}

// stop records the error that ended the reading.
func (g *gathering) stop(err error) {
	var f *flaw
	if errors.As(err, &f) {
		g.fatal(f.at, "%s", f.msg)
		return
	}
	g.fatal(place{}, "%v", err)
}

// fatal records what makes the file no evidence.
func (g *gathering) fatal(at place, format string, args ...any) {
	if g.fatals++; g.fatals <= maxProblems {
		g.problem(at, true, format, args)
	}
}

// note records what does not make the file unusable.
func (g *gathering) note(at place, format string, args ...any) {
	if g.notes++; g.notes <= maxProblems {
		g.problem(at, false, format, args)
	}
}

func (g *gathering) problem(at place, fatal bool, format string, args []any) {
	message := cut(clean(fmt.Sprintf(format, args...)), evidence.MaxMessage)
	g.problems = append(g.problems, evidence.Problem{Entry: at.entry, Line: at.line, Column: at.column, Message: message, Fatal: fatal})
}

// add takes a case that is complete: it finds the ids in its name, bounds its
// texts and notes what stands twice.
func (g *gathering) add(c evidence.Case, at place) error {
	if len(g.cases) >= MaxCases {
		return flawed(at, "the file holds more than %d cases", MaxCases)
	}
	c.Entry, c.Line = at.entry, at.line
	if c.Name == "" {
		c.Name = "(no name)"
		g.note(at, "a case has no name")
	}
	c.IDs = append(c.IDs, evidence.FindIDs(c.Name)...)
	slices.SortFunc(c.IDs, evidence.CompareIDs)
	c.IDs = slices.Clip(slices.Compact(c.IDs))
	if len(c.IDs) == 0 {
		c.IDs = nil
	}
	for _, s := range []*string{&c.Name, &c.Class, &c.Suite, &c.File} {
		if *s = clean(*s); len(*s) > evidence.MaxMessage {
			g.note(at, "a name of %d bytes is cut at %d", len(*s), evidence.MaxMessage)
			*s = cut(*s, evidence.MaxMessage)
		}
	}
	c.Message = cut(clean(c.Message), evidence.MaxMessage)
	g.repeated(&c, at)
	if len(g.cases) == cap(g.cases) {
		g.cases = slices.Grow(g.cases, len(g.cases)+1) // append would copy large slices more often
	}
	g.cases = append(g.cases, c)
	return nil
}

// repeated notes what stands twice, before the case is one of the cases.
func (g *gathering) repeated(c *evidence.Case, at place) {
	key := [4]string{c.Suite, c.Class, c.Name, c.File}
	if first, twice := g.seen[key]; twice {
		g.note(at, "case %q stands twice, first at %s", cut(c.Name, 200), whereIs(&g.cases[first]))
	} else {
		g.seen[key] = len(g.cases)
	}
	for _, id := range c.IDs {
		if !strings.HasPrefix(id, "TEST-") {
			continue
		}
		if first, twice := g.tests[id]; twice {
			g.note(at, "test id %s is named twice, first at %s", id, whereIs(&g.cases[first]))
		} else {
			g.tests[id] = len(g.cases)
		}
	}
}

func whereIs(c *evidence.Case) string {
	if c.Entry != "" {
		return fmt.Sprintf("line %d of %q", c.Line, c.Entry)
	}
	return fmt.Sprintf("line %d", c.Line)
}

// pathOf is the names of enclosing suites as one text; those without a name are
// left out.
func pathOf(names ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" }), " > ")
}

// clean replaces what no text may hold: bytes that are not UTF-8, and NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// cut shortens a text to at most n bytes at a character and marks the cut.
func cut(s string, n int) string {
	const mark = "…"
	if len(s) <= n {
		return s
	}
	n -= len(mark)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + mark
}
