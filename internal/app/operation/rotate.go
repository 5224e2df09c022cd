package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/keys"
)

// RotateKey names a key of the installation that is replaced by a new one.
type RotateKey struct {
	ByAdministrator
	Key string `json:"key"` // ledger, attest, document
}

func rotateKey(ctx context.Context, a *App, q RotateKey) (keys.Rotation, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return keys.Rotation{}, err
	}
	return a.Rotator.Rotate(ctx, by, q.Key, q.Reason)
}
