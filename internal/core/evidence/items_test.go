package evidence_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

func TestItemsSayWhatJudgeSays(t *testing.T) {
	report := evidence.Report{Format: "junit", Cases: []evidence.Case{
		{Name: "a", Outcome: evidence.Passed, Retries: 1},
		{Name: "b", Outcome: evidence.Skipped},
		{Name: "c", Outcome: evidence.Failed, Verification: evidence.IV},
		{Name: "d", Outcome: evidence.Passed, Verification: evidence.AV},
		{Name: "e", Outcome: evidence.Passed, Verification: evidence.UT},
	}}
	origin := evidence.Origin{Path: "r.xml", Environment: "tst", Proves: []evidence.Proof{
		{Verification: evidence.OV, Environment: "tst"}, {Verification: evidence.IV, Environment: "tst"}, {Verification: evidence.UT},
	}}
	base := evidence.Item{Name: "r.xml", SHA256: "ab", Size: 7, Commit: "c0"}
	item := func(v, place string, change func(*evidence.Item)) evidence.Item {
		i := evidence.Item{
			Name: "r.xml", SHA256: "ab", Size: 7, Commit: "c0", Format: "junit", Verification: v, Environment: place,
			Verdict: evidence.VerdictPassed, Counted: true,
		}
		if place != "" {
			i.Tree = "7ree"
		}
		change(&i)
		return i
	}
	want := []evidence.Item{
		item("OV", "tst", func(i *evidence.Item) { i.Passed, i.Skipped, i.Flags = 1, 1, []string{"passed after a failed try"} }),
		item("IV", "tst", func(i *evidence.Item) {
			i.Failed, i.Verdict, i.Flags = 1, evidence.VerdictFailed, []string{"1 of 1 cases failed"}
		}),
		item("AV", "tst", func(i *evidence.Item) {
			i.Passed, i.Verdict, i.Counted = 1, evidence.VerdictFailed, false
			i.Flags = []string{"none of 1 cases counts: acceptance verification is recorded by people and never counted from a machine"}
		}),
		item("UT", "", func(i *evidence.Item) { i.Passed = 1 }),
	}
	got := evidence.Items(base, report, origin, "7ree")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	judged := evidence.Judge(report, origin)
	for _, i := range got {
		j, ok := i.Find(judged)
		if !ok || j.Passed != (i.Verdict == evidence.VerdictPassed) || (j.Flag == "") != i.Counted {
			t.Errorf("%s: found %v, %+v", i.Verification, ok, j)
		}
	}
	if _, ok := (evidence.Item{Verification: "OV", Environment: "val"}).Find(judged); ok {
		t.Error("an item of another place was found")
	}
}

func TestAnEmptyFileIsOneFailedItemThatKeepsItsFlag(t *testing.T) {
	got := evidence.Items(evidence.Item{Name: "r.xml"}, evidence.Report{}, evidence.Origin{Environment: "tst"}, "7ree")
	want := []evidence.Item{{
		Name: "r.xml", Verification: "OV", Environment: "tst", Tree: "7ree", Verdict: evidence.VerdictFailed,
		Flags: []string{"the plan does not let this job prove OV in tst", "the file holds no test case"},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGXP046_GXP086_AcceptanceCountsFromATesterOnly(t *testing.T) {
	report := evidence.Report{Cases: []evidence.Case{{Name: "a", Outcome: evidence.Passed}, {Name: "b", Outcome: evidence.Passed, Verification: evidence.OV}}}
	got := evidence.Items(evidence.Item{}, report, evidence.Tested("a.csv", evidence.AV, "val"), "7ree")
	if len(got) != 1 || got[0].Verification != "AV" || !got[0].Counted || got[0].Passed != 2 || got[0].Verdict != evidence.VerdictPassed {
		t.Errorf("got %+v", got)
	}
}

func TestAConclusionIsReadAsItWasRecorded(t *testing.T) {
	for conclusion, want := range map[string]evidence.Item{
		"success":   {Passed: 1, Verdict: evidence.VerdictPassed},
		"failure":   {Failed: 1, Verdict: evidence.VerdictFailed, Flags: []string{"1 of 1 cases failed"}},
		"cancelled": {Errors: 1, Verdict: evidence.VerdictFailed, Flags: []string{"1 of 1 cases ended in an error"}},
	} {
		raw, item, ok, err := evidence.OfConclusion(evidence.Conclusion{Name: "TEST-corp-procurement-1", Run: "R", Job: "q", Conclusion: conclusion, Commit: "c0"})
		if err != nil || !ok {
			t.Fatalf("%s: %v, %v", conclusion, ok, err)
		}
		want.Name, want.SHA256, want.Size, want.Format = "TEST-corp-procurement-1.json", item.SHA256, int64(len(raw)), evidence.FormatConclusion
		want.Verification, want.Commit, want.Counted = "UT", "c0", true
		if d := cmp.Diff(want, item); d != "" {
			t.Errorf("%s: %s", conclusion, d)
		}
		report, err := evidence.ReadConclusion(raw)
		if err != nil || len(report.Cases) != 1 || report.Cases[0].IDs[0] != "TEST-corp-procurement-1" || report.SHA256 != item.SHA256 {
			t.Errorf("%s: read %+v, %v", conclusion, report, err)
		}
	}
	if _, _, ok, err := evidence.OfConclusion(evidence.Conclusion{Name: "TEST-corp-procurement-1", Conclusion: "skipped"}); ok || err != nil {
		t.Errorf("a skipped job: %v, %v", ok, err)
	}
	if _, err := evidence.ReadConclusion([]byte(`{"schema":"other"}`)); err == nil {
		t.Error("another schema was read")
	}
}
