// Package claim is the server's side of workers: they claim executions, prove
// with a fence that theirs is still current, and hand in results against a
// receipt. Refusing a stale fence is what keeps two workers from one job.
package claim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/enter"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// RenewEvery is how often workers renew their leases at the latest.
const RenewEvery = 10 * time.Second

// Worker is who claims. Labels is what it offers; a job runs only where every
// label of its runs-on is offered.
type Worker struct {
	ID     string   `json:"id"`
	Pools  []string `json:"pools"`
	Labels []string `json:"labels"`
}

// Queue is the store's execution queue.
type Queue interface {
	Queue(ctx context.Context, pools []string) ([]pipeline.Slot, error)
	Execution(ctx context.Context, execution string) (pipeline.Slot, bool, error)
	Renew(ctx context.Context, execution, worker string, fence, seconds int64) error
	Claimed(ctx context.Context) ([]pipeline.Slot, error)
	Expired(ctx context.Context) ([]pipeline.Slot, error)
	RenewAll(ctx context.Context, seconds int64) error
	Changed() <-chan struct{}
}

// Blobs keeps logs, outcomes and evidence.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (digest string, size int64, err error)
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
	Open(ctx context.Context, digest string) (io.ReadCloser, error)
}

// Outside gathers what a job's contexts depend on besides its run.
type Outside func(ctx context.Context, run state.Run) (pipeline.Outside, []ledger.Read, error)

// Server answers workers.
type Server struct {
	Log     ledger.Log
	State   *state.Reader
	Queue   Queue
	Blobs   Blobs
	Logs    Logs
	Outside Outside
	Reader  ResultReader
	Secrets Secrets
}

func machine(worker string) ledger.Actor {
	return ledger.Actor{Kind: ledger.Machine, ID: worker, Role: "worker", Authentication: "worker"}
}

// Claim gives a worker the first execution that it may have, or waits for one
// until ctx ends; nil says that there was none.
func (s *Server) Claim(ctx context.Context, w Worker) (*pipeline.Assignment, error) {
	if w.ID == "" || len(w.Pools) == 0 {
		return nil, fault.New(fault.Invalid, "a worker needs an id and a pool")
	}
	for {
		changed := s.Queue.Changed()
		a, err := s.tryAll(ctx, w)
		if a != nil || err != nil {
			return a, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, nil
		}
	}
}

func (s *Server) tryAll(ctx context.Context, w Worker) (*pipeline.Assignment, error) {
	slots, err := s.Queue.Queue(ctx, w.Pools)
	if err != nil {
		return nil, err
	}
	for _, slot := range slots {
		if !pipeline.Offer(w.Labels, slot.Labels) {
			continue
		}
		a, err := s.take(ctx, w, slot)
		if errors.Is(err, ledger.ErrConflict) || fault.KindOf(err) == fault.Blocked {
			continue // another worker was first, or the place is closed
		}
		return a, err
	}
	return nil, nil
}

// take claims one execution: whatever led to its being queued, the place is
// asked for again here, bound to the streams that the answer came from.
func (s *Server) take(ctx context.Context, w Worker, slot pipeline.Slot) (*pipeline.Assignment, error) {
	run, err := s.State.Run(ctx, slot.Run)
	if err != nil {
		return nil, err
	}
	job := pipeline.JobOf(slot.Execution)
	if st := run.Jobs[job]; st.Status != pipeline.Queued || st.Execution != slot.Execution || run.Stopping(job) {
		return nil, fmt.Errorf("%w: execution %s is not queued", ledger.ErrConflict, slot.Execution)
	}
	planned, _ := run.Plan.Job(job)
	reads := []ledger.Read{{Stream: ledger.RunStream(slot.Run), Version: run.Version}}
	if planned.Kind == pipeline.Place {
		entry, more, err := enter.Place(ctx, s.State, run.Run, planned.Environment)
		if err != nil {
			return nil, err
		}
		if !entry.Allowed {
			return nil, fault.New(fault.Blocked, "%s", entry.Reason)
		}
		reads = append(reads, more...)
	}
	out, _, err := s.Outside(ctx, run)
	if err != nil {
		return nil, err
	}
	a, err := pipeline.Assign(run.State, job, out)
	if err != nil {
		return nil, err
	}
	events, err := s.Log.Append(ctx, ledger.Batch{
		Command: "claim/" + slot.Execution, Actor: machine(w.ID), Correlation: slot.Run, Reads: reads,
		Events: []ledger.Draft{{Stream: ledger.RunStream(slot.Run), Data: &pipeline.ExecutionClaimed{Execution: slot.Execution, Worker: w.ID}}},
	})
	if err != nil {
		return nil, err
	}
	if claimed, ok := events[0].Data.(*pipeline.ExecutionClaimed); !ok || claimed.Worker != w.ID {
		return nil, fmt.Errorf("%w: execution %s was claimed", ledger.ErrConflict, slot.Execution)
	}
	a.Fence = events[0].Seq
	return &a, nil
}

