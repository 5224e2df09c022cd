package deploy

import (
	"context"
	"maps"
	"slices"

	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Check finds what would keep the release in the place before, or any, from
// being deployed to a place.
func (d *Deployer) Check(ctx context.Context, solutionKey, environment string) ([]deployment.Finding, error) {
	solution, err := d.Solutions.Solution(ctx, solutionKey)
	if err != nil {
		return nil, err
	}
	target, call, err := d.target(solution, environment)
	if err != nil {
		return nil, err
	}
	there, err := d.State.Place(ctx, solutionKey, environment)
	if err != nil {
		return nil, err
	}
	var a Artifact
	if n := len(there.Plans); n > 0 {
		tree, err := d.keptOf(ctx, there.Plans[n-1].Run)
		if err != nil {
			return nil, err
		}
		a = d.artifactOf(deployment.Deployed{Version: there.Plans[n-1].Version}, tree)
	}
	kind := solution.Environments[environment].Target
	for _, other := range slices.Sorted(maps.Keys(solution.Environments)) {
		if e := solution.Environments[other]; other != environment && e.Target == kind {
			call.Others = append(call.Others, Place{Solution: solutionKey, Environment: other, Config: e.Config})
		}
	}
	found, err := target.Check(ctx, call, a)
	if found == nil {
		found = []deployment.Finding{}
	}
	return found, err
}
