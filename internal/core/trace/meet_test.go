package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/google/go-cmp/cmp"
)

func carrier(by trace.Carrier, id string, line int) trace.Item {
	kind, _, _ := strings.Cut(id, "-")
	return trace.Item{ID: id, Kind: trace.Kind(kind), Title: fmt.Sprintf("%s %d", by, line), By: by, At: document.Position{File: "c", Line: line, Column: 1}}
}

func TestADefinitionAndItsCarriersAreOneItem(t *testing.T) {
	job := carrier(trace.Job, "TEST-corp-1", 1)
	scenario := carrier(trace.Scenario, "TEST-corp-1", 2)
	scenario.Verifies = []trace.Reference{{ID: "FS-corp-1", At: scenario.At}, {ID: "URS-corp-1", At: scenario.At}}
	scenario.Planned = []evidence.Verification{evidence.OV}
	fs := carrier(trace.Scenario, "FS-corp-1", 3)
	fs.Planned = []evidence.Verification{evidence.OV}
	definitions := chain(t)
	for name, items := range map[string][]trace.Item{
		"carriers first":    append([]trace.Item{job, scenario, fs}, definitions...),
		"definitions first": append(append([]trace.Item{}, definitions...), job, scenario, fs),
	} {
		got, findings := trace.Meet(items)
		if len(got) != 3 || len(findings) != 0 {
			t.Fatalf("%s: %d items, %v", name, len(got), findings)
		}
		test := got[2]
		if test.Title != "proof" || test.By != "" || len(test.Places) != 2 || len(test.Verifies) != 2 || len(test.Planned) != 1 {
			t.Errorf("%s: %+v", name, test)
		}
		if len(got[1].Places) != 1 || len(got[1].Planned) != 1 {
			t.Errorf("%s: %+v", name, got[1])
		}
		for _, f := range trace.Check(got, "corp") {
			if f.ID == "DOC-S02" {
				t.Errorf("%s: %v", name, f)
			}
		}
	}
	if d := cmp.Diff(chain(t), definitions); d != "" {
		t.Errorf("the items of a file were written to:\n%s", d)
	}
}

func TestMeetFindsWhatHasNoPlace(t *testing.T) {
	retired := trace.Item{ID: "FS-corp-2", Kind: trace.FS, Title: "x", Retired: true}
	for _, c := range []struct {
		name  string
		items []trace.Item
		want  string
	}{
		{"TestDOC_S08: a resource without its specification", []trace.Item{carrier(trace.Resource, "FS-corp-9", 4)}, "DOC-S08 4:1"},
		{"TestDOC_S08: a resource of a retired one", []trace.Item{retired, carrier(trace.Resource, "FS-corp-2", 4)}, "DOC-S08 4:1"},
		{"TestDOC_S08: a resource of a requirement", append(chain(t), carrier(trace.Resource, "URS-corp-1", 4)), "DOC-S08 4:1"},
		{"a resource of its specification", append(chain(t), carrier(trace.Resource, "FS-corp-1", 4)), ""},
		{"a scenario of an unknown requirement", []trace.Item{carrier(trace.Scenario, "URS-corp-9", 5)}, "DOC-T03 5:1"},
		{"TestDOC_S02: two scenarios of one test", append(chain(t), carrier(trace.Scenario, "TEST-corp-1", 6), carrier(trace.Scenario, "TEST-corp-1", 7)), "DOC-S02 7:1"},
		{"TestDOC_S02: two scenarios that define one test", []trace.Item{carrier(trace.Scenario, "TEST-corp-1", 6), carrier(trace.Scenario, "TEST-corp-1", 7)}, "DOC-S02 7:1"},
		{"a job in two workflows", []trace.Item{carrier(trace.Job, "TEST-corp-1", 6), carrier(trace.Job, "TEST-corp-1", 7)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, findings := trace.Meet(c.items)
			if got := places(findings); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestATestMapBindsWhatNamesNothingItself(t *testing.T) {
	m := trace.TestMap{
		{Case: "test_load_*", IDs: []string{"TEST-corp-1"}},
		{Case: "test_load_all", File: "tests/*/load.py", IDs: []string{"TEST-corp-2", "FS-corp-1"}},
		{Class: "a*b*c", IDs: []string{"TEST-corp-3"}},
	}
	r := evidence.Report{Cases: []evidence.Case{
		{Name: "test_load_all", File: "tests/unit/load.py"},
		{Name: "test_load_all", File: "x"},
		{Name: "a test_load_x"},
		{Name: "x", Class: "a1b2c"},
		{Name: "x", Class: "abab"},
		{Name: "test_load_y", IDs: []string{"TEST-corp-9"}},
	}}
	bound := m.Bind(r)
	var got []string
	for _, c := range bound.Cases {
		got = append(got, strings.Join(c.IDs, " "))
	}
	want := []string{"FS-corp-1 TEST-corp-1 TEST-corp-2", "TEST-corp-1", "", "TEST-corp-3", "", "TEST-corp-9"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r.Cases[0].IDs != nil {
		t.Error("the report was written to")
	}
	if !trace.Unbound(r) || trace.Unbound(evidence.Report{Cases: r.Cases[5:]}) {
		t.Error("Unbound is wrong")
	}
}

// A link that names the stamp of another tool is suspect when the target has
// another one now, and is not judged where the target has none.
func TestAStampOfAnotherToolIsCompared(t *testing.T) {
	for _, c := range []struct {
		seen, stamp string
		want        trace.State
	}{{"one=", "one=", trace.OK}, {"one=", "two=", trace.Suspect}, {"one=", "", trace.OK}} {
		items := chain(t)
		items[1].Implements[0].Seen, items[0].Stamp = c.seen, c.stamp
		m := trace.Link(items, []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Passed), result("TEST-corp-1", "val", 1, evidence.Passed)}, scope)
		if s, why := m.State("FS-corp-1"); s != c.want {
			t.Errorf("%+v: %s (%s)", c, s, why)
		}
	}
}
