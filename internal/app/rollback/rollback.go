// Package rollback puts an earlier release back into a place: a new record
// that goes forward, with a gate of its own, the kept artifact by its digest,
// verification afterwards and a publication.
package rollback

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Lists reads views.
type Lists interface {
	Releases(ctx context.Context, solution string) ([]inspect.Release, error)
	Solutions(ctx context.Context) ([]policy.Solution, error)
}

// Blobs keeps manifests and evidence.
type Blobs interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
	Bytes(ctx context.Context, digest string) ([]byte, error)
}

// Unsigned says which meanings an open gate still asks for, which signatures
// count, and what that was read from.
type Unsigned func(ctx context.Context, solution, profile string, s gate.Standing, name string) (missing []string, effective []gate.Signed, reads []ledger.Read, err error)

// Publisher writes the record of a rollback into the release log.
type Publisher interface {
	PublishRollback(ctx context.Context, solution policy.Solution, environment string, r deployment.RollbackRequested) (commit string, err error)
}

// Effect is the kind of the effect that carries out an approved rollback.
const Effect = "rollback"

// Rollbacks requests and carries out rollbacks.
type Rollbacks struct {
	Log       ledger.Log
	State     *state.Reader
	Lists     Lists
	Blobs     Blobs
	Deployer  *deploy.Deployer
	Unsigned  Unsigned
	Publisher Publisher
}

// Request asks for an earlier version in a place.
type Request struct {
	Solution     string `json:"solution"`
	Environment  string `json:"environment"`
	To           string `json:"to"`
	Irreversible bool   `json:"irreversible"` // data written since cannot be read by the earlier version
}

// Requested names the rollback.
type Requested struct {
	Rollback string `json:"rollback"`
	From     string `json:"from"`
	To       string `json:"to"`
}

var actor = ledger.Actor{Kind: ledger.Machine, ID: "orchestrator", Role: "rollback", Authentication: "internal"}

// Request records the request of a person; its gate opens by itself.
func (r *Rollbacks) Request(ctx context.Context, by ledger.Actor, q Request, reason string) (Requested, error) {
	to, err := release.ParseVersion(q.To)
	if err != nil {
		return Requested{}, fault.New(fault.Invalid, "%v", err)
	}
	if reason == "" {
		return Requested{}, fault.New(fault.Invalid, "a rollback needs a reason").WithHint("add --reason TEXT")
	}
	var out Requested
	_, err = ledger.Decide(ctx, r.Log, func() (ledger.Batch, error) {
		there, err := r.State.Place(ctx, q.Solution, q.Environment)
		if err != nil {
			return ledger.Batch{}, err
		}
		from, err := r.from(ctx, q, there)
		if err != nil {
			return ledger.Batch{}, err
		}
		for _, open := range there.Rollbacks {
			if !there.Done[open.Rollback] {
				return ledger.Batch{}, fault.New(fault.Conflict, "rollback %s of %s is not finished", open.Rollback, q.Environment)
			}
		}
		tree, err := r.earlier(ctx, q, there, to, from)
		if err != nil {
			return ledger.Batch{}, err
		}
		out = Requested{Rollback: next(there, q.Environment), From: from, To: to.String()}
		stream := ledger.EnvironmentStream(q.Solution, q.Environment)
		return ledger.Batch{
			Command: fmt.Sprintf("rollback/%s/%s", q.Solution, out.Rollback), Actor: by,
			Reads: []ledger.Read{{Stream: stream, Version: there.Version}},
			Events: []ledger.Draft{{Stream: stream, Reason: reason, Data: &deployment.RollbackRequested{
				Rollback: out.Rollback, Environment: q.Environment, From: out.From, To: out.To, Tree: tree, Irreversible: q.Irreversible,
			}}},
		}, nil
	})
	return out, err
}

// next is the identity of the next rollback of a place.
func next(there state.Place, environment string) string {
	return fmt.Sprintf("%s-%d", environment, len(there.Rollbacks)+1)
}

// from is the version that a place goes back from: what it holds, or what it was
// to hold when a deployment did not end.
func (r *Rollbacks) from(ctx context.Context, q Request, there state.Place) (string, error) {
	current, _ := there.Current()
	version := current.Version
	if there.Open != nil {
		run, err := r.State.Run(ctx, there.Open.Run)
		if err != nil {
			return "", err
		}
		version = run.Run.Version
	}
	if version == "" {
		return "", fault.New(fault.Invalid, "%s of %s holds no release", q.Environment, q.Solution)
	}
	return version, nil
}

