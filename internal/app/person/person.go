package person

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Directory finds people and keeps their factors.
type Directory interface {
	PersonByLogin(ctx context.Context, login string) (id string, err error)
	Persons(ctx context.Context) (map[string]string, error)
	SetCredential(ctx context.Context, id string, c Credential) error
	Links
}

// Factors makes what a person proves presence with.
type Factors interface {
	Hash(ctx context.Context, password string) (string, error)
	NewSeed() (string, error)
	Match(seed, code string, at time.Time) (step int64, ok bool, err error)
	// FoldName gives the form in which two names that look alike are equal.
	FoldName(name string) (string, error)
}

// People changes who is who.
type People struct {
	Log            ledger.Log
	State          *state.Reader
	Directory      Directory
	Factors        Factors
	NewID          func() string
	Now            func() time.Time
	IdentityDigest func(email string) string
	Digest         func(text string) string // with the installation's id
	NewSecret      func() (string, error)
	Passkeys       Passkeys // nil where no pages are served
	Enrolments     Enrolments
	CoolDown       time.Duration // between the second act of a reset and its link
}

// ByLogin finds a person; the error names the login.
func (p *People) ByLogin(ctx context.Context, login string) (policy.Subject, error) {
	id, err := p.Directory.PersonByLogin(ctx, login)
	if err != nil {
		return policy.Subject{}, err
	}
	if id == "" {
		return policy.Subject{}, fault.New(fault.NotFound, "no person with login %q", login).WithHint("list them with: dc-release person list")
	}
	return p.State.Person(ctx, id)
}

// Administrator finds who acts and refuses anybody who is no administrator.
func (p *People) Administrator(ctx context.Context, login string) (ledger.Actor, error) {
	s, err := p.ByLogin(ctx, login)
	if err != nil {
		return ledger.Actor{}, err
	}
	if s.Disabled || !s.Holds(policy.Administrator, "") {
		return ledger.Actor{}, fault.New(fault.Forbidden, "%s is no administrator", login)
	}
	return ledger.Actor{Kind: ledger.Person, ID: s.ID, Role: string(policy.Administrator), Authentication: "socket"}, nil
}

// Holder finds who acts and refuses anybody who holds none of the roles for the
// solution.
func (p *People) Holder(ctx context.Context, login, solution string, roles ...policy.Role) (ledger.Actor, error) {
	s, err := p.ByLogin(ctx, login)
	if err != nil {
		return ledger.Actor{}, err
	}
	for _, r := range roles {
		if !s.Disabled && s.Holds(r, solution) {
			return ledger.Actor{Kind: ledger.Person, ID: s.ID, Role: string(r), Authentication: "socket"}, nil
		}
	}
	return ledger.Actor{}, fault.New(fault.Forbidden, "%s holds none of the roles %v for %s", login, roles, solution)
}

// Added answers what was made; Seed is shown once.
type Added struct {
	Person string `json:"person"`
	Seed   string `json:"totp_seed"`
}

// Bootstrap makes the first administrator of an installation that has nobody.
func (p *People) Bootstrap(ctx context.Context, login, name, password, reason string) (Added, error) {
	all, err := p.Directory.Persons(ctx)
	if err != nil {
		return Added{}, err
	}
	if len(all) > 0 {
		return Added{}, fault.New(fault.Forbidden, "the installation has people already: an administrator adds the next")
	}
	id := p.NewID()
	first := ledger.Actor{Kind: ledger.Person, ID: id, Role: string(policy.Administrator), Authentication: "socket"}
	drafts := []ledger.Draft{
		{Stream: ledger.Installation, Data: &policy.Bootstrapped{Person: id}, Reason: reason},
	}
	return p.add(ctx, first, id, login, name, password, reason, drafts, policy.RoleGranted{Person: id, Grant: policy.Grant{Role: policy.Administrator}})
}

// Add makes a person with password and TOTP seed.
func (p *People) Add(ctx context.Context, by ledger.Actor, login, name, password, reason string) (Added, error) {
	return p.add(ctx, by, p.NewID(), login, name, password, reason, nil)
}

func (p *People) add(ctx context.Context, by ledger.Actor, id, login, name, password, reason string, first []ledger.Draft, grants ...policy.RoleGranted) (Added, error) {
	added, err := p.newcomer(ctx, id, login, name, policy.Human)
	if err != nil {
		return Added{}, err
	}
	hash, err := p.Factors.Hash(ctx, password)
	if err != nil {
		return Added{}, fault.New(fault.Invalid, "%v", err)
	}
	seed, err := p.Factors.NewSeed()
	if err != nil {
		return Added{}, err
	}
	if err := p.Directory.SetCredential(ctx, id, Credential{Password: hash, Seed: seed}); err != nil {
		return Added{}, err
	}
	stream := ledger.PersonStream(id)
	drafts := append(first,
		ledger.Draft{Stream: stream, Data: added, Personal: policy.PrintedName{Name: name}, Reason: reason},
		ledger.Draft{Stream: stream, Data: &policy.CredentialEnrolled{Person: id, Kind: "password+totp"}, Reason: reason})
	for _, g := range grants {
		drafts = append(drafts, ledger.Draft{Stream: stream, Data: &g, Reason: reason})
	}
	_, err = p.Log.Append(ctx, ledger.Batch{Command: "person/" + id, Actor: by, Reads: []ledger.Read{{Stream: stream, Version: 0}}, Events: drafts})
	return Added{Person: id, Seed: seed}, err
}

