// Package approve asks for approvals: waivers of a release, templates of
// standard changes, deletions by a deployment, and new baselines of a solution. People sign them through
// package sign.
package approve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Solutions finds the policy of a solution.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
}

// Approvals keeps what is approved outside of gates.
type Approvals struct {
	Log       ledger.Log
	State     *state.Reader
	Solutions Solutions
	Now       func() time.Time
}

// Waive asks for an exception of a release from one check.
func (a *Approvals) Waive(ctx context.Context, by ledger.Actor, solution, version string, w approval.Waiver, reason string) (string, error) {
	if errs := w.CheckAt(ledger.FormatTime(a.Now()), gate.Waivable); len(errs) > 0 {
		return "", fault.New(fault.Forbidden, "%v", errors.Join(errs...))
	}
	r := approval.Requested{Kind: approval.WaiverKind, Solution: solution, Version: version, Waiver: &w}
	return a.request(ctx, by, ledger.ReleaseStream(solution, version), r, reason)
}

// Template asks for a template of standard changes.
func (a *Approvals) Template(ctx context.Context, by ledger.Actor, solution string, t approval.Template, reason string) (string, error) {
	if errs := t.Check(); len(errs) > 0 {
		return "", fault.New(fault.Invalid, "%v", errors.Join(errs...))
	}
	r := approval.Requested{Kind: approval.TemplateKind, Solution: solution, Template: &t}
	return a.request(ctx, by, ledger.SolutionStream(solution), r, reason)
}

// Revise asks for a new baseline. Who signs it sees which controls it takes
// away.
func (a *Approvals) Revise(ctx context.Context, by ledger.Actor, b policy.Baseline, reason string) (string, []string, error) {
	if errs := b.Check(); len(errs) > 0 {
		return "", nil, fault.New(fault.Invalid, "%v", errors.Join(errs...))
	}
	now, err := a.Solutions.Solution(ctx, b.Solution)
	if err != nil {
		return "", nil, err
	}
	lost := gate.Lost(now.Baseline, b)
	r := approval.Requested{Kind: approval.BaselineKind, Solution: b.Solution, Baseline: &b, Lost: lost}
	id, err := a.request(ctx, by, ledger.SolutionStream(b.Solution), r, reason)
	return id, lost, err
}

// Review asks for the signatures of a periodic review.
func (a *Approvals) Review(ctx context.Context, by ledger.Actor, solution string, v approval.Review, reason string) (string, error) {
	r := approval.Requested{Kind: approval.ReviewKind, Solution: solution, Review: &v}
	return a.request(ctx, by, ledger.SolutionStream(solution), r, reason)
}

// Delete asks for the approval of what the last plan of a release loses for good
// in a place.
func (a *Approvals) Delete(ctx context.Context, by ledger.Actor, solution, version, environment, reason string) (string, error) {
	standing, err := a.State.Release(ctx, solution, version)
	if err != nil {
		return "", err
	}
	if standing.Registered == nil {
		return "", fault.New(fault.NotFound, "version %s of %s is not registered", version, solution)
	}
	there, err := a.State.Place(ctx, solution, environment)
	if err != nil {
		return "", err
	}
	p, ok := there.Planned(standing.Registered.Run, "")
	if !ok {
		return "", fault.New(fault.Invalid, "nothing is planned for %s in %s", version, environment).WithHint("dc-release environment plan %s", environment)
	}
	if len(p.Destroys) == 0 {
		return "", fault.New(fault.Invalid, "the plan of %s in %s deletes nothing: %s", version, environment, p.Summary)
	}
	r := approval.Requested{
		Kind: approval.DeletionKind, Solution: solution, Version: version,
		Deletion: &approval.Deletion{Environment: environment, Plan: p.Plan, Destroys: p.Destroys},
	}
	return a.request(ctx, by, ledger.ReleaseStream(solution, version), r, reason)
}

func (a *Approvals) request(ctx context.Context, by ledger.Actor, stream ledger.Stream, r approval.Requested, reason string) (string, error) {
	if len(strings.TrimSpace(reason)) < 3 {
		return "", fault.New(fault.Invalid, "an approval is asked for with a reason").WithHint("add --reason TEXT")
	}
	solution, err := a.Solutions.Solution(ctx, r.Solution)
	if err != nil {
		return "", err
	}
	_, err = ledger.Decide(ctx, a.Log, func() (ledger.Batch, error) {
		list, version, err := a.list(ctx, stream)
		if err != nil {
			return ledger.Batch{}, err
		}
		r.Approval = approval.Next(list, r.Kind)
		return ledger.Batch{
			Command: fmt.Sprintf("approval/%s/%d", stream, version), Actor: by, Correlation: string(stream), Policy: solution.Digest,
			Reads:  []ledger.Read{{Stream: stream, Version: version}},
			Events: []ledger.Draft{{Stream: stream, Data: &r, Reason: reason}},
		}, nil
	})
	return r.Approval, err
}

// List gives the approvals of a solution, or of one of its releases.
func (a *Approvals) List(ctx context.Context, solution, version string) ([]approval.Approval, error) {
	list, _, err := a.list(ctx, Stream(solution, version))
	return list, err
}

// Stream holds the approvals of a solution, or of one of its releases.
func Stream(solution, version string) ledger.Stream {
	if version == "" {
		return ledger.SolutionStream(solution)
	}
	return ledger.ReleaseStream(solution, version)
}

func (a *Approvals) list(ctx context.Context, stream ledger.Stream) ([]approval.Approval, int64, error) {
	if solution, _, ok := stream.Release(); ok {
		st, err := a.State.Standing(ctx, stream)
		if err == nil && st.Registered == nil {
			err = fault.New(fault.NotFound, "%s of %s is not registered", stream, solution)
		}
		return st.Approvals, st.Version, err
	}
	s, err := a.State.Solution(ctx, strings.TrimPrefix(string(stream), "solution/"))
	return s.Approvals, s.Version, err
}
