package claim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// File is a result file that the worker found; its bytes are a blob already.
type File struct {
	Path   string `json:"path"` // relative to the workspace, with slashes
	SHA256 string `json:"sha256"`
}

// Result is what a worker hands in at the end of an execution.
type Result struct {
	Execution string              `json:"execution"`
	Fence     int64               `json:"fence"`
	Outcome   pipeline.Outcome    `json:"outcome"`
	Log       string              `json:"log"`      // blob digest
	LogSize   int64               `json:"log_size"` // bytes of that blob
	Artifacts []pipeline.Artifact `json:"artifacts"`
	Files     []File              `json:"files"`
}

// ResultReader reads a result file of any known format.
type ResultReader func(name string, r io.Reader) evidence.Report

// ObserveEffect is the kind of the effect that verifies an installation after
// a job in a place.
const ObserveEffect = "observe"

// Finish takes a result: blobs are durable, then the event is. The same result
// twice is answered like the first time; another result for the same execution
// is kept as a conflict, a result after the execution was given up as late.
func (s *Server) Finish(ctx context.Context, r Result) error {
	raw, err := canonical.Marshal(r.Outcome)
	if err != nil {
		return fmt.Errorf("result of %s: %w", r.Execution, err)
	}
	outcome, err := s.Blobs.PutBytes(ctx, raw)
	if err != nil {
		return err
	}
	slot, ok, err := s.Queue.Execution(ctx, r.Execution)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "execution %q is not known", r.Execution)
	}
	_, err = ledger.Decide(ctx, s.Log, func() (ledger.Batch, error) {
		run, err := s.State.Run(ctx, slot.Run)
		if err != nil {
			return ledger.Batch{}, err
		}
		b := ledger.Batch{
			Command: "finish/" + r.Execution, Actor: machine(slot.Worker), Correlation: slot.Run,
			Reads: []ledger.Read{{Stream: ledger.RunStream(slot.Run), Version: run.Version}},
		}
		if done := s.already(run, r, outcome, &b); done {
			return b, nil
		}
		if claim := run.Claims[r.Execution]; claim.Fence != r.Fence {
			return b, fault.New(fault.Conflict, "fence %d of execution %s is stale, %d is current", r.Fence, r.Execution, claim.Fence)
		}
		return b, s.accept(ctx, run, r, outcome, &b)
	})
	if err != nil {
		return err
	}
	return s.Logs.Remove(r.Execution)
}

// already handles results of executions that have ended; it reports whether
// nothing else is to do.
func (s *Server) already(run state.Run, r Result, outcome string, b *ledger.Batch) bool {
	stream := ledger.RunStream(run.Run.Run)
	if first, ok := run.Results[r.Execution]; ok {
		if first.Outcome != outcome {
			b.Command = "conflict/" + r.Execution + "/" + outcome
			b.Events = []ledger.Draft{{Stream: stream, Data: &pipeline.ResultConflict{Execution: r.Execution, Accepted: first.Outcome, Refused: outcome}}}
		}
		return true
	}
	st := run.Jobs[pipeline.JobOf(r.Execution)]
	if st.Execution == r.Execution && st.Status == pipeline.Running {
		return false
	}
	b.Command = "late/" + r.Execution + "/" + outcome
	b.Events = []ledger.Draft{{Stream: stream, Data: &pipeline.LateResult{Execution: r.Execution, Fence: r.Fence, Conclusion: r.Outcome.Conclusion, Outcome: outcome}}}
	if r.Log != "" && r.Log != run.Logs[r.Execution] {
		b.Events = append(b.Events, ledger.Draft{Stream: stream, Data: &pipeline.LogKept{Execution: r.Execution, Log: r.Log, Size: r.LogSize}})
	}
	return true
}

