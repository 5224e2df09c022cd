package itemfile

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v33"
	messages "github.com/cucumber/messages/go/v28"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// maxFeature is the number of bytes of a feature file; a larger one is refused.
const maxFeature = 1 << 20

// IsFeature reports whether a path is that of a Gherkin file.
func IsFeature(path string) bool { return strings.HasSuffix(path, ".feature") }

// Feature reads the scenarios of a Gherkin file in any of its languages, and
// everything that keeps it from being read (DOC-T05).
func Feature(name string, data []byte) (out []trace.Scenario, findings []document.Finding) {
	report := func(line, column int, format string, args ...any) {
		findings = append(findings, document.Finding{
			ID: "DOC-T05", Severity: workflow.Error, At: document.Position{File: name, Line: max(line, 1), Column: max(column, 1)},
			Message: document.Visible(fmt.Sprintf(format, args...)), Hint: "write it in Gherkin: cucumber.io/docs/gherkin/reference",
		})
	}
	if len(data) > maxFeature {
		report(1, 1, "the file has %d bytes, want at most %d", len(data), maxFeature)
		return nil, findings
	}
	ids := 0
	doc, err := gherkin.ParseGherkinDocument(bytes.NewReader(data), func() string { ids++; return strconv.Itoa(ids) })
	if err != nil {
		for line := range strings.SplitSeq(strings.TrimSpace(err.Error()), "\n") {
			at, column, message := syntaxError(line)
			if message != "" {
				report(at, column, "%s", message)
			}
		}
		return nil, findings
	}
	if doc.Feature == nil {
		report(1, 1, "the file holds no feature")
		return nil, findings
	}
	f := featureReader{name: name, folder: evidence.FolderOf(name)}
	tags := tagged(nil, doc.Feature.Tags)
	for _, c := range doc.Feature.Children {
		f.scenario(c.Scenario, tags)
		if c.Rule == nil {
			continue
		}
		inner := tagged(tags, c.Rule.Tags)
		for _, r := range c.Rule.Children {
			f.scenario(r.Scenario, inner)
		}
	}
	return f.out, findings
}

// syntaxError reads "(3:1): expected: ..." as the parser writes it; the line
// above the errors says nothing.
func syntaxError(line string) (at, column int, message string) {
	place, message, ok := strings.Cut(line, "): ")
	if !ok {
		if strings.HasPrefix(line, "Parser errors") {
			return 0, 0, ""
		}
		return 1, 1, line
	}
	l, c, _ := strings.Cut(strings.TrimPrefix(place, "("), ":")
	at, _ = strconv.Atoi(l)
	column, _ = strconv.Atoi(c)
	return at, column, message
}

type featureReader struct {
	name   string
	folder evidence.Verification
	out    []trace.Scenario
}

func tagged(above []string, tags []*messages.Tag) []string {
	out := append([]string{}, above...)
	for _, t := range tags {
		out = append(out, t.Name)
	}
	return out
}

func (f *featureReader) scenario(s *messages.Scenario, above []string) {
	if s == nil {
		return
	}
	tags := tagged(above, s.Tags)
	seen := map[string]bool{}
	for _, e := range s.Examples { // each with tags of its own is selected by itself
		if own := tagged(tags, e.Tags); !seen[strings.Join(own, " ")] {
			seen[strings.Join(own, " ")] = true
			f.add(s, own)
		}
	}
	if len(s.Examples) == 0 {
		f.add(s, tags)
	}
}

func (f *featureReader) add(s *messages.Scenario, tags []string) {
	at := document.Position{File: f.name, Line: int(s.Location.Line), Column: max(int(s.Location.Column), 1)}
	one := trace.Scenario{Name: s.Name, At: at, Folder: f.folder}
	one.Tagged(tags)
	f.out = append(f.out, one)
}
