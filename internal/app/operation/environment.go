package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Place names an environment of a solution.
type Place struct {
	Solution    string `json:"solution"`
	Environment string `json:"environment"`
}

func showPlace(ctx context.Context, a *App, q inspect.PlaceAsOf) (inspect.Place, error) {
	return a.Inspector.Place(ctx, q)
}

func drift(ctx context.Context, a *App, q Place) ([]string, error) {
	return a.Deployer.Drift(ctx, q.Solution, q.Environment)
}

func verifyPlace(ctx context.Context, a *App, q Place) (deploy.Installation, error) {
	return a.Deployer.Installed(ctx, q.Solution, q.Environment)
}

func checkPlace(ctx context.Context, a *App, q Place) ([]deployment.Finding, error) {
	return a.Deployer.Check(ctx, q.Solution, q.Environment)
}

// PlanPlace asks what a release would change in a place.
type PlanPlace struct {
	ByAdministrator
	Place
	Version string `json:"version"`
}

func planPlace(ctx context.Context, a *App, q PlanPlace) (deployment.Plan, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, append(deciders, policy.DataEngineer)...)
	if err != nil {
		return deployment.Plan{}, err
	}
	return a.Deployer.PlanRelease(ctx, by, q.Solution, q.Version, q.Environment, q.Reason)
}

// RehearseRollback asks for the rehearsal of a release's rollback, again.
type RehearseRollback struct {
	ByAdministrator
	Version
}

func rehearseRollback(ctx context.Context, a *App, q RehearseRollback) ([]evidence.Item, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, append(deciders, policy.DataEngineer)...)
	if err != nil {
		return nil, err
	}
	return a.Deployer.RehearseRelease(ctx, by, q.Solution, q.Version.Version, q.Reason)
}

// RequestDeletion asks for the approval of what the last plan of a release
// deletes in a place.
type RequestDeletion struct {
	ByAdministrator
	Place
	Version string `json:"version"`
}

func requestDeletion(ctx context.Context, a *App, q RequestDeletion) (Named, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, append(deciders, policy.DataEngineer)...)
	if err != nil {
		return Named{}, err
	}
	id, err := a.Approvals.Delete(ctx, by, q.Solution, q.Version, q.Environment, q.Reason)
	return Named{ID: id}, err
}
