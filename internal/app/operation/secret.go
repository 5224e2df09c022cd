package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/secret"
	core "github.com/dc-release/dc-release/internal/core/secret"
)

// ChangeSecret names a secret that an administrator changes. Environment is ""
// for the solution's own.
type ChangeSecret struct {
	ByAdministrator
	core.Scope
	Name string `json:"name"`
}

// SetSecret holds a value, which goes from the command to the owner and rests
// nowhere.
type SetSecret struct {
	ChangeSecret
	Value string `json:"value"`
}

func setSecret(ctx context.Context, a *App, q SetSecret) (secret.Listed, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return secret.Listed{}, err
	}
	return a.Secrets.Set(ctx, by, q.Scope, q.Name, q.Value, q.Reason)
}

func removeSecret(ctx context.Context, a *App, q ChangeSecret) (None, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Secrets.Remove(ctx, by, q.Scope, q.Name, q.Reason)
}

// RotateSecretsKey replaces the key of the secrets by the one of Key, 32 bytes in
// base64, or by a new one for "".
type RotateSecretsKey struct {
	ByAdministrator
	Key string `json:"key"`
}

func rotateSecretsKey(ctx context.Context, a *App, q RotateSecretsKey) (secret.Rotation, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return secret.Rotation{}, err
	}
	return a.Secrets.Rotate(ctx, by, q.Key, q.Reason)
}
