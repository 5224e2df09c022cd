package claim_test

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/livelog"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

const run = "01RUN"

var machine = ledger.Actor{Kind: ledger.Machine, ID: "test"}

type fixture struct {
	*claim.Server
	store *sqlstore.Store
	clock *storetest.Clock
	blobs *dir.Store
	logs  *livelog.Store
}

// begin makes a store with a GxP run of two jobs: "build" in no place and "prd"
// in production, both queued as if no gate existed.
func begin(t *testing.T) fixture {
	t.Helper()
	store, clock := storetest.New(t, func(t *testing.T) sqlstore.Engine {
		e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
	blobs, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	logs, err := livelog.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs.Close() })
	store.OnEffects(func(context.Context, sqlstore.Tx, []ledger.Effect) error { return nil })
	label := []workflow.Text{{Source: "ubuntu-latest"}}
	raw, err := json.Marshal(pipeline.Plan{File: "main.yaml", Jobs: []pipeline.Job{
		{Key: "build", Body: workflow.Job{ID: "build", RunsOn: label}},
		{Key: "prd", Environment: "prd", Kind: pipeline.Place, Body: workflow.Job{ID: "prd", RunsOn: label}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := blobs.PutBytes(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	reader := &state.Reader{Log: store, Blobs: blobs}
	f := fixture{store: store, clock: clock, blobs: blobs, logs: logs, Server: &claim.Server{
		Log: store, State: reader, Queue: store, Blobs: blobs, Logs: logs,
		Outside: func(context.Context, state.Run) (pipeline.Outside, []ledger.Read, error) {
			return pipeline.Outside{}, nil, nil
		},
		Reader: func(string, io.Reader) evidence.Report { return evidence.Report{} },
	}}
	stream := ledger.RunStream(run)
	f.append(t, "begin",
		ledger.Draft{Stream: "release/corp-procurement/1.0.0", Data: &release.Registered{Solution: "corp-procurement", Version: "1.0.0", Run: run}},
		ledger.Draft{Stream: stream, Data: &pipeline.RunStarted{Run: run, Solution: "corp-procurement", Number: 1, Plan: plan, Version: "1.0.0", Profile: "gxp", Counted: true}},
		ledger.Draft{Stream: stream, Data: queue("build", "")}, ledger.Draft{Stream: stream, Data: queue("prd", "prd")})
	return f
}

func queue(job, place string) *pipeline.ExecutionQueued {
	return &pipeline.ExecutionQueued{
		Execution: pipeline.ExecutionID(run, 1, job, 1), Run: run, Solution: "corp-procurement", Job: job, Attempt: 1, Try: 1,
		Environment: place, Pool: "build", Labels: []string{"ubuntu-latest"},
	}
}

func (f fixture) append(t *testing.T, command string, drafts ...ledger.Draft) {
	t.Helper()
	if _, err := f.store.Append(t.Context(), ledger.Batch{Command: command, Actor: machine, Events: drafts}); err != nil {
		t.Fatal(err)
	}
}

// claim takes the first execution; there is one.
func (f fixture) claim(t *testing.T, labels ...string) *pipeline.Assignment {
	t.Helper()
	a, err := f.Claim(t.Context(), claim.Worker{ID: "w", Pools: []string{"build"}, Labels: labels})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (f fixture) mustClaim(t *testing.T) *pipeline.Assignment {
	t.Helper()
	a := f.claim(t, "ubuntu-latest", "linux")
	if a == nil || a.Execution != pipeline.ExecutionID(run, 1, "build", 1) {
		t.Fatalf("got %+v", a)
	}
	return a
}

func (f fixture) types(t *testing.T) map[string]int {
	t.Helper()
	events, err := f.store.Stream(t.Context(), ledger.RunStream(run), 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, e := range events {
		out[e.Type]++
	}
	return out
}

func result(a *pipeline.Assignment, c pipeline.Conclusion) claim.Result {
	return claim.Result{Execution: a.Execution, Fence: a.Fence, Outcome: pipeline.Outcome{Conclusion: c, Steps: []pipeline.StepOutcome{}}}
}

func TestProductionIsNotClaimableWithoutItsGate(t *testing.T) {
	f := begin(t)
	f.mustClaim(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	a, err := f.Claim(ctx, claim.Worker{ID: "w", Pools: []string{"build"}, Labels: []string{"ubuntu-latest"}})
	if err != nil || a != nil {
		t.Errorf("got %+v, %v although no gate was consumed", a, err)
	}
	if n := f.types(t)["execution.claimed"]; n != 1 {
		t.Errorf("%d claims in the ledger", n)
	}
}

func TestAJobWantsEveryLabel(t *testing.T) {
	f := begin(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if a, err := f.Claim(ctx, claim.Worker{ID: "w", Pools: []string{"build"}, Labels: []string{"linux"}}); err != nil || a != nil {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestStaleFencesAreRefused(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	if _, err := f.Renew(t.Context(), a.Execution, a.Fence-1); fault.KindOf(err) != fault.Conflict {
		t.Errorf("renew: %v", err)
	}
	if _, _, err := f.Secret(t.Context(), a.Execution, a.Fence+1, "TOKEN"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("secret: %v", err)
	}
	r := result(a, pipeline.Success)
	r.Fence++
	if err := f.Finish(t.Context(), r); fault.KindOf(err) != fault.Conflict {
		t.Errorf("finish: %v", err)
	}
	if n := f.types(t)["execution.finished"]; n != 0 {
		t.Errorf("%d results in the ledger", n)
	}
}

func TestTheSameResultTwiceIsOneAndAnotherIsAConflict(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	for range 2 {
		if err := f.Finish(t.Context(), result(a, pipeline.Success)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Finish(t.Context(), result(a, pipeline.Failure)); err != nil {
		t.Fatal(err)
	}
	got := f.types(t)
	if got["execution.finished"] != 1 || got["execution.conflict"] != 1 {
		t.Errorf("got %v", got)
	}
	run, err := f.State.Run(t.Context(), run)
	if err != nil || run.Jobs["build"].Conclusion != pipeline.Success {
		t.Errorf("the first result does not stand: %+v, %v", run.Jobs["build"], err)
	}
}

func TestAResultAfterTheExecutionWasGivenUpIsKeptAsLate(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	if err := f.GiveUp(t.Context(), func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if err := f.Finish(t.Context(), result(a, pipeline.Success)); err != nil {
		t.Fatal(err)
	}
	got := f.types(t)
	if got["execution.given_up"] != 1 || got["execution.late_result"] != 1 || got["execution.finished"] != 0 {
		t.Errorf("got %v", got)
	}
}

func TestASecretThatThePlanDoesNotReadIsRefused(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	if _, _, err := f.Secret(t.Context(), a.Execution, a.Fence, "TOKEN"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("got %v", err)
	}
}

func TestCancellingARunEndsWhatIsQueuedAndTellsWhatRuns(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	if err := f.Cancel(t.Context(), run, machine, "stop"); err != nil {
		t.Fatal(err)
	}
	cancel, err := f.Renew(t.Context(), a.Execution, a.Fence)
	if err != nil || !cancel {
		t.Errorf("renewal says %v, %v", cancel, err)
	}
	got, err := f.State.Run(t.Context(), run)
	if err != nil || got.Jobs["prd"].Conclusion != pipeline.Cancelled {
		t.Errorf("queued job: %+v, %v", got.Jobs["prd"], err)
	}
}

func TestLeasesThatNobodyCouldRenewBeginAgain(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	f.clock.Move(time.Hour) // nobody served
	if err := f.RenewLeases(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.GiveUpExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Renew(t.Context(), a.Execution, a.Fence); err != nil {
		t.Errorf("the claim is gone: %v", err)
	}
}

func TestAttack51_ASilentDeploymentWaitsForAPerson(t *testing.T) {
	f := begin(t)
	f.mustClaim(t)
	f.append(t, "claim it all the same", ledger.Draft{Stream: ledger.RunStream(run), Data: &pipeline.ExecutionClaimed{Execution: pipeline.ExecutionID(run, 1, "prd", 1), Worker: "w"}})
	f.clock.Move((pipeline.LeaseSeconds + 1) * time.Second)
	if err := f.GiveUpExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := f.State.Run(t.Context(), run)
	if err != nil || got.Jobs["build"].Status != pipeline.Pending || got.Jobs["prd"].Status != pipeline.Running {
		t.Errorf("build %+v, prd %+v, %v", got.Jobs["build"], got.Jobs["prd"], err)
	}
	if err := f.Rerun(t.Context(), run, claim.Again{Job: "prd"}, ledger.Actor{Kind: ledger.Person, ID: "ada"}, "it is down"); err != nil {
		t.Fatal(err)
	}
	if got, err := f.State.Run(t.Context(), run); err != nil || got.Jobs["prd"].Status != pipeline.Pending {
		t.Errorf("declared lost: %+v, %v", got.Jobs["prd"], err)
	}
}

func TestAttack36_AnExpiredLeaseIsGivenUpAndARenewedOneIsNot(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	f.clock.Move((pipeline.LeaseSeconds - 1) * time.Second)
	if _, err := f.Renew(t.Context(), a.Execution, a.Fence); err != nil {
		t.Fatal(err)
	}
	f.clock.Move((pipeline.LeaseSeconds - 1) * time.Second)
	if err := f.GiveUpExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.types(t)["execution.given_up"]; n != 0 {
		t.Fatalf("a renewed lease was given up %d times", n)
	}
	f.clock.Move(2 * time.Second)
	if err := f.GiveUpExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.types(t)["execution.given_up"]; n != 1 {
		t.Errorf("an expired lease was given up %d times", n)
	}
	if _, err := f.Renew(t.Context(), a.Execution, a.Fence); fault.KindOf(err) != fault.Conflict {
		t.Errorf("renewed after it was given up: %v", err)
	}
}
