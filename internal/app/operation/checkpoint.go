package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/publish"
)

// checkpoint anchors the ledger now in the release log of a solution, of every
// one that has a release log for "".
func checkpoint(ctx context.Context, a *App, q Scope) ([]publish.Anchored, error) {
	solutions, err := a.Solutions.List(ctx)
	if q.Solution != "" {
		s, wrong := a.Solutions.Solution(ctx, q.Solution)
		solutions, err = append(solutions[:0], s), wrong
	}
	if err != nil {
		return nil, err
	}
	out := []publish.Anchored{}
	for _, s := range solutions {
		if s.ReleaseLog == "" {
			continue
		}
		done, err := a.Publisher.Anchor(ctx, s, a.Now())
		if err != nil {
			return nil, err
		}
		out = append(out, done)
	}
	return out, nil
}
