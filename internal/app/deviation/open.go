// Package deviation opens a deviation for every failed attempt of a release by
// itself, and lets people dispose of it with a signature.
package deviation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Deviations keeps the deviations of releases.
type Deviations struct {
	Log   ledger.Log
	State *state.Reader
}

var actor = ledger.Actor{Kind: ledger.Machine, ID: "orchestrator", Authentication: "internal"}

// Open opens what the run's failures call for and have not got yet. A run for no
// GxP release has no deviations.
func (d *Deviations) Open(ctx context.Context, id string) error {
	_, err := ledger.Decide(ctx, d.Log, func() (ledger.Batch, error) {
		run, err := d.State.Run(ctx, id)
		if err != nil || run.Run.Version == "" || !run.Run.Counted || run.Run.Profile != string(policy.GxP) {
			return ledger.Batch{}, err
		}
		stream := ledger.ReleaseStream(run.Run.Solution, run.Run.Version)
		standing, err := d.State.Standing(ctx, stream)
		if err != nil {
			return ledger.Batch{}, err
		}
		b := ledger.Batch{
			Command: fmt.Sprintf("deviations/%s/%d/%d", id, run.Version, standing.Version), Actor: actor, Correlation: id,
			Reads: []ledger.Read{{Stream: stream, Version: standing.Version}, {Stream: ledger.RunStream(id), Version: run.Version}},
		}
		known := standing.Deviations
		for _, f := range failures(run) {
			if deviation.Known(known, f.Source) {
				continue
			}
			f.Deviation = deviation.Next(known)
			known = append(slices.Clip(known), deviation.Deviation{Opened: f})
			b.Events = append(b.Events, ledger.Draft{Stream: stream, Data: &f, Cause: f.Source})
		}
		return b, nil
	})
	return err
}

// failures are the attempts of a run that did not pass: of jobs that prove
// something or deploy, and evidence that failed. They come in the order of their
// executions, so that numbers do not depend on who looks.
func failures(run state.Run) []deviation.Opened {
	texts := map[string][]string{}
	jobs := map[string]string{}
	for execution, r := range run.Results {
		job, _ := run.Plan.Job(r.Job)
		if r.Conclusion == pipeline.Success || r.Conclusion == pipeline.Skipped || len(job.Proves) == 0 && job.Kind != pipeline.Place {
			continue
		}
		texts[execution] = append(texts[execution], strings.TrimSuffix(fmt.Sprintf("job %s ended with %s: %s", r.Job, r.Conclusion, r.Reason), ": "))
		jobs[execution] = r.Job
	}
	for _, rec := range run.Evidence {
		source := rec.Execution
		if source == "" {
			source = fmt.Sprintf("evidence/%d", rec.Seq)
		}
		for _, i := range rec.Items {
			if i.Format == evidence.FormatAcceptance {
				continue // each failed step of a protocol has its own
			}
			if i.Counted && i.Verdict != evidence.VerdictPassed {
				texts[source] = append(texts[source], failed(i))
				jobs[source] = rec.Job
			}
		}
	}
	var out []deviation.Opened
	for source, text := range texts {
		out = append(out, deviation.Opened{Source: source, Job: jobs[source], Text: deviation.Bounded(strings.Join(text, "; "))})
	}
	slices.SortFunc(out, func(a, b deviation.Opened) int { return strings.Compare(a.Source, b.Source) })
	return out
}

func failed(i evidence.Item) string {
	place := ""
	if i.Environment != "" {
		place = " in " + i.Environment
	}
	return fmt.Sprintf("%s%s: %s is %s (%d passed, %d failed, %d errors, %d skipped)", i.Verification, place, i.Name, i.Verdict, i.Passed, i.Failed, i.Errors, i.Skipped)
}

// Report opens a deviation that a person has seen.
func (d *Deviations) Report(ctx context.Context, by ledger.Actor, solution, version, text, reason string) (string, error) {
	if len(strings.TrimSpace(text)) < 3 {
		return "", fault.New(fault.Invalid, "a deviation says what was seen").WithHint("add --text TEXT")
	}
	stream := ledger.ReleaseStream(solution, version)
	var id string
	_, err := ledger.Decide(ctx, d.Log, func() (ledger.Batch, error) {
		standing, err := d.State.Standing(ctx, stream)
		if err != nil {
			return ledger.Batch{}, err
		}
		if standing.Registered == nil {
			return ledger.Batch{}, fault.New(fault.NotFound, "version %q of %s is not registered", version, solution)
		}
		id = deviation.Next(standing.Deviations)
		return ledger.Batch{
			Command: fmt.Sprintf("deviation/%s/%d", stream, standing.Version), Actor: by, Correlation: standing.Registered.Run,
			Reads: []ledger.Read{{Stream: stream, Version: standing.Version}},
			Events: []ledger.Draft{{Stream: stream, Reason: reason, Data: &deviation.Opened{
				Deviation: id, Source: "person/" + by.ID + "/" + id, Text: deviation.Bounded(text),
			}}},
		}, nil
	})
	return id, err
}

// Drifted opens a deviation of the release that a place should hold and does not.
// The same differences open one only, until they are others.
func (d *Deviations) Drifted(ctx context.Context, solution, version, environment string, differences []string) error {
	sum, err := canonical.Digest(differences)
	if err != nil {
		return err
	}
	source := fmt.Sprintf("drift/%s/%.16s", environment, sum)
	stream := ledger.ReleaseStream(solution, version)
	_, err = ledger.Decide(ctx, d.Log, func() (ledger.Batch, error) {
		standing, err := d.State.Standing(ctx, stream)
		if err != nil || standing.Registered == nil || deviation.Known(standing.Deviations, source) {
			return ledger.Batch{}, err
		}
		return ledger.Batch{
			Command: fmt.Sprintf("drift/%s/%d", stream, standing.Version), Actor: actor, Correlation: standing.Registered.Run,
			Reads: []ledger.Read{{Stream: stream, Version: standing.Version}},
			Events: []ledger.Draft{{Stream: stream, Data: &deviation.Opened{
				Deviation: deviation.Next(standing.Deviations), Source: source,
				Text: deviation.Bounded(fmt.Sprintf("drift in %s, %d differences: %s", environment, len(differences), strings.Join(differences, "; "))),
			}}},
		}, nil
	})
	return err
}
