// Package webauthntest is an authenticator in software, with everything that a
// hostile one may do differently.
package webauthntest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// The flags of authenticator data.
const (
	Present  = 0x01
	Verified = 0x04
	attested = 0x40
)

// Authenticator has one ES256 credential.
type Authenticator struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	ID      []byte
	RPID    string
	Origin  string
	Flags   byte
	Counter uint32
	// Edit changes the client's data before it is signed.
	Edit func(client map[string]any)
}

// New makes an authenticator for a page.
func New(t *testing.T, domain, origin string) *Authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		t.Fatal(err)
	}
	return &Authenticator{t: t, key: key, ID: id, RPID: domain, Origin: origin, Flags: Present | Verified, Counter: 1}
}

// Credential is the id as the ledger has it.
func (a *Authenticator) Credential() string { return b64(a.ID) }

// Create answers the options of an enrolment.
func (a *Authenticator) Create(options []byte) []byte {
	a.t.Helper()
	client := a.client("webauthn.create", challenge(a.t, options))
	point, err := a.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	data := a.data(a.Flags | attested)
	data = append(data, make([]byte, 16)...) // no model
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.ID)))
	data = append(data, a.ID...)
	// COSE: kty EC2, alg ES256, crv P-256, x, y
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
	data = append(data, point[1:33]...)
	data = append(data, 0x22, 0x58, 0x20)
	data = append(data, point[33:]...)
	// CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58")
	object = append(append(object, byte(len(data))), data...)
	return a.answer(map[string]any{"clientDataJSON": b64(client), "attestationObject": b64(object)})
}

// Sign answers the options of an assertion; the counter goes on.
func (a *Authenticator) Sign(options []byte) []byte {
	a.t.Helper()
	a.Counter++
	client := a.client("webauthn.get", challenge(a.t, options))
	data := a.data(a.Flags)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig)})
}

func (a *Authenticator) client(kind, challenge string) []byte {
	said := map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false}
	if a.Edit != nil {
		a.Edit(said)
	}
	return a.marshal(said)
}

func (a *Authenticator) data(flags byte) []byte {
	domain := sha256.Sum256([]byte(a.RPID))
	return binary.BigEndian.AppendUint32(append(domain[:], flags), a.Counter)
}

func (a *Authenticator) answer(response map[string]any) []byte {
	return a.marshal(map[string]any{"id": b64(a.ID), "rawId": b64(a.ID), "type": "public-key", "response": response})
}

func (a *Authenticator) marshal(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		a.t.Fatal(err)
	}
	return raw
}

func challenge(t *testing.T, options []byte) string {
	t.Helper()
	var o struct {
		PublicKey struct {
			Challenge string `json:"challenge"`
		} `json:"publicKey"`
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	return o.PublicKey.Challenge
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
