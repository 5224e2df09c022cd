package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const commit = "1111111111111111111111111111111111111111"

var (
	inTST = trace.Column{Verification: "OV", Environment: "tst"}
	inVAL = trace.Column{Verification: "OV", Environment: "val"}
	scope = trace.Scope{Commit: commit, Columns: []trace.Column{inTST, inVAL}}
)

// chain is URS-1 <- FS-1 <- TEST-1.
func chain(t testing.TB) []trace.Item {
	t.Helper()
	items, findings := trace.Scan("a.md", []byte(strings.Join([]string{
		"## URS-corp-1: need", "x", "## FS-corp-1: way", "- Implements: URS-corp-1", "x", "## TEST-corp-1: proof", "- Verifies: FS-corp-1",
	}, "\n")))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	return items
}

// result is one case in the shape "tst 1 passed"; attempts count from 1.
func result(id, env string, attempt int, o evidence.Outcome) trace.Result {
	return trace.Result{IDs: []string{id}, Name: "case of " + id, Verification: "OV", Environment: env, Attempt: attempt, Commit: commit, Outcome: o, Evidence: fmt.Sprint(env, attempt)}
}

func TestTheStateOfAPath(t *testing.T) {
	const test = "TEST-corp-1"
	other := result(test, "val", 1, evidence.Passed)
	other.Commit = strings.Repeat("2", 40)
	otherTST := other
	otherTST.Environment = "tst"
	pov := result(test, "prd", 1, evidence.Passed)
	pov.Verification = "pOV"
	for _, c := range []struct {
		name    string
		results []trace.Result
		state   trace.State
		reason  string // of the test
	}{
		{"passed where expected", []trace.Result{result(test, "tst", 1, evidence.Passed), result(test, "val", 1, evidence.Passed)}, trace.OK, ""},
		{"no result at all", nil, trace.Missing, "no result names it"},
		{"missing in VAL", []trace.Result{result(test, "tst", 1, evidence.Passed)}, trace.Partial, "missing OV in val (no result)"},
		{"failed in VAL", []trace.Result{result(test, "tst", 1, evidence.Passed), result(test, "val", 1, evidence.Failed)}, trace.Failed, "failed OV in val (failed)"},
		{"an error is a failure", []trace.Result{result(test, "tst", 1, evidence.Errored), result(test, "val", 1, evidence.Passed)}, trace.Failed, "failed OV in tst (error)"},
		{"only skipped", []trace.Result{result(test, "tst", 1, evidence.Skipped), result(test, "val", 1, evidence.Skipped)}, trace.Missing, "missing OV in tst (skipped), missing OV in val (skipped)"},
		{"the latest attempt decides for it", []trace.Result{result(test, "tst", 2, evidence.Passed), result(test, "tst", 1, evidence.Failed), result(test, "val", 1, evidence.Passed)}, trace.OK, ""},
		{"the latest attempt decides against it", []trace.Result{result(test, "tst", 1, evidence.Passed), result(test, "tst", 2, evidence.Failed), result(test, "val", 1, evidence.Passed)}, trace.Failed, "failed OV in tst (failed)"},
		{"a later skip does not keep an earlier pass", []trace.Result{result(test, "tst", 1, evidence.Passed), result(test, "tst", 2, evidence.Skipped), result(test, "val", 1, evidence.Passed)}, trace.Partial, "missing OV in tst (skipped)"},
		{"one failing case of several", []trace.Result{result(test, "tst", 1, evidence.Failed), result(test, "tst", 1, evidence.Passed), result(test, "val", 1, evidence.Passed)}, trace.Failed, "failed OV in tst (failed)"},
		{"one skipped case of several", []trace.Result{result(test, "tst", 1, evidence.Skipped), result(test, "tst", 1, evidence.Passed), result(test, "val", 1, evidence.Passed)}, trace.OK, ""},
		{"another commit in VAL", []trace.Result{result(test, "tst", 1, evidence.Passed), other}, trace.Partial, "stale OV in val (result of commit 222222222222)"},
		{"another commit everywhere", []trace.Result{otherTST, other}, trace.Stale, "stale OV in tst (result of commit 222222222222), stale OV in val (result of commit 222222222222)"},
		{"a failure where nothing is expected", []trace.Result{result(test, "dev", 1, evidence.Failed), result(test, "tst", 1, evidence.Passed), result(test, "val", 1, evidence.Passed)}, trace.Failed, "failed OV in dev (failed)"},
		{"a pass where nothing is expected adds nothing", []trace.Result{result(test, "dev", 1, evidence.Passed)}, trace.Missing, "missing OV in tst (no result), missing OV in val (no result)"},
		{"a verification that the scope does not ask for", []trace.Result{pov}, trace.OK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := trace.Link(chain(t), c.results, scope)
			for _, id := range []string{test, "FS-corp-1", "URS-corp-1"} {
				if s, why := m.State(id); s != c.state {
					t.Errorf("%s is %s (%s), want %s", id, s, why, c.state)
				}
			}
			if _, why := m.State(test); why != c.reason {
				t.Errorf("reason %q, want %q", why, c.reason)
			}
			for _, g := range m.Gaps() {
				if g.Direct != (g.ID == test) {
					t.Errorf("%s direct %v, want only the test to be", g.ID, g.Direct)
				}
			}
			if want := 3; c.state != trace.OK && len(m.Gaps()) != want || c.state == trace.OK && len(m.Gaps()) != 0 {
				t.Errorf("gaps: %v", m.Gaps())
			}
		})
	}
}

