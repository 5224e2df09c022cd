package person

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// InvitationLife is how long a link waits for its person.
const InvitationLife = 7 * 24 * time.Hour

// Link lets one person enrol, once. Of its secret only the SHA-256 is kept.
type Link struct {
	SHA256  string
	Person  string
	Purpose string // policy.ForInvitation or policy.ForReset
	Seed    string // that the person was shown; "" before
	Since   time.Time
	Until   time.Time
}

// Links keeps them, and what ends with a person's access.
type Links interface {
	NameTaken(ctx context.Context, digest string) (bool, error)
	// KeepLink replaces the person's earlier links.
	KeepLink(ctx context.Context, l Link) error
	Link(ctx context.Context, sha256 string) (l Link, ok bool, err error)
	// SeedLink gives the link the seed unless it has one, and answers the one
	// that it has.
	SeedLink(ctx context.Context, sha256, seed string) (string, error)
	// TakeLink gives a link away; ok is false for the second one who asks.
	TakeLink(ctx context.Context, sha256 string) (ok bool, err error)
	DropLinks(ctx context.Context, person string) error
	DropCredential(ctx context.Context, person string) error
	ForgetFailures(ctx context.Context, person string) error
	// EndAccess ends sessions and API tokens of the person.
	EndAccess(ctx context.Context, person string) error
}

// Invitation is a link as it is shown once.
type Invitation struct {
	Person string `json:"person"`
	Secret string `json:"secret"`
	Since  string `json:"since"`
	Until  string `json:"until"`
}

// Invite makes a person who enrols the factors alone: no administrator ever
// knows one. A service account has none.
func (p *People) Invite(ctx context.Context, by ledger.Actor, login, name string, kind policy.Kind, reason string) (Invitation, error) {
	if !ledger.SaysWhy(reason) {
		return Invitation{}, fault.New(fault.Invalid, "an invitation needs a reason").WithHint("add --reason TEXT")
	}
	if again, err := p.waiting(ctx, login); err != nil || again != "" {
		return p.inviteAgain(ctx, by, again, reason, err)
	}
	id := p.NewID()
	added, err := p.newcomer(ctx, id, login, name, kind)
	if err != nil {
		return Invitation{}, err
	}
	stream := ledger.PersonStream(id)
	drafts := []ledger.Draft{{Stream: stream, Data: added, Personal: policy.PrintedName{Name: name}, Reason: reason}}
	out := Invitation{Person: id}
	if kind != policy.Service {
		link, secret, err := p.newLink(id, policy.ForInvitation, p.Now())
		if err != nil {
			return Invitation{}, err
		}
		if err := p.Directory.KeepLink(ctx, link); err != nil {
			return Invitation{}, err
		}
		out.Secret, out.Since, out.Until = secret, ledger.FormatTime(link.Since), ledger.FormatTime(link.Until)
		drafts = append(drafts, ledger.Draft{Stream: stream, Reason: reason, Data: &policy.Invited{Person: id, Purpose: link.Purpose, Since: out.Since, Until: out.Until}})
	}
	_, err = p.Log.Append(ctx, ledger.Batch{Command: "person/" + id, Actor: by, Reads: []ledger.Read{{Stream: stream, Version: 0}}, Events: drafts})
	return out, err
}

// waiting finds a person who was invited and has never enrolled: the link ran
// out or went astray.
func (p *People) waiting(ctx context.Context, login string) (string, error) {
	id, err := p.Directory.PersonByLogin(ctx, login)
	if err != nil || id == "" {
		return "", err
	}
	s, err := p.State.Person(ctx, id)
	if err != nil || s.WasEnrolled || s.Disabled || s.Kind == policy.Service {
		return "", err
	}
	return id, nil
}

// inviteAgain replaces the link of a person who has never enrolled.
func (p *People) inviteAgain(ctx context.Context, by ledger.Actor, id, reason string, err error) (Invitation, error) {
	if err != nil {
		return Invitation{}, err
	}
	link, secret, err := p.newLink(id, policy.ForInvitation, p.Now())
	if err != nil {
		return Invitation{}, err
	}
	out := Invitation{Person: id, Secret: secret, Since: ledger.FormatTime(link.Since), Until: ledger.FormatTime(link.Until)}
	err = p.changeOf(ctx, by, id, reason, func(s policy.Subject) (ledger.Payload, error) {
		if s.WasEnrolled {
			return nil, fault.New(fault.Conflict, "%s has enrolled meanwhile", s.Login)
		}
		return &policy.Invited{Person: id, Purpose: link.Purpose, Since: out.Since, Until: out.Until}, nil
	})
	if err != nil {
		return Invitation{}, err
	}
	return out, p.Directory.KeepLink(ctx, link)
}

