package evidence_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseVerificationReadsWhatPeopleWrite(t *testing.T) {
	for in, want := range map[string]evidence.Verification{
		"UT": evidence.UT, "dt": evidence.DT, "@IV": evidence.IV, " ov ": evidence.OV,
		"AV": evidence.AV, "@PV": evidence.AV, "pv": evidence.AV,
		"PIV": evidence.PIV, "@pOV": evidence.POV, "pov": evidence.POV,
	} {
		got, err := evidence.ParseVerification(in)
		if err != nil || got != want {
			t.Errorf("ParseVerification(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "@", "XV", "OQ", "O V", "@@OV"} {
		if got, err := evidence.ParseVerification(in); err == nil {
			t.Errorf("ParseVerification(%q) = %q, want an error", in, got)
		}
	}
}

func TestEveryVerificationHasALabelAndReadsItsOwnName(t *testing.T) {
	for _, v := range evidence.Verifications {
		if !strings.Contains(v.Label(), "("+string(v)) {
			t.Errorf("label of %s is %q, want the short name in it", v, v.Label())
		}
		if got, err := evidence.ParseVerification(string(v)); (err != nil || got != v) != (v == evidence.RR) {
			t.Errorf("ParseVerification(%q) = %q, %v", v, got, err)
		}
	}
}

func TestParseID(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     evidence.ID
		ok       bool
	}{
		{"the guide's job name", "TEST-your-project-1", evidence.ID{Kind: "TEST", Project: "your-project", Number: "1"}, true},
		{"a project without hyphen", "URS-corp-12", evidence.ID{Kind: "URS", Project: "corp", Number: "12"}, true},
		{"a number inside the project", "FS-corp-2-3", evidence.ID{Kind: "FS", Project: "corp-2", Number: "3"}, true},
		{"a very long number", "FS-a-99999999999999999999999", evidence.ID{Kind: "FS", Project: "a", Number: "99999999999999999999999"}, true},
		{"no project", "FS-1", evidence.ID{}, false},
		{"zero", "FS-corp-0", evidence.ID{}, false},
		{"leading zero", "FS-corp-01", evidence.ID{}, false},
		{"upper-case project", "FS-Corp-1", evidence.ID{}, false},
		{"double hyphen", "FS-corp--1", evidence.ID{}, false},
		{"unknown kind", "REQ-corp-1", evidence.ID{}, false},
		{"lower-case kind", "fs-corp-1", evidence.ID{}, false},
		{"white space", "FS-corp-1 ", evidence.ID{}, false},
		{"empty", "", evidence.ID{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := evidence.ParseID(c.in)
			if (err == nil) != c.ok || got != c.want {
				t.Errorf("ParseID(%q) = %+v, %v", c.in, got, err)
			}
			if c.ok && got.String() != c.in {
				t.Errorf("String() = %q, want %q", got.String(), c.in)
			}
		})
	}
}

func TestParseIDAgreesWithTheGrammar(t *testing.T) {
	grammar := regexp.MustCompile(`^(URS|FS|RA|TEST|DEV)-[a-z0-9]+(-[a-z0-9]+)*-[1-9][0-9]*$`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`(URS|FS|RA|TEST|DEV|X)?-?[a-z0-9A-Z-]{0,8}-?[0-9]{0,3}`).Draw(t, "id")
		_, err := evidence.ParseID(s)
		if (err == nil) != grammar.MatchString(s) {
			t.Fatalf("ParseID(%q): %v, the grammar says %v", s, err, grammar.MatchString(s))
		}
	})
}