func TestANoteSaysThatAnEarlierAttemptFailed(t *testing.T) {
	m := trace.Link(chain(t), []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Failed), result("TEST-corp-1", "tst", 3, evidence.Passed)}, scope).Document()
	want := []document.MatrixCell{{State: "OK", Attempt: 3, Evidence: "tst3", Note: "passed on attempt 3"}, {State: "MISSING", Note: "no result"}}
	if d := cmp.Diff(want, m.Rows[0].Cells); d != "" {
		t.Error(d)
	}
}

func TestGXP043_MissingStepsAreRows(t *testing.T) {
	items, _ := trace.Scan("a.md", []byte(strings.Join([]string{
		"## URS-corp-10: without specification", "x", "## URS-corp-2: with an untested one", "x",
		"## FS-corp-1: untested", "- Implements: URS-corp-2", "x", "## FS-corp-2: orphan", "x",
		"## TEST-corp-1: of the orphan", "- Verifies: FS-corp-2", "## TEST-corp-2: orphan", "## TEST-corp-3: of a requirement", "- Verifies: URS-corp-10",
		"## URS-corp-3: retired", "- Status: retired",
	}, "\n")))
	m := trace.Link(items, []trace.Result{
		result("TEST-corp-1", "tst", 1, evidence.Passed), result("TEST-corp-1", "val", 1, evidence.Passed),
		result("URS-corp-3", "tst", 1, evidence.Passed),
	}, scope).Document()
	var got []string
	for _, r := range m.Rows {
		got = append(got, fmt.Sprintf("%s|%s|%s|%s|%s", r.URS.ID, r.FS.ID, r.Test.ID, r.State, r.Reason))
	}
	want := []string{
		"URS-corp-2|FS-corp-1||MISSING|no test verifies it",
		"URS-corp-10|||MISSING|no specification implements it",
		"URS-corp-10||TEST-corp-3|MISSING|no result names it",
		"|FS-corp-2|TEST-corp-1|OK|",
		"||TEST-corp-2|MISSING|no result names it",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	wantCoverage := []document.Coverage{
		{Kind: "URS", Total: 2},
		{Kind: "FS", Total: 2},
		{Kind: "TEST", Covered: 1, Total: 3},
		{Kind: "TEST", Environment: "tst", Covered: 1, Total: 1},
		{Kind: "TEST", Environment: "val", Covered: 1, Total: 1},
	}
	if d := cmp.Diff(wantCoverage, m.Coverage); d != "" {
		t.Error(d)
	}
	gaps := map[string]string{}
	for _, g := range m.Gaps {
		gaps[g.ID] = fmt.Sprint(g.State, " ", g.Reason, " ", g.Direct, " ", g.Source)
	}
	wantGaps := map[string]string{
		"URS-corp-2":  "MISSING FS-corp-1 is MISSING false a.md:3",
		"URS-corp-10": "MISSING no specification implements it true a.md:1",
		"FS-corp-1":   "MISSING no test verifies it true a.md:5",
		"FS-corp-2":   "PARTIAL implements no requirement true a.md:8",
		"TEST-corp-2": "MISSING no result names it true a.md:12",
		"TEST-corp-3": "MISSING no result names it true a.md:13",
	}
	if d := cmp.Diff(wantGaps, gaps); d != "" {
		t.Error(d)
	}
}

func TestResultsMayNameTestsThatNoHeadingDeclares(t *testing.T) {
	items := chain(t)[:2] // without the test
	both := result("TEST-corp-7", "tst", 1, evidence.Passed)
	both.IDs = append(both.IDs, "FS-corp-1")
	m := trace.Link(items, []trace.Result{both, result("TEST-corp-7", "val", 1, evidence.Passed)}, scope)
	if s, why := m.State("URS-corp-1"); s != trace.OK {
		t.Errorf("URS-corp-1 is %s: %s", s, why)
	}
	if d := cmp.Diff([]string{"TEST-corp-7"}, m.Forward("FS-corp-1")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"FS-corp-1"}, m.Backward("TEST-corp-7")); d != "" {
		t.Error(d)
	}
}

