package inspect

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// PlaceAsOf asks for one place of a solution as it was at a time.
type PlaceAsOf struct {
	AsOf
	Environment string `json:"environment"`
}

// Place is what is in a place, since when and by whose decision.
type Place struct {
	Solution   string           `json:"solution"`
	Place      string           `json:"environment"`
	Target     string           `json:"target"`
	Current    *Environment     `json:"current"`             // null when nothing was deployed
	Plan       string           `json:"plan,omitempty"`      // what the deployment changed, in a line
	Rollback   string           `json:"rollback"`            // that put it there, "" for none
	Rehearsal  bool             `json:"rehearsal,omitempty"` // of going back: the rollback is its half
	Automatic  bool             `json:"automatic,omitempty"` // nobody asked for the rollback
	Signatures []PlaceSignature `json:"signatures"`          // that let it in
}

// PlaceSignature is one signature at the gate in front of a place.
type PlaceSignature struct {
	Gate    string `json:"gate"`
	Name    string `json:"name"`
	Role    string `json:"role"`
	Meaning string `json:"meaning"`
	Time    string `json:"time"`
}

// Place tells of one place.
func (i *Inspector) Place(ctx context.Context, q PlaceAsOf) (Place, error) {
	out := Place{Solution: q.Solution, Place: q.Environment, Signatures: []PlaceSignature{}}
	solution, err := i.State.Solution(ctx, q.Solution)
	if err != nil {
		return out, err
	}
	configured, ok := solution.Baseline.Environments[q.Environment]
	if !ok {
		return out, fault.New(fault.NotFound, "solution %q has no environment %q", q.Solution, q.Environment)
	}
	out.Target = configured.Target
	there, err := i.placeAt(ctx, q)
	if err != nil {
		return out, err
	}
	d, ok := there.Current()
	if !ok {
		return out, nil
	}
	since, err := ledger.ParseTime(d.Time)
	if err != nil {
		return out, err
	}
	out.Current = &Environment{Solution: q.Solution, Environment: q.Environment, Version: d.Version, SHA: d.Commit, Tree: d.Tree, Run: d.Run, Since: since, Unfinished: there.Unfinished()}
	out.Rollback, out.Rehearsal, out.Automatic = d.Rollback, d.Rehearsal(), there.Automatic[d.Rollback]
	for _, p := range there.Plans {
		if p.Plan == d.Plan {
			out.Plan = p.Summary
		}
	}
	out.Signatures, err = i.letIn(ctx, q, solution.Baseline.Profile, d)
	return out, err
}

func (i *Inspector) placeAt(ctx context.Context, q PlaceAsOf) (state.Place, error) {
	if q.At == "" {
		return i.State.Place(ctx, q.Solution, q.Environment)
	}
	if err := q.check(); err != nil {
		return state.Place{}, err
	}
	return i.State.PlaceUntil(ctx, q.Solution, q.Environment, q.At)
}

// letIn are the signatures at the gate that a deployment came through.
func (i *Inspector) letIn(ctx context.Context, q PlaceAsOf, profile policy.Profile, d state.Deployment) ([]PlaceSignature, error) {
	out := []PlaceSignature{}
	if d.Version == "" {
		return out, nil
	}
	stream, back := ledger.ReleaseStream(q.Solution, d.Version), d.Rollback != "" && !d.Rehearsal()
	if back {
		stream = ledger.EnvironmentStream(q.Solution, q.Environment)
	}
	standing, err := i.State.Standing(ctx, stream)
	if err != nil {
		return out, err
	}
	for _, def := range gate.Definitions(profile, standing.Change.Type) {
		if back && def.Name != gate.ApproveRollback || !back && def.Enters != q.Environment {
			continue
		}
		g := standing.Gate(def.Name)
		if g.Consumed == nil {
			continue
		}
		for _, id := range g.Consumed.Signatures {
			for _, s := range g.Signatures {
				if s.Signature != id {
					continue
				}
				name, err := i.Names(ctx, s.Person)
				if err != nil {
					return out, err
				}
				out = append(out, PlaceSignature{Gate: def.Name, Name: name, Role: string(s.Role), Meaning: string(s.Meaning), Time: s.Time})
			}
		}
	}
	return out, nil
}
