package deploy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

func ended(outcome string) []deployment.TaskRun {
	return []deployment.TaskRun{
		{Job: "main", Task: "load TEST-corp-procurement-7", Run: "17", Outcome: "passed", Millis: 1200},
		{Job: "check", Run: "18", Outcome: outcome, Message: "so it ended"},
	}
}

func TestTheRecordOfTaskRunsIsJudged(t *testing.T) {
	about := deploy.About{Schema: "dc-release/task-runs/v1", Environment: "tst", Commit: "c", Tree: "t"}
	for name, c := range map[string]struct {
		record deploy.TaskRuns
		want   evidence.Item
	}{
		"all passed": {deploy.TaskRuns{Runs: ended("passed")}, evidence.Item{Passed: 2, Verdict: "passed"}},
		"one failed": {deploy.TaskRuns{Runs: ended("failed")}, evidence.Item{Passed: 1, Failed: 1, Verdict: "failed", Flags: []string{"1 of 2 cases failed"}}},
		"one was skipped": {
			deploy.TaskRuns{Runs: ended("skipped")}, evidence.Item{Passed: 1, Skipped: 1, Verdict: "passed"},
		},
		"an outcome that nobody knows": {
			deploy.TaskRuns{Runs: ended("great")}, evidence.Item{Passed: 1, Errors: 1, Verdict: "failed", Flags: []string{"1 of 2 cases ended in an error"}},
		},
		"nothing ran": {deploy.TaskRuns{}, evidence.Item{Verdict: "failed", Flags: []string{"the file holds no test case"}}},
		"a problem after what passed": {
			deploy.TaskRuns{About: deploy.About{Problem: "cut"}, Runs: ended("passed")},
			evidence.Item{Passed: 2, Errors: 1, Verdict: "failed", Flags: []string{"1 of 3 cases ended in an error", "cut"}},
		},
	} {
		for environment, verification := range map[string]string{"dev": "OV", "tst": "OV", "val": "OV", "prd": "pOV"} {
			t.Run(name+" in "+environment, func(t *testing.T) {
				problem := c.record.Problem
				c.record.About, c.record.Call = about, 2
				c.record.Environment, c.record.Problem = environment, problem
				raw, err := canonical.Marshal(c.record)
				must(t, err)
				digest := canonical.SHA256(raw)
				want := c.want
				want.Name, want.SHA256, want.Size, want.Format = "task-runs-"+environment+"-2.json", digest, int64(len(raw)), "task-runs"
				want.Verification, want.Environment, want.Commit, want.Tree, want.Counted = verification, environment, "c", "t", true
				if d := cmp.Diff(want, deploy.Judge(c.record, digest, int64(len(raw)))); d != "" {
					t.Errorf("-want +got:\n%s", d)
				}
				report, err := deploy.ReadReport[deploy.TaskRuns](raw)
				must(t, err)
				if report.Totals != evidence.Count(report.Cases) || len(c.record.Runs) > 0 && (report.Cases[0].Suite != "main" || report.Cases[0].DurationUS != 1_200_000 ||
					strings.Join(report.Cases[0].IDs, "") != "TEST-corp-procurement-7" || report.Cases[1].Name != "check") {
					t.Errorf("%+v", report)
				}
			})
		}
	}
	for name, text := range map[string]string{
		"another schema":   `{"call":1,"commit":"","environment":"","jobs":[],"problem":"","record":"","runs":[],"schema":"dc-release/installation/v1","solution":"","tree":"","version":""}`,
		"an unknown field": `{"more":1,"schema":"dc-release/task-runs/v1"}`,
		"no JSON":          `[`,
	} {
		if _, err := deploy.ReadReport[deploy.TaskRuns]([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// job is a job that runs in a place of a release that was deployed there.
type job struct {
	*world
	r         *publishtest.Release
	execution string
	fence     int64
}

func deployed(t *testing.T, place string) *job {
	w := begin(t)
	w.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) { return ended("passed"), nil }
	j := &job{world: w, r: w.Register("1.0.0", "")}
	j.execution, j.fence = j.r.Execute(place, place, "")
	_, err := w.Deploy(t.Context(), deploy.Request{Execution: j.execution, Fence: j.fence, Files: w.tree(one)})
	must(t, err)
	return j
}

func (j *job) run(call int, names ...string) (deploy.TasksReceipt, error) {
	return j.RunTasks(j.t.Context(), deploy.TasksRequest{Execution: j.execution, Fence: j.fence, Call: call, Jobs: names})
}

// items is the evidence of task runs.
func (j *job) items() []evidence.Item {
	j.t.Helper()
	run, err := j.Scenario.State.Run(j.t.Context(), j.r.Run)
	must(j.t, err)
	var out []evidence.Item
	for _, rec := range run.Evidence {
		for _, i := range rec.Items {
			if i.Format == evidence.FormatTaskRuns {
				out = append(out, i)
			}
		}
	}
	return out
}

func TestACallIsRecordedOnce(t *testing.T) {
	j := deployed(t, "tst")
	ran := 0
	j.shelf.runs = func(c *deploy.Call, what []string) ([]deployment.TaskRun, error) {
		ran++
		c.Record.Invocations = append(c.Record.Invocations, deployment.Invocation{Argv: append([]string{"shelf"}, what...)})
		return ended("failed"), nil
	}
	first, err := j.run(1, "main")
	must(t, err)
	again, err := j.run(1, "main")
	must(t, err)
	if d := cmp.Diff(first, again); d != "" || ran != 1 || first.Verdict != "failed" || len(first.Runs) != 2 {
		t.Errorf("ran %d times, %+v\n%s", ran, first, d)
	}
	_, err = j.run(2)
	must(t, err)
	items := j.items()
	if ran != 2 || len(items) != 2 || items[0].Name == items[1].Name || items[0].Verification != "OV" || items[0].Tree != j.tree1().Digest() {
		t.Fatalf("ran %d times: %+v", ran, items)
	}
	raw, err := j.Scenario.Blobs.Bytes(t.Context(), items[0].SHA256)
	must(t, err)
	record, err := deploy.ReadRaw[deploy.TaskRuns](raw)
	must(t, err)
	did, err := j.Scenario.Blobs.Bytes(t.Context(), record.Record)
	if err != nil || !strings.Contains(string(did), `["shelf","main"]`) || strings.Join(record.Jobs, "") != "main" || record.Version != "1.0.0" {
		t.Errorf("%+v: %v, %s", record, err, did)
	}
}

func (j *job) tree1() deployment.Tree {
	tree, err := deployment.NewTree(j.tree(one))
	must(j.t, err)
	return tree
}

func TestWhatIsNotRun(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*job)
		kind   fault.Kind
		text   string
	}{
		"the claim is stale":   {func(j *job) { j.fence++ }, fault.Internal, "stale"},
		"no place":             {func(j *job) { j.execution, j.fence = j.r.Execute("unit", "", "") }, fault.Invalid, "no environment"},
		"nothing was deployed": {func(j *job) { j.execution, j.fence = j.r.Execute("val", "val", "") }, fault.Conflict, "nothing was deployed to val"},
		"another run's": {func(j *job) {
			j.r.Finish(j.execution, j.fence)
			other := j.Register("2.0.0", "1.0.0")
			j.execution, j.fence = other.Execute("tst", "tst", "")
		}, fault.Conflict, "not this run"},
		"nobody knows what is there": {func(j *job) {
			j.r.Finish(j.execution, j.fence)
			j.execution, j.fence = j.r.Execute("more", "tst", "")
			j.shelf.dies = func(deployment.Plan) (deployment.State, bool) { return nil, true }
			_, err := j.Deploy(j.t.Context(), deploy.Request{Execution: j.execution, Fence: j.fence})
			if !errors.Is(err, errKilled) {
				j.t.Fatal(err)
			}
		}, fault.Conflict, "nobody knows how it ended"},
		"the target runs nothing": {func(j *job) { j.shelf.runs = nil }, fault.Invalid, "the target shelf of tst does not run what it deploys"},
	} {
		t.Run(name, func(t *testing.T) {
			j := deployed(t, "tst")
			c.change(j)
			_, err := j.run(1)
			if fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.text) || len(j.items())+len(j.started()) > 0 {
				t.Errorf("got %v, recorded %v", err, j.items())
			}
		})
	}
	j := deployed(t, "tst")
	for _, names := range [][]string{{""}, {"-x"}, {"a\nb"}, {strings.Repeat("x", 300)}, make([]string, 101)} {
		if _, err := j.run(1, names...); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%.40q: %v", names, err)
		}
	}
	if _, err := j.run(0); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	if len(j.started()) > 0 {
		t.Errorf("started %+v", j.started())
	}
}

