package tracetest

import (
	"fmt"
	"strings"
)

// Form is a way to write the items of a set.
type Form string

// The forms.
const (
	Markdown Form = "markdown" // three files
	List     Form = "list"     // one YAML file
	Feature  Form = "feature"  // requirements and specifications in Markdown, tests as scenarios of one feature
	Needs    Form = "needs"    // one needs.json, with the file that maps it
)

// Forms is the whole list.
var Forms = []Form{Markdown, List, Feature, Needs}

// Files are the files of a repository of requirements that hold the set, by
// path. Of the forms, only Markdown holds 33,333 of each level within the limits
// of a file.
func (s Set) Files(f Form) map[string]string {
	out := map[string]string{}
	switch f {
	case List:
		out["items.yaml"] = s.each("", list)
	case Needs:
		out["requirements.yaml"] = "project: corp\nimports:\n  - {format: needs, path: needs.json, kinds: {req: URS, spec: FS, test: TEST}, attributes: {risk: Risk}}\n"
		out["needs.json"] = strings.TrimSuffix(s.each(`{"current_version": "1", "versions": {"1": {"needs": {`+"\n", needs), ",\n") + "}}}}\n"
	case Feature:
		out["tests.feature"] = s.each("Feature: The product does what it says\n\n", scenario)
	default:
		out["tests.md"] = s.each("# Tests\n\n", test)
	}
	if f == Markdown || f == Feature {
		out["requirements.md"] = s.each("# Requirements\n\n", requirement)
		out["specification.md"] = s.each("# Specification\n\n", specification)
	}
	return out
}

// number is what a form writes for number i.
type number struct {
	i          int    // from 1
	risk       string // of the requirement
	implements string // URS, "" for a link that is missing
	verifies   string // FS, which may not be there
}

func (s Set) each(before string, form func(*strings.Builder, number)) string {
	var b strings.Builder
	b.WriteString(before)
	for at, d := range s.defects {
		i := at + 1
		n := number{i, [...]string{"Low", "Medium", "High"}[i%3], fmt.Sprintf("URS-corp-%d", i), fmt.Sprintf("FS-corp-%d", i)}
		switch d {
		case unlinked:
			n.implements = ""
		case unknown:
			n.verifies = fmt.Sprintf("FS-corp-%d", len(s.defects)+i)
		}
		form(&b, n)
	}
	return b.String()
}

// The texts hold characters beyond ASCII, as real ones do.
func (n number) need() string {
	return fmt.Sprintf("The monthly report shall reconcile ≥ 95 %% of the orders of København in column %d.", n.i)
}

func (n number) way() string {
	return fmt.Sprintf("Orders without an amount → rejected, with their number; column %d holds the sum ± 0.01.", n.i)
}

func requirement(b *strings.Builder, n number) {
	fmt.Fprintf(b, "## URS-corp-%d: Orders of København, column %d\n\n- Risk: %s\n- Owner: cleo\n- GxP: no\n\n%s\n\n", n.i, n.i, n.risk, n.need())
}

func specification(b *strings.Builder, n number) {
	fmt.Fprintf(b, "## FS-corp-%d: Column %d is summed\n\n", n.i, n.i)
	if n.implements != "" {
		fmt.Fprintf(b, "- Implements: %s\n", n.implements)
	}
	fmt.Fprintf(b, "- Owner: cleo\n\n%s\n\n", n.way())
}

func test(b *strings.Builder, n number) {
	fmt.Fprintf(b, "## TEST-corp-%d: Column %d is right\n\n- Verifies: %s\n- Verification: OV\n\n", n.i, n.i, n.verifies)
}

func scenario(b *strings.Builder, n number) {
	fmt.Fprintf(b, "  @OV @TEST-corp-%d @%s\n  Scenario: Column %d is right\n    Given the orders of København\n    When the report is made\n    Then column %d holds ≥ 95 %% of them\n\n", n.i, n.verifies, n.i, n.i)
}

func list(b *strings.Builder, n number) {
	fmt.Fprintf(b, "- id: URS-corp-%d\n  title: Orders of København, column %d\n  text: %q\n  attributes: {Risk: %s, Owner: cleo, GxP: \"no\"}\n", n.i, n.i, n.need(), n.risk)
	fmt.Fprintf(b, "- id: FS-corp-%d\n  title: Column %d is summed\n  text: %q\n  attributes: {Owner: cleo}\n", n.i, n.i, n.way())
	if n.implements != "" {
		fmt.Fprintf(b, "  links: [%s]\n", n.implements)
	}
	fmt.Fprintf(b, "- id: TEST-corp-%d\n  title: Column %d is right\n  attributes: {Verification: OV}\n  links: [%s]\n", n.i, n.i, n.verifies)
}

func needs(b *strings.Builder, n number) {
	need := func(kind, prefix, title, text, links, more string) {
		if links != "" {
			links = fmt.Sprintf("%q", links)
		}
		fmt.Fprintf(b, "\"%s-corp-%d\": {\"id\": \"%s-corp-%d\", \"type\": %q, \"title\": %q, \"content\": %q, \"status\": \"open\", \"tags\": [], \"links\": [%s], \"links_back\": []%s},\n",
			prefix, n.i, prefix, n.i, kind, title, text, links, more)
	}
	need("req", "URS", fmt.Sprintf("Orders of København, column %d", n.i), n.need(), "", fmt.Sprintf(", \"risk\": %q", n.risk))
	need("spec", "FS", fmt.Sprintf("Column %d is summed", n.i), n.way(), n.implements, "")
	need("test", "TEST", fmt.Sprintf("Column %d is right", n.i), "", n.verifies, "")
}

// junit is a result file as pytest writes it.
func junit(cases []result) string {
	failed := 0
	for _, c := range cases {
		if !c.passed {
			failed++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<testsuites><testsuite name=\"pytest\" errors=\"0\" failures=\"%d\" skipped=\"0\" tests=\"%d\" time=\"12.5\">\n", failed, len(cases))
	for _, c := range cases {
		fmt.Fprintf(&b, "<testcase classname=\"tests.integration.test_orders\" name=\"test_%d\" time=\"0.012\"><properties><property name=\"verifies\" value=\"TEST-corp-%d\" /></properties>", c.number, c.number)
		if !c.passed {
			fmt.Fprintf(&b, "<failure message=\"assert 94 &gt;= 95\">def test_%d():\n&gt;       assert share(&quot;København&quot;) &gt;= 95\nE       assert 94 &gt;= 95</failure>", c.number)
		}
		b.WriteString("</testcase>\n")
	}
	b.WriteString("</testsuite></testsuites>\n")
	return b.String()
}
