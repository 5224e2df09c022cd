package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/signed"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/release"
)

// ReleaseDetail is a release with its gates.
type ReleaseDetail struct {
	Release
	Gates      []Gate      `json:"gates"`
	ChangeType string      `json:"change_type"`
	Notices    []string    `json:"notices"` // what people should know first, a sentence each
	Deviations []Deviation `json:"deviations"`

	Decisions   document.Decisions    `json:"decisions"`
	Restriction *document.Restriction `json:"restriction,omitempty"` // of an emergency
}

// Deviation is a failed attempt with its disposition.
type Deviation struct {
	Deviation string `json:"deviation"`
	Time      string `json:"time"`
	State     string `json:"state"` // open, or the disposition
	Signer    string `json:"signer"`
	Text      string `json:"text"`
	Cause     string `json:"cause,omitempty"`
	Action    string `json:"action,omitempty"`
}

// Release gives one release.
func (i *Inspector) Release(ctx context.Context, solution, version string) (ReleaseDetail, error) {
	all, err := i.Releases(ctx, solution)
	if err != nil {
		return ReleaseDetail{}, err
	}
	n := slices.IndexFunc(all, func(r Release) bool { return r.Version == strings.TrimPrefix(version, "v") })
	if n < 0 {
		return ReleaseDetail{}, fault.New(fault.NotFound, "no release %s of %s", version, solution).WithHint("list them with: dc-release release list")
	}
	s, err := i.State.Release(ctx, solution, all[n].Version)
	if err != nil {
		return ReleaseDetail{}, err
	}
	gates, err := i.gates(ctx, solution, ledger.ReleaseStream(solution, all[n].Version), s)
	if err != nil {
		return ReleaseDetail{}, err
	}
	d := ReleaseDetail{Release: all[n], Gates: gates, ChangeType: string(s.Change.Type), Notices: notices(s, i.Now()), Deviations: []Deviation{}}
	for _, x := range s.Deviations {
		row := Deviation{Deviation: x.Deviation, Time: x.Time, State: "open", Text: x.Text}
		if x.Disposed != nil {
			row.State, row.Cause, row.Action = string(x.Disposed.Disposition), x.Disposed.Cause, x.Disposed.Action
			if row.Signer, err = i.Names(ctx, x.Signer); err != nil {
				return d, err
			}
		}
		d.Deviations = append(d.Deviations, row)
	}
	d.Restriction = signed.Restriction(s)
	events, err := i.State.EventsAt(ctx, ledger.ReleaseStream(solution, d.Version), s.Seq)
	if err != nil {
		return d, err
	}
	d.Decisions, err = i.signed().Decisions(ctx, s, events)
	return d, err
}

// notices are what people should know of a release before its gates.
func notices(s gate.Standing, now time.Time) []string {
	out := []string{}
	if s.Change.Type != "" && s.Change.Type != release.Normal {
		out = append(out, fmt.Sprintf("it is a change of type %s: %s", s.Change.Type, s.Change.Declared.Reference))
	}
	for _, because := range s.Change.Because {
		out = append(out, fmt.Sprintf("it is not a %s change: %s", s.Change.Declared.Type, because))
	}
	if s.Held != "" {
		out = append(out, "it is on hold: "+s.Held)
	}
	if s.Restricted() {
		by := s.CatchUpBy()
		text := "in use under restriction: what was left out has to be there by " + ledger.FormatTime(by)
		if now.After(by) {
			text += ", which has passed"
		}
		out = append(out, text)
	}
	out = append(out, s.Unsignable...)
	return out
}