func TestResultsMayNameASpecificationDirectly(t *testing.T) {
	items := chain(t)[:2]
	m := trace.Link(items, []trace.Result{result("FS-corp-1", "tst", 1, evidence.Passed), result("FS-corp-1", "val", 1, evidence.Failed)}, scope)
	if s, _ := m.State("FS-corp-1"); s != trace.Failed {
		t.Errorf("FS-corp-1 is %s", s)
	}
	gaps := m.Gaps()
	if len(gaps) != 2 || gaps[0].ID != "URS-corp-1" || gaps[0].Direct || gaps[1].ID != "FS-corp-1" || !gaps[1].Direct {
		t.Errorf("gaps: %+v", gaps)
	}
	if row := m.Document().Rows[0]; row.Test.ID != "" || row.Test.Title != "case of FS-corp-1" || row.State != "FAILED" {
		t.Errorf("row: %+v", row)
	}
	if c := m.Document().Coverage[2]; c.Total != 0 {
		t.Errorf("a result was counted as a test: %+v", c)
	}
}

func TestAPlannedVerificationIsExpected(t *testing.T) {
	items := chain(t)
	items[2].Planned = []evidence.Verification{evidence.OV}
	if s, why := trace.Link(items, nil, scope).State("TEST-corp-1"); s != trace.Missing || why != "missing OV in tst (no result), missing OV in val (no result)" {
		t.Errorf("%s: %s", s, why)
	}
	items[2].Environments = []string{"tst"}
	if s, why := trace.Link(items, []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Passed)}, scope).State("TEST-corp-1"); s != trace.OK {
		t.Errorf("%s: %s", s, why)
	}
}

func TestGXP043_ABrokenLinkIsAGap(t *testing.T) {
	items := chain(t)
	items[1].Implements = append(items[1].Implements, trace.Reference{ID: "URS-corp-9"})
	m := trace.Link(items, []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Passed), result("TEST-corp-1", "val", 1, evidence.Passed)}, scope)
	if s, why := m.State("FS-corp-1"); s != trace.Partial || why != "links to URS-corp-9, which is not there" {
		t.Errorf("%s: %s", s, why)
	}
	if s, why := m.State("FS-corp-404"); s != trace.Missing || why == "" {
		t.Errorf("an unknown id is %s: %s", s, why)
	}
}

