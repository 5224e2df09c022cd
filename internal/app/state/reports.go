package state

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Described is what a job handed in about the artifact, with its position.
type Described struct {
	component.Described
	Seq int64
}

// Reports are what a run's jobs handed in about artifacts. Where a baseline
// demands something of them, those that count are read from their bytes; one that
// cannot be read any more says so.
func (r *Reader) Reports(ctx context.Context, run Run, demanded policy.Scans) ([]gate.Report, error) {
	var out []gate.Report
	for _, d := range run.Described {
		for _, h := range d.Reports {
			one := gate.Report{
				Handed: h, Execution: d.Execution, Tree: d.Tree, Seq: d.Seq,
				Latest: run.Jobs[pipeline.JobOf(d.Execution)].Execution == d.Execution,
			}
			if one.Latest && demanded.Any() {
				raw, err := r.Blobs.Bytes(ctx, h.SHA256)
				if err != nil {
					return nil, fmt.Errorf("%s %s: %w", h.Kind, h.Name, err)
				}
				if one.Content, err = component.Read(component.Kind(h.Kind), raw); err != nil {
					one.Problem = err.Error()
				}
			}
			out = append(out, one)
		}
	}
	return out, nil
}
