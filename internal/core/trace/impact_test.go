package trace_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/trace"
)

var product = []string{
	"## URS-corp-1: need", "x", "## URS-corp-2: other need", "x",
	"## FS-corp-1: way", "- Implements: URS-corp-1", "- Files: src/etl/**, conf/orders.json", "x",
	"## FS-corp-2: other way", "- Implements: URS-corp-2", "- Files: src/report/", "x",
	"## TEST-corp-1: proof", "- Verifies: FS-corp-1", "y",
	"## TEST-corp-2: other proof", "- Verifies: FS-corp-2",
	"## TEST-corp-3: by people", "- Verifies: FS-corp-2", "- Verification: AV",
	"## RA-corp-1: risk", "- Item: FS-corp-1", "- Severity: 3", "- Occurrence: 2", "- Detection: 1", "- Mitigation: TEST-corp-2", "z",
}

func TestTheVerificationPlanFollowsTheChange(t *testing.T) {
	edit := func(old, changed string) []trace.Item {
		text := strings.Join(product, "\n")
		if !strings.Contains(text, old) {
			t.Fatalf("the product has no %q", old)
		}
		return scan(t, strings.Replace(text, old, changed, 1))
	}
	before := scan(t, product...)
	for _, c := range []struct {
		name  string
		after []trace.Item
		files []string
		again string   // ids
		why   []string // of the first
	}{
		{"nothing changed", before, nil, "", nil},
		{"documentation alone changed", before, []string{"documentation/a.md"}, "", nil},
		{"a requirement changed", edit("need\nx", "need\nxx"), nil, "TEST-corp-1", []string{"URS-corp-1 was changed, FS-corp-1 implements URS-corp-1, TEST-corp-1 verifies FS-corp-1"}},
		{"a test changed", edit("proof\n- Verifies: FS-corp-1\ny", "proof\n- Verifies: FS-corp-1\nyy"), nil, "TEST-corp-1", []string{"TEST-corp-1 was changed"}},
		{"a link changed", edit("## TEST-corp-1: proof\n- Verifies: FS-corp-1", "## TEST-corp-1: proof\n- Verifies: FS-corp-1, URS-corp-1"), nil, "TEST-corp-1", []string{"TEST-corp-1 was relinked"}},
		{"a risk changed", edit("Severity: 3", "Severity: 2"), nil, "TEST-corp-1 TEST-corp-2", []string{"RA-corp-1 was changed, a risk of FS-corp-1, TEST-corp-1 verifies FS-corp-1"}},
		{"a claimed file changed", before, []string{"src/etl/load/a.py"}, "TEST-corp-1", []string{"src/etl/load/a.py changed, which FS-corp-1 claims, TEST-corp-1 verifies FS-corp-1"}},
		{"a claimed single file changed", before, []string{"conf/orders.json"}, "TEST-corp-1", []string{"conf/orders.json changed, which FS-corp-1 claims, TEST-corp-1 verifies FS-corp-1"}},
		{"a folder claims what is below", before, []string{"src/report/a/b.sql"}, "TEST-corp-2 TEST-corp-3", nil},
		{"a neighbour of a folder is not claimed", before, []string{"src/reports/b.sql"}, "TEST-corp-1 TEST-corp-2", []string{"src/reports/b.sql changed and no specification claims it"}},
		{"two files that nobody claims", before, []string{"lib/a", "lib/b"}, "TEST-corp-1 TEST-corp-2", []string{"lib/a and 1 more files changed and no specification claims them"}},
		{"a test was removed", edit("## TEST-corp-2: other proof\n- Verifies: FS-corp-2\n", ""), nil, "TEST-corp-3", []string{"TEST-corp-2, which was below FS-corp-2, was removed, TEST-corp-3 verifies FS-corp-2"}},
		{"a test was retired", edit("## TEST-corp-2: other proof", "## TEST-corp-2: other proof\n- Status: retired"), nil, "TEST-corp-3", nil},
		{"an item was added", edit("## TEST-corp-2: other", "## TEST-corp-9: new\n- Verifies: FS-corp-1\n## TEST-corp-2: other"), nil, "TEST-corp-9", []string{"TEST-corp-9 was added"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := trace.Impact(before, c.after, c.files)
			if got := strings.Join(p.Tests(), " "); got != c.again {
				t.Errorf("runs again: %s, want %s", got, c.again)
			}
			if c.why != nil {
				if d := cmp.Diff(c.why, p.Again[0].Because); d != "" {
					t.Error(d)
				}
			}
			for _, k := range p.Kept {
				if len(k.Because) != 1 || strings.Contains(" "+c.again+" ", " "+k.Test+" ") {
					t.Errorf("kept %+v", k)
				}
			}
		})
	}
}

func TestANeighbourhoodIsWhatIsNear(t *testing.T) {
	m := trace.Link(scan(t, product...), nil, trace.Scope{})
	show := func(n trace.Neighbourhood) string {
		var parts []string
		for _, x := range n.Nodes {
			parts = append(parts, x.ID)
		}
		for _, e := range n.Edges {
			parts = append(parts, e.From+">"+e.To)
		}
		return strings.Join(parts, " ")
	}
	for id, want := range map[string]string{
		"FS-corp-1":   "FS-corp-1 URS-corp-1 RA-corp-1 TEST-corp-1 FS-corp-1>TEST-corp-1 FS-corp-1>RA-corp-1 URS-corp-1>FS-corp-1",
		"TEST-corp-3": "TEST-corp-3 FS-corp-2 FS-corp-2>TEST-corp-3",
		"FS-corp-9":   "",
	} {
		if got := show(m.Neighbourhood(id, 1)); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	if got := show(m.Neighbourhood("URS-corp-2", 2)); got != "URS-corp-2 FS-corp-2 TEST-corp-2 TEST-corp-3 URS-corp-2>FS-corp-2 FS-corp-2>TEST-corp-2 FS-corp-2>TEST-corp-3" {
		t.Error(got)
	}
	var many []string
	for i := range 100 {
		many = append(many, "## TEST-corp-"+strings.Repeat("1", i+2)+": t", "- Verifies: FS-corp-1")
	}
	m = trace.Link(scan(t, append(product, many...)...), nil, trace.Scope{})
	if n := m.Neighbourhood("FS-corp-1", 2); len(n.Nodes) != trace.MaxNeighbours || n.Left != 44 {
		t.Errorf("%d nodes, %d left", len(n.Nodes), n.Left)
	}
}
