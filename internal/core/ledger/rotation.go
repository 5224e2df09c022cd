package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// RotationSchema is the first line of the text that both keys of a rotation
// sign.
const RotationSchema = "dc-release/key-rotation/v1"

// KeyRotated replaces a key. The old one signs that the new one follows, the new
// one that it exists and follows this one: whoever has only one of them changes
// nothing. From this event on the old key signs nothing any more.
type KeyRotated struct {
	Installation string `json:"installation"`
	Name         string `json:"name"`      // ledger, attest, document
	Algorithm    string `json:"algorithm"` // ed25519
	Old          string `json:"old"`       // public half, base64
	OldID        string `json:"old_id"`    // its fingerprint, as a trust file names it
	New          string `json:"new"`
	NewID        string `json:"new_id"`
	ByOld        string `json:"by_old"` // signature over Text, base64
	ByNew        string `json:"by_new"`
}

// EventType implements Payload.
func (KeyRotated) EventType() (string, int) { return "key.rotated", 1 }

// Rotate makes the event that replaces a key by the next one.
func Rotate(installation, name string, old, next ed25519.PrivateKey) *KeyRotated {
	a, b := old.Public().(ed25519.PublicKey), next.Public().(ed25519.PublicKey)
	r := &KeyRotated{
		Installation: installation, Name: name, Algorithm: "ed25519",
		Old: base64.StdEncoding.EncodeToString(a), OldID: Fingerprint(a), New: base64.StdEncoding.EncodeToString(b), NewID: Fingerprint(b),
	}
	text := []byte(r.Text())
	r.ByOld, r.ByNew = base64.StdEncoding.EncodeToString(ed25519.Sign(old, text)), base64.StdEncoding.EncodeToString(ed25519.Sign(next, text))
	return r
}

// Text is what both keys sign: five lines.
func (r KeyRotated) Text() string {
	return strings.Join([]string{RotationSchema, r.Installation, r.Name, r.Old, r.New}, "\n") + "\n"
}

// Check verifies what a rotation says of itself: two different keys with their
// fingerprints, and both signatures.
func (r KeyRotated) Check() error {
	old, err := publicKey(r.Algorithm, r.Old)
	if err != nil {
		return fmt.Errorf("old %s key: %w", r.Name, err)
	}
	next, err := publicKey(r.Algorithm, r.New)
	if err != nil {
		return fmt.Errorf("new %s key: %w", r.Name, err)
	}
	if strings.ContainsAny(r.Installation+r.Name, "\n\r") {
		return errors.New("its installation or name is more than one line")
	}
	if old.Equal(next) {
		return fmt.Errorf("the new %s key is the old one", r.Name)
	}
	if r.OldID != Fingerprint(old) || r.NewID != Fingerprint(next) {
		return fmt.Errorf("the ids of the %s keys are not their fingerprints", r.Name)
	}
	if !signed(old, r.Text(), r.ByOld) {
		return fmt.Errorf("is not signed by the old %s key %.12s", r.Name, r.OldID)
	}
	if !signed(next, r.Text(), r.ByNew) {
		return fmt.Errorf("is not signed by the new %s key %.12s", r.Name, r.NewID)
	}
	return nil
}

func signed(key ed25519.PublicKey, text, signature string) bool {
	raw, err := canonical.Base64(signature)
	return err == nil && len(raw) == ed25519.SignatureSize && ed25519.Verify(key, []byte(text), raw)
}

func publicKey(algorithm, public string) (ed25519.PublicKey, error) {
	raw, err := canonical.Base64(public)
	if err != nil || len(raw) != ed25519.PublicKeySize || algorithm != "ed25519" {
		return nil, errors.New("want an ed25519 public key in base64")
	}
	return raw, nil
}

// Fingerprint names a public key: SHA-256 of its 32 bytes in hexadecimal.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:])
}
