package ledger

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// LedgerKey is the name of the key that signs checkpoints.
const LedgerKey = "ledger"

// KeyID is the id under which a key of a name signs: checkpoints under the
// origin, everything else under the installation and the name.
func KeyID(name, installation string, epoch int) string {
	if name == LedgerKey {
		return Origin(installation, epoch)
	}
	return installation + "/" + name
}

// Link is one key of a chain.
type Link struct {
	Public ed25519.PublicKey
	Seq    int64 // of the event that announced it; 0 where the first is only published
}

// Keychain are the keys of one name, each signed by the one before.
type Keychain struct {
	ID    string // under which they sign
	Links []Link // the first is announced, every other follows by a rotation
}

// Current is the key in force, nil for none.
func (c Keychain) Current() ed25519.PublicKey {
	if len(c.Links) == 0 {
		return nil
	}
	return c.Links[len(c.Links)-1].Public
}

// Until is the event that ended a key: what it signed of the ledger is at most
// of this size. It is the largest number for the key in force.
func (c Keychain) Until(link int) int64 {
	if link+1 < len(c.Links) {
		return c.Links[link+1].Seq
	}
	return math.MaxInt64
}

// At is the place in the chain of the key that was in force just before the
// event of a seq: the one that sealed what this event names.
func (c Keychain) At(seq int64) int {
	for i := range c.Links {
		if seq <= c.Until(i) {
			return i
		}
	}
	return len(c.Links) - 1
}

// Find is the place in the chain of the key with a fingerprint, -1 for none.
func (c Keychain) Find(fingerprint string) int {
	for i, l := range c.Links {
		if Fingerprint(l.Public) == fingerprint {
			return i
		}
	}
	return -1
}

// Extends reports whether the chain begins with all keys of another one.
func (c Keychain) Extends(before Keychain) bool {
	if c.ID != before.ID || len(c.Links) < len(before.Links) {
		return false
	}
	for i, l := range before.Links {
		if !c.Links[i].Public.Equal(l.Public) || (i > 0 && c.Links[i].Seq != l.Seq) {
			return false
		}
	}
	return true
}

// OpenNote verifies a note that one key of the chain signed, and gives which.
func (c Keychain) OpenNote(data []byte) (text string, link int, err error) {
	err = errors.New("there is no key to verify it with")
	for i := len(c.Links) - 1; i >= 0; i-- {
		if text, err = OpenNote(data, NewVerifier(c.ID, c.Links[i].Public)); err == nil {
			return text, i, nil
		}
	}
	return "", -1, err
}

// MaySign refuses a key that signed at a size of the ledger at which it was not
// in force any more. A newer key may sign what is older: it was asked later.
func (c Keychain) MaySign(link int, size int64) error {
	if until := c.Until(link); size > until {
		return fmt.Errorf("size %d is signed by the key %.12s, which event %d replaced", size, Fingerprint(c.Links[link].Public), until)
	}
	return nil
}

// OpenCheckpoint verifies a checkpoint that one key of the chain signed while it
// was in force, and gives which.
func (c Keychain) OpenCheckpoint(data []byte) (Checkpoint, int, error) {
	text, link, err := c.OpenNote(data)
	if err != nil {
		return Checkpoint{}, -1, err
	}
	point, err := ParseCheckpoint(text)
	if err != nil {
		return point, link, err
	}
	if point.Origin != c.ID {
		return point, link, fmt.Errorf("checkpoint: origin %q is signed by the key %q", point.Origin, c.ID)
	}
	if err := c.MaySign(link, point.Size); err != nil {
		return point, link, fmt.Errorf("checkpoint: %w", err)
	}
	return point, link, nil
}

// Announced are the keys that a ledger made known, folded from its installation
// stream. The zero value is that of an empty ledger.
type Announced struct {
	Installation string
	Epoch        int
	chains       map[string]Keychain
}

// Chain gives the keys of a name; without links when it was never announced.
func (a *Announced) Chain(name string) Keychain { return a.chains[name] }

// Apply takes an event in; what is about no key changes nothing. A key that
// comes by any other way than a rotation signed by both is refused, and the
// chain stays as it was.
func (a *Announced) Apply(seq int64, p Payload) error {
	switch d := p.(type) {
	case *InstallationCreated:
		a.Installation, a.Epoch = d.Installation, d.Epoch
	case *KeyCreated:
		return a.created(seq, d)
	case *KeyRotated:
		return a.rotated(seq, d)
	}
	return nil
}

func (a *Announced) created(seq int64, d *KeyCreated) error {
	if d.Algorithm != "ed25519" {
		return nil // the issuer's, which follow one another by their own rule
	}
	if _, again := a.chains[d.Name]; again {
		return fmt.Errorf("announces the %s key a second time: a key is replaced by a rotation only", d.Name)
	}
	public, err := publicKey(d.Algorithm, d.Public)
	if err != nil {
		return fmt.Errorf("%s key: %w", d.Name, err)
	}
	if a.chains == nil {
		a.chains = map[string]Keychain{}
	}
	a.chains[d.Name] = Keychain{ID: KeyID(d.Name, a.Installation, a.Epoch), Links: []Link{{Public: public, Seq: seq}}}
	return nil
}

func (a *Announced) rotated(seq int64, d *KeyRotated) error {
	c, ok := a.chains[d.Name]
	switch {
	case !ok:
		return fmt.Errorf("rotates the %s key, which was never announced", d.Name)
	case d.Installation != a.Installation:
		return fmt.Errorf("rotates a key of installation %q in the ledger of %q", d.Installation, a.Installation)
	case d.OldID != Fingerprint(c.Current()):
		return fmt.Errorf("rotates the %s key %.12s, in force is %.12s", d.Name, d.OldID, Fingerprint(c.Current()))
	case seq <= c.Links[len(c.Links)-1].Seq:
		return fmt.Errorf("rotates the %s key before the key that it replaces", d.Name)
	}
	if err := d.Check(); err != nil {
		return err
	}
	for name, other := range a.chains {
		if other.Find(d.NewID) >= 0 {
			return fmt.Errorf("rotates the %s key to %.12s, which is or was the %s key", d.Name, d.NewID, name)
		}
	}
	public, _ := publicKey(d.Algorithm, d.New) // checked
	c.Links = append(c.Links[:len(c.Links):len(c.Links)], Link{Public: public, Seq: seq})
	a.chains[d.Name] = c
	return nil
}

// Read takes a stored record of the installation stream in, and gives what it
// says about keys, nil for nothing.
func (a *Announced) Read(r Record) (Payload, error) {
	h, err := r.Open()
	if err != nil {
		return nil, err
	}
	for _, p := range []Payload{&InstallationCreated{}, &KeyCreated{}, &KeyRotated{}} {
		name, version := p.EventType()
		if h.Type != name || h.TypeVersion != version {
			continue
		}
		if h.Stream != Installation {
			return nil, fmt.Errorf("event %d: %s in stream %s", h.Seq, h.Type, h.Stream)
		}
		if err := canonical.Unmarshal(r.Parts[Public].Body, p); err != nil {
			return nil, fmt.Errorf("event %d: %w", h.Seq, err)
		}
		if err := a.Apply(h.Seq, p); err != nil {
			return nil, fmt.Errorf("event %d %w", h.Seq, err)
		}
		return p, nil
	}
	return nil, nil
}
