// Package state folds streams into what decisions are made on: a run, a
// release with its gates, a person, a place.
package state

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Blobs reads what events point to.
type Blobs interface {
	Bytes(ctx context.Context, digest string) ([]byte, error)
}

// Reader folds streams; it keeps what it folded and reads only what is new.
type Reader struct {
	Log   ledger.Log
	Blobs Blobs

	mu        sync.Mutex
	runs      map[string]Run
	releases  map[ledger.Stream]gate.Standing
	groups    map[string]pipeline.Groups
	solutions map[string]Solution
}

// Solution is what a solution's stream says.
type Solution struct {
	policy.Baseline
	Version   int64 // of the stream
	Approvals []approval.Approval
	Freezes   []release.FreezeDeclared // not lifted, whatever their time
}

// Frozen is the freeze that a time of the ledger's form lies in; ok is false for
// none.
func (s Solution) Frozen(now string) (f release.FreezeDeclared, ok bool) {
	for _, f := range s.Freezes {
		if f.Since <= now && now < f.Until {
			return f, true
		}
	}
	return f, false
}

// Run is a run with what its stream says beside the pipeline's own state.
type Run struct {
	pipeline.State
	Evidence    []Recorded
	Acceptances []acceptance.Acceptance
	Described   []Described // reports about artifacts, in order
	Started     []Started   // what targets were to run, in order
	Queued      map[string]pipeline.ExecutionQueued
	Results     map[string]pipeline.ExecutionFinished
	Claims      map[string]Claim
	// Audiences are those that each execution was given identity tokens for.
	Audiences map[string][]string
	Logs      map[string]string // blobs of what was kept of executions without a result
	Events    []ledger.Header   // of job decisions, for exception lists
}

// Claim is who took an execution, and when.
type Claim struct {
	Worker string
	Fence  int64
	Time   string
}

// Recorded is an evidence event with its position.
type Recorded struct {
	evidence.Recorded
	Seq  int64
	Time string
	By   ledger.Actor
}

// Started is what a target was to run, with its time.
type Started struct {
	deployment.TasksStarted
	Time string
}

// StartedBy finds the start that a call of an execution made.
func (s Run) StartedBy(execution string, call int) (Started, bool) {
	for _, d := range s.Started {
		if d.Execution == execution && d.Call == call {
			return d, true
		}
	}
	return Started{}, false
}

// Run folds a run's stream.
func (r *Reader) Run(ctx context.Context, run string) (Run, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, known := r.runs[run]
	events, err := r.Log.Stream(ctx, ledger.RunStream(run), s.Version)
	if err != nil {
		return Run{}, err
	}
	if !known {
		if len(events) == 0 {
			return Run{}, fault.New(fault.NotFound, "run %q is not in the ledger", run).WithHint("list the runs with: dc-release runs list")
		}
		if s, err = r.begin(ctx, events[0]); err != nil {
			return Run{}, err
		}
	}
	for _, e := range events {
		if s, err = r.apply(ctx, s, e); err != nil {
			return Run{}, err
		}
	}
	if r.runs == nil {
		r.runs = map[string]Run{}
	}
	if r.runs[run] = s; s.Finished {
		delete(r.runs, run) // asked for seldom; an owner lives long
	}
	return s.clone(), nil
}

func (r *Reader) begin(ctx context.Context, first ledger.Event) (Run, error) {
	started, ok := first.Data.(*pipeline.RunStarted)
	if !ok {
		return Run{}, fmt.Errorf("stream %s begins with %s", first.Stream, first.Type)
	}
	raw, err := r.Blobs.Bytes(ctx, started.Plan)
	if err != nil {
		return Run{}, fmt.Errorf("plan of run %s: %w", started.Run, err)
	}
	var plan pipeline.Plan
	if err := json.Unmarshal(raw, &plan); err != nil {
		return Run{}, fmt.Errorf("plan of run %s: %w", started.Run, err)
	}
	return Run{
		State: pipeline.NewState(plan), Queued: map[string]pipeline.ExecutionQueued{},
		Results: map[string]pipeline.ExecutionFinished{}, Claims: map[string]Claim{}, Audiences: map[string][]string{}, Logs: map[string]string{},
	}, nil
}

