package testresult

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// sniffJUnit takes every XML document; what its root is, is said with a line.
func sniffJUnit(head []byte) bool { return len(head) > 0 && head[0] == '<' }

// readJUnit reads the JUnit family as one stream of tokens: nested suites,
// properties of suites and cases, and the retry elements of surefire. There is
// no normative schema; the shapes are those in testdata/junit.
func readJUnit(r io.Reader) evidence.Report {
	d := xml.NewDecoder(r)
	d.CharsetReader = charset
	j := &junit{decoder: d, seen: map[string]int{}, tests: map[string]int{}}
	if err := j.run(); err != nil {
		line, _ := d.InputPos()
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			line, err = syntax.Line, errors.New(syntax.Msg)
		}
		j.fatal(line, "%v", err)
	}
	return evidence.Report{Cases: j.cases, Problems: j.problems}
}

// junit is the state of one reading.
type junit struct {
	decoder  *xml.Decoder
	stack    []string // names of the open elements
	suites   []suite
	current  *evidence.Case // inside testcase
	detail   *strings.Builder
	property string // name of the open property
	closed   bool   // the root has ended

	cases    []evidence.Case
	problems []evidence.Problem
	fatals   int
	notes    int
	seen     map[string]int // suite, class and name -> line
	tests    map[string]int // TEST id -> line
}

// suite is an open testsuite or the root.
type suite struct {
	name         string
	line         int
	ids          []string
	verification evidence.Verification
	tests        int64 // cases that the suite claims
	claimed      int64 // failures and errors that the suite claims
	firstCase    int   // index of the first case inside
}

