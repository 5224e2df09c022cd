package wire

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/app/drift"
)

// drift looks whether places hold what was deployed to them, for as long as this
// process serves.
func (d *driver) drift(ctx context.Context) {
	w := &drift.Watch{Solutions: d.o.Store.Solutions, Deployer: d.o.App.Deployer, Deviations: d.o.App.Deviations, Every: d.o.Config.DriftEvery}
	w.Start(time.Now())
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if now := time.Now(); w.Due(now) {
			if err := w.Round(ctx, now); err != nil && ctx.Err() == nil {
				d.o.Config.Logger.Error("look for drift", "error", err)
			}
		}
	}
}