func (s Run) apply(e ledger.Event) Run {
	s.State = pipeline.Apply(s.State, e)
	s.Acceptances = acceptance.Apply(s.Acceptances, e)
	switch d := e.Data.(type) {
	case *evidence.Recorded:
		s.Evidence = append(s.Evidence, Recorded{Recorded: *d, Seq: e.Seq, Time: e.Time, By: e.Actor})
	case *component.Described:
		s.Described = append(slices.Clip(s.Described), Described{Described: *d, Seq: e.Seq})
	case *deployment.TasksStarted:
		s.Started = append(slices.Clip(s.Started), Started{TasksStarted: *d, Time: e.Time})
	case *pipeline.ExecutionQueued:
		s.Queued[d.Execution] = *d
	case *pipeline.ExecutionClaimed:
		s.Claims[d.Execution] = Claim{Worker: d.Worker, Fence: e.Seq, Time: e.Time}
	case *pipeline.TokenIssued:
		s.Audiences[d.Execution] = append(slices.Clip(s.Audiences[d.Execution]), d.Audience)
	case *pipeline.ExecutionFinished:
		s.Results[d.Execution] = *d
	case *pipeline.LogKept:
		s.Logs[d.Execution] = d.Log
	}
	s.Events = append(s.Events, e.Header)
	return s
}

// clone protects the kept maps from the caller.
func (s Run) clone() Run {
	s.Queued, s.Results, s.Claims, s.Logs = maps.Clone(s.Queued), maps.Clone(s.Results), maps.Clone(s.Claims), maps.Clone(s.Logs)
	s.Audiences = maps.Clone(s.Audiences)
	s.Evidence, s.Events = slices.Clip(s.Evidence), slices.Clip(s.Events)
	return s
}

// Release folds a release's stream; a release that does not exist gives the
// zero Standing.
func (r *Reader) Release(ctx context.Context, solution, version string) (gate.Standing, error) {
	if version == "" {
		return gate.Standing{}, nil
	}
	return r.Standing(ctx, ledger.ReleaseStream(solution, version))
}

// Standing folds the gates of any subject's stream.
func (r *Reader) Standing(ctx context.Context, stream ledger.Stream) (gate.Standing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.releases[stream]
	events, err := r.Log.Stream(ctx, stream, s.Version)
	if err != nil {
		return s, err
	}
	for _, e := range events {
		s = gate.Apply(s, e)
	}
	if r.releases == nil {
		r.releases = map[ledger.Stream]gate.Standing{}
	}
	r.releases[stream] = s
	return s, nil
}

// Groups folds the concurrency groups of a solution.
func (r *Reader) Groups(ctx context.Context, solution string) (pipeline.Groups, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.groups[solution]
	events, err := r.Log.Stream(ctx, ledger.ConcurrencyStream(solution), g.Version)
	if err != nil {
		return g, err
	}
	for _, e := range events {
		g = pipeline.ApplyGroup(g, e)
	}
	if r.groups == nil {
		r.groups = map[string]pipeline.Groups{}
	}
	r.groups[solution] = g
	return g, nil
}

// Solution folds a solution's stream.
func (r *Reader) Solution(ctx context.Context, key string) (Solution, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.solutions[key]
	events, err := r.Log.Stream(ctx, ledger.SolutionStream(key), s.Version)
	if err != nil {
		return Solution{}, err
	}
	for _, e := range events {
		s = s.apply(e)
	}
	if r.solutions == nil {
		r.solutions = map[string]Solution{}
	}
	r.solutions[key] = s
	return s, nil
}

func (s Solution) apply(e ledger.Event) Solution {
	s.Version = e.Version
	if b, ok := policy.BaselineOf(e.Data); ok {
		s.Baseline = b
	}
	s.Approvals = approval.Apply(s.Approvals, e)
	switch d := e.Data.(type) {
	case *release.FreezeDeclared:
		s.Freezes = append(slices.Clip(s.Freezes), *d)
	case *release.FreezeLifted:
		s.Freezes = slices.DeleteFunc(slices.Clone(s.Freezes), func(f release.FreezeDeclared) bool { return f.Freeze == d.Freeze })
	}
	return s
}

