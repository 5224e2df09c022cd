package document_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/document"
)

func TestSectionsAreComparedByTitle(t *testing.T) {
	p := func(pairs ...string) []document.Passage {
		var out []document.Passage
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, document.Passage{Title: pairs[i], Text: pairs[i+1]})
		}
		return out
	}
	for name, c := range map[string]struct {
		before, after []document.Passage
		want          []document.SectionChange
	}{
		"the same":          {p("A", "x"), p("A", " x\n"), nil},
		"wrapped anew":      {p("A", "x y\nz"), p("A", "x\ny z"), nil},
		"moved":             {p("A", "x", "B", "y"), p("B", "y", "A", "x"), nil},
		"changed":           {p("", "x", "A", "x"), p("", "y", "A", "x"), []document.SectionChange{{Change: "changed", Removed: []string{"x"}, Added: []string{"y"}}}},
		"added and removed": {p("A", "x"), p("B", "x"), []document.SectionChange{{Title: "B", Change: "added", Added: []string{"x"}}, {Title: "A", Change: "removed", Removed: []string{"x"}}}},
		"one of two alike":  {p("A", "x", "A", "y"), p("A", "x"), []document.SectionChange{{Title: "A", Change: "removed", Removed: []string{"y"}}}},
		"the second of two": {p("A", "x", "A", "y"), p("A", "x", "A", "z"), []document.SectionChange{{Title: "A", Change: "changed", Removed: []string{"y"}, Added: []string{"z"}}}},
		"everything is new": {nil, p("A", "x"), []document.SectionChange{{Title: "A", Change: "added", Added: []string{"x"}}}},
	} {
		if d := cmp.Diff(c.want, document.CompareSections(c.before, c.after)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
