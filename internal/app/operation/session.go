package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// StartSession is a sign-in on a page.
type StartSession struct {
	Login       string           `json:"login"`
	Credentials sign.Credentials `json:"credentials"`
	Source      string           `json:"source"` // address
}

// Session says who signed in.
type Session struct {
	Person string `json:"person"`
	Login  string `json:"login"`
}

func startSession(ctx context.Context, a *App, q StartSession) (Session, error) {
	who, err := a.Access.SignIn(ctx, access.Attempt{Login: q.Login, Credentials: q.Credentials, Source: q.Source})
	return Session{Person: who.ID, Login: who.Login}, err
}

// EndSession is a sign-out.
type EndSession struct {
	Person string `json:"person"`
}

func endSession(ctx context.Context, a *App, q EndSession) (None, error) {
	return None{}, a.Access.Ended(ctx, q.Person)
}

func mySignatures(ctx context.Context, a *App, q Login) (inspect.Signatures, error) {
	s, err := a.People.ByLogin(ctx, q.Login)
	if err != nil {
		return inspect.Signatures{}, err
	}
	return a.Inspector.Signatures(ctx, s.ID)
}

// Present is a person with the factors.
type Present struct{ sign.By }

func beginPasskey(ctx context.Context, a *App, q Present) (person.Passkey, error) {
	by, err := a.Signer.Present(ctx, q.By, "passkey.begin", ledger.Installation)
	if err != nil {
		return person.Passkey{}, err
	}
	return a.People.BeginPasskey(ctx, by)
}

// EnrolPasskey is the answer of an authenticator.
type EnrolPasskey struct {
	Ticket   string `json:"ticket"`
	Response []byte `json:"response"`
}

func enrolPasskey(ctx context.Context, a *App, q EnrolPasskey) (None, error) {
	return None{}, a.People.EnrolPasskey(ctx, q.Ticket, q.Response)
}

// Visit begins a visit to the identity provider.
type Visit struct {
	Address string      `json:"address"`
	Flow    access.Flow `json:"flow"`
	Ticket  string      `json:"ticket,omitempty"` // of a link
}

// Nonce binds a visit to a payload; "" makes one for a sign-in.
type Nonce struct {
	Nonce string `json:"nonce"`
}

func startVisit(_ context.Context, a *App, q Nonce) (v Visit, err error) {
	if a.Access.Provider == nil {
		return v, fault.New(fault.NotFound, "no identity provider is configured")
	}
	v.Address, v.Flow, err = a.Access.Provider.Start(q.Nonce)
	return v, err
}

// EndVisit is what a visit brought.
type EndVisit struct {
	Ticket string      `json:"ticket,omitempty"`
	Code   string      `json:"code"`
	Flow   access.Flow `json:"flow"`
}

func enterByVisit(ctx context.Context, a *App, q EndVisit) (Session, error) {
	who, err := a.Access.Enter(ctx, q.Code, q.Flow)
	return Session{Person: who.ID, Login: who.Login}, err
}

func beginLink(ctx context.Context, a *App, q Present) (Visit, error) {
	by, err := a.Signer.Present(ctx, q.By, "identity.begin", ledger.Installation)
	if err != nil {
		return Visit{}, err
	}
	v, err := startVisit(ctx, a, Nonce{})
	if err != nil {
		return v, err
	}
	v.Ticket, err = a.People.Ticket(by.ID, nil)
	return v, err
}

func linkIdentity(ctx context.Context, a *App, q EndVisit) (None, error) {
	id, _, err := a.People.TakeTicket(q.Ticket)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Access.Link(ctx, id, q.Code, q.Flow)
}
