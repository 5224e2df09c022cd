package inspect

import (
	"context"
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Waiting is one signature that an open gate asks for and a role of the person
// can give.
type Waiting struct {
	Solution string        `json:"solution"`
	Version  string        `json:"version"`
	Subject  ledger.Stream `json:"subject"` // of a rollback, "" for a release
	Gate     string        `json:"gate"`
	Meaning  string        `json:"meaning"`
	Text     string        `json:"text"`
	Role     string        `json:"role"`
	Refused  []string      `json:"refused"` // why the person may not give it now
}

// OwnSignature is a signature of the person.
type OwnSignature struct {
	Solution string `json:"solution"`
	Version  string `json:"version"`
	Gate     string `json:"gate"` // "" for what no gate counts
	Meaning  string `json:"meaning"`
	Decision string `json:"decision"`
	Time     string `json:"time"`
	ID       string `json:"signature"`
	Method   string `json:"method"`

	Printed    document.Manifestation `json:"printed"`
	Unreadable string                 `json:"unreadable,omitempty"` // why the ledger alone is shown
}

// Signatures are what waits for a person and what the person has signed.
type Signatures struct {
	Waiting []Waiting      `json:"waiting"`
	Own     []OwnSignature `json:"own"` // the newest first
}

// Signatures looks at every gate for one person.
func (i *Inspector) Signatures(ctx context.Context, person string) (Signatures, error) {
	out := Signatures{Waiting: []Waiting{}, Own: []OwnSignature{}}
	who, err := i.State.Person(ctx, person)
	if err != nil {
		return out, err
	}
	who = who.At(ledger.FormatTime(i.Now()))
	gates, err := i.Gates(ctx, "")
	if err != nil {
		return out, err
	}
	for _, g := range gates {
		waiting, err := i.waiting(ctx, who, g)
		if err != nil {
			return out, err
		}
		out.Waiting = append(out.Waiting, waiting...)
	}
	out.Own, err = i.own(ctx, person)
	return out, err
}

func (i *Inspector) waiting(ctx context.Context, who policy.Subject, g Gate) ([]Waiting, error) {
	if g.Phase != string(gate.PhaseOpen) {
		return nil, nil
	}
	st, err := i.State.Standing(ctx, g.Subject)
	if err != nil {
		return nil, err
	}
	profile := policy.GxP
	if st.Registered != nil {
		profile = policy.Profile(st.Registered.Profile)
	}
	def, ok := st.Definition(profile, g.Gate)
	if !ok {
		return nil, nil
	}
	var out []Waiting
	for _, m := range g.Unsigned {
		meaning := signature.Meaning(m)
		as := gate.CapacityFor(who, meaning, g.Solution)
		if as.Role == "" {
			continue
		}
		d, _ := signature.Find(meaning)
		row := Waiting{
			Solution: g.Solution, Version: g.Version, Gate: g.Gate, Meaning: m, Text: d.Text, Role: as.Role.Title(),
			Refused: gate.MaySign(st, def, who, meaning, g.Solution),
		}
		if g.Subject.Kind() == "environment" {
			row.Subject = g.Subject
		}
		out = append(out, row)
	}
	return out, nil
}

// own are the person's signatures in releases and rollbacks: at gates, over
// dispositions and waivers, of reviews.
func (i *Inspector) own(ctx context.Context, person string) ([]OwnSignature, error) {
	releases, err := i.Releases(ctx, "")
	if err != nil {
		return nil, err
	}
	type signed struct {
		OwnSignature
		seq int64
	}
	var all []signed
	solutions := map[string]bool{}
	add := func(solution, version string, stream ledger.Stream) error {
		st, err := i.State.Standing(ctx, stream)
		if err != nil {
			return err
		}
		events, err := i.State.EventsAt(ctx, stream, st.Seq)
		if err != nil {
			return err
		}
		for _, e := range events {
			made, ok := e.Data.(*signature.Made)
			if !ok || made.Person != person {
				continue
			}
			own := OwnSignature{Solution: solution, Version: version, Gate: made.Gate, Meaning: string(made.Meaning), Decision: made.Decision, ID: made.Signature, Method: made.Method}
			if own.Printed, own.Unreadable, err = i.printed(ctx, gate.Signed{Made: *made, Seq: e.Seq, Time: e.Time}); err != nil {
				return err
			}
			own.Time = own.Printed.Time
			all = append(all, signed{own, e.Seq})
		}
		return nil
	}
	for _, r := range releases {
		if err := add(r.Solution, r.Version, ledger.ReleaseStream(r.Solution, r.Version)); err != nil {
			return nil, err
		}
		solutions[r.Solution] = true
	}
	for key := range solutions {
		for _, place := range policy.Places {
			if err := add(key, "rollback of "+place, ledger.EnvironmentStream(key, place)); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(all, func(a, b signed) int { return int(b.seq - a.seq) })
	out := []OwnSignature{}
	for _, s := range all {
		out = append(out, s.OwnSignature)
	}
	return out, nil
}