func (p *People) newLink(person, purpose string, since time.Time) (Link, string, error) {
	secret, err := p.NewSecret()
	since = since.UTC()
	return Link{SHA256: canonical.SHA256([]byte(secret)), Person: person, Purpose: purpose, Since: since, Until: since.Add(InvitationLife)}, secret, err
}

// Enrolment is what the person with a link is shown.
type Enrolment struct {
	Person  string `json:"person"`
	Login   string `json:"login"`
	Purpose string `json:"purpose"`
	Seed    string `json:"totp_seed"`
}

// Enrolment looks at a link without using it; the seed stays the same.
func (p *People) Enrolment(ctx context.Context, secret string) (Enrolment, error) {
	l, s, err := p.link(ctx, secret)
	if err != nil {
		return Enrolment{}, err
	}
	seed, err := p.Factors.NewSeed()
	if err != nil {
		return Enrolment{}, err
	}
	if seed, err = p.Directory.SeedLink(ctx, l.SHA256, seed); err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Person: s.ID, Login: s.Login, Purpose: l.Purpose, Seed: seed}, nil
}

// link finds a link that works now.
func (p *People) link(ctx context.Context, secret string) (Link, policy.Subject, error) {
	l, ok, err := p.Directory.Link(ctx, canonical.SHA256([]byte(secret)))
	if err != nil {
		return l, policy.Subject{}, err
	}
	now := p.Now()
	switch {
	case !ok:
		return l, policy.Subject{}, fault.New(fault.Forbidden, "the link was used or never made")
	case now.Before(l.Since):
		return l, policy.Subject{}, fault.New(fault.Forbidden, "the link works from %s on", ledger.FormatTime(l.Since))
	case !now.Before(l.Until):
		return l, policy.Subject{}, fault.New(fault.Forbidden, "the link ran out at %s: ask for a new one", ledger.FormatTime(l.Until))
	}
	s, err := p.State.Person(ctx, l.Person)
	if err == nil && s.Disabled {
		err = fault.New(fault.Forbidden, "%s is disabled", s.Login)
	}
	return l, s, err
}

// Enrol makes the person's password and one-time codes from a link, after one
// code has shown that the device works (21 CFR 11.300(e)).
func (p *People) Enrol(ctx context.Context, secret, password, code string) (Added, error) {
	l, s, err := p.link(ctx, secret)
	if err != nil {
		return Added{}, err
	}
	step, ok, err := p.Factors.Match(l.Seed, code, p.Now())
	switch {
	case err != nil:
		return Added{}, err
	case l.Seed == "" || !ok:
		return Added{}, fault.New(fault.Forbidden, "the code is not of the seed that was shown, or expired")
	}
	hash, err := p.Factors.Hash(ctx, password)
	if err != nil {
		return Added{}, fault.New(fault.Invalid, "%v", err)
	}
	if ok, err := p.Directory.TakeLink(ctx, l.SHA256); err != nil || !ok {
		return Added{}, fault.New(fault.Forbidden, "the link was used (%v)", err)
	}
	if err := p.Directory.SetCredential(ctx, s.ID, Credential{Password: hash, Seed: l.Seed, LastStep: step}); err != nil {
		return Added{}, err
	}
	by := ledger.Actor{Kind: ledger.Person, ID: s.ID, Authentication: l.Purpose}
	reason := "enrols by " + l.Purpose
	err = p.changeOf(ctx, by, s.ID, reason, func(policy.Subject) (ledger.Payload, error) {
		return &policy.CredentialEnrolled{Person: s.ID, Kind: policy.PasswordTOTP}, nil
	})
	if err != nil {
		return Added{}, err
	}
	return Added{Person: s.ID}, p.Directory.EndAccess(ctx, s.ID)
}
