// Package orchestrate drives runs: it asks pipeline.Next what has to happen
// and appends it, again and again, until a run waits for a worker or a person.
package orchestrate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/enter"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Gates evaluates a gate that a run waits at: it records what is missing, or
// freezes the manifest and opens it, or voids what no longer holds.
type Gates interface {
	Evaluate(ctx context.Context, run, gate string) error
	// Holds reports whether an open gate of the given states may still be
	// consumed: nothing voids it.
	Holds(ctx context.Context, run state.Run, s gate.Standing, name string) (bool, error)
}

// Deviations opens what the failures of a run call for.
type Deviations interface {
	Open(ctx context.Context, run string) error
}

// Vars gives the variables of a solution for one environment, "" for none.
type Vars func(solution, environment string) map[string]string

// Orchestrator drives the runs of one installation.
type Orchestrator struct {
	Log        ledger.Log
	State      *state.Reader
	Blobs      Blobs
	Gates      Gates
	Deviations Deviations
	Vars       Vars
	Now        func() time.Time
}

// Blobs keeps the files that events point to.
type Blobs interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
}

var actor = ledger.Actor{Kind: ledger.Machine, ID: "orchestrator", Authentication: "internal"}

// maxSteps bounds how often a run moves without a worker or a person.
const maxSteps = 1000

// Step moves a run as far as it goes by itself and reports whether it has
// finished.
func (o *Orchestrator) Step(ctx context.Context, run string) (finished bool, err error) {
	for range maxSteps {
		moved, finished, err := o.once(ctx, run)
		if err != nil {
			return finished, err
		}
		if moved && !finished {
			continue
		}
		if err := o.Deviations.Open(ctx, run); err != nil || finished {
			return finished, err
		}
		return false, o.atGates(ctx, run)
	}
	return false, fmt.Errorf("run %s moved %d times without end", run, maxSteps)
}

// once appends what is next; moved is false when the run waits.
func (o *Orchestrator) once(ctx context.Context, id string) (moved, finished bool, err error) {
	events, err := ledger.Decide(ctx, o.Log, func() (ledger.Batch, error) {
		run, err := o.State.Run(ctx, id)
		if err != nil {
			return ledger.Batch{}, err
		}
		if finished = run.Finished; finished {
			return ledger.Batch{}, nil
		}
		out, reads, err := o.Outside(ctx, run)
		if err != nil {
			return ledger.Batch{}, err
		}
		commands := pipeline.Next(run.State, out)
		if len(commands) == 0 {
			return ledger.Batch{}, nil
		}
		b := ledger.Batch{
			// What was decided for a state of the run and the groups is decided once.
			Command: fmt.Sprintf("step/%s/%d/%d", id, run.Version, out.Groups.Version), Actor: actor, Correlation: id,
			Reads: append(reads, ledger.Read{Stream: ledger.RunStream(id), Version: run.Version}),
		}
		for _, c := range commands {
			drafts, err := o.drafts(ctx, run, c)
			if err != nil {
				return b, err
			}
			b.Events = append(b.Events, drafts...)
		}
		b.Effects = anchors(run.Run, b.Events)
		return b, nil
	})
	return len(events) > 0, finished, err
}

// Outside gathers what a run's next step depends on, and from where.
func (o *Orchestrator) Outside(ctx context.Context, run state.Run) (pipeline.Outside, []ledger.Read, error) {
	out := pipeline.Outside{Now: o.Now(), Vars: o.Vars(run.Run.Solution, ""), Gates: map[string]pipeline.GateState{}, Entry: map[string]pipeline.Entry{}}
	var reads []ledger.Read
	if run.Plan.HasConcurrency() {
		groups, err := o.State.Groups(ctx, run.Run.Solution)
		if err != nil {
			return out, nil, err
		}
		out.Groups = groups
		reads = append(reads, ledger.Read{Stream: ledger.ConcurrencyStream(run.Run.Solution), Version: groups.Version})
	}
	for _, j := range run.Plan.Jobs {
		switch j.Kind {
		case pipeline.Place:
			if _, ok := out.Entry[j.Environment]; ok {
				continue
			}
			e, r, err := enter.Place(ctx, o.State, run.Run, j.Environment)
			if err != nil {
				return out, nil, err
			}
			out.Entry[j.Environment] = e
			reads = append(reads, r...)
		case pipeline.Gate:
			g, r, err := o.gate(ctx, run, j.Environment)
			if err != nil {
				return out, nil, err
			}
			out.Gates[j.Environment] = g
			reads = append(reads, r...)
		}
	}
	slices.SortFunc(reads, func(a, b ledger.Read) int { return strings.Compare(string(a.Stream), string(b.Stream)) })
	return out, slices.Compact(reads), nil
}

