package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// RehearsalEffect is the kind of the effect that rehearses the rollback of a
// release: the place goes back to the release that PRD holds, and forth again.
const RehearsalEffect = "rehearsal"

// RehearsalArgs are the arguments of the effect.
type RehearsalArgs struct {
	Run string `json:"run"`
	Try int    `json:"try"` // 1 for the first
}

// FirstRehearsal is the effect that follows a release by itself, once.
func FirstRehearsal(run string) (ledger.Effect, error) {
	args, err := json.Marshal(RehearsalArgs{Run: run, Try: 1})
	return ledger.Effect{Kind: RehearsalEffect, Key: RehearsalEffect + "/" + run, Args: args}, err
}

// Rehearsal is the raw evidence of half of a rehearsal: what the place holds after
// it, against what it should.
type Rehearsal struct {
	Installation
	Half string `json:"half"` // deployment.RehearsalID
}

func (Rehearsal) format() string { return evidence.FormatRehearsal }

func (r Rehearsal) name() string { return r.Half + ".json" }

var rehearser = ledger.Actor{Kind: ledger.Machine, ID: "deploy", Role: "rehearsal", Authentication: "internal"}

// Rehearse rehearses the rollback of a release: the effect. What goes wrong is
// evidence that failed; the place is led forth again whatever became of the way
// back. That it cannot begin is a recorded refusal, and a person asks again.
func (d *Deployer) Rehearse(ctx context.Context, raw []byte) error {
	var args RehearsalArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return fmt.Errorf("rehearsal: %w", err)
	}
	err := d.rehearse(ctx, rehearser, args, "")
	if kind := fault.KindOf(err); kind != fault.Conflict && kind != fault.Invalid {
		return err
	}
	_, err = d.Log.Append(ctx, ledger.Batch{
		Command: "rehearsal-refused/" + args.Run, Actor: rehearser, Correlation: args.Run,
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{
			Operation: "rollback.rehearse", Subject: string(ledger.RunStream(args.Run)), Kind: string(fault.KindOf(err)), Message: pipeline.Short(err.Error()),
		}}},
	})
	return err
}

// RehearseRelease rehearses the rollback of a release again, for somebody who
// asks for it.
func (d *Deployer) RehearseRelease(ctx context.Context, by ledger.Actor, solution, version, reason string) ([]evidence.Item, error) {
	if len(strings.TrimSpace(reason)) < 3 {
		return nil, fault.New(fault.Invalid, "a rehearsal is asked for with a reason").WithHint("add --reason TEXT")
	}
	standing, err := d.State.Release(ctx, solution, version)
	if err != nil {
		return nil, err
	}
	if standing.Registered == nil {
		return nil, fault.New(fault.NotFound, "version %s of %s is not registered", version, solution)
	}
	if phase := standing.Gate(gate.ApproveToPrd).Phase; phase == gate.PhaseConsumed {
		return nil, fault.New(fault.Conflict, "gate %s of version %s is passed: a rehearsal changes nothing any more", gate.ApproveToPrd, version)
	}
	run, err := d.State.Run(ctx, standing.Registered.Run)
	if err != nil {
		return nil, err
	}
	try := 1
	for len(rehearsed(run, try)) > 0 {
		try++
	}
	if err := d.rehearse(ctx, by, RehearsalArgs{Run: run.Run.Run, Try: try}, reason); err != nil {
		return nil, err
	}
	if run, err = d.State.Run(ctx, run.Run.Run); err != nil {
		return nil, err
	}
	return rehearsed(run, try), nil
}

// RehearsalOf is the rollback that is to be rehearsed for a run's release; nil
// when PRD holds nothing to go back to.
func RehearsalOf(solution policy.Solution, version string, prd state.Place) *gate.Rehearsal {
	current, ok := prd.Current()
	if !ok || current.Version == "" || current.Version == version {
		return nil
	}
	return &gate.Rehearsal{Environment: solution.Rollback.Place(), To: current.Version, Tree: current.Tree}
}

// rehearsed are the items of a try that are recorded.
func rehearsed(run state.Run, try int) []evidence.Item {
	var out []evidence.Item
	for _, rec := range run.Evidence {
		for _, i := range rec.Items {
			if i.Verification == string(evidence.RR) && strings.HasPrefix(i.Name, deployment.RehearsalID(run.Run.Version, try, "")) {
				out = append(out, i)
			}
		}
	}
	return out
}

