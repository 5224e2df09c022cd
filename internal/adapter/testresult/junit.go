package testresult

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// sniffJUnit takes every XML document; what its root is, is said with a line.
func sniffJUnit(h head) bool { return len(h.text) > 0 && h.text[0] == '<' }

// readJUnit reads the JUnit family as one stream of tokens: nested suites,
// properties of suites and cases, and the retry elements of surefire. There is
// no normative schema; the shapes are those in testdata/junit.
func readJUnit(r io.Reader) evidence.Report {
	j := &junit{gathering: newGathering()}
	if err := walk(r, j); err != nil {
		j.stop(err)
	}
	return j.report()
}

// junit is the state of one reading.
type junit struct {
	*gathering
	suites   []suite
	within   string         // names of the open suites, "" before a case asks for them
	current  *evidence.Case // inside testcase: open
	open     evidence.Case
	at       place   // of the current case
	bound    binding // of the current case
	detail   *strings.Builder
	property string // name of the open property
}

// suite is an open testsuite or the root.
type suite struct {
	name      string
	root      bool // testsuites
	gotestsum bool // which writes a suite for each package, with tests or not
	at        place
	bound     binding
	tests     int64 // cases that the suite claims
	claimed   int64 // failures and errors that the suite claims
	firstCase int   // index of the first case inside
}

func (j *junit) start(t xml.StartElement, parent string, at place) error {
	name := t.Name.Local
	if parent == "" && name != "testsuites" && name != "testsuite" {
		return fmt.Errorf("the root element is %q, want testsuites or testsuite", name)
	}
	switch name {
	case "testsuites", "testsuite":
		if j.current != nil {
			return fmt.Errorf("a %s inside a testcase", name)
		}
		j.openSuite(t, at)
	case "testcase":
		return j.openCase(t, at)
	case "failure", "error", "skipped":
		j.result(t, parent, at)
	case "rerunFailure", "rerunError", "flakyFailure", "flakyError":
		if j.current != nil && parent == "testcase" {
			j.current.Retries++
		}
	case "property":
		j.openProperty(t, at)
	}
	return nil
}

func (j *junit) text(t xml.CharData) {
	if j.detail != nil && j.detail.Len() < evidence.MaxMessage {
		j.detail.Write(t)
	}
}

func (j *junit) end(name string, at place) error {
	switch name {
	case "testsuites", "testsuite":
		j.closeSuite()
	case "testcase":
		if err := j.closeCase(); err != nil {
			return err
		}
	case "failure", "error", "skipped":
		if j.current != nil && j.detail != nil {
			j.current.Message = strings.TrimSpace(j.detail.String())
		}
		j.detail = nil
	case "property":
		if j.detail != nil && j.property != "" {
			j.apply(j.property, j.detail.String(), at)
		}
		j.detail, j.property = nil, ""
	}
	return nil
}

func (j *junit) openSuite(t xml.StartElement, at place) {
	s := suite{name: attribute(t, "name"), root: t.Name.Local == "testsuites", at: at, firstCase: len(j.cases)}
	s.tests = count(attribute(t, "tests"))
	s.claimed = count(attribute(t, "failures")) + count(attribute(t, "errors"))
	if n := len(j.suites); n > 0 {
		s.bound = j.suites[n-1].bound.inherit()
	}
	j.suites, j.within = append(j.suites, s), ""
}

// closeSuite compares what the suite claims with its cases: failures that no
// case shows would otherwise be lost, and a suite without cases proves nothing
// of what it was made for.
func (j *junit) closeSuite() {
	s := j.suites[len(j.suites)-1]
	j.suites, j.within = j.suites[:len(j.suites)-1], ""
	t := evidence.Count(j.cases[s.firstCase:])
	if shown := t.Failed + t.Errored; s.claimed > shown {
		j.fatal(s.at, "suite %q claims %d failures and errors, its cases show %d", s.name, s.claimed, shown)
	}
	switch {
	case t.Cases == 0 && s.gotestsum:
		j.fatal(s.at, "suite %q holds no case: let gotestsum leave packages without tests out, --junitfile-hide-empty-pkg", s.name)
	case t.Cases == 0 && !s.root:
		j.fatal(s.at, "suite %q holds no case", s.name)
	case s.tests > t.Cases:
		j.note(s.at, "suite %q claims %d cases, it holds %d", s.name, s.tests, t.Cases)
	case s.tests > 0 && s.tests < t.Cases && !s.root:
		j.note(s.at, "suite %q claims %d cases, it holds %d: jest-junit writes a todo like a case that passed", s.name, s.tests, t.Cases)
	}
}

func (j *junit) openCase(t xml.StartElement, at place) error {
	if j.current != nil {
		return errors.New("a testcase inside a testcase")
	}
	j.open = evidence.Case{
		Name: attribute(t, "name"), Class: attribute(t, "classname"), File: attribute(t, "file"), Suite: j.path(),
		Outcome: byStatus(attribute(t, "status"), attribute(t, "result")),
	}
	c := &j.open
	j.current, j.at, j.bound = c, at, binding{}
	if n := len(j.suites); n > 0 {
		j.bound = j.suites[n-1].bound.inherit()
	}
	us, err := microseconds(attribute(t, "time"))
	if err != nil {
		j.note(at, "case %q: %v", cut(c.Name, 200), err)
	}
	c.DurationUS = us
	return nil
}

func (j *junit) closeCase() error {
	c := j.current
	j.current = nil
	j.bound.bind(c)
	return j.add(*c, j.at)
}

// result takes failure, error and skipped. An error outweighs a failure, a
// failure outweighs a skip, whatever their order.
func (j *junit) result(t xml.StartElement, parent string, at place) {
	kind := map[string]evidence.Outcome{"failure": evidence.Failed, "error": evidence.Errored, "skipped": evidence.Skipped}[t.Name.Local]
	if j.current == nil {
		if kind != evidence.Skipped && (parent == "testsuite" || parent == "testsuites") {
			j.fatal(at, "%s outside any case: %s", t.Name.Local, cut(attribute(t, "message"), 200))
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

func (j *junit) openProperty(t xml.StartElement, at place) {
	name := attribute(t, "name")
	if value := attribute(t, "value"); value != "" {
		j.apply(name, value, at)
		return
	}
	j.property, j.detail = name, &strings.Builder{}
}

// apply takes a property of the open case, else of the open suite.
func (j *junit) apply(name, value string, at place) {
	var b *binding
	switch {
	case j.current != nil:
		b = &j.bound
	case len(j.suites) > 0:
		s := &j.suites[len(j.suites)-1]
		s.gotestsum = s.gotestsum || name == "go.version"
		b = &s.bound
	default:
		return
	}
	for _, err := range b.property(name, value) {
		j.note(at, "property %q: %v", name, err)
	}
}

// path is the names of the open suites.
func (j *junit) path() string {
	if j.within == "" {
		names := make([]string, len(j.suites))
		for i, s := range j.suites {
			names[i] = s.name
		}
		j.within = pathOf(names...)
	}
	return j.within
}
