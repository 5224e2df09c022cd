package releaselog

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Schemas of keys.json and of a trust file.
const (
	KeysSchema = "dc-release/keys/v1"
	// RotatedKeysSchema is the same with the rotations that followed.
	RotatedKeysSchema = "dc-release/keys/v2"
	TrustSchema       = "dc-release/trust/v1"
	// WitnessedTrustSchema is the same with witnesses and anchors.
	WitnessedTrustSchema = "dc-release/trust/v2"
)

// Names of the keys whose public halves are published.
const (
	LedgerKey   = ledger.LedgerKey
	AttestKey   = "attest"
	DocumentKey = "document"
)

// KeyNames is the closed list, in the order of keys.json.
var KeyNames = []string{LedgerKey, AttestKey, DocumentKey}

// Keys are the public keys of an installation's epoch: those that it began with,
// and the events that replaced them since, so that a newer file only has more at
// its end.
type Keys struct {
	Schema       string          `json:"schema"`
	Installation string          `json:"installation"`
	Epoch        int             `json:"epoch"`
	Keys         []Key           `json:"keys"`
	Rotations    []ledger.Record `json:"rotations,omitempty"` // key.rotated, by seq

	announced ledger.Announced
}

// Key is one public key and what it signs.
type Key struct {
	Name        string `json:"name"`        // ledger, attest, document
	ID          string `json:"id"`          // under which it signs: note key name, DSSE keyid
	Algorithm   string `json:"algorithm"`   // ed25519
	Public      string `json:"public"`      // base64
	Fingerprint string `json:"fingerprint"` // SHA-256 of the 32 public bytes
	Signs       string `json:"signs"`
}

// signs says what each key signs, for readers.
var signs = map[string]string{
	LedgerKey:   "ledger/*/checkpoint",
	AttestKey:   "attestations/*.json",
	DocumentKey: "index.note",
}

// NewKey describes a public key.
func NewKey(name, id string, public ed25519.PublicKey) Key {
	return Key{
		Name: name, ID: id, Algorithm: "ed25519", Public: base64.StdEncoding.EncodeToString(public),
		Fingerprint: canonical.SHA256(public), Signs: signs[name],
	}
}

// DocumentKeyID is the note key name of the document key.
func DocumentKeyID(installation string) string { return ledger.KeyID(DocumentKey, installation, 0) }

// AttestKeyID is the DSSE keyid of the attest key.
func AttestKeyID(installation string) string { return ledger.KeyID(AttestKey, installation, 0) }

// PublicKey decodes the key and accepts its one form only.
func (k Key) PublicKey() (ed25519.PublicKey, error) {
	raw, err := canonical.Base64(k.Public)
	if err != nil || len(raw) != ed25519.PublicKeySize || k.Algorithm != "ed25519" {
		return nil, fmt.Errorf("key %q: want an ed25519 public key in base64", k.Name)
	}
	if canonical.SHA256(raw) != k.Fingerprint {
		return nil, fmt.Errorf("key %q: fingerprint is not the SHA-256 of the key", k.Name)
	}
	return raw, nil
}

// NewKeys describes the first keys of an installation's epoch, by name.
func NewKeys(installation string, epoch int, public func(name string) ed25519.PublicKey) (Keys, error) {
	k := Keys{Schema: KeysSchema, Installation: installation, Epoch: epoch}
	for _, name := range KeyNames {
		k.Keys = append(k.Keys, NewKey(name, ledger.KeyID(name, installation, epoch), public(name)))
	}
	return k, k.chain()
}

// KeysOf gathers the keys from the records of the installation's stream.
func KeysOf(records []ledger.Record) (Keys, error) {
	var all ledger.Announced
	var rotations []ledger.Record
	for _, r := range records {
		p, err := all.Read(r)
		if err != nil {
			return Keys{}, fmt.Errorf("keys of the ledger: %w", err)
		}
		if _, ok := p.(*ledger.KeyRotated); ok {
			rotations = append(rotations, ledger.Record{Header: r.Header, Parts: map[string]ledger.Part{ledger.Public: r.Parts[ledger.Public]}})
		}
	}
	for _, name := range KeyNames {
		if len(all.Chain(name).Links) == 0 {
			return Keys{}, fmt.Errorf("keys of the ledger: it announced no %s key", name)
		}
	}
	k, err := NewKeys(all.Installation, all.Epoch, func(name string) ed25519.PublicKey { return all.Chain(name).Links[0].Public })
	if len(rotations) == 0 || err != nil {
		return k, err
	}
	k.Schema, k.Rotations = RotatedKeysSchema, rotations
	return k, k.chain()
}

