package sign

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Request asks for one signature at a gate.
type Request struct {
	By
	Solution string            `json:"solution"`
	Version  string            `json:"version"`
	Subject  ledger.Stream     `json:"subject"` // "" takes the release's; a rollback names its environment's
	Gate     string            `json:"gate"`
	Meaning  signature.Meaning `json:"meaning"`
	Manifest string            `json:"manifest"` // seen by the person; "" takes the open one
}

// stream is the subject's.
func (r Request) stream() ledger.Stream {
	if r.Subject != "" {
		return r.Subject
	}
	return ledger.ReleaseStream(r.Solution, r.Version)
}

// kind is what the subject is called in a payload.
func (r Request) kind() string {
	if r.Subject != "" {
		return "rollback"
	}
	return "release"
}

// Approve signs at an open gate.
func (s *Signer) Approve(r Request) (Act, error) {
	return s.atGate("gate.sign", "approve", r, mayApprove, nil), nil
}

// Reject ends the gate and burns the version.
func (s *Signer) Reject(r Request) (Act, error) {
	if !ledger.SaysWhy(r.Reason) {
		return Act{}, fault.New(fault.Invalid, "a rejection needs a reason").WithHint("add --reason TEXT")
	}
	r.Meaning = signature.RejectedMeaning
	return s.atGate("gate.reject", "reject", r, mayApprove, func(_ gate.Signed, made signature.Made) []ledger.Payload {
		return []ledger.Payload{&gate.Rejected{Gate: r.Gate, Manifest: made.Manifest, Signature: made.Signature}, &release.Rejected{Gate: r.Gate, Signature: made.Signature}}
	}), nil
}

// Withdraw takes back the person's own signature while the gate is open.
func (s *Signer) Withdraw(r Request) (Act, error) {
	r.Meaning = signature.WithdrawnMeaning
	may := func(st gate.Standing, def gate.Definition, by policy.Subject, r Request) []string {
		g := st.Gate(def.Name)
		if g.Phase != gate.PhaseOpen {
			return []string{fmt.Sprintf("gate %s is %s", def.Name, g.Phase)}
		}
		if _, ok := g.Own(by.ID); !ok {
			return []string{fmt.Sprintf("%s has no signature at gate %s", by.Login, def.Name)}
		}
		return nil
	}
	return s.atGate("gate.withdraw", "withdraw", r, may, func(own gate.Signed, made signature.Made) []ledger.Payload {
		return []ledger.Payload{&signature.Withdrawn{Signature: own.Signature, By: made.Signature}}
	}), nil
}

func mayApprove(st gate.Standing, def gate.Definition, by policy.Subject, r Request) []string {
	return gate.MaySign(st, def, by, r.Meaning, r.Solution)
}

// atGate is an act at a gate: rules says why the person may not, more what
// follows beside the signature.
func (s *Signer) atGate(name, decision string, r Request, rules func(gate.Standing, gate.Definition, policy.Subject, Request) []string, more func(own gate.Signed, made signature.Made) []ledger.Payload) Act {
	if r.Reason == "" {
		r.Reason = decision + " " + r.Gate
	}
	return Act{Name: name, About: r.stream(), Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		p := Proposal{Stream: r.stream(), Meaning: r.Meaning, Decision: decision, Reason: r.Reason, Correlation: string(r.stream())}
		var err error
		if p.Solution, err = s.Solutions.Solution(ctx, r.Solution); err != nil {
			return p, err
		}
		st, err := s.State.Standing(ctx, r.stream())
		if err != nil {
			return p, err
		}
		def, ok := st.Definition(p.Solution.Profile, r.Gate)
		if !ok {
			p.Refused = []string{fmt.Sprintf("gate %q asks for no signatures in profile %s", r.Gate, p.Solution.Profile)}
			return p, nil
		}
		p.Reads = []ledger.Read{{Stream: r.stream(), Version: st.Version}}
		p.Refused = rules(st, def, by, r)
		opened := st.Gate(r.Gate).Opened
		switch {
		case opened == nil && len(p.Refused) == 0:
			p.Refused = []string{fmt.Sprintf("gate %s is not open", r.Gate)}
		case opened != nil && r.Manifest != "" && r.Manifest != opened.Manifest:
			p.Refused = append(p.Refused, fmt.Sprintf("manifest %.12s was replaced by %.12s: look again", r.Manifest, opened.Manifest))
		}
		if len(p.Refused) > 0 {
			return p, nil
		}
		p.Subject = signature.Subject{
			Type: r.kind(), ID: string(r.stream()), Solution: r.Solution, Version: r.Version, Stage: r.Gate, Manifest: opened.Manifest,
		}
		p.Capacity = gate.CapacityFor(by, r.Meaning, r.Solution)
		if p.Sheet, err = s.sheet(ctx, by, st, opened, r.Meaning); err != nil {
			return p, err
		}
		if more != nil {
			own, _ := st.Gate(r.Gate).Own(by.ID)
			p.Follows = func(made signature.Made) []ledger.Draft {
				var out []ledger.Draft
				for _, d := range more(own, made) {
					out = append(out, ledger.Draft{Stream: r.stream(), Data: d})
				}
				return out
			}
		}
		return p, nil
	}}
}

// sheet is what the person is shown of the open manifest, with what changed
// since the person's last signature for the release.
func (s *Signer) sheet(ctx context.Context, by policy.Subject, st gate.Standing, opened *gate.Opened, m signature.Meaning) (string, error) {
	now, err := s.State.Manifest(ctx, opened.Manifest)
	if err != nil {
		return "", err
	}
	def, _ := signature.Find(m)
	var before *gate.Manifest
	last, ok := st.LastOf(by.ID)
	if ok {
		old, err := s.State.Manifest(ctx, last.Manifest)
		if err != nil {
			return "", err
		}
		before = &old
	}
	return gate.Sheet(now, opened.Manifest, def, last, before), nil
}