func TestAProblemOfTheTargetIsFailedEvidence(t *testing.T) {
	j := deployed(t, "tst")
	j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
		return ended("passed"), errors.New("the workspace is gone")
	}
	got, err := j.run(1)
	must(t, err)
	if got.Verdict != "failed" || got.Problem != "the workspace is gone" || len(j.items()) != 1 || j.items()[0].Errors != 1 {
		t.Errorf("%+v, %+v", got, j.items())
	}
}

// TestGXP085_ARefusalOfTheTargetIsRecorded: what must not run in PRD is refused,
// which stands in the ledger and is no evidence.
func TestGXP085_ARefusalOfTheTargetIsRecorded(t *testing.T) {
	j := deployed(t, "tst")
	j.shelf.first = func() error { return fault.New(fault.Forbidden, "job main is not marked as safe").WithHint("mark it") }
	for range 2 {
		if _, err := j.run(1, "main"); fault.KindOf(err) != fault.Forbidden || fault.HintOf(err) != "mark it" {
			t.Errorf("got %v", err)
		}
	}
	events, err := j.Log.Stream(t.Context(), ledger.Installation, 0)
	must(t, err)
	var refused []*ledger.Refused
	for _, e := range events {
		if d, ok := e.Data.(*ledger.Refused); ok {
			refused = append(refused, d)
		}
	}
	if len(refused) != 1 || refused[0].Operation != "deploy.run" || refused[0].Subject != string(ledger.RunStream(j.r.Run)) || !strings.Contains(refused[0].Message, "not marked as safe") || len(j.items())+len(j.started()) > 0 {
		t.Errorf("%+v, %v", refused, j.items())
	}
}

