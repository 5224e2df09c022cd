package inspect

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// AsOf asks for a solution as it was at a time.
type AsOf struct {
	Solution string `json:"solution"`
	At       string `json:"at,omitempty"` // in the ledger's form, "" for now
}

func (q AsOf) check() error {
	if q.Solution == "" {
		return fault.New(fault.Invalid, "a past moment is of one solution").WithHint("add --solution KEY")
	}
	if _, err := ledger.ParseTime(q.At); err != nil {
		return fault.New(fault.Invalid, "--at: %v", err)
	}
	return nil
}

// EnvironmentsAt is what ran in each place at the time.
func (i *Inspector) EnvironmentsAt(ctx context.Context, q AsOf) ([]Environment, error) {
	if q.At == "" {
		out, err := i.Environments(ctx, q.Solution)
		for n := range out {
			there, err := i.State.Place(ctx, out[n].Solution, out[n].Environment)
			if err != nil {
				return nil, err
			}
			out[n].Unfinished = there.Unfinished()
		}
		return out, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	out := []Environment{}
	for _, name := range policy.Places {
		place, err := i.State.PlaceUntil(ctx, q.Solution, name, q.At)
		if err != nil {
			return nil, err
		}
		d, ok := place.Current()
		if !ok {
			continue
		}
		since, err := ledger.ParseTime(d.Time)
		if err != nil {
			return nil, err
		}
		out = append(out, Environment{Solution: q.Solution, Environment: name, Version: d.Version, SHA: d.Commit, Tree: d.Tree, Run: d.Run, Since: since, Unfinished: place.Unfinished()})
	}
	return out, nil
}

// ReleasesAt are the releases that were registered at the time, with the state
// that they had.
func (i *Inspector) ReleasesAt(ctx context.Context, q AsOf) ([]Release, error) {
	all, err := i.Releases(ctx, q.Solution)
	if err != nil || q.At == "" {
		return all, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	out := []Release{}
	for _, r := range all {
		s, err := i.State.StandingUntil(ctx, q.Solution, r.Version, q.At)
		if err != nil {
			return nil, err
		}
		if s.Registered == nil {
			continue
		}
		r.State = string(s.State)
		out = append(out, r)
	}
	return out, nil
}
