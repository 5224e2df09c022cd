package wire

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/sign"
)

// nobody is the hash of a password that nobody has: an unknown login takes as
// long as a wrong password.
const nobody = "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func (o *Owner) newAccess(prover sign.Prover, f factors) *access.Access {
	return &access.Access{
		Log: o.Store, State: o.state, Store: o.Store, Prover: prover, Delays: &access.Delays{Now: time.Now},
		Now: time.Now, NewID: newID, NewSecret: newSecret,
		Nobody: func(ctx context.Context, password string) { _, _ = f.Verify(ctx, password, nobody) },
	}
}
