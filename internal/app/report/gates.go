package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// gates are the gates of the release in the order of its road, up to the named
// one, "" for all.
func (r *Reporter) gates(ctx context.Context, m *moment, upTo string) ([]document.Gate, error) {
	out := []document.Gate{}
	for _, name := range []string{gate.PreVal, gate.ApproveToPrd, gate.ApproveForUse} {
		def, demanded := m.standing.Definition(policy.Profile(m.run.Run.Profile), name)
		_, known := m.standing.Gates[name]
		if demanded || known || name == upTo {
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
		g.ManifestSHA256, g.Checks = now.Opened.Manifest, checks(def)
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
		s, err := r.signature(ctx, sig)
		if err != nil {
			return g, fmt.Errorf("signature %s: %w", sig.Signature, err)
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

// checks are those of a gate that opened: it does only when all are met.
func checks(def gate.Definition) []document.GateCheck {
	out := []document.GateCheck{}
	for _, c := range def.Checks {
		out = append(out, document.GateCheck{Name: c.Name, Met: true, Detail: c.About})
	}
	return out
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

// signature is a signature as it was signed: name, sentence, reason and time are
// those of the payload.
func (r *Reporter) signature(ctx context.Context, sig gate.Signed) (document.Signature, error) {
	var p signature.Payload
	var s signature.Statement
	raw, err := r.Blobs.Bytes(ctx, sig.Payload)
	if err != nil {
		return document.Signature{}, fmt.Errorf("payload: %w", err)
	}
	if err := canonical.Unmarshal(raw, &p); err != nil {
		return document.Signature{}, fmt.Errorf("payload: %w", err)
	}
	if raw, err = r.Blobs.Bytes(ctx, sig.Envelope); err != nil {
		return document.Signature{}, fmt.Errorf("envelope: %w", err)
	}
	if err := signature.Peek(raw, signature.PayloadType, &s); err != nil {
		return document.Signature{}, err
	}
	if p.ID != sig.Signature || p.Subject.Manifest != sig.Manifest || p.Signer.Person != sig.Person || s.PayloadSHA256 != sig.Payload {
		return document.Signature{}, fault.New(fault.Unverified, "payload, envelope and event are of different signatures")
	}
	binding := document.BindingServer
	if s.Auth.Kind == document.BindingUserKey {
		binding = document.BindingUserKey
	}
	return document.Signature{
		ID: sig.Signature, Signer: document.Person{ID: sig.Person, Name: p.Signer.PrintedName}, Role: p.Capacity.Role.Title(),
		Meaning: string(p.Meaning.Code), MeaningText: p.Meaning.Text, Decision: p.Decision, Reason: p.Reason, At: p.Time,
		Method: methods(s.Auth.Methods), Binding: binding, PayloadSHA256: sig.Payload, Seq: sig.Seq,
	}, nil
}

// methods are the components of an authentication in words.
func methods(all []string) string {
	words := map[string]string{"totp": "one-time code", "user-verification": "user verification", "oidc": "identity provider"}
	out := make([]string, 0, len(all))
	for _, m := range all {
		if w, ok := words[m]; ok {
			m = w
		}
		out = append(out, m)
	}
	return strings.Join(out, " and ")
}
