package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// TokenPrefix begins the secret of every API token, so that scanners find it.
const TokenPrefix = "dcr_"

// longestToken bounds how long a program may read.
const longestToken = 366 * 24 * time.Hour

// Token is an API token without its secret.
type Token struct {
	ID     string    `json:"token"`
	Person string    `json:"person"`
	Scopes []string  `json:"scopes"`
	Until  time.Time `json:"until"`
}

// Allows reports whether a scope names the operation.
func (t Token) Allows(operation string) bool {
	return slices.ContainsFunc(t.Scopes, func(s string) bool {
		prefix, any := strings.CutSuffix(s, "*")
		return s == operation || any && strings.HasPrefix(operation, prefix)
	})
}

// NewToken is a token with its secret, shown once.
type NewToken struct {
	Token
	Secret string `json:"secret"`
}

// Create makes a token for a person.
func (a *Access) Create(ctx context.Context, by ledger.Actor, login string, scopes []string, life time.Duration, reason string) (NewToken, error) {
	if !ledger.SaysWhy(reason) {
		return NewToken{}, fault.New(fault.Invalid, "a token needs a reason").WithHint("add --reason TEXT")
	}
	if len(scopes) == 0 || slices.Contains(scopes, "") {
		return NewToken{}, fault.New(fault.Invalid, "a token needs scopes").WithHint("name operations, like run.* or release.show")
	}
	if life <= 0 || life > longestToken {
		return NewToken{}, fault.New(fault.Invalid, "a token lives at most %d days", longestToken/(24*time.Hour))
	}
	id, err := a.Store.PersonByLogin(ctx, login)
	if err != nil {
		return NewToken{}, err
	}
	who, err := a.State.Person(ctx, id)
	if err != nil {
		return NewToken{}, err
	}
	if id == "" || who.Disabled {
		return NewToken{}, fault.New(fault.NotFound, "no person with login %q who is not disabled", login)
	}
	secret, err := a.NewSecret()
	if err != nil {
		return NewToken{}, err
	}
	out := NewToken{Secret: TokenPrefix + secret, Token: Token{ID: a.NewID(), Person: id, Scopes: scopes, Until: a.Now().UTC().Add(life)}}
	if err := a.record(ctx, by, reason, &policy.TokenCreated{Token: out.ID, Person: id, Scopes: scopes, Until: ledger.FormatTime(out.Until)}); err != nil {
		return NewToken{}, err
	}
	return out, a.Store.KeepToken(ctx, out.Token, canonical.SHA256([]byte(out.Secret)))
}

// Revoke ends a token.
func (a *Access) Revoke(ctx context.Context, by ledger.Actor, token, reason string) error {
	if !ledger.SaysWhy(reason) {
		return fault.New(fault.Invalid, "revoking a token needs a reason").WithHint("add --reason TEXT")
	}
	ok, err := a.Store.DropToken(ctx, token)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "no token %q", token)
	}
	return a.record(ctx, by, reason, &policy.TokenRevoked{Token: token})
}

// Bearer finds the token of a secret that is good now, for an operation that
// changes nothing.
func (a *Access) Bearer(ctx context.Context, secret, operation string, mutating bool) (policy.Subject, error) {
	t, ok, err := a.Store.TokenBySecret(ctx, canonical.SHA256([]byte(secret)))
	if err != nil {
		return policy.Subject{}, err
	}
	if !ok || !a.Now().Before(t.Until) {
		return policy.Subject{}, fault.New(fault.Forbidden, "the token is unknown, revoked or has run out")
	}
	who, err := a.State.Person(ctx, t.Person)
	if err != nil {
		return policy.Subject{}, err
	}
	var why string
	switch {
	case who.Disabled:
		why = who.Login + " is disabled"
	case mutating:
		why = "a token changes nothing and never signs"
	case !t.Allows(operation):
		why = "the token is not for " + operation
	default:
		return who, nil
	}
	actor := ledger.Actor{Kind: ledger.Person, ID: who.ID, Authentication: "token"}
	err = a.record(ctx, actor, "refused: "+why, &ledger.Refused{Operation: operation, Kind: string(fault.Forbidden), Message: why})
	if err != nil {
		return policy.Subject{}, err
	}
	return policy.Subject{}, fault.New(fault.Forbidden, "%s", why)
}