func (o *Orchestrator) gate(ctx context.Context, run state.Run, name string) (pipeline.GateState, []ledger.Read, error) {
	r := run.Run
	switch {
	case !r.Counted:
		return pipeline.GateState{Satisfied: true}, nil, nil
	case r.Version == "":
		return pipeline.GateState{Absent: true, Reason: fmt.Sprintf("gate %s is for releases: %s is no version tag", name, r.Trigger.Ref)}, nil, nil
	}
	standing, err := o.State.Release(ctx, r.Solution, r.Version)
	if err != nil {
		return pipeline.GateState{}, nil, err
	}
	reads := []ledger.Read{{Stream: ledger.ReleaseStream(r.Solution, r.Version), Version: standing.Version}}
	g := standing.Gate(name)
	switch {
	case g.Phase == gate.PhaseRejected:
		return pipeline.GateState{Rejected: true, Reason: fmt.Sprintf("gate %s was rejected", name)}, reads, nil
	case g.Phase == gate.PhaseConsumed:
		return pipeline.GateState{Satisfied: true}, reads, nil
	case g.Phase != gate.PhaseOpen || standing.Held != "":
		return pipeline.GateState{}, reads, nil
	}
	if def, _ := standing.Definition(policy.Profile(r.Profile), name); def.Enters == "prd" && standing.Change.Type != release.Emergency {
		solution, err := o.State.Solution(ctx, r.Solution)
		if err != nil {
			return pipeline.GateState{}, nil, err
		}
		reads = append(reads, ledger.Read{Stream: ledger.SolutionStream(r.Solution), Version: solution.Version})
		if _, frozen := solution.Frozen(ledger.FormatTime(o.Now())); frozen {
			return pipeline.GateState{}, reads, nil
		}
	}
	unsigned, _, personReads, err := o.Unsigned(ctx, r.Solution, r.Profile, standing, name)
	if err != nil || len(unsigned) > 0 {
		return pipeline.GateState{}, reads, err
	}
	holds, err := o.Gates.Holds(ctx, run, standing, name)
	return pipeline.GateState{Satisfied: holds}, append(reads, personReads...), err
}

// Unsigned is what an open gate still asks for, with the signatures that count.
func (o *Orchestrator) Unsigned(ctx context.Context, solution, profile string, s gate.Standing, name string) (missing []string, effective []gate.Signed, reads []ledger.Read, err error) {
	def, _ := s.Definition(policy.Profile(profile), name)
	persons := map[string]policy.Subject{}
	for _, sig := range s.Gate(name).Signatures {
		if _, ok := persons[sig.Person]; ok {
			continue
		}
		p, err := o.State.Person(ctx, sig.Person)
		if err != nil {
			return nil, nil, nil, err
		}
		persons[sig.Person] = p.At(ledger.FormatTime(o.Now()))
		reads = append(reads, ledger.Read{Stream: ledger.PersonStream(sig.Person), Version: p.Version})
	}
	effective = gate.Effective(s, name, solution, func(id string) policy.Subject { return persons[id] })
	for _, m := range gate.Unsigned(def, effective) {
		missing = append(missing, string(m))
	}
	return missing, effective, reads, nil
}

