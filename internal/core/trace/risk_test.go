package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
)

func scan(t testing.TB, lines ...string) []trace.Item {
	t.Helper()
	items, findings := trace.Scan("a.md", []byte(strings.Join(lines, "\n")))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	return items
}

func TestTheClassOfARiskIsComputed(t *testing.T) {
	got := map[trace.Class][]int{}
	for s := 1; s <= 3; s++ {
		for o := 1; o <= 3; o++ {
			for d := 1; d <= 3; d++ {
				a := trace.Assessment{Severity: s, Occurrence: o, Detection: d}
				got[a.Class()] = append(got[a.Class()], a.Priority())
			}
		}
	}
	for class, limits := range map[trace.Class][2]int{trace.Low: {1, 4}, trace.Medium: {5, 16}, trace.High: {17, 27}} {
		for _, p := range got[class] {
			if p < limits[0] || p > limits[1] {
				t.Errorf("priority %d is %s", p, class)
			}
		}
	}
	if n := len(got[trace.Low]) + len(got[trace.Medium]) + len(got[trace.High]); n != 27 || len(got[trace.High]) != 4 {
		t.Errorf("classes %v", got)
	}
	if c := (trace.Assessment{Severity: 3, Occurrence: 3}).Class(); c != "" {
		t.Errorf("without detection it is %q", c)
	}
}

func TestDOC_K01_K02_K03_K04_K05_RisksAreChecked(t *testing.T) {
	const urs = "- Owner: cleo\n- Risk: Low\n- GxP: yes\n\nx"
	for _, c := range []struct{ name, text, want string }{
		{"complete", "## RA-corp-1: r\n- Item: FS-corp-1\n- Severity: 3\n- Occurrence: 2\n- Detection: 1\n- Mitigation: TEST-corp-1\n- Residual: Low\n", ""},
		{"names no item", "## RA-corp-1: r\n- Severity: 1\n- Occurrence: 1\n- Detection: 1\n- Residual: Low\n", "DOC-K05 1:4,DOC-K01 15:4"},
		{"factor out of range and one absent", "## RA-corp-1: r\n- Item: FS-corp-1\n- Severity: 4\n- Occurrence: 2\n- Residual: Low\n", "DOC-K02 17:13,DOC-K02 15:4"},
		{"class typed", "## RA-corp-1: r\n- Item: FS-corp-1\n- Severity: 1\n- Probability: 1\n- Detectability: 1\n- Class: Low\n- Residual: Low\n", "DOC-K02 20:10"},
		{"nothing mitigates", "## RA-corp-1: r\n- Item: FS-corp-1\n- Severity: 3\n- Occurrence: 2\n- Detection: 1\n- Residual: Low\n", "DOC-K03 15:4"},
		{"no residual", "## RA-corp-1: r\n- Item: FS-corp-1\n- Severity: 1\n- Occurrence: 2\n- Detection: 1\n", "DOC-K04 15:4"},
		{"residual in other words", "## RA-corp-1: r\n- Item: FS-corp-1\n- Severity: 1\n- Occurrence: 2\n- Detection: 1\n- Residual: small\n", "DOC-K04 20:13,DOC-K04 15:4"},
		{"about a test", "## RA-corp-1: r\n- Item: TEST-corp-1\n- Severity: 1\n- Occurrence: 1\n- Detection: 1\n- Residual: Low\n", "DOC-K05 1:4,DOC-T03 16:9"},
		{"mitigated by nothing known", "## RA-corp-1: r\n- Item: URS-corp-1\n- Severity: 1\n- Occurrence: 1\n- Detection: 1\n- Residual: Low\n- Mitigated by: TEST-corp-9\n", "DOC-T03 21:17"},
		{"no risk at all", "", "DOC-K05 1:4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "## URS-corp-1: need\n" + urs + "\n\n## FS-corp-1: way\n- Implements: URS-corp-1\n\nx\n\n## TEST-corp-1: proof\n- Verifies: FS-corp-1\n" + c.text
			items, findings := trace.Scan("a.md", []byte(text))
			if got := places(append(findings, trace.Check(items, "corp")...)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The least evidence is asked of the specification, from any of its tests, and
// only of columns that the scope expects by now.
func TestAClassAsksForTheLeastEvidence(t *testing.T) {
	inAV := trace.Column{Verification: "AV", Environment: "val"}
	passed := func(test string, c trace.Column) trace.Result {
		r := result(test, c.Environment, 1, evidence.Passed)
		r.Verification = c.Verification
		return r
	}
	both := []trace.Result{passed("TEST-corp-1", inTST), passed("TEST-corp-1", inVAL)}
	for _, c := range []struct {
		name    string
		risk    string
		results []trace.Result
		columns []trace.Column
		want    string // state and reason of FS-corp-1
	}{
		{"Low is content with any", "Low", []trace.Result{passed("TEST-corp-1", trace.Column{Verification: "UT"})}, []trace.Column{{Verification: "UT"}, inTST, inVAL, inAV}, "OK "},
		{"Medium wants OV in tst and val", "Medium", []trace.Result{passed("TEST-corp-1", trace.Column{Verification: "UT"})}, []trace.Column{{Verification: "UT"}, inTST, inVAL, inAV}, "PARTIAL risk class Medium wants OV in tst, OV in val"},
		{"Medium has it", "Medium", both, []trace.Column{inTST, inVAL, inAV}, "OK "},
		{"before VAL nothing of it is asked for", "Medium", both[:1], []trace.Column{inTST}, "OK "},
		{"High wants acceptance too", "High", both, []trace.Column{inTST, inVAL, inAV}, "PARTIAL risk class High wants AV in val"},
		{"High has it from another test", "High", append(both, passed("TEST-corp-2", inAV)), []trace.Column{inTST, inVAL, inAV}, "OK "},
		{"nothing said asks for nothing", "", both[:1], []trace.Column{inTST, inAV}, "OK "},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := []string{"## URS-corp-1: need", "", "x"}
			if c.risk != "" {
				lines[1] = "- Risk: " + c.risk
			}
			items := scan(t, append(lines, "## FS-corp-1: way", "- Implements: URS-corp-1", "x", "## TEST-corp-1: a", "- Verifies: FS-corp-1")...)
			if strings.Contains(c.name, "another test") {
				items = append(items, scan(t, "## TEST-corp-2: b", "- Verifies: FS-corp-1")...)
			}
			m := trace.Link(items, c.results, trace.Scope{Commit: commit, Columns: c.columns, Minimum: trace.Minimum})
			if s, why := m.State("FS-corp-1"); fmt.Sprint(s, " ", why) != c.want {
				t.Errorf("%s %s, want %s", s, why, c.want)
			}
		})
	}
}

// A risk of the specification and one of the requirement both count.
func TestTheHighestClassCounts(t *testing.T) {
	high := []string{"- Severity: 3", "- Occurrence: 3", "- Detection: 3", "- Mitigation: TEST-corp-1"}
	for _, about := range []string{"URS-corp-1", "FS-corp-1"} {
		items := append(chain(t), scan(t, append([]string{"## RA-corp-1: r", "- Item: " + about}, high...)...)...)
		m := trace.Link(items, []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Passed), result("TEST-corp-1", "val", 1, evidence.Passed)}, scope)
		if got := m.Document().Rows[0].Risk; got != "High" {
			t.Errorf("a risk of %s makes the test's class %q", about, got)
		}
		if s, why := m.State("RA-corp-1"); s != trace.OK {
			t.Errorf("the risk is %s: %s", s, why)
		}
	}
}

