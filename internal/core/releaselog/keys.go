package releaselog

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// Schemas of keys.json and of a trust file.
const (
	KeysSchema  = "dc-release/keys/v1"
	TrustSchema = "dc-release/trust/v1"
	// WitnessedTrustSchema is the same with witnesses and anchors.
	WitnessedTrustSchema = "dc-release/trust/v2"
)

// Names of the keys whose public halves are published.
const (
	LedgerKey   = "ledger"
	AttestKey   = "attest"
	DocumentKey = "document"
)

// KeyNames is the closed list, in the order of keys.json.
var KeyNames = []string{LedgerKey, AttestKey, DocumentKey}

// Keys are the public keys of an installation's epoch.
type Keys struct {
	Schema       string `json:"schema"`
	Installation string `json:"installation"`
	Epoch        int    `json:"epoch"`
	Keys         []Key  `json:"keys"`
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
func DocumentKeyID(installation string) string { return installation + "/" + DocumentKey }

// AttestKeyID is the DSSE keyid of the attest key.
func AttestKeyID(installation string) string { return installation + "/" + AttestKey }

// PublicKey decodes the key and accepts its one form only.
func (k Key) PublicKey() (ed25519.PublicKey, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(k.Public)
	if err != nil || len(raw) != ed25519.PublicKeySize || k.Algorithm != "ed25519" {
		return nil, fmt.Errorf("key %q: want an ed25519 public key in base64", k.Name)
	}
	if canonical.SHA256(raw) != k.Fingerprint {
		return nil, fmt.Errorf("key %q: fingerprint is not the SHA-256 of the key", k.Name)
	}
	return raw, nil
}

// ParseKeys reads keys.json.
func ParseKeys(data []byte) (Keys, error) {
	var k Keys
	if err := canonical.Unmarshal(data, &k); err != nil {
		return k, fmt.Errorf("read keys: %w", err)
	}
	if k.Schema != KeysSchema || len(k.Keys) != len(KeyNames) {
		return k, fmt.Errorf("read keys: want schema %q with keys %v", KeysSchema, KeyNames)
	}
	for i, key := range k.Keys {
		if key.Name != KeyNames[i] {
			return k, fmt.Errorf("read keys: key %d is %q, want %q", i+1, key.Name, KeyNames[i])
		}
		if _, err := key.PublicKey(); err != nil {
			return k, fmt.Errorf("read keys: %w", err)
		}
	}
	return k, nil
}

// Key finds a key by name; the zero Key when there is none.
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
		if raw, err := base64.StdEncoding.Strict().DecodeString(public); err != nil || len(raw) != ed25519.PublicKeySize {
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
