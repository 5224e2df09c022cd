// Package clock decides whether the server's clock is good enough to sign with.
// The time of a signature is a record (21 CFR 11.50), so a clock that was moved
// signs nothing.
package clock

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// The limits beyond which nothing is signed.
const (
	MaxBehind = 2 * time.Second // the clock may be behind the last event of the ledger
	MaxOffset = 5 * time.Second // it may differ from the time source
)

// measureEvery bounds how often the time source is asked.
const measureEvery = time.Minute

// Reading is what is known of the clock from elsewhere.
type Reading struct {
	State    string // of the kernel: ledger.ClockSynchronised and the others
	Source   string // time source that was asked, "" for none
	Measured bool   // the source answered
	Offset   time.Duration
	Problem  string // why nothing is known, "" when it is
}

// Reader reads the kernel's state and asks the time source.
type Reader interface {
	Read(ctx context.Context) Reading
}

// Keeper judges the clock.
type Keeper struct {
	Now    func() time.Time
	Reader Reader
	// Last is the time of the ledger's last event; the zero time for none.
	Last func(ctx context.Context) (time.Time, error)
	// Warn is told of a clock that nobody vouches for.
	Warn func(text string)

	mu   sync.Mutex
	read Reading
	at   time.Time // of the reading, zero for none
}

// Trusted implements sign.Clock: why nothing is signed now, nil when the clock
// is good enough. An unsynchronised kernel and a source that does not answer
// only warn.
func (k *Keeper) Trusted(ctx context.Context) error {
	last, err := k.Last(ctx)
	if err != nil {
		return err
	}
	if behind := last.Sub(k.Now()); behind > MaxBehind {
		return fault.New(fault.Forbidden, "the server's clock is %s behind the last event of the ledger: nothing is signed", behind.Round(time.Millisecond)).
			WithHint("set the clock of the server right; the ledger's last event is of %s", ledger.FormatTime(last))
	}
	r := k.Reading(ctx)
	if r.Measured && r.Offset.Abs() > MaxOffset {
		return fault.New(fault.Forbidden, "the server's clock differs by %s from the time source %s: nothing is signed", r.Offset.Round(time.Millisecond), r.Source).
			WithHint("set the clock of the server right; at most %s are accepted", MaxOffset)
	}
	return nil
}

// Reading is the last one, read anew after a minute and when the clock was
// moved.
func (k *Keeper) Reading(ctx context.Context) Reading {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Now()
	if since := now.Sub(k.at); !k.at.IsZero() && since >= 0 && since < measureEvery {
		return k.read
	}
	k.read, k.at = k.Reader.Read(ctx), now
	if text := doubt(k.read); text != "" {
		k.Warn(text)
	}
	return k.read
}

// doubt says what is not known of a clock, "" when somebody vouches for it.
func doubt(r Reading) string {
	switch {
	case r.Source != "" && !r.Measured:
		return fmt.Sprintf("the time source %s cannot be asked: %s", r.Source, r.Problem)
	case !r.Measured && r.State != ledger.ClockSynchronised:
		return fmt.Sprintf("the clock of this machine is %s, and no time source is named with --time-source: %s", r.State, r.Problem)
	}
	return ""
}

// Observed is the reading as an event; ok is false when the clock is
// synchronised and the source, if there is one, agrees within a second.
func (k *Keeper) Observed(ctx context.Context) (d ledger.ClockObserved, ok bool) {
	r := k.Reading(ctx)
	d = ledger.ClockObserved{State: r.State, Source: r.Source, Measured: r.Measured, OffsetUS: r.Offset.Microseconds(), Problem: r.Problem}
	good := r.State == ledger.ClockSynchronised && (r.Source == "" || r.Measured && r.Offset.Abs() <= time.Second)
	return d, !good
}
