package trace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
)

func itemsOf(text string) []trace.Item {
	items, _ := trace.Scan("a.md", []byte(text))
	return items
}

// of are the places of the findings with an id.
func of(id string, findings []document.Finding) string {
	var out []string
	for _, f := range findings {
		if f.ID == id {
			out = append(out, fmt.Sprint(f.At.Line))
		}
		if f.Hint == "" || f.Severity == "" {
			out = append(out, "no hint: "+f.String())
		}
	}
	return strings.Join(out, ",")
}

const oneFS = "## FS-corp-1: a\n- Implements: URS-corp-1\n\nIt shall.\n"

func TestDOC_S03_AnIDIsNeverTakenBackOrUsedAgain(t *testing.T) {
	retired := strings.Replace(oneFS, "- Impl", "- Status: retired\n- Impl", 1)
	for name, c := range map[string]struct{ before, after, want string }{
		"nothing changed":              {oneFS, oneFS, ""},
		"retired":                      {oneFS, retired, ""},
		"removed":                      {oneFS, "", "1"},
		"in force again":               {retired, oneFS, "1"},
		"retired items may go away":    {retired, "", ""},
		"an added item":                {"", oneFS, ""},
		"used again with another text": {retired, strings.Replace(oneFS, "It shall.", "Other.", 1), "1"},
	} {
		if got := of("DOC-S03", trace.CheckChange(itemsOf(c.before), itemsOf(c.after))); got != c.want {
			t.Errorf("%s: lines %q, want %q", name, got, c.want)
		}
	}
}

func TestDOC_S05_RequirementsAreSaidOnceAndPrecisely(t *testing.T) {
	for text, want := range map[string]string{
		"The report shall list orders.":                                "",
		"The report lists orders.":                                     "",
		"It shall load. It SHALL keep.":                                "1",
		"It shall load orders as appropriate.":                         "1",
		"It shall keep orders, rows etc.":                              "1",
		"It shall be user-friendly and/or adequate.":                   "1,1,1",
		"It shall print `as appropriate` and `etc.`":                   "",
		"It shall print:\n\n```\nif possible shall shall\n```\n\nAll.": "",
		"Etching shall be normalised.":                                 "",
	} {
		if got := of("DOC-S05", trace.Check(itemsOf("## URS-corp-1: a\n\n"+text+"\n"), "")); got != want {
			t.Errorf("%q: lines %q, want %q", text, got, want)
		}
	}
	if got := of("DOC-S05", trace.Check(itemsOf("## RA-corp-1: a\n\nUsually etc.\n\n## FS-corp-9: b\n- Status: retired\n\nUsually."), "")); got != "" {
		t.Errorf("a risk and a retired item: %s", got)
	}
}

