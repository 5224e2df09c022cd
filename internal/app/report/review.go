package report

import (
	"context"
	"math"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Review is the exception list of a release as it stands now, with what was
// reviewed of it.
type Review struct {
	List       document.ExceptionList `json:"list"`
	SHA256     string                 `json:"sha256"`
	Reviews    []Reviewed             `json:"reviews"`
	Unreviewed []string               `json:"unreviewed"` // empty when it counts as reviewed

	raw   []byte
	acted map[string]string
}

// Reviewed is one review; Current says that it is of the list as it stands.
type Reviewed struct {
	Signature string `json:"signature"`
	Name      string `json:"name"`
	Time      string `json:"time"`
	Current   bool   `json:"current"`
}

// Review gathers the exception list at the end of the ledger.
func (r *Reporter) Review(ctx context.Context, solution, version string) (Review, error) {
	s, err := r.State.Release(ctx, solution, version)
	if err != nil {
		return Review{}, err
	}
	if s.Registered == nil {
		return Review{}, fault.New(fault.NotFound, "no release %s of %s", version, solution).WithHint("list them with: dc-release release list")
	}
	m, err := r.at(ctx, s.Registered.Run, solution, version, math.MaxInt64)
	if err != nil {
		return Review{}, err
	}
	var f document.Facts
	if err := r.fillJobs(ctx, m, &f); err != nil {
		return Review{}, err
	}
	if err := r.fillExceptions(ctx, m, &f); err != nil {
		return Review{}, err
	}
	out := Review{
		List:    document.ExceptionList{Schema: document.ExceptionListSchema, Solution: solution, Version: version, Exceptions: f.Exceptions},
		Reviews: []Reviewed{}, acted: m.acted(),
	}
	if out.raw, err = canonical.Marshal(out.List); err != nil {
		return out, err
	}
	out.SHA256 = canonical.SHA256(out.raw)
	return out, r.reviews(ctx, m, &out)
}

// reviews says what was reviewed, and whether it counts.
func (r *Reporter) reviews(ctx context.Context, m *moment, out *Review) error {
	people := map[string]policy.Subject{}
	for _, x := range m.standing.Reviews {
		var err error
		if people[x.Person], err = r.subject(ctx, m, x.Person); err != nil {
			return err
		}
		name, err := r.Names(ctx, x.Person)
		if err != nil {
			return err
		}
		out.Reviews = append(out.Reviews, Reviewed{Signature: x.Signature, Name: name, Time: x.Time, Current: x.Manifest == out.SHA256})
	}
	out.Unreviewed = gate.Unreviewed(m.standing, out.SHA256, len(out.List.Exceptions), out.List.Solution, func(id string) policy.Subject { return people[id] }, out.acted)
	return nil
}

// acted are the people who acted in the release other than as reviewer, each
// with the first thing that they did.
func (m *moment) acted() map[string]string {
	out := map[string]string{}
	for _, events := range [][]ledger.Event{m.ofRun, m.ofRelease} {
		for _, e := range events {
			if d, ok := e.Data.(*signature.Made); ok && d.Meaning == signature.AuditTrailReviewed {
				continue
			}
			if e.Actor.Kind == ledger.Person && out[e.Actor.ID] == "" {
				out[e.Actor.ID] = e.Type
			}
		}
	}
	return out
}

// Unreviewed implements promote.Reviews.
func (r *Reporter) Unreviewed(ctx context.Context, solution, version string) ([]string, error) {
	v, err := r.Review(ctx, solution, version)
	return v.Unreviewed, err
}

// Exceptions implements sign.Exceptions.
func (r *Reporter) Exceptions(ctx context.Context, solution, version string) (list []byte, acted map[string]string, err error) {
	v, err := r.Review(ctx, solution, version)
	return v.raw, v.acted, err
}
