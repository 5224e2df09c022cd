package deploy

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// PlanRollback plans to put an earlier deployment back into its place.
func (d *Deployer) PlanRollback(ctx context.Context, solution policy.Solution, dep deployment.Deployed, rollback string, by ledger.Actor) (string, deployment.Plan, error) {
	tree, err := d.TreeOf(ctx, dep)
	if err != nil {
		return "", deployment.Plan{}, err
	}
	dep.Execution, dep.Rollback = "", rollback
	return d.plan(ctx, solution, dep, tree, by, "")
}

// Again deploys the kept artifact of an earlier deployment into its place by
// the plan that was signed: the redeploy of a rollback.
func (d *Deployer) Again(ctx context.Context, solution policy.Solution, dep deployment.Deployed, rollback, plan string, by ledger.Actor) (Receipt, error) {
	tree, err := d.TreeOf(ctx, dep)
	if err != nil {
		return Receipt{}, err
	}
	what, err := d.ReadPlan(ctx, plan)
	if err != nil {
		return Receipt{}, err
	}
	dep.Execution, dep.Rollback, dep.Plan = "", rollback, plan
	done, err := d.turns.take(ctx, ledger.EnvironmentStream(solution.Solution, dep.Environment))
	if err != nil {
		return Receipt{}, err
	}
	defer done()
	return d.apply(ctx, solution, dep, tree, what, by)
}