// Current refuses an execution whose fence is stale.
func (s *Server) Current(ctx context.Context, execution string, fence int64) (pipeline.Slot, error) {
	slot, ok, err := s.Queue.Execution(ctx, execution)
	if err != nil {
		return slot, err
	}
	if !ok {
		return slot, fault.New(fault.NotFound, "execution %q is not known", execution)
	}
	if slot.State != "claimed" || slot.Fence != fence {
		return slot, fault.New(fault.Conflict, "fence %d of execution %s is stale: it is %s with fence %d", fence, execution, slot.State, slot.Fence)
	}
	return slot, nil
}

// Renew keeps a claim alive and reports whether the worker should cancel.
func (s *Server) Renew(ctx context.Context, execution string, fence int64) (cancel bool, err error) {
	slot, err := s.Current(ctx, execution, fence)
	if err != nil {
		return false, err
	}
	if err := s.Queue.Renew(ctx, execution, slot.Worker, fence, pipeline.LeaseSeconds); err != nil {
		return false, err
	}
	run, err := s.State.Run(ctx, slot.Run)
	return run.Stopping(pipeline.JobOf(execution)), err
}

// Secrets gives the values of a solution's secrets for one place, "" for what
// runs in none; ok is false when there is no secret of the name.
type Secrets func(ctx context.Context, solution, environment, name string) (value string, ok bool, err error)

// Secret answers with one value for the current fence of an execution that the
// plan lets read it. Secrets of a place come out after its gate only, because
// nothing in it can be claimed before. Gates hold none, and what runs for a pull
// request is given none: whoever opens one writes what it does.
func (s *Server) Secret(ctx context.Context, execution string, fence int64, name string) (string, bool, error) {
	slot, err := s.Current(ctx, execution, fence)
	if err != nil {
		return "", false, err
	}
	run, err := s.State.Run(ctx, slot.Run)
	if err != nil {
		return "", false, err
	}
	job := pipeline.JobOf(execution)
	planned, _ := run.Plan.Job(job)
	root, ok := run.Plan.SecretSources(job)[strings.ToUpper(name)]
	if !ok {
		return "", false, fault.New(fault.Forbidden, "job %q does not read secret %q in its plan", job, name)
	}
	switch r := run.Run; {
	case planned.Kind == pipeline.Gate, r.Counted && run.Plan.Trigger.Name == "pull_request":
		return "", false, nil
	case !r.Counted && r.Profile == string(policy.GxP) && (slot.Environment == "val" || slot.Environment == "prd"):
		return "", false, nil // a rehearsal of a GxP product brings no secret where it matters
	}
	return s.Secrets(ctx, slot.Solution, slot.Environment, root)
}

// RenewLeases begins every lease again. Who could not be asked for a while,
// because the owner is new or its machine slept, calls it before leases count:
// nobody could renew in between, and what workers hold goes on.
func (s *Server) RenewLeases(ctx context.Context) error {
	return s.Queue.RenewAll(ctx, pipeline.LeaseSeconds)
}