func (s *Server) accept(ctx context.Context, run state.Run, r Result, outcome string, b *ledger.Batch) error {
	key := pipeline.JobOf(r.Execution)
	job, _ := run.Plan.Job(key)
	stream := ledger.RunStream(run.Run.Run)
	done := &pipeline.ExecutionFinished{
		Execution: r.Execution, Job: key, Fence: r.Fence, Conclusion: r.Outcome.Conclusion, Reason: pipeline.Short(why(r.Outcome)),
		Outputs: r.Outcome.Outputs, Outcome: outcome, Log: r.Log, Artifacts: r.Artifacts,
	}
	if total := run.OutputBytes() + pipeline.Size(done.Outputs); total > pipeline.MaxRunOutputs {
		done.Conclusion, done.Outputs = pipeline.Failure, nil
		done.Reason = fmt.Sprintf("the outputs of the run's jobs are %d bytes with those of this one, want at most %d", total, pipeline.MaxRunOutputs)
	}
	var kept []ledger.Draft
	var err error
	if done.Outputs, kept, err = state.Fit(ctx, s.Blobs, run.Run.Run, pipeline.ValuesKept{Job: key}, done.Outputs); err != nil {
		return err
	}
	b.Events = append([]ledger.Draft{{Stream: stream, Data: done}}, kept...)
	items, err := s.evidence(ctx, run, job, r)
	if err != nil {
		return err
	}
	for len(items) > 0 {
		n := fitting(items)
		b.Events = append(b.Events, ledger.Draft{Stream: stream, Data: &evidence.Recorded{Execution: r.Execution, Job: key, Items: items[:n]}})
		items = items[n:]
	}
	if job.Kind == pipeline.Place && run.Run.Counted {
		args, err := json.Marshal(map[string]string{"execution": r.Execution})
		if err != nil {
			return err
		}
		b.Effects = append(b.Effects, ledger.Effect{Kind: ObserveEffect, Key: ObserveEffect + "/" + r.Execution, Args: args})
	}
	return nil
}

// fitting is how many of the items have room in one event, at least one.
func fitting(items []evidence.Item) int {
	size := 0
	for n, item := range items {
		raw, _ := json.Marshal(item) // texts and numbers: it never fails
		if size += len(raw); n > 0 && size > ledger.MaxEvent/2 {
			return n
		}
	}
	return len(items)
}

// why explains a conclusion that is not a success: the outcome's own reason, or
// the first step that failed.
func why(o pipeline.Outcome) string {
	if o.Reason != "" || o.Conclusion == pipeline.Success {
		return o.Reason
	}
	for _, s := range o.Steps {
		if s.Conclusion != pipeline.Failure && s.Conclusion != pipeline.Cancelled {
			continue
		}
		name := s.Name
		if name == "" {
			name = s.ID
		}
		if s.Reason != "" {
			return fmt.Sprintf("step %q: %s", name, s.Reason)
		}
		return fmt.Sprintf("step %q: exit code %d", name, s.ExitCode)
	}
	return ""
}

// evidence reads what the job left: its own conclusion when its name carries a
// test id, and every result file.
func (s *Server) evidence(ctx context.Context, run state.Run, job pipeline.Job, r Result) ([]evidence.Item, error) {
	var items []evidence.Item
	raw, item, ok, err := evidence.OfConclusion(evidence.Conclusion{
		Name: run.Jobs[job.Key].Name, Run: run.Run.Run, Job: job.Key, Conclusion: string(r.Outcome.Conclusion), Commit: run.Run.Trigger.SHA,
	})
	if err != nil {
		return nil, err
	}
	if ok {
		if _, err := s.Blobs.PutBytes(ctx, raw); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	there, err := s.State.Place(ctx, run.Run.Solution, job.Environment)
	if err != nil {
		return nil, err
	}
	deployed, _ := there.Of(run.Run.Run)
	for _, f := range r.Files {
		report, size, err := s.read(ctx, f)
		if err != nil {
			return nil, err
		}
		base := evidence.Item{Name: f.Path, SHA256: f.SHA256, Size: size, Commit: run.Run.Trigger.SHA}
		items = append(items, evidence.Items(base, report, state.Origin(job, f.Path), deployed.Tree)...)
	}
	return items, nil
}

// read reads a result file from its blob, whatever its size is.
func (s *Server) read(ctx context.Context, f File) (report evidence.Report, size int64, err error) {
	blob, err := s.Blobs.Open(ctx, f.SHA256)
	if err != nil {
		return report, 0, err
	}
	defer blob.Close()
	sum, length := sha256.New(), new(counter)
	source := io.TeeReader(blob, io.MultiWriter(sum, length))
	report = s.Reader(f.Path, source)
	if _, err := io.Copy(io.Discard, source); err != nil {
		return report, 0, fmt.Errorf("read result file %q: %w", f.Path, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return report, 0, fault.New(fault.Unverified, "result file %q: blob %s holds other bytes (%s)", f.Path, f.SHA256, got)
	}
	return report, int64(*length), nil
}

// counter counts bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