func (d *Deployer) rehearse(ctx context.Context, by ledger.Actor, args RehearsalArgs, reason string) error {
	run, err := d.State.Run(ctx, args.Run)
	if err != nil {
		return err
	}
	solution, err := d.Solutions.Solution(ctx, run.Run.Solution)
	if err != nil {
		return err
	}
	prd, err := d.State.Place(ctx, solution.Solution, "prd")
	if err != nil {
		return err
	}
	r := RehearsalOf(solution, run.Run.Version, prd)
	if r == nil {
		return fault.New(fault.Invalid, "prd of %s holds no release that version %s could be rolled back to", solution.Solution, run.Run.Version)
	}
	done, err := d.turns.take(ctx, ledger.EnvironmentStream(solution.Solution, r.Environment))
	if err != nil {
		return err
	}
	defer done()
	if run, err = d.State.Run(ctx, args.Run); err != nil { // as it is now that nobody else deploys
		return err
	}
	there, err := d.State.Place(ctx, solution.Solution, r.Environment)
	if err != nil {
		return err
	}
	halves, err := halvesOf(run, there, prd, args.Try)
	if err != nil {
		return err
	}
	for _, what := range halves {
		if slices.ContainsFunc(rehearsed(run, args.Try), func(i evidence.Item) bool { return i.Name == what.Rollback+".json" }) {
			continue
		}
		item, err := d.rehearseHalf(ctx, solution, what)
		if err != nil {
			return err
		}
		if _, err = d.Log.Append(ctx, ledger.Batch{
			Command: "rehearsed/" + run.Run.Run + "/" + item.Name, Actor: by, Correlation: run.Run.Run, Policy: solution.Digest,
			Events: []ledger.Draft{{Stream: ledger.RunStream(run.Run.Run), Reason: reason, Data: &evidence.Recorded{Items: []evidence.Item{item}}}},
		}); err != nil {
			return err
		}
	}
	return nil
}

// halvesOf are the way back and the way forth. A place that another run has
// deployed to since is not touched.
func halvesOf(run state.Run, there, prd state.Place, try int) ([]deployment.Deployed, error) {
	own, ok := there.Of(run.Run.Run)
	target, _ := prd.Current()
	if !ok {
		return nil, fault.New(fault.Invalid, "version %s is not deployed where its rollback is rehearsed", run.Run.Version)
	}
	forth, back := own.Deployed, target.Deployed
	forth.Execution, forth.Rollback = "", deployment.RehearsalID(run.Run.Version, try, deployment.Forth)
	back.Environment, back.Execution, back.Rollback = own.Environment, "", deployment.RehearsalID(run.Run.Version, try, deployment.Back)
	if now, _ := there.Current(); now.Run != run.Run.Run && !deployment.Rehearses(now.Rollback, run.Run.Version) {
		return nil, fault.New(fault.Conflict, "%s holds version %s of another run: the rollback of %s is not rehearsed over it", own.Environment, now.Version, run.Run.Version).
			WithHint("deploy %s there again with a new attempt of its job, then: dc-release rollback rehearse", run.Run.Version)
	}
	return []deployment.Deployed{back, forth}, nil
}

// rehearseHalf deploys what the half leads to and reads it back. That it cannot
// be done is what the record says; an error is that it may be tried again.
func (d *Deployer) rehearseHalf(ctx context.Context, solution policy.Solution, what deployment.Deployed) (evidence.Item, error) {
	problem := d.goTo(ctx, solution, what)
	if ctx.Err() != nil {
		return evidence.Item{}, ctx.Err()
	}
	r := Rehearsal{Half: what.Rollback, Installation: Installation{
		About: about(evidence.FormatRehearsal, solution.Solution, what), Checks: []deployment.Difference{},
	}}
	if problem != nil {
		r.Problem = problem.Error()
		return keep(ctx, d.Blobs, r)
	}
	there, err := d.State.Place(ctx, solution.Solution, what.Environment)
	if err != nil {
		return evidence.Item{}, err
	}
	current, _ := there.Current()
	read := d.read(ctx, solution.Solution, current.Deployed)
	r.Checks, r.Answers, r.Problem = read.Checks, read.Answers, read.Problem
	return keep(ctx, d.Blobs, r)
}

// goTo plans a deployment and carries it out. In VAL nothing may be lost for
// good by a rehearsal, which nobody signs.
func (d *Deployer) goTo(ctx context.Context, solution policy.Solution, what deployment.Deployed) error {
	tree, err := d.TreeOf(ctx, what)
	if err != nil {
		return err
	}
	digest, plan, err := d.plan(ctx, solution, what, tree, rehearser, "")
	if err != nil {
		return err
	}
	if lost := plan.Destroys(); len(lost) > 0 && what.Environment != "tst" {
		return fault.New(fault.Forbidden, "a rehearsal in %s loses nothing for good, and this would: %s", what.Environment, strings.Join(deployment.Few(lost), "; ")).
			WithHint("rehearse in tst: dc-release solution revise --rehearse tst")
	}
	what.Plan = digest
	_, err = d.apply(ctx, solution, what, tree, plan, rehearser)
	return err
}