func (j *junit) run() error {
	for {
		line, _ := j.decoder.InputPos()
		token, err := j.decoder.Token()
		if err == io.EOF && len(j.stack) == 0 {
			if !j.closed {
				return errors.New("the file holds no element, want testsuites or testsuite")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.Directive:
			return errors.New("a document type declaration is refused")
		case xml.StartElement:
			err = j.start(t, line)
		case xml.EndElement:
			j.end(t.Name.Local)
		case xml.CharData:
			if j.detail != nil && j.detail.Len() < evidence.MaxMessage {
				j.detail.Write(t)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (j *junit) start(t xml.StartElement, line int) error {
	name := t.Name.Local
	switch {
	case j.closed:
		return fmt.Errorf("element %q after the end of the root", name)
	case len(j.stack) == 0 && name != "testsuites" && name != "testsuite":
		return fmt.Errorf("the root element is %q, want testsuites or testsuite", name)
	case len(j.stack) >= MaxDepth:
		return fmt.Errorf("elements are nested deeper than %d", MaxDepth)
	}
	parent := ""
	if len(j.stack) > 0 {
		parent = j.stack[len(j.stack)-1]
	}
	j.stack = append(j.stack, name)
	switch name {
	case "testsuites", "testsuite":
		if j.current != nil {
			return fmt.Errorf("a %s inside a testcase", name)
		}
		j.openSuite(t, line)
	case "testcase":
		return j.openCase(t, line)
	case "failure", "error", "skipped":
		j.result(t, parent, line)
	case "rerunFailure", "rerunError", "flakyFailure", "flakyError":
		if j.current != nil && parent == "testcase" {
			j.current.Retries++
		}
	case "property":
		j.openProperty(t, line)
	}
	return nil
}

func (j *junit) end(name string) {
	line, _ := j.decoder.InputPos()
	j.stack = j.stack[:len(j.stack)-1]
	switch name {
	case "testsuites", "testsuite":
		j.closeSuite()
	case "testcase":
		j.closeCase()
	case "failure", "error", "skipped":
		if j.current != nil && j.detail != nil {
			j.current.Message = strings.TrimSpace(j.detail.String())
		}
		j.detail = nil
	case "property":
		if j.detail != nil && j.property != "" {
			j.apply(j.property, j.detail.String(), line)
		}
		j.detail, j.property = nil, ""
	}
	j.closed = len(j.stack) == 0
}

func (j *junit) openSuite(t xml.StartElement, line int) {
	s := suite{name: attribute(t, "name"), line: line, firstCase: len(j.cases)}
	s.tests = count(attribute(t, "tests"))
	s.claimed = count(attribute(t, "failures")) + count(attribute(t, "errors"))
	if n := len(j.suites); n > 0 {
		outer := j.suites[n-1]
		s.ids, s.verification = slices.Clone(outer.ids), outer.verification
	}
	j.suites = append(j.suites, s)
}

// closeSuite compares what the suite claims with its cases: failures that no
// case shows would otherwise be lost.
func (j *junit) closeSuite() {
	s := j.suites[len(j.suites)-1]
	j.suites = j.suites[:len(j.suites)-1]
	t := evidence.Count(j.cases[s.firstCase:])
	if shown := t.Failed + t.Errored; s.claimed > shown {
		j.fatal(s.line, "suite %q claims %d failures and errors, its cases show %d", s.name, s.claimed, shown)
	}
	if s.tests > t.Cases {
		j.note(s.line, "suite %q claims %d cases, it holds %d", s.name, s.tests, t.Cases)
	}
}

func (j *junit) openCase(t xml.StartElement, line int) error {
	if j.current != nil {
		return errors.New("a testcase inside a testcase")
	}
	if len(j.cases) >= MaxCases {
		return fmt.Errorf("the file holds more than %d cases", MaxCases)
	}
	c := &evidence.Case{
		Name: attribute(t, "name"), Class: attribute(t, "classname"), File: attribute(t, "file"), Line: line,
		Suite: j.path(), Outcome: evidence.Passed,
	}
	if c.Name == "" {
		c.Name = "(no name)"
		j.note(line, "a case has no name")
	}
	if n := len(j.suites); n > 0 {
		c.IDs, c.Verification = slices.Clone(j.suites[n-1].ids), j.suites[n-1].verification
	}
	us, err := microseconds(attribute(t, "time"))
	if err != nil {
		j.note(line, "case %q: %v", c.Name, err)
	}
	c.DurationUS = us
	c.Outcome = byStatus(attribute(t, "status"), attribute(t, "result"))
	j.current = c
	return nil
}

func (j *junit) closeCase() {
	c := j.current
	j.current = nil
	c.Message = cut(strings.ToValidUTF8(c.Message, "\uFFFD"), evidence.MaxMessage)
	c.IDs = append(c.IDs, evidence.FindIDs(c.Name)...)
	slices.SortFunc(c.IDs, evidence.CompareIDs)
	c.IDs = slices.Compact(c.IDs)
	if len(c.IDs) == 0 {
		c.IDs = nil
	}
	key := c.Suite + "\x00" + c.Class + "\x00" + c.Name
	if first, twice := j.seen[key]; twice {
		j.note(c.Line, "case %q stands twice, first at line %d", c.Name, first)
	} else {
		j.seen[key] = c.Line
	}
	for _, id := range c.IDs {
		if !strings.HasPrefix(id, "TEST-") {
			continue
		}
		if first, twice := j.tests[id]; twice {
			j.note(c.Line, "test id %s is named twice, first at line %d", id, first)
		} else {
			j.tests[id] = c.Line
		}
	}
	j.cases = append(j.cases, *c)
}

// result takes failure, error and skipped. An error outweighs a failure, a
// failure outweighs a skip, whatever their order.
func (j *junit) result(t xml.StartElement, parent string, line int) {
	kind := map[string]evidence.Outcome{"failure": evidence.Failed, "error": evidence.Errored, "skipped": evidence.Skipped}[t.Name.Local]
	if j.current == nil {
		if kind != evidence.Skipped && (parent == "testsuite" || parent == "testsuites") {
			j.fatal(line, "%s outside any case: %s", t.Name.Local, cut(attribute(t, "message"), 200))
		}
		return
	}
	if parent != "testcase" || weight(kind) <= weight(j.current.Outcome) {
		return
	}
	j.current.Outcome = kind
	j.current.Message = attribute(t, "message")
	if j.current.Message == "" {
		j.detail = &strings.Builder{}
	}
}

func (j *junit) openProperty(t xml.StartElement, line int) {
	name := attribute(t, "name")
	if value := attribute(t, "value"); value != "" {
		j.apply(name, value, line)
		return
	}
	j.property, j.detail = name, &strings.Builder{}
}

// apply takes a property of the open case, else of the open suite: verifies and
// test_id name ids, verification and stage name the verification, tags may hold
// both. Other properties mean nothing here.
func (j *junit) apply(name, value string, line int) {
	var ids *[]string
	var verification *evidence.Verification
	switch {
	case j.current != nil:
		ids, verification = &j.current.IDs, &j.current.Verification
	case len(j.suites) > 0:
		s := &j.suites[len(j.suites)-1]
		ids, verification = &s.ids, &s.verification
	default:
		return
	}
	words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(", ;\t\r\n", r) })
	switch strings.ToLower(name) {
	case "verifies", "test_id":
		for _, w := range words {
			if _, err := evidence.ParseID(strings.TrimPrefix(w, "@")); err != nil {
				j.note(line, "property %q: %v", name, err)
				continue
			}
			*ids = append(*ids, strings.TrimPrefix(w, "@"))
		}
	case "verification", "stage":
		v, err := evidence.ParseVerification(value)
		if err != nil {
			j.note(line, "property %q: %v", name, err)
			return
		}
		*verification = v
	case "tag", "tags":
		for _, w := range words {
			if v, err := evidence.ParseVerification(w); err == nil {
				*verification = v
			} else if _, err := evidence.ParseID(strings.TrimPrefix(w, "@")); err == nil {
				*ids = append(*ids, strings.TrimPrefix(w, "@"))
			}
		}
	}
}

// path is the names of the open suites.
func (j *junit) path() string {
	var names []string
	for _, s := range j.suites {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	return strings.Join(names, " > ")
}

// fatal records what makes the file no evidence.
func (j *junit) fatal(line int, format string, args ...any) {
	if j.fatals++; j.fatals > maxProblems {
		return
	}
	j.problems = append(j.problems, evidence.Problem{Line: line, Message: fmt.Sprintf(format, args...), Fatal: true})
}

// note records what does not make the file unusable; the number is limited.
func (j *junit) note(line int, format string, args ...any) {
	if j.notes++; j.notes <= maxProblems {
		j.problems = append(j.problems, evidence.Problem{Line: line, Message: fmt.Sprintf(format, args...)})
	}
}
