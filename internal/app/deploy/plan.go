package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// PlanEffect is the kind of the effect that plans the deployment behind the next
// gate, so that its signers see it.
const PlanEffect = "plan"

// planArgs are the arguments of the effect.
type planArgs struct {
	Run         string `json:"run"`
	Environment string `json:"environment"` // to plan for
}

// ahead are the effects that plan for the places that gates let into from here.
func ahead(solution policy.Solution, what deployment.Deployed) ([]ledger.Effect, error) {
	if what.Version == "" || what.Rollback != "" {
		return nil, nil
	}
	var out []ledger.Effect
	for _, d := range gate.Definitions(solution.Profile, release.Normal) {
		if d.After != what.Environment || d.Enters == "" {
			continue
		}
		args, err := json.Marshal(planArgs{Run: what.Run, Environment: d.Enters})
		if err != nil {
			return nil, err
		}
		out = append(out, ledger.Effect{Kind: PlanEffect, Key: PlanEffect + "/" + what.Run + "/" + d.Enters + "/" + what.Execution, Args: args})
	}
	return out, nil
}

var planner = ledger.Actor{Kind: ledger.Machine, ID: "deploy", Role: "planner", Authentication: "internal"}

// Ahead plans what a run's artifact will do to a place that it has not reached:
// the effect.
func (d *Deployer) Ahead(ctx context.Context, raw []byte) error {
	var args planArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	run, err := d.State.Run(ctx, args.Run)
	if err != nil {
		return err
	}
	_, err = d.planRun(ctx, run.Run, args.Environment, planner, "")
	return err
}

// PlanRelease plans again what a release would do to a place: somebody asks for
// it when the place has changed since.
func (d *Deployer) PlanRelease(ctx context.Context, by ledger.Actor, solution, version, environment, reason string) (deployment.Plan, error) {
	if len(strings.TrimSpace(reason)) < 3 {
		return deployment.Plan{}, fault.New(fault.Invalid, "a plan is asked for with a reason").WithHint("add --reason TEXT")
	}
	standing, err := d.State.Release(ctx, solution, version)
	if err != nil {
		return deployment.Plan{}, err
	}
	if standing.Registered == nil {
		return deployment.Plan{}, fault.New(fault.NotFound, "version %s of %s is not registered", version, solution)
	}
	run, err := d.State.Run(ctx, standing.Registered.Run)
	if err != nil {
		return deployment.Plan{}, err
	}
	return d.planRun(ctx, run.Run, environment, by, reason)
}

// planRun plans what the artifact of a run would do to a place now.
func (d *Deployer) planRun(ctx context.Context, run pipeline.RunStarted, environment string, by ledger.Actor, reason string) (deployment.Plan, error) {
	solution, err := d.Solutions.Solution(ctx, run.Solution)
	if err != nil {
		return deployment.Plan{}, err
	}
	tree, err := d.keptOf(ctx, run.Run)
	if err != nil {
		return deployment.Plan{}, err
	}
	_, plan, err := d.plan(ctx, solution, deployment.Deployed{
		Environment: environment, Version: run.Version, Commit: run.Trigger.SHA, Run: run.Run, Tree: tree.Digest(),
	}, tree, by, reason)
	return plan, err
}

// plan makes a plan and records it, unless the last one recorded is the same.
func (d *Deployer) plan(ctx context.Context, solution policy.Solution, what deployment.Deployed, tree deployment.Tree, by ledger.Actor, reason string) (string, deployment.Plan, error) {
	target, call, err := d.target(solution, what.Environment)
	if err != nil {
		return "", deployment.Plan{}, err
	}
	base, err := observed(ctx, target, call)
	if err != nil {
		return "", deployment.Plan{}, err
	}
	plan, err := target.Plan(ctx, call, d.artifactOf(what, tree))
	if err != nil {
		return "", plan, fmt.Errorf("plan the deployment to %s: %w", what.Environment, err)
	}
	plan.Schema, plan.Solution, plan.Environment = deployment.PlanSchema, solution.Solution, what.Environment
	plan.Version, plan.Artifact, plan.Target, plan.Base = what.Version, what.Tree, solution.Environments[what.Environment].Target, base.Digest()
	raw, err := canonical.Marshal(plan.Whole())
	if err != nil {
		return "", plan, err
	}
	digest, err := d.Blobs.PutBytes(ctx, raw)
	if err != nil {
		return "", plan, err
	}
	what.Plan = digest
	if what.Record, err = call.kept(ctx); err != nil {
		return "", plan, err
	}
	return digest, plan, d.recordPlan(ctx, solution, what, plan, by, reason)
}

func (d *Deployer) recordPlan(ctx context.Context, solution policy.Solution, what deployment.Deployed, plan deployment.Plan, by ledger.Actor, reason string) error {
	stream := ledger.EnvironmentStream(solution.Solution, what.Environment)
	_, err := ledger.Decide(ctx, d.Log, func() (ledger.Batch, error) {
		there, err := d.State.Place(ctx, solution.Solution, what.Environment)
		if err != nil {
			return ledger.Batch{}, err
		}
		if last, ok := there.Planned(what.Run, what.Rollback); ok && last.Plan == what.Plan {
			return ledger.Batch{}, nil
		}
		return ledger.Batch{
			Command: fmt.Sprintf("plan/%s/%d", stream, there.Version), Actor: by, Correlation: what.Run, Policy: solution.Digest,
			Reads: []ledger.Read{{Stream: stream, Version: there.Version}},
			Events: []ledger.Draft{{Stream: stream, Reason: reason, Data: &deployment.Planned{
				Environment: what.Environment, Version: what.Version, Run: what.Run, Rollback: what.Rollback, Tree: what.Tree,
				Plan: what.Plan, Summary: plan.Summary(), Destroys: deployment.Few(plan.Destroys()), Record: what.Record,
			}}},
		}, nil
	})
	return err
}

// decided is the plan that people saw when they signed the gate into the place,
// "" when no gate stands before it. Exactly it is carried out.
func (d *Deployer) decided(ctx context.Context, solution policy.Solution, what deployment.Deployed) (string, deployment.Plan, error) {
	if what.Version == "" {
		return "", deployment.Plan{}, nil
	}
	standing, err := d.State.Release(ctx, solution.Solution, what.Version)
	if err != nil {
		return "", deployment.Plan{}, err
	}
	for _, def := range gate.Definitions(solution.Profile, standing.Change.Type) {
		g := standing.Gate(def.Name)
		if def.Enters != what.Environment || g.Consumed == nil {
			continue
		}
		m, err := d.State.Manifest(ctx, g.Consumed.Manifest)
		if err != nil {
			return "", deployment.Plan{}, err
		}
		if m.Deployment != nil {
			plan, err := d.ReadPlan(ctx, m.Deployment.Plan)
			return m.Deployment.Plan, plan, err
		}
	}
	return "", deployment.Plan{}, nil
}

// ReadPlan reads a stored plan.
func (d *Deployer) ReadPlan(ctx context.Context, digest string) (deployment.Plan, error) {
	var p deployment.Plan
	raw, err := d.Blobs.Bytes(ctx, digest)
	if err != nil {
		return p, err
	}
	if err := canonical.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("plan %.12s: %w", digest, err)
	}
	if p.Schema != deployment.PlanSchema {
		return p, fault.New(fault.Unverified, "plan %.12s: schema %q, want %q", digest, p.Schema, deployment.PlanSchema)
	}
	return p, nil
}
