package operation

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/app/access"
)

// CreateToken is an API token to be made.
type CreateToken struct {
	ByAdministrator
	Login  string   `json:"login"`
	Scopes []string `json:"scopes"`
	Days   int      `json:"days"`
}

func createToken(ctx context.Context, a *App, q CreateToken) (access.NewToken, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return access.NewToken{}, err
	}
	return a.Access.Create(ctx, by, q.Login, q.Scopes, time.Duration(q.Days)*24*time.Hour, q.Reason)
}

// RevokeToken names a token.
type RevokeToken struct {
	ByAdministrator
	Token string `json:"token"`
}

func revokeToken(ctx context.Context, a *App, q RevokeToken) (None, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Access.Revoke(ctx, by, q.Token, q.Reason)
}
