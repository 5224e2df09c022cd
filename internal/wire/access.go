package wire

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/password"
	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/canonical"
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

// newPeople keeps who is who.
func (o *Owner) newPeople(f factors) *person.People {
	return &person.People{
		Log: o.Store, State: o.state, Directory: o.Store, Factors: f, NewID: newID, Now: time.Now,
		IdentityDigest: func(email string) string { return intake.IdentityDigest(o.Ring.Installation, email) },
		Digest:         func(text string) string { return canonical.SHA256([]byte(o.Ring.Installation + ":" + text)) },
		NewSecret:      newSecret, CoolDown: 24 * time.Hour,
	}
}
