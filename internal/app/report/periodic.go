package report

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Period is what a periodic review is asked for.
type Period struct {
	Solution   string `json:"solution"`
	From       string `json:"from"` // in the ledger's form, with it
	To         string `json:"to"`   // without it
	Conclusion string `json:"conclusion"`
}

// PeriodicReview writes the review of a solution over a period as the text that
// people sign. Its position in the ledger is the last event that was read.
func (r *Reporter) PeriodicReview(ctx context.Context, p Period, by string) (approval.Review, error) {
	if p.From >= p.To {
		return approval.Review{}, fault.New(fault.Invalid, "a period ends after it begins: from %s until %s", p.From, p.To)
	}
	if !ledger.SaysWhy(p.Conclusion) {
		return approval.Review{}, fault.New(fault.Invalid, "a periodic review has a conclusion").WithHint("add --conclusion TEXT")
	}
	w := period{Reporter: r, Period: p, ctx: ctx, m: &moment{size: math.MaxInt64, time: p.To, people: map[string]document.Person{}, subjects: map[string]policy.Subject{}}}
	for _, fill := range []func() error{w.rules, w.releases, w.rollbacks, w.access, w.refusals} {
		if err := fill(); err != nil {
			return approval.Review{}, fmt.Errorf("periodic review of %s: %w", p.Solution, err)
		}
	}
	asked, err := r.person(ctx, w.m, by)
	if err != nil {
		return approval.Review{}, err
	}
	w.f.Product, w.f.From, w.f.To, w.f.FrozenAt, w.f.Conclusion, w.f.Tool, w.f.AskedBy = p.Solution, p.From, p.To, w.last, p.Conclusion, r.Tool, asked
	w.m.size = w.seq
	holder := document.Facts{}
	if err := r.fillLedger(ctx, w.m, &holder); err != nil {
		return approval.Review{}, err
	}
	w.f.Ledger = holder.Ledger
	slices.SortStableFunc(w.f.Changes, func(a, b document.PeriodicEvent) int { return int(a.Seq - b.Seq) })
	d, err := r.store(ctx, "periodic-review", document.PeriodicReview(w.f).Tree())
	return approval.Review{From: p.From, To: p.To, Number: d.Number, Files: d.Files}, err
}

// period gathers what a review says.
type period struct {
	*Reporter
	Period
	ctx  context.Context
	m    *moment
	f    document.PeriodicFacts
	last string // time of the last event that was read
	seq  int64  // and its place in the ledger
}

// each calls do with the events of a stream up to the end of the period; within
// says whether one is in it.
func (w *period) each(stream ledger.Stream, do func(e ledger.Event, within bool) error) error {
	events, err := w.State.EventsAt(w.ctx, stream, math.MaxInt64)
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.Time >= w.To {
			continue
		}
		w.last, w.seq = max(w.last, e.Time), max(w.seq, e.Seq)
		if err := do(e, e.Time >= w.From); err != nil {
			return err
		}
	}
	return nil
}

func (w *period) event(e ledger.Event, format string, args ...any) (document.PeriodicEvent, error) {
	by := e.Actor.Kind + " " + e.Actor.ID
	if e.Actor.Kind == ledger.Person {
		p, err := w.person(w.ctx, w.m, e.Actor.ID)
		if err != nil {
			return document.PeriodicEvent{}, err
		}
		by = p.Name
	}
	return document.PeriodicEvent{At: e.Time, What: fmt.Sprintf(format, args...), Reason: e.Reason, By: by, Seq: e.Seq}, nil
}

// rules are the baselines.
func (w *period) rules() error {
	revision := 0
	return w.each(ledger.SolutionStream(w.Solution), func(e ledger.Event, within bool) error {
		b, ok := policy.BaselineOf(e.Data)
		if !ok {
			return nil
		}
		revision++
		digest, err := canonical.Digest(b)
		if err != nil {
			return err
		}
		w.f.Policy = document.Policy{Profile: string(b.Profile), SHA256: digest, Baseline: fmt.Sprint(revision)}
		if within {
			x, err := w.event(e, "baseline %d, profile %s", revision, b.Profile)
			w.f.Changes = append(w.f.Changes, x)
			return err
		}
		return nil
	})
}

func (w *period) releases() error {
	versions, err := w.Versions(w.ctx, w.Solution)
	if err != nil {
		return err
	}
	for _, version := range versions {
		var s gate.Standing
		var registered string
		moved := false
		err := w.each(ledger.ReleaseStream(w.Solution, version), func(e ledger.Event, within bool) error {
			s = gate.Apply(s, e)
			moved = moved || within
			if _, ok := e.Data.(*release.Registered); ok {
				registered = e.Time
			}
			return nil
		})
		if err != nil {
			return err
		}
		if !moved || s.Registered == nil {
			continue
		}
		r := document.PeriodicRelease{Version: version, ChangeType: string(s.Change.Type), State: string(s.State), RegisteredAt: registered, ForUseSince: s.ForUseSince, Deviations: int64(len(s.Deviations))}
		for _, a := range s.Approvals {
			if a.Waiver != nil && a.State == approval.StateGranted {
				r.Waivers++
			}
		}
		w.f.Releases = append(w.f.Releases, r)
		for _, d := range s.Deviations {
			if d.Time < w.From {
				continue
			}
			x := document.Deviation{ID: version + " " + d.Deviation, OpenedAt: d.Time, Text: d.Text}
			if d.Disposed != nil {
				x.Disposition, x.Cause = string(d.Disposed.Disposition), d.Disposed.Cause
			}
			w.f.Deviations = append(w.f.Deviations, x)
		}
	}
	return nil
}