func TestTheStateOfARisk(t *testing.T) {
	passed := []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Passed), result("TEST-corp-1", "val", 1, evidence.Passed)}
	for _, c := range []struct {
		name    string
		lines   []string
		results []trace.Result
		want    string
	}{
		{"Low needs nothing", []string{"- Item: FS-corp-1", "- Severity: 1", "- Occurrence: 1", "- Detection: 1"}, nil, "OK "},
		{"High without mitigation", []string{"- Item: FS-corp-1", "- Severity: 3", "- Occurrence: 3", "- Detection: 3"}, passed, "MISSING nothing mitigates a risk of class High"},
		{"mitigated by a passed test", []string{"- Item: FS-corp-1", "- Severity: 3", "- Occurrence: 3", "- Detection: 3", "- Mitigation: TEST-corp-1"}, passed, "OK "},
		{"mitigated by a failed test", []string{"- Item: FS-corp-1", "- Severity: 3", "- Occurrence: 3", "- Detection: 3", "- Mitigation: TEST-corp-1"}, []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Failed)}, "FAILED TEST-corp-1 is FAILED"},
		{"factors not given", []string{"- Item: FS-corp-1", "- Severity: 3"}, passed, "MISSING severity, occurrence or detection is not given"},
		{"about nothing", []string{"- Severity: 1", "- Occurrence: 1", "- Detection: 1"}, passed, "MISSING assesses no item that is there"},
		{"a mitigation that is not there", []string{"- Item: FS-corp-1", "- Severity: 3", "- Occurrence: 3", "- Detection: 3", "- Mitigation: TEST-corp-1, TEST-corp-9"}, passed, "PARTIAL links to TEST-corp-9, which is not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := trace.Link(append(chain(t), scan(t, append([]string{"## RA-corp-1: r"}, c.lines...)...)...), c.results, scope)
			if s, why := m.State("RA-corp-1"); fmt.Sprint(s, " ", why) != c.want {
				t.Errorf("%s %s, want %s", s, why, c.want)
			}
		})
	}
}

