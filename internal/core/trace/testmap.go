package trace

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// TestMapFile is where the code keeps its test map.
const TestMapFile = "documentation/test_map.yaml"

// TestMap binds cases to ids for producers that cannot carry ids.
type TestMap []Mapping

// Mapping binds the cases that fit all of its patterns. In a pattern * stands
// for any text; it has to fit as a whole, and "" fits everything.
type Mapping struct {
	Case, Class, Suite, File string
	IDs                      []string
}

// Bind is the report with the ids of the map in each case that has none of its
// own: what a producer says itself comes first. The report is not changed.
func (m TestMap) Bind(r evidence.Report) evidence.Report {
	own := false // the cases are a copy
	for i, c := range r.Cases {
		if len(c.IDs) > 0 {
			continue
		}
		ids := m.ids(c)
		if len(ids) == 0 {
			continue
		}
		if !own {
			r.Cases, own = slices.Clone(r.Cases), true
		}
		r.Cases[i].IDs = ids
	}
	return r
}

func (m TestMap) ids(c evidence.Case) []string {
	var out []string
	for _, x := range m {
		if fits(x.Case, c.Name) && fits(x.Class, c.Class) && fits(x.Suite, c.Suite) && fits(x.File, c.File) {
			out = append(out, x.IDs...)
		}
	}
	slices.SortFunc(out, evidence.CompareIDs)
	return slices.Clip(slices.Compact(out))
}

// fits reports whether a text fits a pattern; it is linear in both for each
// star.
func fits(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}

// Unbound reports whether a case of the report names no id.
func Unbound(r evidence.Report) bool {
	return slices.ContainsFunc(r.Cases, func(c evidence.Case) bool { return len(c.IDs) == 0 })
}