func TestOnlyCountedCasesThatNameAnIDAreResults(t *testing.T) {
	report := evidence.Report{Cases: []evidence.Case{
		{Name: "a", IDs: []string{"TEST-corp-1"}, Outcome: evidence.Passed},
		{Name: "b", Outcome: evidence.Passed},
		{Name: "c", IDs: []string{"TEST-corp-1"}, Outcome: evidence.Passed, Verification: evidence.AV},
	}}
	var got []trace.Result
	for _, j := range evidence.Judge(report, evidence.Origin{Environment: "val", Proves: []evidence.Proof{{Verification: evidence.OV, Environment: "val"}}}) {
		got = append(got, trace.Results(j, 2, commit, "ab")...)
	}
	want := []trace.Result{{IDs: []string{"TEST-corp-1"}, Name: "a", Verification: "OV", Environment: "val", Attempt: 2, Commit: commit, Outcome: evidence.Passed, Evidence: "ab"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Whatever the results are, nothing is OK without a pass at the commit, and the
// order of items and results does not matter.
func TestLinkProperties(t *testing.T) {
	outcomes := []evidence.Outcome{evidence.Passed, evidence.Failed, evidence.Errored, evidence.Skipped}
	rapid.Check(t, func(t *rapid.T) {
		items, _ := trace.Scan("a.md", []byte("## URS-corp-1: a\nx\n## URS-corp-2: b\nx\n## FS-corp-1: c\n- Implements: URS-corp-1\nx\n## FS-corp-2: d\n- Implements: URS-corp-1, URS-corp-2\nx\n## TEST-corp-1: e\n- Verifies: FS-corp-1\n## TEST-corp-2: f\n- Verifies: FS-corp-2\n"))
		n := rapid.IntRange(0, 12).Draw(t, "n")
		var results []trace.Result
		passed := map[string]bool{}
		for range n {
			id := rapid.SampledFrom([]string{"TEST-corp-1", "TEST-corp-2", "FS-corp-1", "TEST-corp-3", "URS-corp-404"}).Draw(t, "id")
			r := result(id, rapid.SampledFrom([]string{"tst", "val", "dev"}).Draw(t, "env"), rapid.IntRange(1, 3).Draw(t, "attempt"), rapid.SampledFrom(outcomes).Draw(t, "outcome"))
			r.Commit = rapid.SampledFrom([]string{commit, commit, "2", "3"}).Draw(t, "commit")
			r.Name = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")
			r.Evidence = rapid.SampledFrom([]string{"e", "f"}).Draw(t, "evidence")
			passed[id] = passed[id] || r.Outcome == evidence.Passed && r.Commit == commit
			results = append(results, r)
		}
		m := trace.Link(items, results, scope)
		for _, id := range []string{"TEST-corp-1", "TEST-corp-2", "TEST-corp-3"} {
			if s, _ := m.State(id); s == trace.OK && !passed[id] {
				t.Fatalf("%s is OK without a pass", id)
			}
		}
		ok := func(id string) bool { s, _ := m.State(id); return s == trace.OK }
		if ok("URS-corp-1") && !(ok("FS-corp-1") && ok("FS-corp-2")) || ok("FS-corp-2") && !ok("TEST-corp-2") {
			t.Fatal("a parent is OK and its child is not")
		}
		shuffled := trace.Link(rapid.Permutation(items).Draw(t, "items"), rapid.Permutation(results).Draw(t, "results"), scope)
		if d := cmp.Diff(m.Document(), shuffled.Document()); d != "" {
			t.Fatalf("the order of the input matters:\n%s", d)
		}
	})
}
