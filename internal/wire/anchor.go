package wire

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/app/publish"
)

// anchor anchors the ledger in the release logs once an hour, and compares it
// with all anchors then.
func (d *driver) anchor(ctx context.Context) {
	hourly := &publish.Hourly{Publisher: d.o.publisher, Solutions: d.o.Store.Solutions, Head: d.o.Store.Head}
	hourly.Start(time.Now())
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if now := time.Now(); hourly.Due(now) {
			if err := hourly.Round(ctx, now); err != nil && ctx.Err() == nil {
				d.o.Config.Logger.Error("anchor the ledger", "error", err)
			}
			if err := d.o.recheck(ctx); err != nil && ctx.Err() == nil {
				d.o.Config.Logger.Error("compare the ledger with its anchors", "error", err)
			}
		}
	}
}
