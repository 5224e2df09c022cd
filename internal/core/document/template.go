package document

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// Template is how an organisation writes one kind of document: head lines, and
// Markdown with the text/template language over Facts. It adds text and orders
// the built-in sections; it leaves none out, see Request.Template.
type Template struct {
	ID      string // acme/test-report
	Version string // its own, like 1.2.0
	Kind    string
	Owner   string
	File    string
	SHA256  string // of the file
	body    body
}

// MaxTemplate is the size in bytes that a template is refused above.
const MaxTemplate = 256 << 10

var (
	templateID      = regexp.MustCompile(`^[a-z0-9]+([-./][a-z0-9]+)*$`)
	templateVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
)

// ParseTemplate reads a template. read turns Markdown into blocks. It reports
// everything that is wrong (DOC-P07); the template is of use when that is
// nothing.
//
//	---
//	id: acme/test-report
//	version: 1.0.0
//	kind: test-report
//	data: dc-release/document-facts/v1
//	owner: Quality
//	---
//	# Scope
//	This report is about {{ .Product.Key }} {{ .Release.Version }}.
//
//	{{ section "identification" }}
func ParseTemplate(file string, data []byte, read func([]byte) []Block) (Template, []Finding) {
	p := templateParser{t: Template{File: file, SHA256: canonical.SHA256(data)}}
	if len(data) > MaxTemplate {
		p.report(1, "split it", "the template has %d bytes, want at most %d", len(data), MaxTemplate)
		return p.t, p.findings
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	text, line, ok := p.head(string(data))
	if !ok {
		return p.t, p.findings
	}
	p.t.body = p.compile(text, line, read)
	return p.t, p.findings
}

type templateParser struct {
	t        Template
	findings []Finding
}

func (p *templateParser) report(line int, hint, format string, args ...any) {
	p.findings = append(p.findings, Finding{
		ID: "DOC-P07", Severity: "error", At: Position{File: p.t.File, Line: line, Column: 1}, Message: Visible(fmt.Sprintf(format, args...)), Hint: hint,
	})
}

// head reads the lines between the two lines of dashes; text is what follows,
// from the line.
func (p *templateParser) head(data string) (text string, line int, ok bool) {
	const rule = "---"
	lines := strings.Split(data, "\n")
	if lines[0] != rule {
		p.report(1, "begin with ---, id, version, kind and data, and another ---", "the template has no head")
		return "", 0, false
	}
	schema := ""
	keys := map[string]*string{"id": &p.t.ID, "version": &p.t.Version, "kind": &p.t.Kind, "data": &schema, "owner": &p.t.Owner}
	for i, l := range lines[1:] {
		at := i + 2
		if l == rule {
			p.said(schema, at)
			return strings.Join(lines[at:], "\n"), at + 1, true
		}
		key, value, found := strings.Cut(l, ":")
		to, known := keys[key]
		switch {
		case strings.TrimSpace(l) == "":
		case !found || !known:
			p.report(at, "the keys are id, version, kind, data and owner", "%q is no line of a head", l)
		case *to != "":
			p.report(at, "remove one", "%s is said twice", key)
		default:
			*to = strings.TrimSpace(value)
		}
	}
	p.report(len(lines), "end it with a line of ---", "the head does not end")
	return "", 0, false
}

func (p *templateParser) said(schema string, line int) {
	if !templateID.MatchString(p.t.ID) || len(p.t.ID) > 100 {
		p.report(line, "write id: acme/test-report", "id %q: want lower-case words", p.t.ID)
	}
	if !templateVersion.MatchString(p.t.Version) {
		p.report(line, "write version: 1.0.0", "version %q: want X.Y.Z", p.t.Version)
	}
	if schema != FactsSchema {
		p.report(line, "write data: "+FactsSchema, "data %q is not what this program gives", schema)
	}
	if k, err := KindNamed(p.t.Kind); err != nil {
		p.report(line, "name a kind of the catalog", "%v", err)
	} else if k.FinalOnly {
		p.report(line, "", "a %s has no template: its form is part of the record", k.Name)
	}
}

// Printed names the template: "acme/test-report 1.0.0".
func (t Template) Printed() string { return cmp.Or(t.ID, t.File) + " " + t.Version }

// apply orders the built-in sections as the template says and puts its text
// between them.
func (t Template) apply(f Facts, built []Block) ([]Block, error) {
	sections := splitSections(built)
	blocks, err := t.body.execute(f, sections)
	if err != nil {
		return nil, fmt.Errorf("template %s (%s): %w", t.Printed(), t.File, err)
	}
	for _, s := range sections {
		if !s.placed {
			blocks = append(blocks, s.blocks...)
		}
	}
	renumber(blocks)
	return blocks, nil
}

// builtSection is one section of level 1 of a built-in document.
type builtSection struct {
	name   string // of its heading: purpose-and-prerequisites
	blocks []Block
	placed bool
}

func splitSections(blocks []Block) []*builtSection {
	var out []*builtSection
	for _, b := range blocks {
		if b.Heading != nil && b.Heading.Level == 1 || len(out) == 0 {
			s := &builtSection{}
			if b.Heading != nil {
				s.name = SectionName(b.Heading.Text)
			}
			out = append(out, s)
		}
		last := out[len(out)-1]
		last.blocks = append(last.blocks, b)
	}
	return out
}

var noWord = regexp.MustCompile(`[^a-z0-9]+`)

// SectionName is how a template calls a section of a heading.
func SectionName(heading string) string {
	return strings.Trim(noWord.ReplaceAllString(strings.ToLower(heading), "-"), "-")
}

// renumber numbers the headings anew.
func renumber(blocks []Block) {
	var n [2]int
	for i, b := range blocks {
		if b.Heading == nil {
			continue
		}
		h := *b.Heading
		switch {
		case h.Level == 1 || n[0] == 0:
			h.Level = 1
			n = [2]int{n[0] + 1, 0}
			h.Number = fmt.Sprint(n[0])
		case h.Level == 2:
			n[1]++
			h.Number = fmt.Sprintf("%d.%d", n[0], n[1])
		}
		blocks[i].Heading = &h
	}
}