// earlier finds the artifact of a version that was for use in the place.
func (r *Rollbacks) earlier(ctx context.Context, q Request, there state.Place, to release.Version, from string) (string, error) {
	if from == to.String() {
		return "", fault.New(fault.Invalid, "%s holds version %s already", q.Environment, to)
	}
	standing, err := r.State.Release(ctx, q.Solution, to.String())
	if err != nil {
		return "", err
	}
	if standing.State != release.Effective && standing.State != release.StateSuperseded {
		return "", fault.New(fault.Invalid, "version %s of %s was never for use", to, q.Solution)
	}
	dep, ok := deployed(there, to.String())
	if !ok {
		return "", fault.New(fault.NotFound, "version %s was never deployed to %s", to, q.Environment)
	}
	if _, err := r.Deployer.TreeOf(ctx, dep); err != nil {
		return "", err
	}
	return dep.Tree, nil
}

func deployed(there state.Place, version string) (deployment.Deployed, bool) {
	for i := len(there.Deployments) - 1; i >= 0; i-- {
		if there.Deployments[i].Version == version {
			return there.Deployments[i].Deployed, true
		}
	}
	return deployment.Deployed{}, false
}

// Step moves every open rollback as far as it goes by itself.
func (r *Rollbacks) Step(ctx context.Context) error {
	solutions, err := r.Lists.Solutions(ctx)
	if err != nil {
		return err
	}
	for _, s := range solutions {
		for _, place := range policy.Places {
			there, err := r.State.Place(ctx, s.Solution, place)
			if err != nil {
				return err
			}
			for _, open := range there.Rollbacks {
				if !there.Done[open.Rollback] {
					if err := r.step(ctx, s, there, open); err != nil {
						return fmt.Errorf("rollback %s of %s: %w", open.Rollback, s.Solution, err)
					}
				}
			}
		}
	}
	return nil
}

// step opens the gate of a rollback, or consumes it when it is signed.
func (r *Rollbacks) step(ctx context.Context, s policy.Solution, there state.Place, q deployment.RollbackRequested) error {
	stream := ledger.EnvironmentStream(s.Solution, q.Environment)
	before, err := r.State.Standing(ctx, stream)
	if err != nil {
		return err
	}
	var planned planned
	if before.Gate(gate.ApproveRollback).Phase == gate.PhaseClosed {
		planned = r.plan(ctx, s, there, q)
	}
	_, err = ledger.Decide(ctx, r.Log, func() (ledger.Batch, error) {
		standing, err := r.State.Standing(ctx, stream)
		if err != nil {
			return ledger.Batch{}, err
		}
		b := ledger.Batch{
			Command: fmt.Sprintf("rollback-step/%s/%d", stream, standing.Version), Actor: actor, Correlation: q.Rollback, Policy: s.Digest,
			Reads: []ledger.Read{{Stream: stream, Version: standing.Version}},
		}
		switch g := standing.Gate(gate.ApproveRollback); g.Phase {
		case gate.PhaseClosed:
			p, err := r.open(ctx, s, q, standing, planned)
			if p != nil {
				b.Events = []ledger.Draft{{Stream: stream, Data: p}}
			}
			return b, err
		case gate.PhaseOpen:
			return r.consume(ctx, s, q, standing, b)
		}
		return ledger.Batch{}, nil
	})
	return err
}

// planned is what a rollback will do, or why that cannot be said.
type planned struct {
	digest  string
	plan    deployment.Plan
	problem error
}

// plan plans the rollback: who signs its gate sees what it will do.
func (r *Rollbacks) plan(ctx context.Context, s policy.Solution, there state.Place, q deployment.RollbackRequested) planned {
	var p planned
	dep, ok := deployed(there, q.To)
	if !ok || dep.Tree != q.Tree {
		return planned{problem: fmt.Errorf("artifact %.12s of version %s is not known", q.Tree, q.To)}
	}
	p.digest, p.plan, p.problem = r.Deployer.PlanRollback(ctx, s, dep, q.Rollback, actor)
	return p
}

