// Package halt stops releases for a while: one release by a hold, a solution's
// way into production by a freeze.
package halt

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Solutions finds the policy of a solution.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
}

// Halts holds releases and freezes solutions.
type Halts struct {
	Log       ledger.Log
	State     *state.Reader
	Solutions Solutions
	Now       func() time.Time
}

// Freeze keeps releases out of production for a time.
func (h *Halts) Freeze(ctx context.Context, by ledger.Actor, solution, since, until, reason string) (string, error) {
	if since == "" {
		since = ledger.FormatTime(h.Now())
	}
	for _, t := range []string{since, until} {
		if _, err := ledger.ParseTime(t); err != nil {
			return "", fault.New(fault.Invalid, "freeze: %v", err)
		}
	}
	if until <= since || until <= ledger.FormatTime(h.Now()) {
		return "", fault.New(fault.Invalid, "a freeze from %s to %s is none", since, until)
	}
	var id string
	err := h.ofSolution(ctx, by, solution, reason, func(s state.Solution) (ledger.Payload, error) {
		id = fmt.Sprintf("freeze-%d", s.Version)
		return &release.FreezeDeclared{Freeze: id, Since: since, Until: until, Why: reason}, nil
	})
	return id, err
}

// Unfreeze ends a freeze before its time.
func (h *Halts) Unfreeze(ctx context.Context, by ledger.Actor, solution, freeze, reason string) error {
	return h.ofSolution(ctx, by, solution, reason, func(s state.Solution) (ledger.Payload, error) {
		for _, f := range s.Freezes {
			if f.Freeze == freeze {
				return &release.FreezeLifted{Freeze: freeze}, nil
			}
		}
		return nil, fault.New(fault.NotFound, "solution %s has no freeze %q", solution, freeze)
	})
}

func (h *Halts) ofSolution(ctx context.Context, by ledger.Actor, solution, reason string, decide func(state.Solution) (ledger.Payload, error)) error {
	if len(strings.TrimSpace(reason)) < 3 {
		return fault.New(fault.Invalid, "a freeze needs a reason").WithHint("add --reason TEXT")
	}
	known, err := h.Solutions.Solution(ctx, solution)
	if err != nil {
		return err
	}
	stream := ledger.SolutionStream(solution)
	_, err = ledger.Decide(ctx, h.Log, func() (ledger.Batch, error) {
		s, err := h.State.Solution(ctx, solution)
		if err != nil {
			return ledger.Batch{}, err
		}
		d, err := decide(s)
		if err != nil {
			return ledger.Batch{}, err
		}
		return ledger.Batch{
			Command: fmt.Sprintf("freeze/%s/%d", stream, s.Version), Actor: by, Policy: known.Digest,
			Reads: []ledger.Read{{Stream: stream, Version: s.Version}}, Events: []ledger.Draft{{Stream: stream, Data: d, Reason: reason}},
		}, nil
	})
	return err
}

// Hold stops a release where it is; Resume lets it go on.
func (h *Halts) Hold(ctx context.Context, by ledger.Actor, solution, version, reason string) error {
	return h.ofRelease(ctx, by, solution, version, reason, func(st gate.Standing) (ledger.Payload, error) {
		switch {
		case st.Held != "":
			return nil, fault.New(fault.Invalid, "version %s is on hold already: %s", version, st.Held)
		case st.State != release.InProgress && st.State != release.StateAuthorised:
			return nil, fault.New(fault.Invalid, "version %s is %s and cannot be held", version, st.State)
		}
		return &release.Held{Because: reason}, nil
	})
}

// Resume ends a hold.
func (h *Halts) Resume(ctx context.Context, by ledger.Actor, solution, version, reason string) error {
	return h.ofRelease(ctx, by, solution, version, reason, func(st gate.Standing) (ledger.Payload, error) {
		if st.Held == "" {
			return nil, fault.New(fault.Invalid, "version %s is not on hold", version)
		}
		return &release.Resumed{}, nil
	})
}

func (h *Halts) ofRelease(ctx context.Context, by ledger.Actor, solution, version, reason string, decide func(gate.Standing) (ledger.Payload, error)) error {
	if len(strings.TrimSpace(reason)) < 3 {
		return fault.New(fault.Invalid, "holding or resuming a release needs a reason").WithHint("add --reason TEXT")
	}
	stream := ledger.ReleaseStream(solution, version)
	_, err := ledger.Decide(ctx, h.Log, func() (ledger.Batch, error) {
		st, err := h.State.Standing(ctx, stream)
		if err != nil {
			return ledger.Batch{}, err
		}
		if st.Registered == nil {
			return ledger.Batch{}, fault.New(fault.NotFound, "version %q of %s is not registered", version, solution)
		}
		d, err := decide(st)
		if err != nil {
			return ledger.Batch{}, err
		}
		return ledger.Batch{
			Command: fmt.Sprintf("hold/%s/%d", stream, st.Version), Actor: by, Correlation: st.Registered.Run,
			Reads: []ledger.Read{{Stream: stream, Version: st.Version}}, Events: []ledger.Draft{{Stream: stream, Data: d, Reason: reason}},
		}, nil
	})
	return err
}
