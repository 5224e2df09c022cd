package publish

import (
	"context"
	"errors"
	"time"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
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
	anchored  ledger.Hash
}

// Start lets the first hour begin.
func (h *Hourly) Start(now time.Time) { h.next = now.Add(AnchorEvery) }

// Due reports whether the hour has ended.
func (h *Hourly) Due(now time.Time) bool { return !now.Before(h.next) }

// Round anchors a ledger that is not the one that was anchored last.
func (h *Hourly) Round(ctx context.Context, now time.Time) error {
	h.next = now.Add(AnchorEvery)
	head, err := h.Head(ctx)
	if err != nil || head.Root == h.anchored {
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
	h.anchored = head.Root
	return nil
}
