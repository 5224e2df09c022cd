package promote

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// reports are what the run's jobs handed in about artifacts. Where a gate decides
// on them they are read from their bytes; one that cannot be read any more says
// so, which keeps the gate closed.
func (g *Gates) reports(ctx context.Context, run state.Run, decides bool) ([]gate.Report, error) {
	var out []gate.Report
	for _, d := range run.Described {
		for _, h := range d.Reports {
			r := gate.Report{Handed: h, Execution: d.Execution, Tree: d.Tree, Latest: run.Jobs[pipeline.JobOf(d.Execution)].Execution == d.Execution}
			if r.Latest && decides {
				raw, err := g.Blobs.Bytes(ctx, h.SHA256)
				if err != nil {
					return nil, fmt.Errorf("%s %s: %w", h.Kind, h.Name, err)
				}
				if r.Content, err = component.Read(component.Kind(h.Kind), raw); err != nil {
					r.Problem = err.Error()
				}
			}
			out = append(out, r)
		}
	}
	return out, nil
}
