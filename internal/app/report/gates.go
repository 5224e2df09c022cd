package report

import (
	"context"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/app/signed"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// signed reads what was signed and decided.
func (r *Reporter) signed() signed.Reader { return signed.Reader{Blobs: r.Blobs, Names: r.Names} }

// gates are the gates of the release in the order of its road, up to the named
// one, "" for all.
func (r *Reporter) gates(ctx context.Context, m *moment, upTo string) ([]document.Gate, error) {
	out := []document.Gate{}
	for _, name := range []string{gate.PreVal, gate.ApproveToPrd, gate.ApproveForUse, gate.CatchUp} {
		def, demanded := m.standing.Definition(policy.Profile(m.run.Run.Profile), name)
		_, known := m.standing.Gates[name]
		if demanded && name != gate.CatchUp || known || name == upTo {
			g, err := r.gate(ctx, m, def)
			if err != nil {
				return nil, fmt.Errorf("gate %s: %w", name, err)
			}
			out = append(out, g)
		}
		if name == upTo {
			break
		}
	}
	return out, nil
}

func (r *Reporter) gate(ctx context.Context, m *moment, def gate.Definition) (document.Gate, error) {
	now := m.standing.Gate(def.Name)
	g := document.Gate{
		Name: def.Name, State: string(now.Phase), Missing: now.Missing,
		Checks: []document.GateCheck{}, Required: required(def), Signatures: []document.Signature{},
	}
	if now.Opened != nil {
		g.ManifestSHA256, g.Checks = now.Opened.Manifest, m.checks(def, now.OpenedSeq)
	}
	subjects := map[string]policy.Subject{}
	for _, sig := range now.Signatures {
		s, err := r.subject(ctx, m, sig.Person)
		if err != nil {
			return g, err
		}
		subjects[sig.Person] = s
	}
	find := func(id string) policy.Subject { return subjects[id] }
	for _, sig := range now.Signatures {
		s, err := r.signed().Signature(ctx, sig.Made, sig.Seq)
		if err != nil {
			return g, err
		}
		s.Signer.Login = subjects[sig.Person].Login
		s.Ineffective = m.ineffective(now, def.Name, sig, find)
		s.Effective = s.Ineffective == ""
		g.Signatures = append(g.Signatures, s)
	}
	if now.Phase == gate.PhaseOpen && len(gate.Unsigned(def, gate.Effective(m.standing, def.Name, m.baseline.Solution, find))) == 0 {
		g.State = document.GateSatisfied
	}
	m.times(&g, now)
	return g, nil
}

// required are the signatures that the gate demands, with the printed roles.
func required(def gate.Definition) []document.RequiredSignature {
	out := []document.RequiredSignature{}
	for _, meaning := range def.Signatures {
		r := document.RequiredSignature{Meaning: string(meaning)}
		d, _ := signature.Find(meaning)
		for _, role := range d.Roles {
			r.Roles = append(r.Roles, role.Title())
		}
		out = append(out, r)
	}
	return out
}

// checks are those of a gate that opened at an event: it does only when all are
// met, but for what a waiver that held then was granted for.
func (m *moment) checks(def gate.Definition, opened int64) []document.GateCheck {
	var until []ledger.Event
	at := m.time
	for _, e := range m.ofRelease {
		if e.Seq <= opened {
			until, at = append(until, e), e.Time
		}
	}
	var then []approval.Approval
	for _, e := range until {
		then = approval.Apply(then, e)
	}
	out := []document.GateCheck{}
	facts := m.facts(def, opened)
	for _, c := range def.Demanded(m.baseline.Scans) {
		check := document.GateCheck{Name: c.Name, Met: true, Detail: c.About, Reports: facts.Said(def, c.Name)}
		for _, w := range approval.Effective(then, at) {
			if w.Check == c.Name {
				check.Waived = append(check.Waived, fmt.Sprintf("waived for %s until %s", w.Item, w.Expires))
			}
		}
		out = append(out, check)
	}
	return out
}

// facts are what the checks of reports about the artifact were decided on.
func (m *moment) facts(def gate.Definition, opened int64) gate.Facts {
	f := gate.Facts{Scans: m.baseline.Scans, Earlier: m.earlier, Deployments: map[string]deployment.Deployed{}}
	if d, ok := m.places[def.After].Of(m.run.Run.Run); ok {
		f.Deployments[def.After] = d.Deployed
	}
	for _, r := range m.reports {
		if r.Seq <= opened {
			f.Reports = append(f.Reports, r)
		}
	}
	return f
}

// ineffective says why a signature does not count. What a consumed gate counted
// was decided when it was consumed and holds for ever.
func (m *moment) ineffective(now gate.State, name string, sig gate.Signed, find gate.Signer) string {
	switch {
	case sig.Decision == "withdraw", sig.Decision == "reject" && now.Phase == gate.PhaseRejected:
		return ""
	case now.Phase == gate.PhaseRejected:
		return "the gate was rejected"
	case now.Consumed != nil && slices.Contains(now.Consumed.Signatures, sig.Signature):
		return ""
	}
	why := gate.Ineffective(m.standing, name, m.baseline.Solution, sig, find)
	if why == "" && now.Consumed != nil {
		return "it was not among the signatures that the gate was consumed with"
	}
	return why
}

// times takes from the events when the gate opened, was satisfied and consumed.
// It is satisfied by the last signature that counts.
func (m *moment) times(g *document.Gate, now gate.State) {
	for _, e := range m.ofRelease {
		switch d := e.Data.(type) {
		case *gate.Opened:
			if d.Gate == g.Name && now.Opened != nil {
				g.OpenedAt = e.Time
			}
		case *gate.Consumed:
			if d.Gate == g.Name {
				g.ConsumedAt = e.Time
			}
		}
	}
	if g.State != document.GateSatisfied && g.State != document.GateConsumed {
		return
	}
	g.SatisfiedAt = g.OpenedAt
	for i, sig := range now.Signatures {
		if g.Signatures[i].Effective && sig.Decision == "approve" {
			g.SatisfiedAt = max(g.SatisfiedAt, sig.Time)
		}
	}
}
