package sign

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// ApprovalRequest names an approval to be signed or refused.
type ApprovalRequest struct {
	By
	Solution string `json:"solution"`
	Version  string `json:"version"` // "" for an approval of the solution's
	Approval string `json:"approval"`
}

func (r ApprovalRequest) stream() ledger.Stream {
	if r.Version == "" {
		return ledger.SolutionStream(r.Solution)
	}
	return ledger.ReleaseStream(r.Solution, r.Version)
}

// GiveApproval signs an approval in the first missing role that the person has;
// the last signature grants it.
func (s *Signer) GiveApproval(r ApprovalRequest) (Act, error) {
	if r.Reason == "" {
		r.Reason = "approves " + r.Approval
	}
	return s.onApproval("approval.sign", "approve", r, func(a approval.Approval, made signature.Made) []ledger.Payload {
		signed := approval.Signed{Approval: a.Approval, Signature: made.Signature, Person: made.Person, Role: made.Role, Meaning: made.Meaning}
		out := []ledger.Payload{&signed}
		a.Signatures = append(slices.Clip(a.Signatures), signed)
		if len(a.Missing()) > 0 {
			return out
		}
		out = append(out, &approval.Granted{Approval: a.Approval})
		if a.Baseline != nil {
			out = append(out, &policy.SolutionRevised{Baseline: *a.Baseline, Approval: a.Approval})
		}
		return out
	}), nil
}

// RefuseApproval ends an approval for ever.
func (s *Signer) RefuseApproval(r ApprovalRequest) (Act, error) {
	if !ledger.SaysWhy(r.Reason) {
		return Act{}, fault.New(fault.Invalid, "a refusal needs a reason").WithHint("add --reason TEXT")
	}
	return s.onApproval("approval.refuse", "reject", r, func(a approval.Approval, made signature.Made) []ledger.Payload {
		return []ledger.Payload{&approval.Refused{Approval: a.Approval, Signature: made.Signature}}
	}), nil
}

func (s *Signer) onApproval(name, decision string, r ApprovalRequest, follows func(approval.Approval, signature.Made) []ledger.Payload) Act {
	return Act{Name: name, About: r.stream(), Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		p := Proposal{Stream: r.stream(), Decision: decision, Reason: r.Reason, Correlation: string(r.stream())}
		var err error
		if p.Solution, err = s.Solutions.Solution(ctx, r.Solution); err != nil {
			return p, err
		}
		list, version, authored, err := s.approvals(ctx, r)
		if err != nil {
			return p, err
		}
		at := slices.IndexFunc(list, func(a approval.Approval) bool { return a.Approval == r.Approval })
		if at < 0 {
			p.Refused = []string{fmt.Sprintf("no approval %q", r.Approval)}
			return p, nil
		}
		a := list[at]
		if p.Capacity, p.Meaning, p.Refused = a.For(by, authored); len(p.Refused) > 0 {
			return p, nil
		}
		if decision == "reject" {
			p.Meaning = signature.RejectedMeaning
		}
		digest, err := canonical.Digest(a.Requested)
		if err != nil {
			return p, err
		}
		p.Subject = signature.Subject{Type: "approval", ID: string(p.Stream), Solution: r.Solution, Version: r.Version, Stage: a.Approval, Manifest: digest}
		if p.Sheet, err = approvalSheet(a, p.Meaning); err != nil {
			return p, err
		}
		p.Reads = []ledger.Read{{Stream: p.Stream, Version: version}}
		p.Follows = func(made signature.Made) []ledger.Draft {
			var out []ledger.Draft
			for _, d := range follows(a, made) {
				out = append(out, ledger.Draft{Stream: p.Stream, Data: d})
			}
			return out
		}
		return p, nil
	}}
}

// approvals are those of the request's stream; authored says whether work of a
// person is in the release.
func (s *Signer) approvals(ctx context.Context, r ApprovalRequest) (list []approval.Approval, version int64, authored func(policy.Subject) bool, err error) {
	if r.Version != "" {
		st, err := s.State.Standing(ctx, r.stream())
		return st.Approvals, st.Version, st.Authored, err
	}
	solution, err := s.State.Solution(ctx, r.Solution)
	return solution.Approvals, solution.Version, func(policy.Subject) bool { return false }, err
}

// approvalSheet is the whole content of an approval, with the controls that it
// takes away first.
func approvalSheet(a approval.Approval, m signature.Meaning) (string, error) {
	def, _ := approval.Find(a.Kind)
	raw, err := canonical.Marshal(a.Requested)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Approval %s of %s %s: %s\n", a.Approval, a.Solution, a.Version, def.Title)
	for _, l := range a.Lost {
		fmt.Fprintf(&b, "Takes away: %s\n", l)
	}
	fmt.Fprintf(&b, "Content: %s\n", raw)
	meaning, _ := signature.Find(m)
	fmt.Fprintf(&b, "You declare as %s: %s\n", meaning.Meaning, meaning.Text)
	return b.String(), nil
}
