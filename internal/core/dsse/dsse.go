// Package dsse is what signed envelopes of other programs have in common
// (github.com/secure-systems-lab/dsse, v1.0.0): what is signed, and whose key
// signed it. What stands in an envelope it does not read.
package dsse

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// PreAuthentication is PAE of the protocol, version 1: what a signature is over.
func PreAuthentication(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

// Envelope is a payload with its signatures.
type Envelope struct {
	Type       string // of the payload
	Payload    []byte
	Signatures []Signature
}

// Signature is one signature over the pre-authentication encoding.
type Signature struct {
	KeyID string // says nothing that anybody has to believe
	Bytes []byte // nil for what is no base64
}

// By reports whether a signature of the envelope is by the key, whatever it is
// called.
func (e Envelope) By(k Key) bool {
	message := PreAuthentication(e.Type, e.Payload)
	return slices.ContainsFunc(e.Signatures, func(s Signature) bool { return k.verifies(message, s.Bytes) })
}

// Key is a public key: Ed25519, or ECDSA on P-256 with SHA-256.
type Key struct {
	id      string
	ed25519 ed25519.PublicKey
	p256    *ecdsa.PublicKey
}

// ParseKey reads a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in strict
// base64 without line breaks, which is what stands between the lines of a PEM
// file. There is one way of writing a key.
func ParseKey(text string) (Key, error) {
	der, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(der) != text {
		return Key{}, errors.New("public key: want base64 of a SubjectPublicKeyInfo in one line")
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return Key{}, fmt.Errorf("public key: %w", err)
	}
	if again, err := x509.MarshalPKIXPublicKey(public); err != nil || !bytes.Equal(again, der) {
		return Key{}, errors.New("public key: not in its one form")
	}
	sum := sha256.Sum256(der)
	k := Key{id: hex.EncodeToString(sum[:])}
	switch p := public.(type) {
	case ed25519.PublicKey:
		k.ed25519 = p
	case *ecdsa.PublicKey:
		if name := p.Params().Name; name != "P-256" {
			return Key{}, fmt.Errorf("public key: ECDSA on %s: want P-256", name)
		}
		k.p256 = p
	default:
		return Key{}, fmt.Errorf("public key: %T: want Ed25519 or ECDSA on P-256", public)
	}
	return k, nil
}

// ID is the SHA-256 of the SubjectPublicKeyInfo, in hexadecimal.
func (k Key) ID() string { return k.id }

func (k Key) verifies(message, signature []byte) bool {
	switch {
	case k.ed25519 != nil:
		return ed25519.Verify(k.ed25519, message, signature)
	case k.p256 != nil:
		digest := sha256.Sum256(message)
		return ecdsa.VerifyASN1(k.p256, digest[:], signature)
	}
	return false
}
