// Package keys is the one holder of an installation's private keys, and their
// rotation. What is signed with a key, and recorded as signed, is done while the
// holder keeps it from being replaced.
package keys

import (
	"crypto/ed25519"
	"maps"
	"sync"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Holder holds the keys of one installation.
type Holder struct {
	Installation string
	Epoch        int

	slots map[string]*slot // never changed
	// head is the key that signs what follows each commit. It is changed and read
	// by OfHead alone, which is called in the order of commits.
	head ed25519.PrivateKey
	mu   sync.Mutex
	next ed25519.PrivateKey // of the ledger, while it is being rotated
}

// slot is one key.
type slot struct {
	mu  sync.RWMutex
	key ed25519.PrivateKey // nil when it is not known which one is in force
}

// New holds keys by name.
func New(installation string, epoch int, keys map[string]ed25519.PrivateKey) *Holder {
	h := &Holder{Installation: installation, Epoch: epoch, slots: map[string]*slot{}, head: keys[ledger.LedgerKey]}
	for name, key := range maps.All(keys) {
		h.slots[name] = &slot{key: key}
	}
	return h
}

// Origin is the identity of the ledger in checkpoints.
func (h *Holder) Origin() string { return ledger.Origin(h.Installation, h.Epoch) }

// ID is the id under which a key signs.
func (h *Holder) ID(name string) string { return ledger.KeyID(name, h.Installation, h.Epoch) }

// With lets a key be used; until use has returned it is not replaced. What use
// seals and appends is in the ledger before any rotation. A use does not use the
// same key within itself.
func (h *Holder) With(name string, use func(ed25519.PrivateKey) error) error {
	s, ok := h.slots[name]
	if !ok {
		return fault.New(fault.NotFound, "no key %q", name)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.key == nil {
		return unsettled(name)
	}
	return use(s.key)
}

// SignNote signs a text (ending in a newline) as a signed note.
func (h *Holder) SignNote(name, text string) (note []byte, err error) {
	err = h.With(name, func(key ed25519.PrivateKey) error {
		note, err = ledger.SignNote(text, ledger.NewSigner(h.ID(name), key))
		return err
	})
	return note, err
}

// Checkpoint signs the checkpoint of a head that was committed.
func (h *Holder) Checkpoint(head ledger.Head) ([]byte, error) {
	c := ledger.Checkpoint{Origin: h.Origin(), Size: head.Size, Root: head.Root}
	return h.SignNote(ledger.LedgerKey, c.Body())
}

// OfHead signs the checkpoint that follows the commit of some events. It is
// called after each commit, in order, and before the next one begins: the first
// head with a rotation is signed by the new key.
func (h *Holder) OfHead(head ledger.Head, events []ledger.Event) ([]byte, error) {
	for _, e := range events {
		if r, ok := e.Data.(*ledger.KeyRotated); ok && r.Name == ledger.LedgerKey {
			h.mu.Lock()
			h.head = h.next
			h.mu.Unlock()
		}
	}
	if h.head == nil {
		return nil, unsettled(ledger.LedgerKey)
	}
	c := ledger.Checkpoint{Origin: h.Origin(), Size: head.Size, Root: head.Root}
	return ledger.SignNote(c.Body(), ledger.NewSigner(c.Origin, h.head))
}

func unsettled(name string) error {
	return fault.New(fault.Conflict, "it is not known whether the %s key was rotated: nothing is signed with it", name).WithHint("end the server and start it again: it settles this by the ledger")
}

// replace lets do put a key into force while nobody uses the old one. It gives
// the one that is in force afterwards, nil when that is not known.
func (h *Holder) replace(name string, next ed25519.PrivateKey, do func(old ed25519.PrivateKey) (ed25519.PrivateKey, error)) error {
	s := h.slots[name]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key == nil {
		return unsettled(name)
	}
	if name == ledger.LedgerKey {
		h.mu.Lock()
		h.next = next
		h.mu.Unlock()
	}
	var err error
	s.key, err = do(s.key)
	return err
}
