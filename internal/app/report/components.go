package report

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// earlier is what the artifact of the release before was made of, where lists of
// components are demanded now and there is one of then.
func (r *Reporter) earlier(ctx context.Context, m *moment) (*gate.Earlier, error) {
	now := m.standing.Registered
	if now.Previous == "" || !m.baseline.Scans.SBOM {
		return nil, nil
	}
	before, _, err := r.State.StandingAt(ctx, ledger.ReleaseStream(now.Solution, now.Previous), m.size)
	if err != nil || before.Registered == nil {
		return nil, err
	}
	run, _, err := r.State.RunAt(ctx, before.Registered.Run, m.size)
	if err != nil || run.Kept == nil {
		return nil, err
	}
	reports, err := r.State.Reports(ctx, run, m.baseline.Scans)
	if err != nil {
		return nil, err
	}
	out, listed := &gate.Earlier{Version: now.Previous}, false
	for _, x := range reports {
		if x.Kind == string(component.SBOM) && x.Latest && x.Tree == run.Kept.Tree && x.Problem == "" {
			listed = true
			out.Components = append(out.Components, x.Content.Components...)
		}
	}
	if !listed {
		return nil, nil
	}
	return out, nil
}