func (r *Rollbacks) open(ctx context.Context, s policy.Solution, q deployment.RollbackRequested, standing gate.Standing, p planned) (ledger.Payload, error) {
	f, g := gate.Facts{}, standing.Gate(gate.ApproveRollback)
	if p.problem != nil {
		f.Rollback = append(f.Rollback, "the rollback cannot be planned: "+p.problem.Error())
	}
	if q.Irreversible {
		f.Rollback = append(f.Rollback, "data written since cannot be read by version "+q.To+": use the restore procedure")
	}
	def, demanded := standing.Definition(s.Profile, gate.ApproveRollback)
	if missing := def.Missing(f); len(missing) > 0 {
		if len(g.Missing) > 0 {
			return nil, nil
		}
		return &gate.Closed{Gate: def.Name, Missing: missing}, nil
	}
	m := gate.Manifest{
		Schema: gate.ManifestSchema, Gate: def.Name, Opening: g.Openings + 1, Solution: s.Solution, Version: q.To, Policy: s.Digest,
		Artifacts:  []gate.ManifestArtifact{{Tree: q.Tree, Environments: []string{q.Environment}}},
		Deployment: &gate.ManifestDeployment{Environment: q.Environment, Plan: p.digest, Summary: p.plan.Summary(), Destroys: deployment.Few(p.plan.Destroys())},
		Rollback: &gate.ManifestRollback{
			Rollback: q.Rollback, Environment: q.Environment, From: q.From, To: q.To, Tree: q.Tree, Irreversible: q.Irreversible,
		},
	}
	raw, err := canonical.Marshal(m)
	if err != nil {
		return nil, err
	}
	digest, err := r.Blobs.PutBytes(ctx, raw)
	return &gate.Opened{Gate: def.Name, Manifest: digest, Opening: m.Opening, Documents: []gate.RenderedDocument{}, Unsigned: !demanded}, err
}

type effectArgs struct {
	Solution    string `json:"solution"`
	Environment string `json:"environment"`
	Rollback    string `json:"rollback"`
}

func (r *Rollbacks) consume(ctx context.Context, s policy.Solution, q deployment.RollbackRequested, standing gate.Standing, b ledger.Batch) (ledger.Batch, error) {
	missing, effective, reads, err := r.Unsigned(ctx, s.Solution, string(s.Profile), standing, gate.ApproveRollback)
	if err != nil || len(missing) > 0 {
		return ledger.Batch{}, err
	}
	g := standing.Gate(gate.ApproveRollback)
	d := &gate.Consumed{Gate: gate.ApproveRollback, Manifest: g.Opened.Manifest, Signatures: []string{}}
	for _, sig := range effective {
		d.Signatures = append(d.Signatures, sig.Signature)
	}
	args, err := json.Marshal(effectArgs{Solution: s.Solution, Environment: q.Environment, Rollback: q.Rollback})
	if err != nil {
		return b, err
	}
	b.Reads = append(b.Reads, reads...)
	b.Events = []ledger.Draft{{Stream: ledger.EnvironmentStream(s.Solution, q.Environment), Data: d}}
	b.Effects = []ledger.Effect{
		{Kind: Effect, Key: Effect + "/" + s.Solution + "/" + q.Rollback, Args: args},
		publish.AnchorAfter(s.Solution, q.Rollback),
	}
	return b, nil
}

