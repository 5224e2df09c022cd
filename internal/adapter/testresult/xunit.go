package testresult

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

func sniffXUnit(h head) bool {
	root := rootOf(h.text)
	return root == "assemblies" || root == "assembly"
}

// readXUnit reads the XML of xUnit.net 2 and 3 (xunit.net/docs/format-xml-v2):
// assemblies, collections, tests with traits, and errors outside of tests.
func readXUnit(r io.Reader) evidence.Report {
	x := &xunit{gathering: newGathering()}
	if err := walk(r, x); err != nil {
		x.stop(err)
	}
	return x.report()
}

type xunit struct {
	*gathering
	suites   []string
	current  *evidence.Case
	at       place
	bound    binding
	detail   *strings.Builder
	assembly struct {
		at      place
		claimed int64 // failures
		first   int   // index of its first case
	}
}

func (x *xunit) text(t xml.CharData) {
	if x.detail != nil && x.detail.Len() < evidence.MaxMessage {
		x.detail.Write(t)
	}
}

func (x *xunit) start(t xml.StartElement, _ string, at place) error {
	switch t.Name.Local {
	case "assembly":
		x.assembly.at, x.assembly.first = at, len(x.cases)
		x.assembly.claimed = count(attribute(t, "failed")) + count(attribute(t, "errors"))
		x.suites = append(x.suites, attribute(t, "name"))
	case "collection":
		x.suites = append(x.suites, attribute(t, "name"))
	case "error":
		x.fatal(at, "an error outside of any test: %s %s", attribute(t, "type"), attribute(t, "name"))
	case "test":
		return x.test(t, at)
	case "trait":
		for _, err := range x.bound.property(attribute(t, "name"), attribute(t, "value")) {
			x.note(at, "trait %q: %v", attribute(t, "name"), err)
		}
	case "message", "reason":
		x.detail = &strings.Builder{}
	}
	return nil
}

func (x *xunit) test(t xml.StartElement, at place) error {
	if x.current != nil {
		return errors.New("a test inside a test")
	}
	us, err := microseconds(attribute(t, "time"))
	if err != nil {
		x.note(at, "test %q: %v", cut(attribute(t, "name"), 200), err)
	}
	k := &evidence.Case{Name: attribute(t, "name"), Class: attribute(t, "type"), Suite: pathOf(x.suites...), File: attribute(t, "source-file"), DurationUS: us}
	switch result := attribute(t, "result"); result {
	case "Pass":
		k.Outcome = evidence.Passed
	case "Fail":
		k.Outcome = evidence.Failed
	case "Skip", "NotRun":
		k.Outcome = evidence.Skipped
	default:
		k.Outcome, k.Message = evidence.Errored, fmt.Sprintf("the result is %q, want Pass, Fail, Skip or NotRun", result)
	}
	x.current, x.at, x.bound = k, at, binding{}
	return nil
}

func (x *xunit) end(name string, _ place) error {
	switch name {
	case "message", "reason":
		if x.current != nil && x.detail != nil {
			x.current.Message = strings.TrimSpace(x.detail.String())
		}
		x.detail = nil
	case "test":
		k := x.current
		x.current = nil
		x.bound.bind(k)
		return x.add(*k, x.at)
	case "collection", "assembly":
		x.suites = x.suites[:len(x.suites)-1]
		if name == "assembly" {
			x.compare()
		}
	}
	return nil
}

// compare holds what the assembly claims against its tests.
func (x *xunit) compare() {
	t := evidence.Count(x.cases[x.assembly.first:])
	if shown := t.Failed + t.Errored; x.assembly.claimed > shown {
		x.fatal(x.assembly.at, "the assembly claims %d failures and errors, its tests show %d", x.assembly.claimed, shown)
	}
	if t.Cases == 0 {
		x.fatal(x.assembly.at, "the assembly holds no test")
	}
}
