package wire

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/keyring"
	"github.com/dc-release/dc-release/internal/adapter/sealbox"
	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/core/fault"
)

func (o *Owner) newSecrets(registry *solution.Registry) *secret.Secrets {
	return &secret.Secrets{Log: o.Store, Store: o.Store, State: o.state, Solutions: registry, Keys: secretsKeys{o}, NewID: newID}
}

// openSecrets finds the key that secrets are sealed with. One that does not open
// what is sealed is said at once; everything else goes on without secrets. A
// rehearsal has none of the store.
func (o *Owner) openSecrets(ctx context.Context) error {
	if o.Config.Rehearsal {
		return nil
	}
	sealed, err := o.Store.SealedKeys(ctx)
	if err != nil {
		return err
	}
	key, err := o.secretsKey(sealed)
	if err != nil {
		return err
	}
	if key != nil {
		o.App.Secrets.Use(key)
	}
	if err := o.App.Secrets.Fits(ctx); err != nil {
		o.Config.Logger.Error("no secret is given out", "error", err, "hint", fault.HintOf(err))
	}
	return nil
}

// secretsKey is the key that is configured, else the one in the data directory.
func (o *Owner) secretsKey(sealed []string) (*sealbox.Key, error) {
	if o.Config.SecretsKey == "" {
		return o.ownSecretsKey(sealed)
	}
	text, err := readSecretsKey(o.Config.SecretsKey)
	if err != nil {
		return nil, err
	}
	return keyOf(text)
}

// ownSecretsKey is the key in the data directory, after a rotation that was
// killed the one that values are sealed with. A first one is made while nothing
// is sealed.
func (o *Owner) ownSecretsKey(sealed []string) (*sealbox.Key, error) {
	raw, left, err := o.Ring.SecretsKeys()
	if err != nil {
		return nil, err
	}
	if left != nil {
		next, err := sealbox.New(left)
		if err != nil {
			return nil, err
		}
		inForce := slices.Equal(sealed, []string{next.ID()})
		if err := o.Ring.SettleSecretsKey(inForce); err != nil {
			return nil, err
		}
		if inForce {
			return next, nil
		}
	}
	if raw == nil && len(sealed) == 0 {
		raw, err = o.Ring.MakeSecretsKey()
	}
	if raw == nil || err != nil {
		return nil, err
	}
	return sealbox.New(raw)
}

// maxKeyFile bounds what is read of a file that should hold a key.
const maxKeyFile = 4096

// readSecretsKey reads env:NAME or a file.
func readSecretsKey(source string) (string, error) {
	fix := "it holds 32 random bytes in base64, made with: head -c 32 /dev/urandom | base64"
	if name, ok := strings.CutPrefix(source, "env:"); ok {
		text := os.Getenv(name)
		if text == "" {
			return "", fault.New(fault.Invalid, "--secrets-key %s: the environment has no %s", source, name).WithHint("%s", fix)
		}
		return text, nil
	}
	f, err := os.Open(source)
	if err != nil {
		return "", fault.New(fault.Invalid, "--secrets-key: %v", err).WithHint("%s", fix)
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	return string(raw), errors.Join(err, f.Close())
}

func keyOf(text string) (*sealbox.Key, error) {
	raw, err := keyring.DecodeSecretsKey(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "key of the secrets: %v", err).WithHint("make one with: head -c 32 /dev/urandom | base64")
	}
	return sealbox.New(raw)
}

// secretsKeys keeps the keys of rotations.
type secretsKeys struct{ o *Owner }

// Next implements secret.Keys.
func (k secretsKeys) Next(text string) (secret.Key, error) {
	if text != "" {
		return keyOf(text)
	}
	if source := k.o.Config.SecretsKey; source != "" {
		return nil, fault.New(fault.Invalid, "the key comes from %s, where this program cannot put another one", source).
			WithHint("make a key, give it with --from-file FILE or --from-env VAR, and put it there before the next start")
	}
	raw, err := k.o.Ring.NextSecretsKey()
	if err != nil {
		return nil, err
	}
	return sealbox.New(raw)
}

// Settle implements secret.Keys.
func (k secretsKeys) Settle(inForce bool) error { return k.o.Ring.SettleSecretsKey(inForce) }

// secret gives a value of the store, else one that this process brought along.
func (o *Owner) secret(ctx context.Context, solution, environment, name string) (string, bool, error) {
	if !o.Config.Rehearsal {
		if v, ok, err := o.App.Secrets.Lookup(ctx, solution, environment, name); ok || err != nil {
			return v, ok, err
		}
	}
	v, ok := o.Config.Secrets[name]
	return v, ok, nil
}
