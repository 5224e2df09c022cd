package signed

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Decisions are what people decided of a release beside its gates: the standing
// with the events of the release's stream that it was folded from.
func (r Reader) Decisions(ctx context.Context, s gate.Standing, events []ledger.Event) (document.Decisions, error) {
	f := fold{Reader: r, ctx: ctx, made: map[string]ledger.Event{}}
	for _, e := range events {
		if d, ok := e.Data.(*signature.Made); ok {
			f.made[d.Signature] = e
		}
	}
	out := document.Decisions{Deviations: f.deviations(s), Waivers: f.waivers(s, events), Comments: f.comments(s), Holds: f.holds(events)}
	for _, x := range s.Reviews {
		out.Reviews = append(out.Reviews, document.Review{ListSHA256: x.Manifest, Signature: f.signature(x.Signature)})
	}
	return out, f.err
}

// fold keeps the first error.
type fold struct {
	Reader
	ctx  context.Context
	made map[string]ledger.Event
	err  error
}

func (f *fold) person(id string) document.Person {
	if id == "" || f.err != nil {
		return document.Person{}
	}
	name, err := f.Names(f.ctx, id)
	if err != nil {
		f.err = fmt.Errorf("printed name of person %q: %w", id, err)
	}
	return document.Person{ID: id, Name: name}
}

// signature is one outside of a gate: it counts when it was made.
func (f *fold) signature(id string) document.Signature {
	e, ok := f.made[id]
	if !ok || f.err != nil {
		if f.err == nil {
			f.err = fmt.Errorf("signature %q is not in the release's stream", id)
		}
		return document.Signature{}
	}
	s, err := f.Signature(f.ctx, *e.Data.(*signature.Made), e.Seq)
	f.err, s.Effective = err, true
	return s
}

func (f *fold) deviations(s gate.Standing) []document.Deviation {
	var out []document.Deviation
	for _, x := range s.Deviations {
		d := document.Deviation{ID: x.Deviation, Source: x.Source, Job: x.Job, OpenedAt: x.Time, OpenedBy: f.person(x.By), Text: x.Text}
		if x.Disposed != nil {
			by := f.signature(x.Disposed.Signature)
			d.Disposition, d.Cause, d.Action, d.Signature = string(x.Disposed.Disposition), x.Disposed.Cause, x.Disposed.Action, &by
		}
		out = append(out, d)
	}
	return out
}

func (f *fold) waivers(s gate.Standing, events []ledger.Event) []document.Waiver {
	var out []document.Waiver
	refused := map[string]string{} // waiver -> signature
	for _, e := range events {
		if d, ok := e.Data.(*approval.Refused); ok {
			refused[d.Approval] = d.Signature
		}
	}
	for _, a := range s.Approvals {
		if a.Waiver == nil {
			continue
		}
		w := document.Waiver{
			ID: a.Approval, Check: a.Waiver.Check, Item: a.Waiver.Item, Risk: a.Waiver.Risk, Control: a.Waiver.Control, Expires: a.Waiver.Expires,
			State: string(a.State), AskedBy: f.person(a.By), AskedAt: a.Time, Signatures: []document.Signature{},
		}
		for _, x := range a.Signatures {
			w.Signatures = append(w.Signatures, f.signature(x.Signature))
		}
		if id := refused[a.Approval]; id != "" {
			w.Signatures = append(w.Signatures, f.signature(id))
		}
		out = append(out, w)
	}
	return out
}

func (f *fold) comments(s gate.Standing) []document.Comment {
	var out []document.Comment
	for _, c := range s.Comments {
		out = append(out, document.Comment{Gate: c.Gate, ManifestSHA256: c.Manifest, Person: f.person(c.Person), At: c.Time, Text: c.Text})
	}
	return out
}

func (f *fold) holds(events []ledger.Event) []document.Hold {
	var out []document.Hold
	for _, e := range events {
		switch d := e.Data.(type) {
		case *release.Held:
			out = append(out, document.Hold{From: e.Time, By: f.person(e.Actor.ID), Because: d.Because})
		case *release.Resumed:
			if n := len(out); n > 0 {
				h := &out[n-1]
				h.Until, h.ResumedBy, h.Resumed = e.Time, f.person(e.Actor.ID), e.Reason
			}
		}
	}
	return out
}

// Restriction is that of an emergency, nil for every other release.
func Restriction(s gate.Standing) *document.Restriction {
	if s.Change.Type != release.Emergency {
		return nil
	}
	r := &document.Restriction{Incident: s.Change.Declared.Reference, Since: s.ForUseSince, Days: gate.CatchUpDays, CaughtUp: s.CaughtUp}
	if by := s.CatchUpBy(); !by.IsZero() {
		r.By = ledger.FormatTime(by)
	}
	return r
}
