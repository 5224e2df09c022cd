package deploy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// started are the starts of the run.
func (j *job) started() []state.Started {
	j.t.Helper()
	run, err := j.Scenario.State.Run(j.t.Context(), j.r.Run)
	must(j.t, err)
	return run.Started
}

// TestWhatIsStartedIsRecordedBefore: when the target begins, the ledger
// says what it was asked for and about which deployment.
func TestWhatIsStartedIsRecordedBefore(t *testing.T) {
	many := make([]string, 120)
	for i := range many {
		many[i] = strings.Repeat("é", 150)
	}
	for name, c := range map[string]struct {
		asked, found, want []string
	}{
		"what is asked for":                 {[]string{"main"}, []string{"other"}, []string{}},
		"all that verify":                   {nil, []string{"main", "check"}, []string{"main", "check"}},
		"all, and nobody knows what it is":  {nil, nil, []string{}},
		"more than fits are a hundred, cut": {nil, many, many[:100]},
	} {
		t.Run(name, func(t *testing.T) {
			j := deployed(t, "tst")
			j.shelf.found = c.found
			j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
				if len(j.started()) != 1 || len(j.items()) > 0 {
					t.Errorf("while it ran: %+v, %+v", j.started(), j.items())
				}
				return ended("passed"), nil
			}
			_, err := j.run(3, c.asked...)
			must(t, err)
			place, err := j.Scenario.State.Place(t.Context(), "corp-procurement", "tst")
			must(t, err)
			dep, _ := place.Current()
			want := deployment.TasksStarted{
				Execution: j.execution, Call: 3, Environment: "tst", Target: "shelf", Deployment: dep.Seq, Version: "1.0.0",
				Commit: dep.Commit, Tree: dep.Tree, Jobs: append([]string{}, c.asked...),
			}
			for _, n := range c.want {
				want.Found = append(want.Found, n[:min(len(n), 256)])
			}
			if len(c.want) == 0 {
				want.Found = []string{}
			}
			if d := cmp.Diff(want, j.started()[0].TasksStarted); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// refusing is a ledger that takes no batch whose command begins so.
type refusing struct {
	ledger.Log
	command string
}

var errFull = errors.New("the disk is full")

func (l refusing) Append(ctx context.Context, b ledger.Batch) ([]ledger.Event, error) {
	if strings.HasPrefix(b.Command, l.command) {
		return nil, errFull
	}
	return l.Log.Append(ctx, b)
}

// TestNothingStartsThatIsNotRecorded, and nothing when the claim or the
// place is not any more what it was.
func TestNothingStartsThatIsNotRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*job)
		text   string
	}{
		"the ledger takes nothing": {func(j *job) { j.Deployer.Log = refusing{j.Deployer.Log, "start-tasks/"} }, errFull.Error()},
		"it was given up": {func(j *job) {
			j.shelf.first = func() error { j.r.Finish(j.execution, j.fence); return nil }
		}, "stale"},
		"it was deployed to again": {func(j *job) {
			j.shelf.first = func() error {
				place, err := j.Scenario.State.Place(j.t.Context(), "corp-procurement", "tst")
				must(j.t, err)
				again, _ := place.Current()
				again.Rollback = "rehearsal-1.0.0-1-forth"
				j.Append(ledger.Draft{Stream: ledger.EnvironmentStream("corp-procurement", "tst"), Data: &again.Deployed})
				return nil
			}
		}, "deployed to again meanwhile"},
	} {
		t.Run(name, func(t *testing.T) {
			j := deployed(t, "tst")
			j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
				t.Error("ran")
				return ended("passed"), nil
			}
			c.change(j)
			_, err := j.run(1)
			if err == nil || !strings.Contains(err.Error(), c.text) || len(j.started())+len(j.items()) > 0 {
				t.Errorf("got %v, started %+v, recorded %+v", err, j.started(), j.items())
			}
		})
	}
	j := deployed(t, "tst")
	j.shelf.mute = true
	if _, err := j.run(1); err == nil || !strings.Contains(err.Error(), "did not say so before") || len(j.items()) > 0 {
		t.Errorf("got %v, recorded %+v", err, j.items())
	}
}

