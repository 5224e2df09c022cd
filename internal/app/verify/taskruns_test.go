package verify_test

import (
	"slices"
	"testing"

	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
)

// TestWhatTheTargetRanIsCountedAgain publishes what the target ran in TST; what
// the ledger says of it has to be what the raw record says.
func TestWhatTheTargetRanIsCountedAgain(t *testing.T) {
	runs := []deployment.TaskRun{
		{Job: "main", Task: "load", Run: "17", Outcome: "passed", Millis: 1200},
		{Job: "main", Task: "check", Run: "17", Outcome: "skipped", Message: "not asked for"},
	}
	failed := deployment.TaskRun{Job: "main", Task: "count", Run: "17", Outcome: "failed", Message: "no rows"}
	for name, c := range map[string]struct {
		runs   []deployment.TaskRun
		change func(*evidence.Item)
		right  bool
	}{
		"as it was":                    {runs, func(*evidence.Item) {}, true},
		"a failure that is said":       {append(slices.Clone(runs), failed), func(*evidence.Item) {}, true},
		"a failure that counts as not": {append(slices.Clone(runs), failed), func(i *evidence.Item) { i.Failed, i.Verdict, i.Flags = 0, evidence.VerdictPassed, nil }, false},
		"one more that passed":         {runs, func(i *evidence.Item) { i.Passed++ }, false},
		"counted as another proof":     {runs, func(i *evidence.Item) { i.Verification = string(evidence.IV) }, false},
		"counted in another place":     {runs, func(i *evidence.Item) { i.Environment = "val" }, false},
		"counted of another artifact":  {runs, func(i *evidence.Item) { i.Tree = i.SHA256 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			r := s.Register("1.0.0", "")
			x, fence := r.Execute("tst", "tst", "")
			item := r.TaskRuns("tst", c.runs...)
			c.change(&item)
			r.Keep(x)
			r.Finish(x, fence, item)
			r.Deploy("tst", x)
			execution, fence := r.Pass(gate.PreVal)
			_, _, err := r.Await(t.Context(), execution, fence, gate.PreVal, s.effects)
			must(t, err)
			report := judged(t, clone(t, s.source), "1.0.0", options())
			wrong := slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Rule == "recount" })
			if report.OK != c.right || wrong == c.right {
				t.Errorf("ok is %t:\n%s", report.OK, report.Text())
			}
			if c.right && report.Counts.Recounted != report.Counts.Evidence {
				t.Errorf("%d of %d were counted again", report.Counts.Recounted, report.Counts.Evidence)
			}
		})
	}
}
