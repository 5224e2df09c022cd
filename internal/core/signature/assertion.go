package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// Assertion is a person's own signature over a payload, as an authenticator
// makes it (W3C Web Authentication, level 3, section 6.3.3): over the
// authenticator's data and the SHA-256 of the client's data, in which the
// challenge is the SHA-256 of the payload.
type Assertion struct {
	Credential    string `json:"credential"`         // base64url
	RPID          string `json:"rp_id"`              // domain that the key is bound to
	PublicKey     string `json:"public_key"`         // PKIX, base64
	Authenticator string `json:"authenticator_data"` // base64
	Client        string `json:"client_data"`        // base64
	Signature     string `json:"signature"`          // base64
}

// The flags of an authenticator's data that a signature needs.
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
)

// Verify checks that the key signed the payload of a hexadecimal SHA-256, with
// the user present and verified, on a page of the domain.
func (a Assertion) Verify(payload string) error {
	var parts [4][]byte
	for i, text := range []string{a.PublicKey, a.Authenticator, a.Client, a.Signature} {
		var err error
		if parts[i], err = canonical.Base64(text); err != nil {
			return errors.New("assertion: want strict base64")
		}
	}
	public, authenticator, client, sig := parts[0], parts[1], parts[2], parts[3]
	if err := a.checkClient(client, payload); err != nil {
		return err
	}
	domain := sha256.Sum256([]byte(a.RPID))
	switch {
	case len(authenticator) < 37:
		return fmt.Errorf("assertion: %d bytes of authenticator data", len(authenticator))
	case !bytes.Equal(authenticator[:32], domain[:]):
		return fmt.Errorf("assertion: is not for %q", a.RPID)
	case authenticator[32]&userPresent == 0:
		return errors.New("assertion: no user was present")
	case authenticator[32]&userVerified == 0:
		return errors.New("assertion: the user was not verified")
	}
	digest := sha256.Sum256(client)
	return verifyKey(public, append(bytes.Clone(authenticator), digest[:]...), sig)
}

// checkClient checks what the browser says: for which challenge and page.
func (a Assertion) checkClient(client []byte, payload string) error {
	var said struct {
		Type        string `json:"type"`
		Challenge   string `json:"challenge"`
		Origin      string `json:"origin"`
		CrossOrigin bool   `json:"crossOrigin"`
	}
	if err := json.Unmarshal(client, &said); err != nil {
		return fmt.Errorf("assertion: client data: %w", err)
	}
	raw, err := hex.DecodeString(payload)
	if err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("assertion: payload %q: want a SHA-256", payload)
	}
	switch {
	case said.Type != "webauthn.get":
		return fmt.Errorf("assertion: type %q, want webauthn.get", said.Type)
	case said.Challenge != base64.RawURLEncoding.EncodeToString(raw):
		return errors.New("assertion: signs another payload")
	case said.CrossOrigin || !ofDomain(said.Origin, a.RPID):
		return fmt.Errorf("assertion: was made on %q, want a page of %q", said.Origin, a.RPID)
	}
	return nil
}

// ofDomain reports whether an origin is a page of the domain, over TLS or on
// this machine.
func ofDomain(origin, domain string) bool {
	scheme, host, ok := strings.Cut(origin, "://")
	host, _, _ = strings.Cut(host, ":")
	return ok && domain != "" && (scheme == "https" || scheme == "http" && host == "localhost") && (host == domain || strings.HasSuffix(host, "."+domain))
}

func verifyKey(public, message, sig []byte) error {
	key, err := x509.ParsePKIXPublicKey(public)
	if err != nil {
		return fmt.Errorf("assertion: public key: %w", err)
	}
	digest := sha256.Sum256(message)
	ok := false
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(k, digest[:], sig)
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, message, sig)
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], sig) == nil
	default:
		return fmt.Errorf("assertion: key of type %T", key)
	}
	if !ok {
		return errors.New("assertion: the signature is not by the key")
	}
	return nil
}
