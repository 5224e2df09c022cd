package secret

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/secret"
)

// Keys makes keys and keeps them durably outside of the store.
type Keys interface {
	// Next gives the key that replaces the one in force: that of a text that a
	// person brought, who keeps it, or for "" a new one, kept beside the other.
	Next(text string) (Key, error)
	// Settle puts the next key that Next kept into the place of the other, or
	// drops it.
	Settle(inForce bool) error
}

// Rotation is what was done.
type Rotation struct {
	Old     string `json:"old"` // ids
	New     string `json:"new"`
	Secrets int    `json:"secrets"` // sealed again
}

// Rotate seals everything with another key, in one transaction with the event
// that says so: that of the text, or a new one for "". It is killed anywhere
// without loss: the next start takes the key that the store's values name.
func (s *Secrets) Rotate(ctx context.Context, by ledger.Actor, text, reason string) (Rotation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.inForce(ctx)
	if err != nil {
		return Rotation{}, err
	}
	if ids, err := s.Store.SealedKeys(ctx); err != nil || len(ids) == 0 {
		return Rotation{}, errors.Join(err, fault.New(fault.Conflict, "no secret is kept, so nothing is sealed with key %s", old.ID()).
			WithHint("to begin with another one, end the server and start it with --secrets-key, or without keys/secrets.key"))
	}
	next, err := s.Keys.Next(text)
	if err != nil {
		return Rotation{}, err
	}
	out := Rotation{Old: old.ID(), New: next.ID()}
	if out.Old == out.New {
		return Rotation{}, fault.New(fault.Invalid, "key %s is in force already: want another one", out.New)
	}
	appended := s.reseal(ctx, by, old, next, &out, reason)
	ids, err := s.Store.SealedKeys(context.WithoutCancel(ctx)) // an append that failed may have been committed
	if err != nil {
		s.key = nil // not known which one is in force; the next start finds out
		return Rotation{}, errors.Join(appended, err)
	}
	inForce := slices.Equal(ids, []string{out.New})
	if text == "" {
		err = s.Keys.Settle(inForce)
	}
	if !inForce {
		return Rotation{}, fmt.Errorf("rotate the key of the secrets: %w", errors.Join(appended, err))
	}
	s.key = next
	return out, err
}

func (s *Secrets) reseal(ctx context.Context, by ledger.Actor, old, next Key, out *Rotation, reason string) error {
	_, err := s.Store.AppendWith(ctx, ledger.Batch{
		Command: "secret/rotate/" + s.NewID(), Actor: by, Correlation: "key/secrets",
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: &secret.KeyRotated{Old: out.Old, New: out.New}, Reason: reason}},
	}, func(b Boxes) error {
		all, err := b.All()
		out.Secrets = len(all)
		for _, v := range all {
			if err == nil {
				v, err = again(v, old, next)
			}
			if err == nil {
				err = b.Put(v)
			}
		}
		return err
	})
	return err
}

// again seals a value with another key. One that does not open stops the
// rotation: nothing that cannot be verified is made to look as if it were.
func again(v Sealed, old, next Key) (Sealed, error) {
	bound, err := secret.Bound(v.Scope, v.Name, v.Version)
	if err != nil {
		return v, err
	}
	value, err := old.Open(v.Box, bound)
	if err != nil {
		return v, fault.New(fault.Unverified, "secret %s of %s does not open: what is stored was changed, or belongs elsewhere", v.Name, v.Scope).
			WithHint("set it again, or remove it, and rotate then: dc-release secret set %s", v.Name)
	}
	v.Key, v.Box = next.ID(), next.Seal(value, bound)
	return v, nil
}
