package publish

import (
	"context"
	"errors"
	"time"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// AnchorEvery is how often the ledger is anchored while it grows; retryAfter is
// when it is tried again after a release log could not be reached.
const (
	AnchorEvery = time.Hour
	retryAfter  = time.Minute
)

// Hourly anchors the ledger in every release log once an hour while it grows.
// It is used by one caller at a time.
type Hourly struct {
	Publisher *Publisher
	Solutions func(ctx context.Context) ([]policy.Solution, error)
	Head      func(ctx context.Context) (ledger.Head, error)
	next      time.Time
	anchored  int64 // size that is anchored everywhere
}

// Start lets the first hour begin.
func (h *Hourly) Start(now time.Time) { h.next = now.Add(AnchorEvery) }

// Due reports whether the hour has ended.
func (h *Hourly) Due(now time.Time) bool { return !now.Before(h.next) }

// Round anchors a ledger that grew. What follows from an anchor by itself, the
// events of its time stamp, is not growth: an idle ledger comes to rest.
func (h *Hourly) Round(ctx context.Context, now time.Time) error {
	h.next = now.Add(AnchorEvery)
	head, err := h.Head(ctx)
	if err != nil {
		return err
	}
	if grew, err := h.grew(ctx, head.Size); err != nil || !grew {
		return err
	}
	solutions, err := h.Solutions(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range solutions {
		_, err := h.Publisher.Anchor(ctx, s, now)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		h.next = now.Add(retryAfter)
		return err
	}
	h.anchored = head.Size
	return nil
}

// grew reports whether anything but time stamps came since the last round.
func (h *Hourly) grew(ctx context.Context, size int64) (bool, error) {
	if h.anchored == 0 {
		return size > 0, nil
	}
	for after := h.anchored; after < size; {
		events, err := h.Publisher.Log.Events(ctx, after, page)
		if err != nil || len(events) == 0 {
			return false, err
		}
		for _, e := range events {
			if !releaselog.OfTimestamp(e.Data) {
				return true, nil
			}
			after = e.Seq
		}
	}
	return false, nil
}

// page is how many events are looked at at once.
const page = 200