func TestDOC_S11_RequirementsAreChangedByPullRequests(t *testing.T) {
	after := strings.Replace(oneFS, "It shall.", "It shall now.", 1)
	for name, c := range map[string]struct {
		touched  bool
		requests int
		want     string
	}{
		"by a pull request":                       {true, 1, ""},
		"by commits without one":                  {true, 0, "1"},
		"by nothing in the range, said elsewhere": {false, 0, ""},
	} {
		by := func(file string) (bool, int) { return c.touched && file == "a.md", c.requests }
		if got := of("DOC-S11", trace.CheckReferences(itemsOf(oneFS), itemsOf(after), by)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := of("DOC-S11", trace.CheckReferences(itemsOf(oneFS), itemsOf(oneFS), by)); got != "" {
			t.Errorf("unchanged: %q", got)
		}
	}
}

func TestDOC_T12_NothingDestructiveRunsInProduction(t *testing.T) {
	for text, want := range map[string]string{
		"- Verification: OV\n- Environments: tst, prd":      "1",
		"- Verification: OV, pOV\n- Environments: tst, prd": "",
		"- Verification: OV\n- Environments: tst":           "",
		"- Environments: prd":                               "",
	} {
		if got := of("DOC-T12", trace.Check(itemsOf("## TEST-corp-1: a\n- Verifies: FS-corp-1\n"+text+"\n"), "")); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	ran := []trace.Result{{IDs: []string{"TEST-corp-1"}, Verification: "OV", Environment: "prd", Attempt: 1, Commit: "c", Outcome: evidence.Passed}}
	if got := of("DOC-T12", checkResults(ran, trace.Circumstance{})); got != "15" {
		t.Errorf("a result: %q", got)
	}
}

// highChain is one requirement of class High with its specification and test.
const highChain = "## URS-corp-1: a\n- Risk: High\n- Owner: x\n- GxP: no\n\nIt shall.\n\n" + oneFS + "\n\n\n" + "## TEST-corp-1: t\n- Verifies: FS-corp-1\n- Verification: OV\n"

func checkResults(results []trace.Result, c trace.Circumstance, change ...string) []document.Finding {
	text := strings.NewReplacer(change...).Replace(highChain)
	scope := trace.Scope{Commit: "c", Columns: []trace.Column{{Verification: "OV", Environment: "tst"}, {Verification: "OV", Environment: "val"}}}
	findings, _ := trace.Link(itemsOf(text), results, scope).CheckResults(c)
	return findings
}

func passed(environment string, attempt int) trace.Result {
	return trace.Result{IDs: []string{"TEST-corp-1"}, Name: "t", Verification: "OV", Environment: environment, Attempt: attempt, Commit: "c", Outcome: evidence.Passed}
}

func but(r trace.Result, change func(*trace.Result)) trace.Result {
	change(&r)
	return r
}

func TestDOC_T07_WhatIsHighHasAnAcceptanceTest(t *testing.T) {
	for name, c := range map[string]struct {
		change []string
		want   string
	}{
		"a test by machines":             {want: "8"},
		"a planned acceptance":           {change: []string{"Verification: OV", "Verification: OV, AV"}},
		"a test by hand":                 {change: []string{"Verification: OV", "Method: manual"}},
		"a lower class":                  {change: []string{"Risk: High", "Risk: Medium"}},
		"a specification that plans one": {change: []string{"Implements: URS-corp-1", "Implements: URS-corp-1\n- Verification: AV"}},
	} {
		if got := of("DOC-T07", checkResults(nil, trace.Circumstance{}, c.change...)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestDOC_T08_T10_T11_ResultsAreThereAndPassed(t *testing.T) {
	failed := but(passed("tst", 1), func(r *trace.Result) { r.Outcome = evidence.Failed })
	for name, c := range map[string]struct {
		results       []trace.Result
		t08, t10, t11 string
	}{
		"all passed":           {[]trace.Result{passed("tst", 1), passed("val", 1)}, "", "", ""},
		"none":                 {nil, "15,15", "", ""},
		"one place is missing": {[]trace.Result{passed("tst", 1)}, "15", "", ""},
		"of another commit":    {[]trace.Result{passed("tst", 1), but(passed("val", 1), func(r *trace.Result) { r.Commit = "d" })}, "15", "", ""},
		"skipped":              {[]trace.Result{passed("tst", 1), but(passed("val", 1), func(r *trace.Result) { r.Outcome = evidence.Skipped })}, "15", "", ""},
		"failed":               {[]trace.Result{failed, passed("val", 1)}, "", "15", ""},
		"passed again":         {[]trace.Result{failed, passed("tst", 2), passed("val", 1)}, "", "", "15"},
		"failed again":         {[]trace.Result{passed("tst", 1), but(failed, func(r *trace.Result) { r.Attempt = 2 }), passed("val", 1)}, "", "15", ""},
		"retried in the case":  {[]trace.Result{passed("tst", 1), but(passed("val", 1), func(r *trace.Result) { r.Retries = 2 })}, "", "", "15"},
		"ended with an error":  {[]trace.Result{but(failed, func(r *trace.Result) { r.Outcome = evidence.Errored }), passed("val", 1)}, "", "15", ""},
	} {
		got := checkResults(c.results, trace.Circumstance{})
		for id, want := range map[string]string{"DOC-T08": c.t08, "DOC-T10": c.t10, "DOC-T11": c.t11} {
			if of(id, got) != want {
				t.Errorf("%s: %s %q, want %q", name, id, of(id, got), want)
			}
		}
	}
}

func TestDOC_T09_TheArtifactIsTheVerifiedOne(t *testing.T) {
	for name, c := range map[string]struct {
		by   map[string][]string
		want string
	}{
		"the same":         {map[string][]string{"val": {"a"}, "prd": {"a"}}, ""},
		"one of several":   {map[string][]string{"val": {"b", "a"}, "prd": {"a"}}, ""},
		"another":          {map[string][]string{"val": {"a"}, "prd": {"b"}}, "0"},
		"not in PRD yet":   {map[string][]string{"val": {"a"}}, ""},
		"never was in VAL": {map[string][]string{"prd": {"a"}}, ""},
	} {
		if got := of("DOC-T09", checkResults(nil, trace.Circumstance{Artifacts: c.by})); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestDOC_T09_IsNotRunBeforeBothPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		by  map[string][]string
		run bool
	}{
		"neither": {nil, false}, "VAL only": {map[string][]string{"val": {"a"}}, false}, "both": {map[string][]string{"val": {"a"}, "prd": {"a"}}, true},
	} {
		_, left := trace.Link(nil, nil, trace.Scope{}).CheckResults(trace.Circumstance{Artifacts: c.by})
		if run := left["DOC-T09"] == ""; run != c.run {
			t.Errorf("%s: run is %v", name, run)
		}
	}
}

func TestDOC_T13_SuspectLinksAreReviewed(t *testing.T) {
	if got := of("DOC-T13", checkResults(nil, trace.Circumstance{}, "Verifies: FS-corp-1", "Verifies: FS-corp-1@000000000000")); got != "16" {
		t.Errorf("a link to an old fingerprint: %q", got)
	}
	items := itemsOf(highChain)
	at := slices.IndexFunc(items, func(i trace.Item) bool { return i.ID == "FS-corp-1" })
	if got := of("DOC-T13", checkResults(nil, trace.Circumstance{}, "Verifies: FS-corp-1", "Verifies: FS-corp-1@"+items[at].Fingerprint())); got != "" {
		t.Errorf("a reviewed link: %q", got)
	}
}

func TestDOC_T14_WaiversHold(t *testing.T) {
	whole := trace.Waiver{ID: "waiver-1", Item: "TEST-corp-1", Version: "1.0.0", Signed: true, Expires: "2026-02-01"}
	for name, c := range map[string]struct {
		change func(*trace.Waiver)
		want   string
	}{
		"a waiver that holds":  {func(*trace.Waiver) {}, ""},
		"one that ran out":     {func(w *trace.Waiver) { w.Expires = "2026-01-01" }, "15"},
		"one not signed":       {func(w *trace.Waiver) { w.Signed = false }, "15"},
		"one of a version ago": {func(w *trace.Waiver) { w.Version = "0.9.0" }, "15"},
		"one of nothing here":  {func(w *trace.Waiver) { w.Item, w.Signed = "TEST-corp-9", false }, ""},
	} {
		w := whole
		c.change(&w)
		if got := of("DOC-T14", checkResults(nil, trace.Circumstance{Version: "1.0.0", At: "2026-01-01", Waivers: []trace.Waiver{w}})); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	w := whole
	w.Signed = false
	if got := of("DOC-T14", checkResults([]trace.Result{passed("tst", 1), passed("val", 1)}, trace.Circumstance{Version: "1.0.0", Waivers: []trace.Waiver{w}})); got != "" {
		t.Errorf("of an item without a gap: %q", got)
	}
}

func TestDOC_T15_ACaseHasOneResult(t *testing.T) {
	for name, c := range map[string]struct {
		second trace.Result
		want   string
	}{
		"the same case again":     {passed("tst", 1), "15"},
		"another attempt":         {passed("tst", 2), ""},
		"another place":           {passed("val", 1), ""},
		"another case of the id":  {but(passed("tst", 1), func(r *trace.Result) { r.Name = "t[2]" }), ""},
		"another class":           {but(passed("tst", 1), func(r *trace.Result) { r.Class = "b" }), ""},
		"the same from two files": {but(passed("tst", 1), func(r *trace.Result) { r.Evidence = "x" }), "15"},
	} {
		if got := of("DOC-T15", checkResults([]trace.Result{passed("tst", 1), c.second}, trace.Circumstance{})); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
