package person

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Lose ends the use of a factor at once, of all of them when none is named, and
// every session of the person.
func (p *People) Lose(ctx context.Context, by ledger.Actor, login, factor, reason string) error {
	s, err := p.ByLogin(ctx, login)
	if err != nil {
		return err
	}
	var lost []policy.Factor
	for _, f := range s.Factors {
		if factor == "" || f.ID == factor || f.Kind == factor {
			lost = append(lost, f)
		}
	}
	if len(lost) == 0 {
		return fault.New(fault.NotFound, "%s has no factor %q", login, factor).WithHint("list them with: dc-release person show %s", login)
	}
	for _, f := range lost {
		if f.Kind == policy.PasswordTOTP {
			if err := p.Directory.DropCredential(ctx, s.ID); err != nil {
				return err
			}
		}
		err := p.changeOf(ctx, by, s.ID, reason, func(policy.Subject) (ledger.Payload, error) {
			return &policy.FactorLost{Person: s.ID, Factor: f.ID}, nil
		})
		if err != nil {
			return err
		}
	}
	return p.endAccess(ctx, login)
}

// Reset is the first or the second of two people's acts by which somebody may
// enrol again. The link of the second works after the cool-down.
func (p *People) Reset(ctx context.Context, by ledger.Actor, login, reason string) (Invitation, error) {
	s, err := p.ByLogin(ctx, login)
	if err != nil {
		return Invitation{}, err
	}
	actor, err := p.State.Person(ctx, by.ID)
	if err != nil {
		return Invitation{}, err
	}
	if why := policy.MayReset(s, actor); why != "" {
		return Invitation{}, fault.New(fault.Forbidden, "%s", why)
	}
	if s.Reset.RequestedBy == "" {
		return Invitation{Person: s.ID}, p.changeOf(ctx, by, s.ID, reason, func(policy.Subject) (ledger.Payload, error) {
			return &policy.ResetRequested{Person: s.ID}, nil
		})
	}
	link, secret, err := p.newLink(s.ID, policy.ForReset, p.Now().Add(p.CoolDown))
	if err != nil {
		return Invitation{}, err
	}
	out := Invitation{Person: s.ID, Secret: secret, Since: ledger.FormatTime(link.Since), Until: ledger.FormatTime(link.Until)}
	err = p.changeOf(ctx, by, s.ID, reason, func(now policy.Subject) (ledger.Payload, error) {
		switch {
		case now.Reset.RequestedBy == by.ID:
			return nil, fault.New(fault.Forbidden, "%s asked for the reset of %s: another person agrees", actor.Login, login)
		case now.Reset.RequestedBy == "" || now.Reset.ApprovedBy != "":
			return nil, fault.New(fault.Forbidden, "no reset of %s waits for a second person", login)
		}
		return &policy.ResetApproved{Person: s.ID, Since: out.Since}, nil
	})
	if err != nil {
		return Invitation{}, err
	}
	return out, p.Directory.KeepLink(ctx, link)
}

// CancelReset is the objection of the person, of QC or of an administrator.
func (p *People) CancelReset(ctx context.Context, by ledger.Actor, login, reason string) error {
	actor, err := p.State.Person(ctx, by.ID)
	if err != nil {
		return err
	}
	err = p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		if s.Reset.RequestedBy == "" {
			return nil, fault.New(fault.NotFound, "no reset of %s is under way", login)
		}
		if why := policy.MayReset(s, actor); why != "" && s.ID != by.ID {
			return nil, fault.New(fault.Forbidden, "%s", why)
		}
		return &policy.ResetCancelled{Person: s.ID}, nil
	})
	if err != nil {
		return err
	}
	s, err := p.ByLogin(ctx, login)
	if err != nil {
		return err
	}
	return p.Directory.DropLinks(ctx, s.ID)
}

// Unlock gives the right to sign back after failed ceremonies; somebody else
// does.
func (p *People) Unlock(ctx context.Context, by ledger.Actor, login, reason string) error {
	err := p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		if s.ID == by.ID {
			return nil, fault.New(fault.Forbidden, "nobody unlocks the own right to sign")
		}
		if !s.Locked {
			return nil, fault.New(fault.Invalid, "%s is not locked", login)
		}
		return &policy.SigningUnlocked{Person: s.ID}, nil
	})
	if err != nil {
		return err
	}
	s, err := p.ByLogin(ctx, login)
	if err != nil {
		return err
	}
	return p.Directory.ForgetFailures(ctx, s.ID)
}

func (p *People) endAccess(ctx context.Context, login string) error {
	s, err := p.ByLogin(ctx, login)
	if err != nil {
		return err
	}
	return p.Directory.EndAccess(ctx, s.ID)
}
