package report

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// lost is the conclusion of an execution whose worker never came back.
const lost = "lost"

// fillJobs lists every job of the plan with all its executions. A call or group
// stands in the list only when it was not opened, in place of its jobs.
func (r *Reporter) fillJobs(ctx context.Context, m *moment, f *document.Facts) error {
	executions, concluded, err := r.executions(ctx, m)
	if err != nil {
		return err
	}
	f.Jobs = []document.Job{}
	for _, j := range m.run.Plan.Jobs {
		_, unopened := concluded[j.Key]
		if !j.IsExecuted() && !unopened || within(m.run.Plan, j, concluded) {
			continue
		}
		st := m.run.Jobs[j.Key]
		job := document.Job{Key: j.Key, Name: st.Name, Environment: j.Environment, Gate: j.Kind == pipeline.Gate, Executions: []document.Execution{}}
		for _, id := range st.Executions {
			e := executions[id]
			e.Current = id == st.Execution && !unopened
			job.Executions = append(job.Executions, e)
		}
		if e, ok := concluded[j.Key]; ok {
			job.Executions = append(job.Executions, e)
		}
		f.Jobs = append(f.Jobs, job)
	}
	return nil
}

// within reports whether a call or group around the job was concluded without
// being opened.
func within(p pipeline.Plan, j pipeline.Job, concluded map[string]document.Execution) bool {
	for _, above := range []string{j.Group, j.Scope} {
		if above == "" {
			continue
		}
		if _, ok := concluded[above]; ok {
			return true
		}
		if outer, ok := p.Job(above); ok && within(p, outer, concluded) {
			return true
		}
	}
	return false
}

// executions are all tries by id, and the jobs that ended without one by key.
func (r *Reporter) executions(ctx context.Context, m *moment) (tries, concluded map[string]document.Execution, err error) {
	tries, concluded = map[string]document.Execution{}, map[string]document.Execution{}
	for _, e := range m.ofRun {
		switch d := e.Data.(type) {
		case *pipeline.ExecutionQueued:
			tries[d.Execution] = document.Execution{ID: d.Execution, Attempt: d.Attempt, QueuedAt: e.Time}
		case *pipeline.ExecutionClaimed:
			x := tries[d.Execution]
			x.StartedAt, x.Worker = e.Time, d.Worker
			tries[d.Execution] = x
		case *pipeline.ExecutionFinished:
			x := tries[d.Execution]
			x.EndedAt, x.Conclusion = e.Time, string(d.Conclusion)
			if x.Reason, err = r.reason(ctx, d); err != nil {
				return nil, nil, err
			}
			tries[d.Execution] = x
		case *pipeline.ExecutionGivenUp:
			x := tries[d.Execution]
			x.EndedAt, x.Conclusion, x.Reason = e.Time, lost, d.Reason
			tries[d.Execution] = x
		case *pipeline.RerunRequested:
			for _, key := range d.Jobs {
				delete(concluded, key)
			}
		case *pipeline.JobConcluded:
			concluded[d.Job] = document.Execution{Attempt: 1, Conclusion: string(d.Conclusion), Reason: d.Reason, EndedAt: e.Time, Current: true}
		}
	}
	return tries, concluded, nil
}

// reason is why an execution did not succeed: its own words, else the step that
// failed.
func (r *Reporter) reason(ctx context.Context, d *pipeline.ExecutionFinished) (string, error) {
	if d.Reason != "" || d.Conclusion != pipeline.Failure || d.Outcome == "" {
		return d.Reason, nil
	}
	raw, err := r.Blobs.Bytes(ctx, d.Outcome)
	if err != nil {
		return "", fmt.Errorf("outcome of %s: %w", d.Execution, err)
	}
	var o pipeline.Outcome
	if err := json.Unmarshal(raw, &o); err != nil {
		return "", fmt.Errorf("outcome of %s: %w", d.Execution, err)
	}
	for i, s := range o.Steps {
		if s.Conclusion != pipeline.Failure {
			continue
		}
		why := s.Reason
		if why == "" {
			why = fmt.Sprintf("ended with exit code %d", s.ExitCode)
		}
		return fmt.Sprintf("step %d (%s): %s", i+1, s.Name, why), nil
	}
	return o.Reason, nil
}

// fillArtifacts lists the files of the artifact that the run keeps.
func (r *Reporter) fillArtifacts(ctx context.Context, m *moment, f *document.Facts) error {
	f.Artifacts = []document.Artifact{}
	kept := m.run.Kept
	if kept == nil {
		return nil
	}
	raw, err := r.Blobs.Bytes(ctx, kept.Manifest)
	if err != nil {
		return fmt.Errorf("artifact %s: %w", kept.Tree, err)
	}
	var tree deployment.Tree
	if err := canonical.Unmarshal(raw, &tree); err != nil {
		return fmt.Errorf("artifact %s: %w", kept.Tree, err)
	}
	for _, p := range kept.Parts {
		f.Parts = append(f.Parts, document.Part{Name: p.Name, SHA256: p.Tree, Files: p.Files})
	}
	for _, file := range tree {
		f.Artifacts = append(f.Artifacts, document.Artifact{Name: file.Path, SHA256: file.SHA256, Size: file.Size, Job: pipeline.JobOf(kept.Execution)})
	}
	return nil
}