func (w *period) rollbacks() error {
	return w.each(ledger.EnvironmentStream(w.Solution, "prd"), func(e ledger.Event, within bool) error {
		d, ok := e.Data.(*deployment.RollbackRequested)
		if !ok || !within {
			return nil
		}
		x, err := w.event(e, "%s: from %s to %s", d.Rollback, d.From, d.To)
		w.f.Rollbacks = append(w.f.Rollbacks, x)
		return err
	})
}

// access are the people with a role at the end of the period, and what changed
// of roles in it.
func (w *period) access() error {
	people, err := w.People(w.ctx)
	if err != nil {
		return err
	}
	w.m.baseline.Solution = w.Solution
	for _, id := range people {
		var s policy.Subject
		name, err := w.person(w.ctx, w.m, id)
		if err != nil {
			return err
		}
		err = w.each(ledger.PersonStream(id), func(e ledger.Event, within bool) error {
			s = policy.ApplyPerson(s, e)
			what := w.changed(e.Data)
			if !within || what == "" {
				return nil
			}
			x, err := w.event(e, "%s: %s", name.Name, what)
			w.f.Changes = append(w.f.Changes, x)
			return err
		})
		if err != nil {
			return err
		}
		a := document.PeriodicAccess{Person: name, ReviewDue: s.Preparation.ReviewDue, Disabled: s.Disabled}
		for _, g := range s.Grants {
			if g.Solution == "" || g.Solution == w.Solution {
				a.Roles = append(a.Roles, g.Role.Title())
			}
		}
		if len(a.Roles) > 0 {
			w.f.Access = append(w.f.Access, a)
		}
	}
	return nil
}

// changed says what an event of a person changes about the solution, "" for
// nothing.
func (w *period) changed(p ledger.Payload) string {
	about := func(g policy.Grant) bool { return g.Solution == "" || g.Solution == w.Solution }
	switch d := p.(type) {
	case *policy.RoleGranted:
		if about(d.Grant) {
			return "role " + d.Grant.Role.Title() + " granted"
		}
	case *policy.RoleRevoked:
		if about(d.Grant) {
			return "role " + d.Grant.Role.Title() + " revoked"
		}
	case *policy.PersonDisabled:
		return "disabled"
	case *policy.SigningLocked:
		return "signing locked"
	}
	return ""
}

// refusals are those of the installation: they name no solution.
func (w *period) refusals() error {
	return w.each(ledger.Installation, func(e ledger.Event, within bool) error {
		d, ok := e.Data.(*ledger.Refused)
		if !ok || !within {
			return nil
		}
		x, err := w.event(e, "%s: %s", d.Operation, d.Message)
		x.Reason = ""
		w.f.Refusals = append(w.f.Refusals, x)
		return err
	})
}

// FinalReview is a granted review with the page of its signatures, in all forms.
func (r *Reporter) FinalReview(ctx context.Context, a approval.Approval, events []ledger.Event) (gate.RenderedDocument, error) {
	data, err := r.Blobs.Bytes(ctx, a.Review.Files[jsonExtension])
	if err != nil {
		return gate.RenderedDocument{}, err
	}
	c, err := document.OpenCandidate(data)
	if err != nil {
		return gate.RenderedDocument{}, err
	}
	g := document.Gate{Name: document.PeriodicReviewGate, State: document.GateConsumed, ManifestSHA256: a.Review.Files[jsonExtension], Checks: []document.GateCheck{}, Signatures: []document.Signature{}}
	def, _ := approval.Find(approval.ReviewKind)
	for _, q := range def.Requires {
		g.Required = append(g.Required, document.RequiredSignature{Meaning: string(q.Meaning), Roles: []string{q.Role.Title()}})
	}
	for _, e := range events {
		made, ok := e.Data.(*signature.Made)
		if !ok || !slices.ContainsFunc(a.Signatures, func(s approval.Signed) bool { return s.Signature == made.Signature }) {
			continue
		}
		s, err := r.signed().Signature(ctx, *made, e.Seq)
		if err != nil {
			return gate.RenderedDocument{}, err
		}
		s.Effective = true
		g.Signatures = append(g.Signatures, s)
	}
	final, err := document.Finalise(c, g)
	if err != nil {
		return gate.RenderedDocument{}, err
	}
	return r.store(ctx, "periodic-review", final.Tree())
}