// TestAnExecutionThatWasGivenUpMeanwhileLeavesNoEvidence: somebody else may hold
// the place when the target is done.
func TestAnExecutionThatWasGivenUpMeanwhileLeavesNoEvidence(t *testing.T) {
	j := deployed(t, "tst")
	j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
		j.r.Finish(j.execution, j.fence)
		return ended("passed"), nil
	}
	if _, err := j.run(1); err == nil || !strings.Contains(err.Error(), "stale") || len(j.items()) > 0 {
		t.Errorf("got %v, recorded %v", err, j.items())
	}
}

func TestWhatIsNotReadBackIsNotVerified(t *testing.T) {
	unread := deployment.Difference{Path: "pipelines.sales", Expected: deployment.Unread, Actual: deployment.Unread}
	deployed := deployment.Difference{Path: "pipelines.sales", Expected: "deployed", Actual: deployment.Unread}
	file := deployment.Difference{Path: "a.py", Expected: "1", Actual: "1"}
	for name, c := range map[string]struct {
		checks                  []deployment.Difference
		passed, failed, skipped int
		verdict                 string
	}{
		"decided otherwise": {[]deployment.Difference{file, unread}, 1, 0, 1, "passed"},
		"nothing else":      {[]deployment.Difference{unread}, 0, 0, 1, "failed"},
		"nobody decided":    {[]deployment.Difference{file, deployed}, 1, 1, 0, "failed"},
	} {
		i := deploy.Judge(deploy.Installation{Checks: c.checks}, "", 0)
		if i.Passed != c.passed || i.Failed != c.failed || i.Skipped != c.skipped || i.Verdict != c.verdict {
			t.Errorf("%s: %+v", name, i)
		}
	}
}
