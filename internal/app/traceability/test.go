package traceability

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Checks are the document tests of this version, in their order.
func Checks() []document.Check {
	return append(append([]document.Check{}, release.Checks...), trace.Checks...)
}

// Test runs the document tests at a commit: the release note of the version
// ("" for none) and every item.
func (t *Tracer) Test(ctx context.Context, p Pin, version string) ([]document.Finding, error) {
	_, findings, err := t.Items(ctx, p)
	if err != nil || version == "" {
		return findings, err
	}
	s, err := t.Solutions.Solution(ctx, p.Solution)
	if err != nil {
		return nil, err
	}
	tree, err := t.Repositories.CodeTree(ctx, s.Baseline)
	if err != nil {
		return nil, err
	}
	v, err := release.ParseVersion(version)
	if err != nil {
		return nil, err
	}
	note, ok, err := tree.ReadFile(ctx, p.Code, v.NotePath())
	if err != nil {
		return nil, err
	}
	if !ok {
		return append(findings, release.MissingNote(v)), nil
	}
	_, more := release.CheckNote(v.NotePath(), note, release.Context{Version: v})
	return append(more, findings...), nil
}

// NoteErrors are the errors of a release note by itself.
func NoteErrors(version string, note []byte) []string {
	v, err := release.ParseVersion(version)
	if err != nil {
		return []string{err.Error()}
	}
	_, findings := release.CheckNote(v.NotePath(), note, release.Context{Version: v})
	var out []string
	for _, f := range findings {
		if f.Severity == workflow.Error {
			out = append(out, f.String())
		}
	}
	return out
}

type suite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Cases    []result `xml:"testcase"`
}

type result struct {
	Name     string   `xml:"name,attr"`
	Class    string   `xml:"classname,attr"`
	Property property `xml:"properties>property"`
	Failure  *failure `xml:"failure"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit is the report of the document tests: one case a check, failed where it
// has an error. Warnings stand in the findings only.
func JUnit(findings []document.Finding) ([]byte, error) {
	s := suite{Name: "document tests"}
	for _, c := range Checks() {
		r := result{Name: c.ID + " " + c.Rule, Class: "document", Property: property{Name: "verification", Value: "DT"}}
		var text bytes.Buffer
		n := 0
		for _, f := range findings {
			if f.ID == c.ID && f.Severity == workflow.Error {
				n++
				fmt.Fprintln(&text, f)
			}
		}
		if n > 0 {
			s.Failures++
			r.Failure = &failure{Message: fmt.Sprintf("%d findings", n), Text: text.String()}
		}
		s.Tests++
		s.Cases = append(s.Cases, r)
	}
	out, err := xml.MarshalIndent(s, "", "  ")
	return append(append([]byte(xml.Header), out...), '\n'), err
}
