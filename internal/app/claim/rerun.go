package claim

import (
	"context"
	"errors"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
)

// maxAttempts is GitHub's limit of a run's attempts.
const maxAttempts = 50

// Again says what of a run is done again: one job with what depends on it, what
// failed with what depends on it, or everything.
type Again struct {
	Job    string
	Failed bool
}

// Rerun begins a new attempt of a run that has finished: what is not done again
// is carried over with its results and artifacts. For a job that runs, it
// declares its silent execution lost instead.
func (s *Server) Rerun(ctx context.Context, runID string, again Again, by ledger.Actor, reason string) error {
	if again.Job != "" {
		run, err := s.State.Run(ctx, runID)
		if err != nil {
			return err
		}
		if st, ok := run.Jobs[again.Job]; ok && st.Status == pipeline.Running {
			return s.lost(ctx, runID, again.Job, by, reason)
		}
	}
	_, err := ledger.Decide(ctx, s.Log, func() (ledger.Batch, error) { return s.rerun(ctx, runID, again, by, reason) })
	return err
}

func (s *Server) rerun(ctx context.Context, runID string, again Again, by ledger.Actor, reason string) (ledger.Batch, error) {
	run, err := s.State.Run(ctx, runID)
	if err != nil {
		return ledger.Batch{}, err
	}
	if !run.Finished {
		return ledger.Batch{}, fault.New(fault.Invalid, "run %s has not finished: only a finished run is done again", runID).
			WithHint("wait for it, cancel it, or name a job that runs and is lost with --job")
	}
	if run.Attempt >= maxAttempts {
		return ledger.Batch{}, fault.New(fault.Invalid, "run %s has had %d attempts, and there are no more", runID, run.Attempt)
	}
	jobs, reopened := run.Rerun(again.Failed)
	if again.Job != "" {
		if _, ok := run.Plan.Job(again.Job); !ok {
			return ledger.Batch{}, fault.New(fault.NotFound, "run %s has no job %q", runID, again.Job)
		}
		jobs, reopened = run.RerunJob(again.Job)
	}
	if len(jobs) == 0 {
		return ledger.Batch{}, fault.New(fault.Invalid, "run %s has no job that failed", runID).WithHint("do all of it again without --failed")
	}
	reads := []ledger.Read{{Stream: ledger.RunStream(runID), Version: run.Version}}
	if run.Run.Version != "" {
		standing, err := s.State.Release(ctx, run.Run.Solution, run.Run.Version)
		if err != nil {
			return ledger.Batch{}, err
		}
		if standing.State != release.InProgress {
			return ledger.Batch{}, fault.New(fault.Invalid, "version %s is %s: its run is not done again", run.Run.Version, standing.State)
		}
		reads = append(reads, ledger.Read{Stream: ledger.ReleaseStream(run.Run.Solution, run.Run.Version), Version: standing.Version})
	}
	return ledger.Batch{
		Command: fmt.Sprintf("rerun/%s/%d", runID, run.Attempt+1), Actor: by, Correlation: runID, Reads: reads,
		Events: []ledger.Draft{{Stream: ledger.RunStream(runID), Reason: reason, Data: &pipeline.RerunRequested{
			Run: runID, Attempt: run.Attempt + 1, Jobs: jobs, Reopened: reopened,
		}}},
	}, nil
}

// lost lets a person declare a silent execution of a job lost; the job is tried
// again.
func (s *Server) lost(ctx context.Context, runID, job string, by ledger.Actor, reason string) error {
	run, err := s.State.Run(ctx, runID)
	if err != nil {
		return err
	}
	st, ok := run.Jobs[job]
	if !ok || st.Status != pipeline.Running {
		return fault.New(fault.Invalid, "job %q of run %s is %s: only one that runs can be lost", job, runID, st.Status)
	}
	slot, ok, err := s.Queue.Execution(ctx, st.Execution)
	if err != nil || !ok {
		return errors.Join(err, fmt.Errorf("execution %q is not in the queue", st.Execution))
	}
	return s.giveUp(ctx, slot, "declared lost", true, by, reason)
}
