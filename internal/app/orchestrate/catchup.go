package orchestrate

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/release"
)

// CatchUp moves the gate of an emergency that is in use: it is evaluated like
// every gate, and when it is signed the restriction ends. Its run has finished.
func (o *Orchestrator) CatchUp(ctx context.Context, id string) error {
	if err := o.Deviations.Open(ctx, id); err != nil {
		return err
	}
	if err := o.Gates.Evaluate(ctx, id, gate.CatchUp); err != nil {
		return fmt.Errorf("gate %s of run %s: %w", gate.CatchUp, id, err)
	}
	_, err := ledger.Decide(ctx, o.Log, func() (ledger.Batch, error) {
		run, err := o.State.Run(ctx, id)
		if err != nil {
			return ledger.Batch{}, err
		}
		r := run.Run
		standing, err := o.State.Release(ctx, r.Solution, r.Version)
		if err != nil || !standing.Restricted() {
			return ledger.Batch{}, err
		}
		g, reads, err := o.gate(ctx, run, gate.CatchUp)
		if err != nil || !g.Satisfied {
			return ledger.Batch{}, err
		}
		events, err := o.consume(ctx, r, gate.CatchUp)
		if err != nil {
			return ledger.Batch{}, err
		}
		stream := ledger.ReleaseStream(r.Solution, r.Version)
		return ledger.Batch{
			Command: fmt.Sprintf("catch-up/%s/%d", stream, standing.Version), Actor: actor, Correlation: id,
			Reads:  append(reads, ledger.Read{Stream: ledger.RunStream(id), Version: run.Version}),
			Events: append(events, ledger.Draft{Stream: stream, Data: &release.CaughtUp{Manifest: standing.Gate(gate.CatchUp).Opened.Manifest}}),
		}, nil
	})
	return err
}
