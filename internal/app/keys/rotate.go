package keys

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Files keeps private keys durably. A key that is kept as the next one is not in
// force: whoever reads the files settles by the ledger which one is.
type Files interface {
	// Next makes a key and keeps it beside the one in force.
	Next(name string) (ed25519.PrivateKey, error)
	// Settle puts the next key into the place of the one in force, or drops it.
	Settle(name string, inForce bool) error
}

// Rotator replaces keys.
type Rotator struct {
	Log   ledger.Log
	Keys  *Holder
	Files Files
	NewID func() string
	// Anchors are the effects that make a rotation known in the release logs.
	Anchors func(ctx context.Context, rotation string) ([]ledger.Effect, error)
}

// Rotation is what was done.
type Rotation struct {
	Key string `json:"key"`
	Seq int64  `json:"seq"` // of the event
	Old string `json:"old"` // fingerprints
	New string `json:"new"`
}

// Rotate replaces a key by a new one: the next key is kept, the event is signed
// by both and appended, and only then the next one takes the place of the old.
func (r *Rotator) Rotate(ctx context.Context, by ledger.Actor, name, reason string) (Rotation, error) {
	if err := r.known(name); err != nil {
		return Rotation{}, err
	}
	next, err := r.Files.Next(name)
	if err != nil {
		return Rotation{}, fmt.Errorf("rotate key %s: %w", name, err)
	}
	out := Rotation{Key: name, New: ledger.Fingerprint(public(next))}
	err = r.Keys.replace(name, next, func(old ed25519.PrivateKey) (ed25519.PrivateKey, error) {
		out.Old = ledger.Fingerprint(public(old))
		var appended error
		out.Seq, appended = r.append(ctx, by, reason, name, old, next)
		return r.settle(context.WithoutCancel(ctx), name, old, next, &out, appended)
	})
	if err != nil {
		return Rotation{}, fmt.Errorf("rotate key %s: %w", name, err)
	}
	return out, nil
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func (r *Rotator) known(name string) error {
	if name == "issuer" || strings.HasPrefix(name, "issuer/") {
		return fault.New(fault.Invalid, "the issuer's key changes by itself and is announced with its own id: there is nothing to rotate by hand")
	}
	if _, ok := r.Keys.slots[name]; !ok {
		names := slices.Sorted(func(yield func(string) bool) {
			for n := range r.Keys.slots {
				if !yield(n) {
					return
				}
			}
		})
		return fault.New(fault.Invalid, "key %q: want one of %s", name, strings.Join(names, ", "))
	}
	return nil
}

// append appends the event, which every rule of the chain is applied to before.
func (r *Rotator) append(ctx context.Context, by ledger.Actor, reason, name string, old, next ed25519.PrivateKey) (int64, error) {
	id := r.NewID()
	event := ledger.Rotate(r.Keys.Installation, name, old, next)
	effects, err := r.Anchors(ctx, id)
	if err != nil {
		return 0, err
	}
	events, err := ledger.Decide(ctx, r.Log, func() (ledger.Batch, error) {
		known, version, err := r.announced(ctx)
		if err != nil {
			return ledger.Batch{}, err
		}
		if err := known.Apply(version.last+1, event); err != nil {
			return ledger.Batch{}, fault.New(fault.Unverified, "the ledger does not know the %s key in force: %v", name, err)
		}
		return ledger.Batch{
			Command: "rotate/" + id, Actor: by, Correlation: "key/" + name,
			Reads:   []ledger.Read{{Stream: ledger.Installation, Version: version.version}},
			Events:  []ledger.Draft{{Stream: ledger.Installation, Data: event, Reason: reason}},
			Effects: effects,
		}, nil
	})
	if err != nil {
		return 0, err
	}
	return events[0].Seq, nil
}

// end is where the installation's stream ends.
type end struct{ version, last int64 }

// announced are the keys that the ledger knows.
func (r *Rotator) announced(ctx context.Context) (*ledger.Announced, end, error) {
	events, err := r.Log.Stream(ctx, ledger.Installation, 0)
	if err != nil {
		return nil, end{}, err
	}
	var known ledger.Announced
	var at end
	for _, e := range events {
		if err := known.Apply(e.Seq, e.Data); err != nil {
			return nil, end{}, fault.New(fault.Unverified, "event %d %v", e.Seq, err)
		}
		at = end{version: e.Version, last: e.Seq}
	}
	return &known, at, nil
}

// settle says by the ledger which key is in force. An append that failed may
// have been committed.
func (r *Rotator) settle(ctx context.Context, name string, old, next ed25519.PrivateKey, out *Rotation, appended error) (ed25519.PrivateKey, error) {
	if appended != nil {
		known, _, err := r.announced(ctx)
		if err != nil {
			return nil, errors.Join(appended, err)
		}
		c := known.Chain(name)
		if !c.Current().Equal(public(next)) {
			return old, errors.Join(appended, r.Files.Settle(name, false))
		}
		out.Seq = c.Links[len(c.Links)-1].Seq
	}
	// The next start does this again when it fails here: the key in force is the
	// one that the ledger announced.
	return next, r.Files.Settle(name, true)
}