// newcomer begins a person whom nobody can take for another.
func (p *People) newcomer(ctx context.Context, id, login, name string, kind policy.Kind) (*policy.PersonAdded, error) {
	if err := policy.CheckLogin(login); err != nil {
		return nil, fault.New(fault.Invalid, "%v", err)
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	folded, err := p.Factors.FoldName(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "name %q: %v", name, err)
	}
	known, err := p.Directory.PersonByLogin(ctx, login)
	if err != nil {
		return nil, err
	}
	if known != "" {
		return nil, fault.New(fault.Invalid, "login %q is taken: a login is used once, for ever", login)
	}
	added := &policy.PersonAdded{Person: id, Login: login, Kind: kind, Name: p.Digest(folded)}
	taken, err := p.Directory.NameTaken(ctx, added.Name)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, fault.New(fault.Invalid, "name %q is taken by a person whose name looks the same: add what tells them apart", name)
	}
	return added, nil
}

// checkName accepts what can be printed on a document.
func checkName(name string) error {
	if strings.TrimSpace(name) != name || name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fault.New(fault.Invalid, "name %q: want 1 to 100 printable characters without blanks around", name)
	}
	return nil
}

// Grant gives a role; who grants is not who gets.
func (p *People) Grant(ctx context.Context, by ledger.Actor, login string, g policy.Grant, reason string) error {
	if !g.Role.Known() {
		return fault.New(fault.Invalid, "role %q: want one of %v", g.Role, policy.Roles)
	}
	return p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		if s.ID == by.ID {
			return nil, fault.New(fault.Forbidden, "%s cannot grant a role to oneself", login)
		}
		if s.Kind == policy.Service && (g.Role.Signs() || g.Role == policy.Administrator) {
			return nil, fault.New(fault.Forbidden, "%s is a service account and cannot become %s", login, g.Role)
		}
		if why := policy.Conflict(s.Grants, g); why != "" {
			return nil, fault.New(fault.Forbidden, "%s cannot become %s: %s", login, g.Role, why)
		}
		return &policy.RoleGranted{Person: s.ID, Grant: g}, nil
	})
}

// Revoke takes a role back.
func (p *People) Revoke(ctx context.Context, by ledger.Actor, login string, g policy.Grant, reason string) error {
	return p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		return &policy.RoleRevoked{Person: s.ID, Grant: g}, nil
	})
}

// Disable ends a person's access.
func (p *People) Disable(ctx context.Context, by ledger.Actor, login, reason string) error {
	err := p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		return &policy.PersonDisabled{Person: s.ID}, nil
	})
	if err != nil {
		return err
	}
	return p.endAccess(ctx, login)
}

// Map binds a git identity to a person.
func (p *People) Map(ctx context.Context, by ledger.Actor, login, email, reason string) error {
	if !strings.Contains(email, "@") {
		return fault.New(fault.Invalid, "git identity %q: want an e-mail", email)
	}
	return p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		return &policy.IdentityMapped{Person: s.ID, Digest: p.IdentityDigest(email)}, nil
	})
}

func (p *People) change(ctx context.Context, by ledger.Actor, login, reason string, decide func(policy.Subject) (ledger.Payload, error)) error {
	s, err := p.ByLogin(ctx, login)
	if err != nil {
		return err
	}
	return p.changeOf(ctx, by, s.ID, reason, decide)
}

func (p *People) changeOf(ctx context.Context, by ledger.Actor, id, reason string, decide func(policy.Subject) (ledger.Payload, error)) error {
	if !ledger.SaysWhy(reason) {
		return fault.New(fault.Invalid, "a change of a person needs a reason").WithHint("add --reason TEXT")
	}
	_, err := ledger.Decide(ctx, p.Log, func() (ledger.Batch, error) {
		s, err := p.State.Person(ctx, id)
		if err != nil {
			return ledger.Batch{}, err
		}
		d, err := decide(s)
		if err != nil {
			return ledger.Batch{}, err
		}
		stream := ledger.PersonStream(s.ID)
		return ledger.Batch{
			Command: fmt.Sprintf("person/%s/%d/%s", s.ID, s.Version, p.NewID()), Actor: by,
			Reads:  []ledger.Read{{Stream: stream, Version: s.Version}},
			Events: []ledger.Draft{{Stream: stream, Data: d, Reason: reason}},
		}, nil
	})
	return err
}
