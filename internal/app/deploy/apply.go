package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// apply carries out a plan. What is begun is recorded first and what was done
// afterwards; when a crash came in between, what is read back from the place
// decides how it goes on.
func (d *Deployer) apply(ctx context.Context, solution policy.Solution, what deployment.Deployed, tree deployment.Tree, plan deployment.Plan, by ledger.Actor) (Receipt, error) {
	target, call, err := d.target(solution, what.Environment)
	if err != nil {
		return Receipt{}, err
	}
	there, err := d.State.Place(ctx, solution.Solution, what.Environment)
	if err != nil {
		return Receipt{}, err
	}
	before, _ := there.Current()
	what.Target = solution.Environments[what.Environment].Target
	record := func(verb string, p ledger.Payload, effects []ledger.Effect) error {
		_, err := d.Log.Append(ctx, ledger.Batch{
			Command: verb + "/" + solution.Solution + "/" + cmp.Or(what.Rollback, what.Execution), Actor: by, Correlation: what.Run, Policy: solution.Digest,
			Events: []ledger.Draft{{Stream: ledger.EnvironmentStream(solution.Solution, what.Environment), Data: p}}, Effects: effects,
		})
		return err
	}
	again := there.Open != nil && there.Open.Plan == what.Plan
	if err := fresh(ctx, target, call, plan, again); err != nil {
		return Receipt{}, err
	}
	if err := record("deploying", &deployment.Begun{
		Environment: what.Environment, Run: what.Run, Execution: what.Execution, Rollback: what.Rollback, Plan: what.Plan,
	}, nil); err != nil {
		return Receipt{}, err
	}
	problem := target.Apply(ctx, call, d.artifactOf(what, tree), plan)
	ctx = context.WithoutCancel(ctx) // it happened, even when the job was cancelled
	if what.Record, err = call.kept(ctx); err != nil {
		return Receipt{}, errors.Join(problem, err)
	}
	if problem != nil {
		return Receipt{}, errors.Join(problem, record(fmt.Sprintf("failed-%d", there.Version), &deployment.Failed{
			Environment: what.Environment, Run: what.Run, Execution: what.Execution, Rollback: what.Rollback, Plan: what.Plan,
			Problem: bounded(problem.Error()), Record: what.Record,
		}, nil))
	}
	effects, err := ahead(solution, what)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{
		Environment: what.Environment, Version: what.Version, Tree: what.Tree, Files: len(tree), Previous: before.Tree, Changes: plan.Summary(),
	}, record("deploy", &what, effects)
}

func bounded(text string) string {
	if len(text) <= deployment.MaxProblem {
		return text
	}
	return strings.ToValidUTF8(text[:deployment.MaxProblem], "")
}

// fresh refuses a plan that was made against another state than the place has
// now. A place that holds what the plan is for already, or is on the way there
// from an earlier try of the same plan, may go on: applying again is harmless.
func fresh(ctx context.Context, target Target, call *Call, plan deployment.Plan, again bool) error {
	now, err := observed(ctx, target, call)
	if err != nil {
		return err
	}
	if digest := now.Digest(); digest == plan.Base || digest == plan.Expected.Digest() || again && plan.Covers(now) {
		return nil
	}
	return fault.New(fault.Conflict, "%s is not as it was when the deployment was planned: the plan is stale", call.Environment).
		WithHint("see what is there with: dc-release environment drift; plan again with: dc-release environment plan --environment %s", call.Environment)
}

// observed is what is in a place, nothing for a target that cannot be read back.
func observed(ctx context.Context, target Target, call *Call) (deployment.State, error) {
	what, err := target.Describe(ctx, call)
	if err != nil || !slices.Contains(what.Can, deployment.CanObserve) {
		return nil, err
	}
	now, err := target.Observe(ctx, call)
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", call.Environment, err)
	}
	return now, nil
}

func (d *Deployer) target(solution policy.Solution, environment string) (Target, *Call, error) {
	e, ok := solution.Environments[environment]
	if !ok {
		return nil, nil, fault.New(fault.Invalid, "solution %s has no environment %q", solution.Solution, environment)
	}
	t, ok := d.Targets[e.Target]
	if !ok {
		return nil, nil, fault.New(fault.Invalid, "environment %s: target %q cannot be deployed to by dc-release deploy", environment, e.Target)
	}
	return t, NewCall(Place{Solution: solution.Solution, Environment: environment, Config: e.Config}, d.Blobs), nil
}

func (d *Deployer) artifactOf(what deployment.Deployed, tree deployment.Tree) Artifact {
	return Artifact{Version: what.Version, Commit: what.Commit, Tree: tree, Open: d.Blobs.Open}
}
