package deploy

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Drift names every difference between what was deployed last into a place and
// what is there now; that it cannot be read back is one.
func (d *Deployer) Drift(ctx context.Context, solution, environment string) ([]string, error) {
	there, err := d.State.Place(ctx, solution, environment)
	if err != nil {
		return nil, err
	}
	current, ok := there.Current()
	if !ok {
		return []string{"nothing was deployed"}, nil
	}
	found, err := d.drifted(ctx, solution, there, current.Deployed)
	if err != nil {
		found = append(found, err.Error())
	}
	return found, nil
}

// Drifted names every difference, and the release that was deployed last; an
// error is that nobody can say. Nothing deployed does not differ.
func (d *Deployer) Drifted(ctx context.Context, solution, environment string) (version string, found []string, err error) {
	there, err := d.State.Place(ctx, solution, environment)
	if err != nil {
		return "", nil, err
	}
	current, ok := there.Current()
	if !ok {
		return "", nil, nil
	}
	found, err = d.drifted(ctx, solution, there, current.Deployed)
	return current.Version, found, err
}

// drifted compares a place with a deployment. A later one that was begun and not
// recorded is said only where something differs: one that was refused before it
// changed anything is none.
func (d *Deployer) drifted(ctx context.Context, solution string, there state.Place, dep deployment.Deployed) ([]string, error) {
	var out []string
	checks, _, err := d.compare(ctx, solution, dep)
	for _, c := range checks {
		if !c.Same() {
			out = append(out, c.String())
		}
	}
	if why := there.Unfinished(); why != "" && (err != nil || len(out) > 0) {
		out = append([]string{dep.Environment + " is mixed: " + why}, out...)
	}
	return out, err
}
