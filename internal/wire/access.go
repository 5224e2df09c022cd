package wire

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/password"
	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/sign"
)

// nobody is the hash of a password that nobody has: an unknown login takes as
// long as a wrong password.
const nobody = "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// newAccess verifies passwords of its own, so that a flood of sign-ins takes
// nothing from those who sign.
func (o *Owner) newAccess() *access.Access {
	f := factors{password.NewHasher(1)}
	return &access.Access{
		Log: o.Store, State: o.state, Store: o.Store, Prover: sign.PasswordProver{Vault: o.Store, Factors: f, Now: time.Now}, Slots: make(chan struct{}, 8),
		Delays: &access.Delays{Now: time.Now},
		Now:    time.Now, NewID: newID, NewSecret: newSecret,
		Nobody: func(ctx context.Context, password string) { _, _ = f.Verify(ctx, password, nobody) },
	}
}