// ParseKeys reads keys.json and verifies that every key follows from the first.
func ParseKeys(data []byte) (Keys, error) {
	var k Keys
	if err := canonical.Unmarshal(data, &k); err != nil {
		return k, fmt.Errorf("read keys: %w", err)
	}
	if k.Schema != KeysSchema && k.Schema != RotatedKeysSchema || len(k.Keys) != len(KeyNames) {
		return k, fmt.Errorf("read keys: want schema %q or %q with keys %v", KeysSchema, RotatedKeysSchema, KeyNames)
	}
	if (k.Schema == RotatedKeysSchema) != (len(k.Rotations) > 0) {
		return k, fmt.Errorf("read keys: rotations are of schema %q, which has some", RotatedKeysSchema)
	}
	for i, key := range k.Keys {
		if key.Name != KeyNames[i] {
			return k, fmt.Errorf("read keys: key %d is %q, want %q", i+1, key.Name, KeyNames[i])
		}
		if _, err := key.PublicKey(); err != nil {
			return k, fmt.Errorf("read keys: %w", err)
		}
		if want := ledger.KeyID(key.Name, k.Installation, k.Epoch); key.ID != want {
			return k, fmt.Errorf("read keys: the %s key signs as %q, want %q", key.Name, key.ID, want)
		}
	}
	if err := k.chain(); err != nil {
		return k, fmt.Errorf("read keys: %w", err)
	}
	return k, nil
}

// chain follows the rotations from the first keys.
func (k *Keys) chain() error {
	k.announced = ledger.Announced{Installation: k.Installation, Epoch: k.Epoch}
	for _, key := range k.Keys {
		if err := k.announced.Apply(0, &ledger.KeyCreated{Name: key.Name, Algorithm: key.Algorithm, Public: key.Public}); err != nil {
			return err
		}
	}
	last := int64(0)
	for i, r := range k.Rotations {
		h, err := r.Open()
		if err != nil {
			return fmt.Errorf("rotation %d: %w", i+1, err)
		}
		if len(r.Parts) != 1 || h.Seq <= last {
			return fmt.Errorf("rotation %d: event %d is not in order or has other parts than the public one", i+1, h.Seq)
		}
		last = h.Seq
		p, err := k.announced.Read(r)
		if _, ok := p.(*ledger.KeyRotated); err == nil && !ok {
			err = fmt.Errorf("event %d is %s", h.Seq, h.Type)
		}
		if err != nil {
			return fmt.Errorf("rotation %d: %w", i+1, err)
		}
	}
	return nil
}

// Chain gives all keys of a name, the first one first.
func (k Keys) Chain(name string) ledger.Keychain { return k.announced.Chain(name) }

// Extends reports whether the keys are those of another file with nothing but
// more rotations at the end.
func (k Keys) Extends(before Keys) bool {
	if k.Installation != before.Installation || k.Epoch != before.Epoch || !slices.Equal(k.Keys, before.Keys) || len(k.Rotations) < len(before.Rotations) {
		return false
	}
	for i, r := range before.Rotations {
		if k.Rotations[i].LeafHash() != r.LeafHash() {
			return false
		}
	}
	return true
}

// Key finds a first key by name; the zero Key when there is none.
func (k Keys) Key(name string) Key {
	for _, key := range k.Keys {
		if key.Name == name {
			return key
		}
	}
	return Key{}
}

// Trust is what a verifier knows of an issuer from elsewhere: a paper, a web
// page, an audit.
type Trust struct {
	Schema       string            `json:"schema"`
	Installation string            `json:"installation"`
	Fingerprints map[string]string `json:"fingerprints"` // key name -> SHA-256 of the public key
	// Witnesses are the names of witnesses with their public keys in base64;
	// Anchors are texts of checkpoints. Both are of version 2.
	Witnesses map[string]string `json:"witnesses,omitempty"`
	Anchors   []string          `json:"anchors,omitempty"`
}

// Known is where in the chain of a name the key stands that is known from
// elsewhere, -1 when it is not there. It and all that follow are established;
// those before are only as far as an established key signed for them.
func (t Trust) Known(k Keys, name string) int {
	if t.Installation != k.Installation {
		return -1
	}
	return k.Chain(name).Find(t.Fingerprints[name])
}

// ParseTrust reads a trust file. All three keys must be named.
func ParseTrust(data []byte) (Trust, error) {
	var t Trust
	if err := canonical.UnmarshalLoose(data, &t); err != nil {
		return t, fmt.Errorf("read trust file: %w", err)
	}
	if (t.Schema != TrustSchema && t.Schema != WitnessedTrustSchema) || t.Installation == "" {
		return t, fmt.Errorf("read trust file: want schema %q or %q and an installation", TrustSchema, WitnessedTrustSchema)
	}
	if t.Schema == TrustSchema && (t.Witnesses != nil || t.Anchors != nil) {
		return t, fmt.Errorf("read trust file: witnesses and anchors are of schema %q", WitnessedTrustSchema)
	}
	for name, public := range t.Witnesses {
		if raw, err := canonical.Base64(public); err != nil || len(raw) != ed25519.PublicKeySize {
			return t, fmt.Errorf("read trust file: witness %q: want an ed25519 public key in base64", name)
		}
	}
	for _, name := range KeyNames {
		if !IsDigest(t.Fingerprints[name]) {
			return t, fmt.Errorf("read trust file: fingerprint of key %q: want a SHA-256 in lower-case hexadecimal", name)
		}
	}
	return t, nil
}
