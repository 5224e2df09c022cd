package sign

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// longestDelegation bounds how long somebody may act in another's role.
const longestDelegation = 90 * 24 * time.Hour

// Delegation asks to let somebody act in the signer's role for a time.
type Delegation struct {
	By
	Solution string      `json:"solution"`
	To       string      `json:"to"` // login
	Role     policy.Role `json:"role"`
	Since    string      `json:"since"` // UTC in the ledger's form, "" from the signature on
	Until    string      `json:"until"`
}

// Delegate records it in the stream of who will act.
func (s *Signer) Delegate(d Delegation) (Act, error) {
	since := s.Now()
	if d.Since != "" {
		var err error
		if since, err = ledger.ParseTime(d.Since); err != nil {
			return Act{}, fault.New(fault.Invalid, "since: %v", err)
		}
	}
	until, err := ledger.ParseTime(d.Until)
	if err != nil {
		return Act{}, fault.New(fault.Invalid, "until: %v", err)
	}
	if length := until.Sub(since); length <= 0 || length > longestDelegation {
		return Act{}, fault.New(fault.Invalid, "a delegation lasts at most %d days, this one from %s to %s", longestDelegation/(24*time.Hour), ledger.FormatTime(since), d.Until)
	}
	if d.Reason == "" {
		return Act{}, fault.New(fault.Invalid, "a delegation needs a reason").WithHint("add --reason TEXT")
	}
	return Act{Name: "role.delegate", About: ledger.SolutionStream(d.Solution), Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		return s.delegated(ctx, d, by)
	}}, nil
}

func (s *Signer) delegated(ctx context.Context, d Delegation, by policy.Subject) (Proposal, error) {
	p := Proposal{Meaning: signature.Delegates, Decision: "delegate", Reason: d.Reason, Capacity: signature.Capacity{Role: d.Role}}
	var err error
	if p.Solution, err = s.Solutions.Solution(ctx, d.Solution); err != nil {
		return p, err
	}
	id, err := s.Log.PersonByLogin(ctx, d.To)
	if err != nil {
		return p, err
	}
	to, err := s.State.Person(ctx, id)
	if err != nil {
		return p, err
	}
	record := policy.Delegation{From: by.ID, Role: d.Role, Solution: d.Solution, Since: d.Since, Until: d.Until}
	if p.Refused = policy.MayDelegate(by, to, record); len(p.Refused) > 0 {
		return p, nil
	}
	digest, err := canonical.Digest(record)
	if err != nil {
		return p, err
	}
	p.Stream = ledger.PersonStream(to.ID)
	p.Subject = signature.Subject{Type: "delegation", ID: string(p.Stream), Solution: d.Solution, Manifest: digest}
	def, _ := signature.Find(p.Meaning)
	p.Sheet = fmt.Sprintf("%s acts as %s for %s in solution %s from %s until %s\nYou declare as %s: %s\n",
		to.Login, d.Role.Title(), by.Login, d.Solution, cmp.Or(d.Since, "now"), d.Until, def.Meaning, def.Text)
	p.Reads = []ledger.Read{{Stream: p.Stream, Version: to.Version}}
	p.Follows = func(made signature.Made) []ledger.Draft {
		record.ID = made.Signature
		return []ledger.Draft{{Stream: p.Stream, Data: &policy.RoleDelegated{Person: to.ID, Delegation: record, Signature: made.Signature}}}
	}
	return p, nil
}

// Recall ends a delegation of the signer's before its time.
func (s *Signer) Recall(d Delegation) (Act, error) {
	if d.Reason == "" {
		return Act{}, fault.New(fault.Invalid, "ending a delegation needs a reason").WithHint("add --reason TEXT")
	}
	return Act{Name: "role.recall", About: ledger.SolutionStream(d.Solution), Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		p := Proposal{Meaning: signature.WithdrawnMeaning, Decision: "withdraw", Reason: d.Reason}
		var err error
		if p.Solution, err = s.Solutions.Solution(ctx, d.Solution); err != nil {
			return p, err
		}
		id, err := s.Log.PersonByLogin(ctx, d.To)
		if err != nil {
			return p, err
		}
		to, err := s.State.Person(ctx, id)
		if err != nil {
			return p, err
		}
		for _, held := range to.Delegations {
			if held.From != by.ID || held.Role != d.Role || held.Solution != d.Solution {
				continue
			}
			p.Stream = ledger.PersonStream(to.ID)
			p.Capacity = signature.Capacity{Role: held.Role}
			if p.Subject.Manifest, err = canonical.Digest(held.Delegation); err != nil {
				return p, err
			}
			p.Subject.Type, p.Subject.ID, p.Subject.Solution = "delegation", string(p.Stream), d.Solution
			p.Sheet = fmt.Sprintf("%s no longer acts as %s for %s in solution %s\n", to.Login, d.Role.Title(), by.Login, d.Solution)
			p.Reads = []ledger.Read{{Stream: p.Stream, Version: to.Version}}
			p.Follows = func(signature.Made) []ledger.Draft {
				return []ledger.Draft{{Stream: p.Stream, Data: &policy.DelegationEnded{Person: to.ID, Delegation: held.ID}}}
			}
			return p, nil
		}
		p.Refused = []string{fmt.Sprintf("%s does not act as %s for %s in %s", d.To, d.Role, by.Login, d.Solution)}
		return p, nil
	}}, nil
}
