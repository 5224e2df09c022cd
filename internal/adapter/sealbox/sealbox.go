// Package sealbox seals values with a key: AES-256-GCM with a random nonce of 96
// bits (NIST SP 800-38D), so that one key is good for 2^32 values. Key and id are
// derived from the 32 bytes that are kept (HKDF, RFC 5869).
package sealbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

const idSize = 8

// ErrSealed says that a value was sealed with another key or for another
// purpose, or that its bytes were changed; nobody can tell which.
var ErrSealed = errors.New("the sealed value does not open")

// Key seals and opens. It prints nothing of itself.
type Key struct {
	id   string
	aead cipher.AEAD
}

// New makes a key of KeySize random bytes.
func New(raw []byte) (*Key, error) {
	if len(raw) != KeySize {
		return nil, fmt.Errorf("key of %d bytes, want %d", len(raw), KeySize)
	}
	id, err := hkdf.Key(sha256.New, raw, nil, "dc-release/secrets/id/v1", idSize)
	if err != nil {
		return nil, err
	}
	sealing, err := hkdf.Key(sha256.New, raw, nil, "dc-release/secrets/seal/v1", KeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &Key{id: hex.EncodeToString(id), aead: aead}, err
}

// ID names the key; nothing of the key follows from it.
func (k *Key) ID() string { return k.id }

// Seal gives nonce, value and tag, bound to what else must be the same when the
// value is opened.
func (k *Key) Seal(value, bound []byte) []byte { return k.aead.Seal(nil, nil, value, bound) }

// Open gives the value, or ErrSealed.
func (k *Key) Open(box, bound []byte) ([]byte, error) {
	value, err := k.aead.Open(nil, nil, box, bound)
	if err != nil {
		return nil, ErrSealed
	}
	return value, nil
}

// Format implements fmt.Formatter: the id, whatever is asked for.
func (k *Key) Format(s fmt.State, _ rune) { fmt.Fprint(s, "key "+k.id) }
