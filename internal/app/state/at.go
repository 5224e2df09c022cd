package state

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// EventsAt are the events of a stream as they were when the ledger had a size.
func (r *Reader) EventsAt(ctx context.Context, stream ledger.Stream, size int64) ([]ledger.Event, error) {
	events, err := r.Log.Stream(ctx, stream, 0)
	for i, e := range events {
		if e.Seq > size {
			return events[:i], err
		}
	}
	return events, err
}

// RunAt folds a run as it was when the ledger had a size; it keeps nothing.
func (r *Reader) RunAt(ctx context.Context, run string, size int64) (Run, []ledger.Event, error) {
	events, err := r.EventsAt(ctx, ledger.RunStream(run), size)
	if err != nil || len(events) == 0 {
		return Run{}, nil, err
	}
	s, err := r.begin(ctx, events[0])
	if err != nil {
		return Run{}, nil, err
	}
	for _, e := range events {
		if s, err = r.apply(ctx, s, e); err != nil {
			return Run{}, nil, err
		}
	}
	return s, events, nil
}

// StandingAt folds the gates of a stream as they were when the ledger had a
// size.
func (r *Reader) StandingAt(ctx context.Context, stream ledger.Stream, size int64) (gate.Standing, []ledger.Event, error) {
	var s gate.Standing
	events, err := r.EventsAt(ctx, stream, size)
	for _, e := range events {
		s = gate.Apply(s, e)
	}
	return s, events, err
}

// PlaceAt folds an environment as it was when the ledger had a size.
func (r *Reader) PlaceAt(ctx context.Context, solution, environment string, size int64) (Place, []ledger.Event, error) {
	events, err := r.EventsAt(ctx, ledger.EnvironmentStream(solution, environment), size)
	return place(events), events, err
}

// PersonAt folds a person as it was when the ledger had a size.
func (r *Reader) PersonAt(ctx context.Context, id string, size int64) (policy.Subject, error) {
	var asked policy.SigningRequired
	events, err := r.EventsAt(ctx, policy.Signing, size)
	if err != nil {
		return policy.Subject{}, err
	}
	for _, e := range events {
		asked = policy.ApplySigning(asked, e)
	}
	fold := func(id string) (policy.Subject, error) {
		s := policy.Subject{Asked: asked}
		events, err := r.EventsAt(ctx, ledger.PersonStream(id), size)
		for _, e := range events {
			s = policy.ApplyPerson(s, e)
		}
		return s, err
	}
	s, err := fold(id)
	if err != nil {
		return s, err
	}
	return s.Resolve(fold)
}

// Until are the events of a stream up to a time in the ledger's form, with it.
func (r *Reader) Until(ctx context.Context, stream ledger.Stream, at string) ([]ledger.Event, error) {
	events, err := r.Log.Stream(ctx, stream, 0)
	for i, e := range events {
		if e.Time > at {
			return events[:i], err
		}
	}
	return events, err
}

// PlaceUntil folds an environment as it was at a time in the ledger's form.
func (r *Reader) PlaceUntil(ctx context.Context, solution, environment, at string) (Place, error) {
	events, err := r.Until(ctx, ledger.EnvironmentStream(solution, environment), at)
	return place(events), err
}

// StandingUntil folds the gates of a release as they were at a time in the
// ledger's form.
func (r *Reader) StandingUntil(ctx context.Context, solution, version, at string) (gate.Standing, error) {
	var s gate.Standing
	events, err := r.Until(ctx, ledger.ReleaseStream(solution, version), at)
	for _, e := range events {
		s = gate.Apply(s, e)
	}
	return s, err
}
