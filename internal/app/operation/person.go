package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// NewPerson is a person to be made.
type NewPerson struct {
	ByAdministrator
	Login    string `json:"login"`
	Name     string `json:"name"`
	Password string `json:"password"`
}

func bootstrap(ctx context.Context, a *App, q NewPerson) (person.Added, error) {
	return a.People.Bootstrap(ctx, q.Login, q.Name, q.Password, q.Reason)
}

func addPerson(ctx context.Context, a *App, q NewPerson) (person.Added, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return person.Added{}, err
	}
	return a.People.Add(ctx, by, q.Login, q.Name, q.Password, q.Reason)
}

// ChangePerson names a person and what changes.
type ChangePerson struct {
	ByAdministrator
	Login string       `json:"login"`
	Grant policy.Grant `json:"grant"`
	Email string       `json:"email"`
	// Training of person.train; the person is that of Login.
	Training policy.Trained `json:"training"`
}

// changing makes the body of an operation on a person.
func changing(do func(*person.People, context.Context, ledger.Actor, ChangePerson) error) func(context.Context, *App, ChangePerson) (None, error) {
	return func(ctx context.Context, a *App, q ChangePerson) (None, error) {
		by, err := a.People.Administrator(ctx, q.As)
		if err != nil {
			return None{}, err
		}
		return None{}, do(a.People, ctx, by, q)
	}
}

var (
	grantRole = changing(func(p *person.People, ctx context.Context, by ledger.Actor, q ChangePerson) error {
		return p.Grant(ctx, by, q.Login, q.Grant, q.Reason)
	})
	revokeRole = changing(func(p *person.People, ctx context.Context, by ledger.Actor, q ChangePerson) error {
		return p.Revoke(ctx, by, q.Login, q.Grant, q.Reason)
	})
	mapIdentity = changing(func(p *person.People, ctx context.Context, by ledger.Actor, q ChangePerson) error {
		return p.Map(ctx, by, q.Login, q.Email, q.Reason)
	})
	checkIdentity = changing(func(p *person.People, ctx context.Context, by ledger.Actor, q ChangePerson) error {
		return p.CheckIdentity(ctx, by, q.Login, q.Reason)
	})
	reviewAccess = changing(func(p *person.People, ctx context.Context, by ledger.Actor, q ChangePerson) error {
		return p.Review(ctx, by, q.Login, q.Reason)
	})
	train = changing(func(p *person.People, ctx context.Context, by ledger.Actor, q ChangePerson) error {
		return p.Train(ctx, by, q.Login, q.Training, q.Reason)
	})
	disablePerson = changing(func(p *person.People, ctx context.Context, by ledger.Actor, q ChangePerson) error {
		return p.Disable(ctx, by, q.Login, q.Reason)
	})
)

// AcceptStatement is a person's own acceptance of the text that was shown.
type AcceptStatement struct {
	sign.By
	SHA256 string `json:"sha256"` // of the text; "" takes the present one
}

func acceptStatement(ctx context.Context, a *App, q AcceptStatement) (None, error) {
	by, err := a.Signer.Present(ctx, q.By, "person.accept-statement", ledger.Installation)
	if err != nil {
		return None{}, err
	}
	return None{}, a.People.AcceptStatement(ctx, by, q.As, q.SHA256)
}

// Statement is the text that everybody accepts before signing.
type Statement struct {
	Version int64  `json:"version"`
	SHA256  string `json:"sha256"`
	Text    string `json:"text"`
}

func statement(context.Context, *App, None) (Statement, error) {
	asked, last := person.Asked(), policy.Statements[len(policy.Statements)-1]
	return Statement{Version: asked.Statement, SHA256: asked.StatementSHA256, Text: last.Text}, nil
}