// TestGXP065_ACallThatBrokeOffIsNotMadeAgain: its end is not in the ledger, so
// that it is failed evidence, whatever the place holds by now, and the next call
// runs everything.
func TestGXP065_ACallThatBrokeOffIsNotMadeAgain(t *testing.T) {
	j := deployed(t, "tst")
	ran := 0
	j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
		ran++
		return ended("passed"), nil
	}
	log := j.Deployer.Log
	j.Deployer.Log = refusing{log, "run-tasks/"}
	if _, err := j.run(1, "main"); !errors.Is(err, errFull) || ran != 1 || len(j.items()) > 0 {
		t.Fatalf("ran %d times, %v", ran, err)
	}
	j.Deployer.Log = log
	j.Append(ledger.Draft{Stream: ledger.EnvironmentStream("corp-procurement", "tst"), Data: &deployment.Begun{Environment: "tst", Run: "another"}})
	first, err := j.run(1, "main")
	must(t, err)
	again, err := j.run(1, "main")
	must(t, err)
	if d := cmp.Diff(first, again); d != "" || ran != 1 || len(j.started()) != 1 {
		t.Fatalf("ran %d times, started %+v\n%s", ran, j.started(), d)
	}
	items := j.items()
	if first.Verdict != "failed" || len(first.Runs) > 0 || len(items) != 1 || items[0].Errors != 1 || items[0].Tree != j.tree1().Digest() {
		t.Errorf("%+v, %+v", first, items)
	}
	for _, says := range []string{"was started at " + j.started()[0].Time, "nobody knows which tasks ran", "runs none again", "do the job again"} {
		if !strings.Contains(first.Problem, says) {
			t.Errorf("%q does not say %q", first.Problem, says)
		}
	}
	raw, err := j.Scenario.Blobs.Bytes(t.Context(), items[0].SHA256)
	must(t, err)
	record, err := deploy.ReadRaw[deploy.TaskRuns](raw)
	must(t, err)
	if record.Version != "1.0.0" || strings.Join(record.Jobs, "") != "main" || record.Call != 1 {
		t.Errorf("%+v", record)
	}
}

// TestACallWhoseJobIsGoneIsFailedEvidence: its tasks were killed, nobody knows how
// far they came.
func TestACallWhoseJobIsGoneIsFailedEvidence(t *testing.T) {
	j := deployed(t, "tst")
	ctx, cancel := context.WithCancel(t.Context())
	j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
		cancel()
		return ended("passed")[:1], ctx.Err()
	}
	q := deploy.TasksRequest{Execution: j.execution, Fence: j.fence, Call: 1}
	got, err := j.RunTasks(ctx, q)
	must(t, err)
	again, err := j.RunTasks(t.Context(), q)
	must(t, err)
	if d := cmp.Diff(got, again); d != "" || got.Verdict != "failed" || len(got.Runs) != 1 || !strings.Contains(got.Problem, "broke off before its tasks had ended") || len(j.items()) != 1 {
		t.Errorf("%+v\n%s", got, d)
	}
	j.shelf.first = func() error { return ctx.Err() }
	if _, err := j.RunTasks(ctx, deploy.TasksRequest{Execution: j.execution, Fence: j.fence, Call: 2}); !errors.Is(err, context.Canceled) || len(j.items()) != 1 || len(j.started()) != 1 {
		t.Errorf("got %v, started %+v", err, j.started())
	}
}

// TestAResultThatIsWholeCountsThoughTheJobIsGone: all of it was seen.
func TestAResultThatIsWholeCountsThoughTheJobIsGone(t *testing.T) {
	j := deployed(t, "tst")
	ctx, cancel := context.WithCancel(t.Context())
	j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
		cancel()
		return ended("passed"), nil
	}
	got, err := j.RunTasks(ctx, deploy.TasksRequest{Execution: j.execution, Fence: j.fence, Call: 1})
	if err != nil || got.Verdict != "passed" || len(got.Runs) != 2 || len(j.items()) != 1 {
		t.Errorf("%+v, %v, %+v", got, err, j.items())
	}
}

// TestACallThatIsMadeAgainWaitsForItself, so that one that goes on is not taken
// for one that broke off.
func TestACallThatIsMadeAgainWaitsForItself(t *testing.T) {
	j := deployed(t, "tst")
	j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
		soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := j.RunTasks(soon, deploy.TasksRequest{Execution: j.execution, Fence: j.fence, Call: 1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		return ended("passed"), nil
	}
	if got, err := j.run(1); err != nil || got.Verdict != "passed" || len(j.items()) != 1 {
		t.Errorf("%+v, %v, %+v", got, err, j.items())
	}
}

// TestWhatATargetRefusesTooLateIsFailedEvidence: the ledger says that it was
// started.
func TestWhatATargetRefusesTooLateIsFailedEvidence(t *testing.T) {
	j := deployed(t, "tst")
	j.shelf.runs = func(*deploy.Call, []string) ([]deployment.TaskRun, error) {
		return nil, fault.New(fault.Forbidden, "not today")
	}
	if got, err := j.run(1); err != nil || got.Verdict != "failed" || got.Problem != "not today" || len(j.started()) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}
