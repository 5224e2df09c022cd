package rollback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Automatic asks for the rollback of PRD after an installation of a release that
// did not hold: the effect. Its gate opens unsigned, because the baseline lets
// PRD go back by itself. What cannot go back by itself is a recorded refusal:
// people decide then.
func (r *Rollbacks) Automatic(ctx context.Context, raw []byte) error {
	var args deploy.FailedArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return fmt.Errorf("automatic rollback: %w", err)
	}
	if idle, err := r.idle(ctx, args); err != nil || idle {
		return err
	}
	q, err := r.back(ctx, args)
	if refused := (*fault.Error)(nil); errors.As(err, &refused) {
		_, err := r.Log.Append(ctx, ledger.Batch{
			Command: "automatic-rollback-refused/" + args.Execution, Actor: actor,
			Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{
				Operation: "rollback.request", Subject: string(ledger.EnvironmentStream(args.Solution, "prd")), Kind: string(refused.Kind), Message: err.Error(),
			}}},
		})
		return err
	}
	if err != nil {
		return err
	}
	_, err = r.Request(ctx, actor, q, "the installation verification of version "+args.Version+" in prd failed")
	return err
}

// idle reports whether there is nothing to do: PRD goes back already, or the
// deployment that failed changed nothing and PRD holds what was deployed before.
func (r *Rollbacks) idle(ctx context.Context, args deploy.FailedArgs) (bool, error) {
	there, err := r.State.Place(ctx, args.Solution, "prd")
	if err != nil {
		return false, err
	}
	for _, q := range there.Rollbacks {
		if !there.Done[q.Rollback] {
			return true, nil
		}
	}
	version, found, err := r.Deployer.Drifted(ctx, args.Solution, "prd")
	return version != args.Version && len(found) == 0, err
}

// back is the rollback that a failed installation asks for: to the release that
// is in use. One that would lose something for good needs people.
func (r *Rollbacks) back(ctx context.Context, args deploy.FailedArgs) (Request, error) {
	q := Request{Solution: args.Solution, Environment: "prd"}
	there, err := r.State.Place(ctx, args.Solution, "prd")
	if err != nil {
		return q, err
	}
	for _, d := range there.Deployments {
		standing, err := r.State.Release(ctx, args.Solution, d.Version)
		if err != nil {
			return q, err
		}
		if d.Version != args.Version && standing.State == release.Effective {
			q.To = d.Version
		}
	}
	if q.To == "" {
		return q, fault.New(fault.NotFound, "prd of %s does not go back from version %s by itself: no release is in use", args.Solution, args.Version)
	}
	dep, _ := deployed(there, q.To)
	solution, err := r.Deployer.Solutions.Solution(ctx, args.Solution)
	if err != nil {
		return q, err
	}
	_, plan, err := r.Deployer.PlanRollback(ctx, solution, dep, next(there, "prd"), actor)
	if err != nil {
		return q, err
	}
	if lost := plan.Destroys(); len(lost) > 0 {
		return q, fault.New(fault.Forbidden, "prd of %s does not go back to version %s by itself, something would be lost for good: %s", args.Solution, q.To, strings.Join(deployment.Few(lost), "; ")).
			WithHint("decide, and ask for it with: dc-release rollback --to %s", q.To)
	}
	return q, nil
}
