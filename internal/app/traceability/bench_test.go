package traceability_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/text"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/archtest/measure"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/trace/tracetest"
)

// pinned is a tracer over a repository of requirements at the commits r0, r1, ...,
// beside an empty one of code.
func pinned(at ...map[string]string) *traceability.Tracer {
	requirements := &commits{files: map[string]map[string]string{}}
	for i, files := range at {
		requirements.files[fmt.Sprint("r", i)] = files
	}
	return &traceability.Tracer{Repositories: repositories{&commits{}, requirements}, Solutions: solutions{}, Sources: itemfile.Sources{}}
}

// joined reads the items at a commit and joins them with results.
func joined(b *testing.B, t *traceability.Tracer, commit string, results []trace.Result) {
	b.Helper()
	items, _, err := t.Items(b.Context(), traceability.Pin{Solution: tracetest.Project, Code: "c", Requirements: commit})
	if err != nil {
		b.Fatal(err)
	}
	scope := trace.Scope{Commit: tracetest.Commit, Columns: []trace.Column{{Verification: "OV", Environment: "tst"}}}
	if m := trace.Link(items, results, scope).Document(); len(m.Rows) < len(items)/3 {
		b.Fatalf("%d rows of %d items", len(m.Rows), len(items))
	}
}

// BenchmarkTrace reads items, checks and joins them with results, with nothing
// remembered. The targets are 50 ms, 300 ms and 3 s of CPU for 1,000, 10,000 and
// 100,000 items. ours/goldmark compares it with goldmark parsing the Markdown
// form of the same set.
func BenchmarkTrace(b *testing.B) {
	for _, form := range tracetest.Forms {
		for _, n := range tracetest.Sizes {
			if form != tracetest.Markdown && n > 3_333 {
				continue // beyond the limits of a file
			}
			set := tracetest.Of(n)
			files, pages, results := set.Files(form), set.Files(tracetest.Markdown), set.Results(evidence.OV, "tst")
			b.Run(fmt.Sprintf("%s/%d", form, set.Len()), func(b *testing.B) {
				var ours, peer []measure.Cost
				for b.Loop() {
					ours = append(ours, measure.Call(b, func() { joined(b, pinned(files), "r0", results) }))
					peer = append(peer, measure.Call(b, func() {
						for _, page := range pages {
							goldmark.DefaultParser().Parse(text.NewReader([]byte(page)))
						}
					}))
				}
				measure.Report(b, ours)
				measure.Ratio(b, ours, peer, "ours/goldmark")
			})
		}
	}
}

// BenchmarkTraceAgain traces after one of the files was edited; the others are
// remembered by the ids of their bytes. The target is 20 ms. again/cold compares
// it with a tracer that remembers nothing.
func BenchmarkTraceAgain(b *testing.B) {
	for _, n := range tracetest.Sizes[:2] {
		set := tracetest.Of(n)
		results := set.Results(evidence.OV, "tst")
		was := set.Files(tracetest.Markdown)
		is := maps.Clone(was)
		is["specification.md"] = strings.Replace(was["specification.md"], "is summed", "is added up", 1)
		b.Run(fmt.Sprint(set.Len()), func(b *testing.B) {
			var again, cold []measure.Cost
			for b.Loop() {
				t := pinned(was, is)
				cold = append(cold, measure.Call(b, func() { joined(b, t, "r0", results) }))
				again = append(again, measure.Call(b, func() { joined(b, t, "r1", results) }))
			}
			measure.Report(b, again)
			measure.Ratio(b, again, cold, "again/cold")
		})
	}
}