// GiveUp ends the executions of workers that are known to be dead. A job that
// is in no place is tried once more by itself; a deployment waits for a person.
func (s *Server) GiveUp(ctx context.Context, dead func(worker string) bool) error {
	slots, err := s.Queue.Claimed(ctx)
	if err != nil {
		return err
	}
	for _, slot := range slots {
		if dead(slot.Worker) {
			if err := s.retry(ctx, slot, "its worker died"); err != nil {
				return err
			}
		}
	}
	return nil
}

// GiveUpExpired does the same for executions whose lease has run out: their
// worker may be alive, but nobody hears of it, or it never heard that the claim
// was its own.
func (s *Server) GiveUpExpired(ctx context.Context) error {
	slots, err := s.Queue.Expired(ctx)
	if err != nil {
		return err
	}
	for _, slot := range slots {
		if err := s.retry(ctx, slot, "its lease ran out"); err != nil {
			return err
		}
	}
	return nil
}

// retry gives up an execution that is in no place.
func (s *Server) retry(ctx context.Context, slot pipeline.Slot, why string) error {
	if slot.Environment != "" {
		return nil
	}
	return s.giveUp(ctx, slot, why, true, ledger.Actor{Kind: ledger.Machine, ID: "orchestrator", Authentication: "internal"}, "")
}

func (s *Server) giveUp(ctx context.Context, slot pipeline.Slot, why string, retry bool, by ledger.Actor, reason string) error {
	_, err := ledger.Decide(ctx, s.Log, func() (ledger.Batch, error) {
		run, err := s.State.Run(ctx, slot.Run)
		if err != nil {
			return ledger.Batch{}, err
		}
		job := pipeline.JobOf(slot.Execution)
		st := run.Jobs[job]
		if st.Status != pipeline.Running || st.Execution != slot.Execution {
			return ledger.Batch{}, nil
		}
		stream := ledger.RunStream(slot.Run)
		b := ledger.Batch{
			Command: "give-up/" + slot.Execution, Actor: by, Correlation: slot.Run,
			Reads: []ledger.Read{{Stream: stream, Version: run.Version}},
			Events: []ledger.Draft{{Stream: stream, Reason: reason, Data: &pipeline.ExecutionGivenUp{
				Execution: slot.Execution, Job: job, Reason: why, Retry: retry && st.Try < 2 || reason != "",
			}}},
		}
		kept, err := s.keepLive(ctx, slot.Execution)
		if kept != nil {
			b.Events = append(b.Events, ledger.Draft{Stream: stream, Reason: reason, Data: kept})
		}
		return b, err
	})
	if err != nil {
		return err
	}
	return s.Logs.Remove(slot.Execution)
}

// Cancel asks a run to stop: what waits is cancelled at once, what runs is told
// to by its worker's next renewal.
func (s *Server) Cancel(ctx context.Context, runID string, by ledger.Actor, reason string) error {
	_, err := ledger.Decide(ctx, s.Log, func() (ledger.Batch, error) {
		run, err := s.State.Run(ctx, runID)
		if err != nil {
			return ledger.Batch{}, err
		}
		if run.Finished || run.Cancelled {
			return ledger.Batch{}, nil
		}
		stream := ledger.RunStream(runID)
		b := ledger.Batch{
			Command: "cancel/" + runID, Actor: by, Correlation: runID, Reads: []ledger.Read{{Stream: stream, Version: run.Version}},
			Events: []ledger.Draft{{Stream: stream, Data: &pipeline.RunCancelRequested{Run: runID}, Reason: reason}},
		}
		for _, j := range run.Plan.Jobs {
			if st := run.Jobs[j.Key]; st.Status == pipeline.Queued {
				b.Events = append(b.Events, ledger.Draft{Stream: stream, Reason: reason, Data: &pipeline.ExecutionFinished{
					Execution: st.Execution, Job: j.Key, Conclusion: pipeline.Cancelled, Reason: "the run was cancelled before a worker took it",
				}})
			}
		}
		return b, nil
	})
	return err
}