func TestFindIDs(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"none", "test_orders_are_loaded", nil},
		{"inside a sentence, sorted, once", "URS-corp-2: FS-corp-1 (and URS-corp-2).", []string{"FS-corp-1", "URS-corp-2"}},
		{"in a parametrised name", "test_load[TEST-corp-procurement-1]", []string{"TEST-corp-procurement-1"}},
		{"an underscore ends an id", "test_FS-corp-1_loads", []string{"FS-corp-1"}},
		{"a longer word is no id", "FS-corp-1-retry", nil},
		{"a letter in front is no id", "XFS-corp-1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, evidence.FindIDs(c.in)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestJobNameIDIsTheWholeName(t *testing.T) {
	for in, want := range map[string]bool{
		"TEST-corp-procurement-1": true, "FS-corp-procurement-1": false,
		"run TEST-corp-procurement-1": false, "TEST-corp-procurement-1 ": false, "": false,
	} {
		if id, ok := evidence.JobNameID(in); ok != want || ok && id != in {
			t.Errorf("JobNameID(%q) = %q, %v; want %v", in, id, ok, want)
		}
	}
}

func TestVerdict(t *testing.T) {
	pass, skip := evidence.Case{Name: "loads", Outcome: evidence.Passed}, evidence.Case{Name: "later", Outcome: evidence.Skipped}
	fail, broken := evidence.Case{Name: "sums", Outcome: evidence.Failed}, evidence.Case{Name: "boot", Outcome: evidence.Errored}
	for _, c := range []struct {
		name   string
		report evidence.Report
		want   evidence.Judgement
	}{
		{"a passing and a skipped case pass", evidence.Report{Cases: []evidence.Case{pass, skip}}, evidence.Judgement{Passed: true}},
		{"no case is no evidence", evidence.Report{}, evidence.Judgement{Reasons: []string{"the file holds no test case"}}},
		{"claimed totals are not cases", evidence.Report{Totals: evidence.Totals{Cases: 3, Passed: 3}}, evidence.Judgement{Reasons: []string{"the file holds no test case"}}},
		{"only skipped cases are no evidence", evidence.Report{Cases: []evidence.Case{skip, skip}}, evidence.Judgement{Reasons: []string{"all 2 cases were skipped"}}},
		{"one failure fails", evidence.Report{Cases: []evidence.Case{pass, fail}}, evidence.Judgement{Reasons: []string{"1 of 2 cases failed"}}},
		{"one error fails", evidence.Report{Cases: []evidence.Case{pass, broken}}, evidence.Judgement{Reasons: []string{"1 of 2 cases ended in an error"}}},
		{"an unknown outcome fails", evidence.Report{Cases: []evidence.Case{{Name: "odd", Outcome: "green"}}}, evidence.Judgement{Reasons: []string{"1 of 1 cases ended in an error"}}},
		{
			"an unreadable file fails with its line",
			evidence.Report{Cases: []evidence.Case{pass}, Problems: []evidence.Problem{{Line: 3, Message: "unexpected end", Fatal: true}}},
			evidence.Judgement{Reasons: []string{"line 3: unexpected end"}},
		},
		{"a note is no reason", evidence.Report{Cases: []evidence.Case{pass}, Problems: []evidence.Problem{{Line: 3, Message: "id twice"}}}, evidence.Judgement{Passed: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, evidence.Verdict(c.report)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAddingACaseThatDidNotPassNeverHeals(t *testing.T) {
	outcomes := []evidence.Outcome{evidence.Passed, evidence.Failed, evidence.Errored, evidence.Skipped, "odd"}
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOf(rapid.SampledFrom(outcomes)).Draw(t, "outcomes")
		var r evidence.Report
		bad := false
		for _, o := range drawn {
			r.Cases = append(r.Cases, evidence.Case{Outcome: o})
			bad = bad || o != evidence.Passed && o != evidence.Skipped
			if bad && evidence.Verdict(r).Passed {
				t.Fatalf("%v passed", drawn)
			}
		}
		tot := evidence.Count(r.Cases)
		if tot.Cases != tot.Passed+tot.Failed+tot.Errored+tot.Skipped {
			t.Fatalf("totals do not add up: %+v", tot)
		}
	})
}

func TestClassify(t *testing.T) {
	ovTST, povPRD, ut := evidence.Proof{evidence.OV, "tst"}, evidence.Proof{evidence.POV, "prd"}, evidence.Proof{evidence.UT, ""}
	for _, c := range []struct {
		name         string
		kase         evidence.Case
		origin       evidence.Origin
		verification evidence.Verification
		rule         evidence.Rule
		counted      bool
	}{
		{"no environment is UT", evidence.Case{}, evidence.Origin{Proves: []evidence.Proof{ut}}, evidence.UT, evidence.ByEnvironment, true},
		{"tst is OV", evidence.Case{}, evidence.Origin{Environment: "tst", Proves: []evidence.Proof{ovTST}}, evidence.OV, evidence.ByEnvironment, true},
		{"prd is pOV", evidence.Case{}, evidence.Origin{Environment: "prd", Proves: []evidence.Proof{povPRD}}, evidence.POV, evidence.ByEnvironment, true},
		{
			"configuration beats the tag",
			evidence.Case{Verification: evidence.IV},
			evidence.Origin{Environment: "tst", Configured: evidence.OV, Proves: []evidence.Proof{ovTST}},
			evidence.OV, evidence.ByConfiguration, true,
		},
		{
			"the tag beats the folder",
			evidence.Case{Verification: evidence.OV, File: "tests/unit/test_a.py"},
			evidence.Origin{Environment: "tst", Proves: []evidence.Proof{ovTST}},
			evidence.OV, evidence.ByTag, true,
		},
		{
			"the folder of the test's module",
			evidence.Case{Class: "tests.unit.test_a.TestLoad"},
			evidence.Origin{Environment: "tst", Proves: []evidence.Proof{ovTST, ut}},
			evidence.UT, evidence.ByFolder, true,
		},
		{
			"the folder of the result file",
			evidence.Case{Class: "etl"},
			evidence.Origin{Path: "out/tests/installation/r.xml", Environment: "tst", Proves: []evidence.Proof{{evidence.IV, "tst"}}},
			evidence.IV, evidence.ByFolder, true,
		},
		{
			"tests/verification in PRD is pOV",
			evidence.Case{File: "tests/verification/test_a.py"},
			evidence.Origin{Environment: "prd", Proves: []evidence.Proof{povPRD}},
			evidence.POV, evidence.ByFolder, true,
		},
		{
			"integration tests in PRD do not count",
			evidence.Case{File: "tests/integration/test_a.py"},
			evidence.Origin{Environment: "prd", Proves: []evidence.Proof{povPRD}},
			evidence.OV, evidence.ByFolder, false,
		},
		{"a job may not prove what the plan does not say", evidence.Case{}, evidence.Origin{Environment: "val", Proves: []evidence.Proof{ovTST}}, evidence.OV, evidence.ByEnvironment, false},
		{
			"acceptance from a machine never counts",
			evidence.Case{Verification: evidence.AV},
			evidence.Origin{Environment: "val", Proves: []evidence.Proof{{evidence.AV, "val"}}},
			evidence.AV, evidence.ByTag, false,
		},
		{
			"a folder name must be whole",
			evidence.Case{File: "mytests/unit/test_a.py"},
			evidence.Origin{Environment: "tst", Proves: []evidence.Proof{ovTST}},
			evidence.OV, evidence.ByEnvironment, true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := evidence.Classify(evidence.Report{Cases: []evidence.Case{c.kase}}, c.origin)
			if len(got) != 1 {
				t.Fatalf("got %d cases, want every case kept", len(got))
			}
			k := got[0]
			if k.Verification != c.verification || k.Rule != c.rule || k.Counted != c.counted {
				t.Errorf("got %s by %s, counted %v; want %s by %s, counted %v", k.Verification, k.Rule, k.Counted, c.verification, c.rule, c.counted)
			}
			if k.Counted == (k.Flag != "") {
				t.Errorf("counted %v with flag %q", k.Counted, k.Flag)
			}
			if k.Verification.BoundToCommit() && k.Environment != "" {
				t.Errorf("%s is bound to %q, want the commit alone", k.Verification, k.Environment)
			}
		})
	}
}

func TestIDsAreOrderedByNumber(t *testing.T) {
	want := []string{"FS-corp-2", "FS-corp-10", "FS-corp-1x-1", "TEST-corp-1"}
	got := []string{"TEST-corp-1", "FS-corp-10", "FS-corp-1x-1", "FS-corp-2"}
	slices.SortFunc(got, evidence.CompareIDs)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[A-Z]{1,2}(-[a-z0-9]{1,2}){0,3}`)
		a, b, c := id.Draw(t, "a"), id.Draw(t, "b"), id.Draw(t, "c")
		if evidence.CompareIDs(a, b) != -evidence.CompareIDs(b, a) || (evidence.CompareIDs(a, b) == 0) != (a == b) {
			t.Fatalf("%q and %q are not ordered", a, b)
		}
		if evidence.CompareIDs(a, b) < 0 && evidence.CompareIDs(b, c) < 0 && evidence.CompareIDs(a, c) >= 0 {
			t.Fatalf("%q < %q < %q, but not %q < %q", a, b, c, a, c)
		}
	})
}

func TestJudgeLooksAtEachVerificationByWhatCounts(t *testing.T) {
	report := evidence.Report{Cases: []evidence.Case{
		{Name: "a", Outcome: evidence.Passed},
		{Name: "b", Outcome: evidence.Failed, Verification: evidence.IV},
		{Name: "c", Outcome: evidence.Passed, Verification: evidence.AV},
	}}
	origin := evidence.Origin{Environment: "val", Proves: []evidence.Proof{{Verification: evidence.OV, Environment: "val"}, {Verification: evidence.IV, Environment: "val"}}}
	got := evidence.Judge(report, origin)
	if len(got) != 3 || !got[0].Passed || got[1].Passed || got[2].Passed {
		t.Fatalf("got %+v", got)
	}
	if got[2].Counted.Cases != 0 || got[2].Totals.Cases != 1 || !strings.HasPrefix(got[2].Reasons[0], "none of 1 cases counts: acceptance") {
		t.Errorf("acceptance from a machine: %+v", got[2])
	}
	report.Problems = []evidence.Problem{{Line: 9, Message: "unexpected EOF", Fatal: true}}
	for _, j := range evidence.Judge(report, origin) {
		if j.Passed {
			t.Errorf("%s of an unreadable file passed", j.Verification)
		}
	}
}

func TestAttack34_AnEmptyReportFailsWhereItWasExpected(t *testing.T) {
	for _, c := range []struct {
		origin       evidence.Origin
		verification evidence.Verification
		environment  string
	}{
		{evidence.Origin{Environment: "tst"}, evidence.OV, "tst"},
		{evidence.Origin{Environment: "tst", Path: "tests/unit/r.xml"}, evidence.UT, ""},
		{evidence.Origin{Environment: "prd", Configured: evidence.PIV}, evidence.PIV, "prd"},
	} {
		got := evidence.Judge(evidence.Report{}, c.origin)
		if len(got) != 1 || got[0].Passed || got[0].Verification != c.verification || got[0].Environment != c.environment || len(got[0].Reasons) == 0 {
			t.Errorf("%+v: got %+v", c.origin, got)
		}
	}
}

func TestAJobNamedAfterATestIsACase(t *testing.T) {
	for conclusion, want := range map[string]evidence.Outcome{
		"success": evidence.Passed, "failure": evidence.Failed, "skipped": evidence.Skipped, "cancelled": evidence.Errored, "": evidence.Errored,
	} {
		c, ok := evidence.JobCase("TEST-corp-procurement-1", conclusion)
		if !ok || c.Outcome != want || len(c.IDs) != 1 || (c.Message == "") != (want == evidence.Passed) {
			t.Errorf("%q: got %+v, %v", conclusion, c, ok)
		}
	}
	if c, ok := evidence.JobCase("Deploy to tst", "success"); ok {
		t.Errorf("got %+v", c)
	}
}