// Carry carries out an approved rollback: the effect. Every part of it is
// idempotent by its command.
func (r *Rollbacks) Carry(ctx context.Context, raw []byte) error {
	var args effectArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return fmt.Errorf("rollback: %w", err)
	}
	solution, q, there, err := r.find(ctx, args)
	if err != nil || there.Done[q.Rollback] {
		return err
	}
	dep, ok := deployed(there, q.To)
	if !ok || dep.Tree != q.Tree {
		return fmt.Errorf("rollback %s: artifact %.12s of version %s is not known", q.Rollback, q.Tree, q.To)
	}
	plan, err := r.signed(ctx, solution, q)
	if err != nil {
		return err
	}
	if _, err := r.Deployer.Again(ctx, solution, dep, q.Rollback, plan, actor); err != nil {
		return err
	}
	if err := r.verify(ctx, solution, q); err != nil {
		return err
	}
	commit := ""
	if solution.ReleaseLog != "" {
		if commit, err = r.Publisher.PublishRollback(ctx, solution, q.Environment, q); err != nil {
			return err
		}
	}
	events := []ledger.Draft{{Stream: ledger.EnvironmentStream(args.Solution, args.Environment), Data: &deployment.RolledBack{Rollback: q.Rollback, To: q.To, Commit: commit}}}
	inUse, err := r.inUse(ctx, args.Solution, q)
	if err != nil {
		return err
	}
	if inUse {
		events = append(events,
			ledger.Draft{Stream: ledger.ReleaseStream(args.Solution, q.From), Data: &release.Superseded{By: q.To}},
			ledger.Draft{Stream: ledger.ReleaseStream(args.Solution, q.To), Data: &release.Reinstated{Rollback: q.Rollback}})
	}
	_, err = r.Log.Append(ctx, ledger.Batch{Command: "rolled-back/" + args.Solution + "/" + q.Rollback, Actor: actor, Correlation: q.Rollback, Policy: solution.Digest, Events: events})
	return err
}

// inUse reports whether the version that PRD went back from was in use there. One
// that was not never took the place of the release before.
func (r *Rollbacks) inUse(ctx context.Context, solution string, q deployment.RollbackRequested) (bool, error) {
	if q.Environment != "prd" {
		return false, nil
	}
	from, err := r.State.Release(ctx, solution, q.From)
	return from.State == release.Effective, err
}

// signed is the plan that was signed at the gate of the rollback.
func (r *Rollbacks) signed(ctx context.Context, s policy.Solution, q deployment.RollbackRequested) (string, error) {
	standing, err := r.State.Standing(ctx, ledger.EnvironmentStream(s.Solution, q.Environment))
	if err != nil {
		return "", err
	}
	g := standing.Gate(gate.ApproveRollback)
	if g.Consumed == nil {
		return "", fmt.Errorf("rollback %s: its gate is not consumed", q.Rollback)
	}
	m, err := r.State.Manifest(ctx, g.Consumed.Manifest)
	if err != nil {
		return "", err
	}
	if m.Deployment == nil {
		return "", fault.New(fault.Conflict, "rollback %s was signed without a plan", q.Rollback).WithHint("ask for it again with: dc-release rollback")
	}
	return m.Deployment.Plan, nil
}

func (r *Rollbacks) find(ctx context.Context, args effectArgs) (policy.Solution, deployment.RollbackRequested, state.Place, error) {
	all, err := r.Lists.Solutions(ctx)
	if err != nil {
		return policy.Solution{}, deployment.RollbackRequested{}, state.Place{}, err
	}
	there, err := r.State.Place(ctx, args.Solution, args.Environment)
	if err != nil {
		return policy.Solution{}, deployment.RollbackRequested{}, there, err
	}
	for _, s := range all {
		for _, q := range there.Rollbacks {
			if s.Solution == args.Solution && q.Rollback == args.Rollback {
				return s, q, there, nil
			}
		}
	}
	return policy.Solution{}, deployment.RollbackRequested{}, there, fmt.Errorf("rollback %s of %s is not known", args.Rollback, args.Solution)
}

// verify observes the place and refuses to finish on a difference: the effect
// is tried again and the place stays as it is until a person looks.
func (r *Rollbacks) verify(ctx context.Context, s policy.Solution, q deployment.RollbackRequested) error {
	there, err := r.State.Place(ctx, s.Solution, q.Environment)
	if err != nil {
		return err
	}
	current, _ := there.Current()
	item, err := r.Deployer.Verify(ctx, current.Deployed)
	if err != nil {
		return err
	}
	_, err = r.Log.Append(ctx, ledger.Batch{
		Command: "rollback-verify/" + s.Solution + "/" + q.Rollback + "/" + item.SHA256, Actor: actor, Correlation: q.Rollback, Policy: s.Digest,
		Events: []ledger.Draft{{Stream: ledger.EnvironmentStream(s.Solution, q.Environment), Data: &evidence.Recorded{Items: []evidence.Item{item}}}},
	})
	if err != nil {
		return err
	}
	if item.Verdict != evidence.VerdictPassed {
		return fault.New(fault.Unverified, "rollback %s: %s is not what was deployed", q.Rollback, q.Environment)
	}
	return nil
}
