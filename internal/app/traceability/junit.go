package traceability

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/document"
)

type suite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Cases    []result `xml:"testcase"`
}

type result struct {
	Name     string   `xml:"name,attr"`
	Class    string   `xml:"classname,attr"`
	Property property `xml:"properties>property"`
	Failure  *failure `xml:"failure"`
	Skipped  *skipped `xml:"skipped"`
	Output   string   `xml:"system-out,omitempty"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

// JUnit is the report of the document tests: one case a check, failed where it
// has an error, skipped with the reason where it was not run. Warnings stand in
// the output of their case.
func JUnit(t document.Tested) ([]byte, error) {
	s := suite{Name: "document tests"}
	for _, c := range t.Checks {
		r := result{Name: c.ID + " " + c.Rule, Class: "document", Property: property{Name: "verification", Value: "DT"}}
		var text bytes.Buffer
		for _, f := range t.Findings {
			if f.ID == c.ID {
				fmt.Fprintln(&text, document.Visible(f.String()))
			}
		}
		switch c.Verdict {
		case document.CheckFailed:
			s.Failures++
			r.Failure = &failure{Message: fmt.Sprintf("%d findings", c.Findings), Text: text.String()}
		case document.CheckNotRun:
			s.Skipped++
			r.Skipped = &skipped{Message: "not run: " + c.Reason}
		default:
			r.Output = text.String()
		}
		s.Tests++
		s.Cases = append(s.Cases, r)
	}
	out, err := xml.MarshalIndent(s, "", "  ")
	return append(append([]byte(xml.Header), out...), '\n'), err
}