func TestALinkIsSuspectWhenItsTargetChanged(t *testing.T) {
	passed := []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Passed), result("TEST-corp-1", "val", 1, evidence.Passed)}
	before := chain(t)
	need := func(text string, implements string) []trace.Item {
		return scan(t, "## URS-corp-1: need", text, "## FS-corp-1: way", "- Implements: "+implements, "x", "## TEST-corp-1: proof", "- Verifies: FS-corp-1")
	}
	changed := need("y", "URS-corp-1")
	for _, c := range []struct {
		name  string
		items []trace.Item
		want  string // states of URS, FS, TEST
	}{
		{"nothing changed", before, "OK OK OK"},
		{"only white space changed", need("  x ", "URS-corp-1"), "OK OK OK"},
		{"the requirement changed, the specification did not", changed, "SUSPECT SUSPECT OK"},
		{"the link was reviewed", need("y", "URS-corp-1@"+changed[0].Fingerprint()), "OK OK OK"},
		{"the link was reviewed at another text", need("z", "URS-corp-1@"+changed[0].Fingerprint()), "SUSPECT SUSPECT OK"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scope
			s.Approved = trace.Fingerprints(before)
			m := trace.Link(c.items, passed, s)
			var got []string
			for _, id := range []string{"URS-corp-1", "FS-corp-1", "TEST-corp-1"} {
				state, _ := m.State(id)
				got = append(got, string(state))
			}
			if d := cmp.Diff(c.want, strings.Join(got, " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWhatIsWaivedIsJustifiedAndNeverCovered(t *testing.T) {
	s := scope
	s.Waived = map[string]string{"TEST-corp-1": "waiver-1"}
	m := trace.Link(chain(t), []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Passed)}, s)
	for _, id := range []string{"TEST-corp-1", "FS-corp-1", "URS-corp-1"} {
		if state, why := m.State(id); state != trace.Justified {
			t.Errorf("%s is %s: %s", id, state, why)
		}
	}
	for _, g := range m.Gaps() {
		if g.Direct != (g.ID == "TEST-corp-1") {
			t.Errorf("gap %+v", g)
		}
	}
	for _, c := range m.Coverage() {
		if c.Covered != 0 && c.Environment != "tst" || c.Waived != 1 && c.Environment != "tst" {
			t.Errorf("coverage %+v", c)
		}
	}
	// A waiver of what is OK changes nothing.
	m = trace.Link(chain(t), []trace.Result{result("TEST-corp-1", "tst", 1, evidence.Passed), result("TEST-corp-1", "val", 1, evidence.Passed)}, s)
	if state, _ := m.State("TEST-corp-1"); state != trace.OK {
		t.Errorf("a passed test is %s", state)
	}
}

// The fingerprint hangs on the words and not on their spaces.
func TestFingerprints(t *testing.T) {
	word := rapid.StringMatching(`[a-zæø≥]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(word, 1, 12).Draw(t, "words")
		space := rapid.SampledFrom([]string{" ", "  ", "\n", "\t\n "})
		var b strings.Builder
		for _, w := range text {
			b.WriteString(w + space.Draw(t, "space"))
		}
		a := trace.Item{Kind: trace.URS, Title: "t", Text: strings.Join(text, " ")}
		spread := trace.Item{Kind: trace.URS, Title: "t", Text: b.String(), Owner: "somebody else", Attributes: []trace.Attribute{{Key: "k", Value: "v"}}}
		if a.Fingerprint() != spread.Fingerprint() {
			t.Errorf("%q and %q differ", a.Text, spread.Text)
		}
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		other := a
		changed := append([]string{}, text...)
		changed[at] += "x"
		other.Text = strings.Join(changed, " ")
		if a.Fingerprint() == other.Fingerprint() {
			t.Errorf("%q and %q are the same", a.Text, other.Text)
		}
	})
	moved := trace.Item{Kind: trace.URS, Title: "a b", Text: "c"}
	if moved.Fingerprint() == (trace.Item{Kind: trace.URS, Title: "a", Text: "b c"}).Fingerprint() {
		t.Error("a word may move from the title to the text")
	}
}
