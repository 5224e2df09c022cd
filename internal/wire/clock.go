package wire

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/ntp"
	"github.com/dc-release/dc-release/internal/app/clock"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

func (o *Owner) newClock() *clock.Keeper {
	return &clock.Keeper{
		Now: time.Now, Reader: ntp.Reader{Source: o.Config.TimeSource}, Last: o.lastEvent,
		Warn: func(text string) { o.Config.Logger.Warn(text) },
	}
}

// lastEvent is the time of the ledger's last event.
func (o *Owner) lastEvent(ctx context.Context) (time.Time, error) {
	head, err := o.Store.Head(ctx)
	if err != nil || head.Size == 0 {
		return time.Time{}, err
	}
	events, err := o.Store.Events(ctx, head.Size-1, 1)
	if err != nil || len(events) == 0 {
		return time.Time{}, err
	}
	return events[0].At(), nil
}

// observeClock records once for each start of a server a clock that nobody
// vouches for. Commands that become the owner for a moment only warn.
func (o *Owner) observeClock(ctx context.Context) error {
	if !o.Config.Serving {
		return nil
	}
	d, doubtful := o.clock.Observed(ctx)
	if !doubtful {
		return nil
	}
	_, err := o.Store.Append(ctx, ledger.Batch{
		Command: "clock/" + newID(), Actor: ledger.Actor{Kind: ledger.Machine, ID: "clock", Authentication: "internal"},
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: &d}},
	})
	return err
}