// drafts are the events of a command: its fact, and what follows from it.
func (o *Orchestrator) drafts(ctx context.Context, run state.Run, c pipeline.Command) ([]ledger.Draft, error) {
	fact, err := pipeline.Fact(run.Run, c)
	if err != nil {
		return nil, err
	}
	d := ledger.Draft{Stream: ledger.RunStream(run.Run.Run), Data: fact}
	switch c := c.(type) {
	case pipeline.OpenScope:
		opened := fact.(*pipeline.ScopeOpened)
		var kept []ledger.Draft
		opened.Inputs, kept, err = state.Fit(ctx, o.Blobs, run.Run.Run, pipeline.ValuesKept{Job: c.Job, Inputs: true}, c.Inputs)
		return append([]ledger.Draft{d}, kept...), err
	case pipeline.JoinGroup, pipeline.EnterGroup, pipeline.LeaveGroup:
		d.Stream = ledger.ConcurrencyStream(run.Run.Solution)
	case pipeline.CancelJob:
		d.Reason = c.Reason
	case pipeline.CloseScope:
		closed := fact.(*pipeline.ScopeClosed)
		var kept []ledger.Draft
		if closed.Outputs, kept, err = state.Fit(ctx, o.Blobs, run.Run.Run, pipeline.ValuesKept{Job: c.Job}, c.Outputs); err != nil {
			return nil, err
		}
		found, err := o.closed(ctx, run, c)
		return append(append([]ledger.Draft{d}, kept...), found...), err
	case pipeline.Queue:
		if c.Gate != "" && run.Run.Counted {
			consumed, err := o.consume(ctx, run.Run, c.Gate)
			return append(consumed, d), err
		}
	}
	return []ledger.Draft{d}, nil
}

// closed is the evidence of a call whose name carries a test's id. A group has
// none: each of its legs has its own result.
func (o *Orchestrator) closed(ctx context.Context, run state.Run, c pipeline.CloseScope) ([]ledger.Draft, error) {
	if j, _ := run.Plan.Job(c.Job); !j.IsCall() {
		return nil, nil
	}
	raw, item, ok, err := evidence.OfConclusion(evidence.Conclusion{
		Name: run.Jobs[c.Job].Name, Run: run.Run.Run, Job: c.Job, Conclusion: string(c.Conclusion), Commit: run.Run.Trigger.SHA,
	})
	if err != nil || !ok {
		return nil, err
	}
	_, err = o.Blobs.PutBytes(ctx, raw)
	return []ledger.Draft{{Stream: ledger.RunStream(run.Run.Run), Data: &evidence.Recorded{Job: c.Job, Items: []evidence.Item{item}}}}, err
}

// consume releases the job of a gate with the signatures that counted.
func (o *Orchestrator) consume(ctx context.Context, r pipeline.RunStarted, name string) ([]ledger.Draft, error) {
	standing, err := o.State.Release(ctx, r.Solution, r.Version)
	if err != nil {
		return nil, err
	}
	g := standing.Gate(name)
	if g.Phase != gate.PhaseOpen {
		return nil, nil // consumed by another job of the same gate
	}
	_, effective, _, err := o.Unsigned(ctx, r.Solution, r.Profile, standing, name)
	if err != nil {
		return nil, err
	}
	stream := ledger.ReleaseStream(r.Solution, r.Version)
	d := &gate.Consumed{Gate: name, Manifest: g.Opened.Manifest, Signatures: []string{}}
	for _, sig := range effective {
		d.Signatures = append(d.Signatures, sig.Signature)
	}
	out := []ledger.Draft{{Stream: stream, Data: d}}
	if name == gate.ApproveForUse {
		out = append(out, ledger.Draft{Stream: stream, Data: &release.Authorised{Manifest: g.Opened.Manifest}})
	}
	return out, nil
}

// anchors are the effects that anchor the ledger after a gate was consumed.
func anchors(r pipeline.RunStarted, drafts []ledger.Draft) []ledger.Effect {
	var out []ledger.Effect
	for _, d := range drafts {
		if c, ok := d.Data.(*gate.Consumed); ok {
			out = append(out, publish.AnchorAfter(r.Solution, r.Version+"/"+c.Gate+"/"+c.Manifest))
		}
	}
	return out
}

// atGates lets every gate that the run waits at be evaluated.
func (o *Orchestrator) atGates(ctx context.Context, id string) error {
	run, err := o.State.Run(ctx, id)
	if err != nil {
		return err
	}
	for _, j := range run.Plan.Jobs {
		if run.Jobs[j.Key].Status == pipeline.Waiting {
			if err := o.Gates.Evaluate(ctx, id, j.Environment); err != nil {
				return fmt.Errorf("gate %s of run %s: %w", j.Environment, id, err)
			}
		}
	}
	return nil
}
