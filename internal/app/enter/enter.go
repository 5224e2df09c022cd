// Package enter answers whether a run may enter a place now. It gathers what
// gate.MayEnter, the order of versions and the place's protection need, and names the streams that the
// answer was read from, so that a claim can be bound to it.
package enter

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Place asks for one place. A rehearsal enters everything and deploys nothing.
func Place(ctx context.Context, r *state.Reader, run pipeline.RunStarted, place string) (pipeline.Entry, []ledger.Read, error) {
	if !run.Counted {
		return pipeline.Entry{Allowed: true}, nil, nil
	}
	standing, err := r.Release(ctx, run.Solution, run.Version)
	if err != nil {
		return pipeline.Entry{}, nil, err
	}
	var reads []ledger.Read
	if run.Version != "" {
		reads = append(reads, ledger.Read{Stream: ledger.ReleaseStream(run.Solution, run.Version), Version: standing.Version})
	}
	allowed, reason := gate.MayEnter(policy.Profile(run.Profile), place, standing)
	if !allowed {
		return pipeline.Entry{Reason: reason}, reads, nil
	}
	there, err := r.Place(ctx, run.Solution, place)
	if err != nil {
		return pipeline.Entry{}, nil, err
	}
	reads = append(reads, ledger.Read{Stream: ledger.EnvironmentStream(run.Solution, place), Version: there.Version})
	if reason := older(run.Version, there, place); reason != "" {
		return pipeline.Entry{Reason: reason}, reads, nil
	}
	solution, err := r.Solution(ctx, run.Solution)
	if err != nil {
		return pipeline.Entry{}, nil, err
	}
	reads = append(reads, ledger.Read{Stream: ledger.SolutionStream(run.Solution), Version: solution.Version})
	protection := solution.Environments[place].Protection
	if allowed, reason := protection.Allows(place, run.Trigger.Ref); !allowed {
		return pipeline.Entry{Reason: reason}, reads, nil
	}
	return pipeline.Entry{Allowed: true, Wait: protection.Wait()}, reads, nil
}

// older refuses to put an earlier version over a later one; going back is a
// rollback.
func older(version string, there state.Place, place string) string {
	current, ok := there.Current()
	if !ok || version == "" || current.Version == "" {
		return ""
	}
	want, err := release.ParseVersion(version)
	if err != nil {
		return err.Error()
	}
	have, err := release.ParseVersion(current.Version)
	if err != nil {
		return err.Error()
	}
	if want.Compare(have) < 0 {
		return fmt.Sprintf("%s may not be entered: it holds version %s, and going back to %s is a rollback", place, have, want)
	}
	return ""
}