// Person folds a person's stream, with those whose roles were delegated to the
// person and with what is asked of everybody; an unknown id gives the zero
// Subject. What decides at a time asks the subject At it.
func (r *Reader) Person(ctx context.Context, id string) (policy.Subject, error) {
	return r.PersonAt(ctx, id, math.MaxInt64)
}

// Manifest reads what a gate froze, by its digest.
func (r *Reader) Manifest(ctx context.Context, digest string) (gate.Manifest, error) {
	var m gate.Manifest
	raw, err := r.Blobs.Bytes(ctx, digest)
	if err == nil {
		err = canonical.Unmarshal(raw, &m)
	}
	if err != nil {
		return m, fmt.Errorf("manifest %.12s: %w", digest, err)
	}
	return m, nil
}

// Place is what is and was in an environment.
type Place struct {
	Version     int64 // of the stream
	Deployments []Deployment
	Rollbacks   []deployment.RollbackRequested
	Done        map[string]bool // finished rollbacks
	Automatic   map[string]bool // rollbacks that nobody asked for
	Plans       []deployment.Planned
	// Open is a deployment that was begun and did not end; nil normally. What the
	// place holds then, only reading it back tells: it may be mixed.
	Open *deployment.Begun
	// Failed is how the open one failed, nil when nobody knows.
	Failed *deployment.Failed
}

// Deployment is one deployment with its position.
type Deployment struct {
	deployment.Deployed
	Seq  int64
	Time string
}

// Place folds an environment's stream.
func (r *Reader) Place(ctx context.Context, solution, environment string) (Place, error) {
	events, err := r.Log.Stream(ctx, ledger.EnvironmentStream(solution, environment), 0)
	return place(events), err
}

func place(events []ledger.Event) Place {
	p := Place{Done: map[string]bool{}, Automatic: map[string]bool{}}
	for _, e := range events {
		p.Version = e.Version
		switch d := e.Data.(type) {
		case *deployment.Deployed:
			p.Deployments = append(p.Deployments, Deployment{Deployed: *d, Seq: e.Seq, Time: e.Time})
			p.Open, p.Failed = nil, nil
		case *deployment.Planned:
			p.Plans = append(p.Plans, *d)
		case *deployment.Begun:
			p.Open, p.Failed = d, nil
		case *deployment.Failed:
			p.Failed = d
		case *deployment.RollbackRequested:
			p.Rollbacks = append(p.Rollbacks, *d)
			p.Automatic[d.Rollback] = e.Actor.Kind == ledger.Machine
		case *deployment.RolledBack:
			p.Done[d.Rollback] = true
		}
	}
	return p
}

// Unfinished says what became of a deployment that was begun and did not end, ""
// when there is none.
func (p Place) Unfinished() string {
	switch {
	case p.Open == nil:
		return ""
	case p.Failed == nil:
		return "a deployment was begun and nobody knows how it ended"
	}
	return "a deployment was begun and failed: " + p.Failed.Problem
}

// Planned is the latest plan of a run for the place, or of a rollback.
func (p Place) Planned(run, rollback string) (deployment.Planned, bool) {
	for _, d := range slices.Backward(p.Plans) {
		if d.Run == run && d.Rollback == rollback {
			return d, true
		}
	}
	return deployment.Planned{}, false
}

// Current is the latest deployment.
func (p Place) Current() (Deployment, bool) {
	if len(p.Deployments) == 0 {
		return Deployment{}, false
	}
	return p.Deployments[len(p.Deployments)-1], true
}

// Of is the latest deployment of a run.
func (p Place) Of(run string) (Deployment, bool) {
	for i := len(p.Deployments) - 1; i >= 0; i-- {
		if p.Deployments[i].Run == run {
			return p.Deployments[i], true
		}
	}
	return Deployment{}, false
}
