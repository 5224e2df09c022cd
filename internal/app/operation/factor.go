package operation

import (
	"cmp"
	"context"

	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// InvitePerson is a person who will enrol the factors alone.
type InvitePerson struct {
	ByAdministrator
	Login string      `json:"login"`
	Name  string      `json:"name"`
	Kind  policy.Kind `json:"kind"` // "" is human
}

func invite(ctx context.Context, a *App, q InvitePerson) (person.Invitation, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return person.Invitation{}, err
	}
	return a.People.Invite(ctx, by, q.Login, q.Name, cmp.Or(q.Kind, policy.Human), q.Reason)
}

// UseLink is what a person with a link sends; the secret is the proof.
type UseLink struct {
	Secret   string `json:"secret"`
	Password string `json:"password,omitempty"`
	Code     string `json:"code,omitempty"`
}

func enrol(ctx context.Context, a *App, q UseLink) (person.Added, error) {
	return a.People.Enrol(ctx, q.Secret, q.Password, q.Code)
}

// LoseFactor names what is lost; "" is everything.
type LoseFactor struct {
	ByAdministrator
	Login  string `json:"login"`
	Factor string `json:"factor"`
}

func lose(ctx context.Context, a *App, q LoseFactor) (None, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return None{}, err
	}
	return None{}, a.People.Lose(ctx, by, q.Login, q.Factor, q.Reason)
}

// AboutPerson is an act on another person by somebody who is present.
type AboutPerson struct {
	sign.By
	Login string `json:"login"`
}

// present makes the body of an operation that nobody may do in another's name.
func present[R any](name string, do func(*person.People, context.Context, ledger.Actor, AboutPerson) (R, error)) func(context.Context, *App, AboutPerson) (R, error) {
	return func(ctx context.Context, a *App, q AboutPerson) (none R, err error) {
		s, err := a.People.ByLogin(ctx, q.Login)
		if err != nil {
			return none, err
		}
		by, err := a.Signer.Present(ctx, q.By, name, ledger.PersonStream(s.ID))
		if err != nil {
			return none, err
		}
		return do(a.People, ctx, by, q)
	}
}

var (
	reset = present("person.reset", func(p *person.People, ctx context.Context, by ledger.Actor, q AboutPerson) (person.Invitation, error) {
		return p.Reset(ctx, by, q.Login, q.Reason)
	})
	cancelReset = present("person.cancel-reset", func(p *person.People, ctx context.Context, by ledger.Actor, q AboutPerson) (None, error) {
		return None{}, p.CancelReset(ctx, by, q.Login, q.Reason)
	})
	unlock = changing(func(p *person.People, ctx context.Context, by ledger.Actor, q ChangePerson) error {
		return p.Unlock(ctx, by, q.Login, q.Reason)
	})
)

// Login names a person.
type Login struct {
	Login string `json:"login"`
}
