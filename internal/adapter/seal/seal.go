// Package seal puts the one seal of an installation on a finished PDF file and
// reads it again: an electronic seal after ETSI EN 319 142-1 (PAdES, level B-B)
// as an incremental update, so that the file without its seal is a beginning of
// the file with it. People do not sign here: their signatures are printed in the
// document, and the seal says that the installation finished it.
package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// Sealer seals for one installation.
type Sealer struct {
	Installation string
	Key          *ecdsa.PrivateKey // P-256
	Since        time.Time         // when the key was made
}

// Seal gives a file of this product with its seal, and the certificate of the
// seal, which the document key issues. The same arguments give the same bytes:
// the signature is by RFC 6979, and nothing asks a clock.
func (s *Sealer) Seal(document ed25519.PrivateKey, file []byte, at time.Time) (sealed, certificate []byte, err error) {
	certificate, err = s.certificate(document)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	u, err := prepare(file, name(s.Installation), at.UTC().Truncate(time.Second))
	if err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	message, err := sign(u.covered(), certificate, s.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	sealed, err = u.with(message)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, certificate, nil
}

// name is what a reader shows of a seal.
func name(installation string) string { return "dc-release installation " + installation }

// forever is the end of a certificate whose key is replaced by decision and not
// by date (RFC 5280, section 4.1.2.5).
var forever = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// certificate says whose the key is. Everything in it follows from the two keys.
func (s *Sealer) certificate(document ed25519.PrivateKey) ([]byte, error) {
	public, err := x509.MarshalPKIXPublicKey(s.Key.Public())
	if err != nil {
		return nil, err
	}
	issuer := document.Public().(ed25519.PublicKey)
	serial := sha256.Sum256(append(public, issuer...))
	serial[0] &= 0x7f
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:16]),
		Subject:      pkix.Name{CommonName: name(s.Installation) + " seal"},
		NotBefore:    s.Since, NotAfter: forever,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		BasicConstraintsValid: true,
	}
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: s.Installation + "/document"}}
	return x509.CreateCertificate(nil, template, parent, s.Key.Public(), document)
}

// Open reads a sealed file and checks all of it but who issued the certificate:
// the file is what Seal makes of its beginning, byte for byte, and the signature
// is over all of it. It gives the file without the seal.
func (Reader) Open(sealed []byte) (file, certificate []byte, at time.Time, err error) {
	u, message, err := read(sealed)
	if err != nil {
		return nil, nil, at, fmt.Errorf("read seal: %w", err)
	}
	again, err := u.with(message)
	if err != nil || !bytes.Equal(again, sealed) {
		return nil, nil, at, fmt.Errorf("read seal: the file is not what the seal makes of its beginning")
	}
	certificate, err = verify(u.covered(), message)
	if err != nil {
		return nil, nil, at, fmt.Errorf("read seal: %w", err)
	}
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, nil, at, fmt.Errorf("read seal: %w", err)
	}
	if u.at.Before(c.NotBefore) || u.at.After(c.NotAfter) {
		return nil, nil, at, fmt.Errorf("read seal: made %s, the certificate is valid from %s", u.at.Format(time.RFC3339), c.NotBefore.Format(time.RFC3339))
	}
	return u.file, certificate, u.at, nil
}

// Reader reads seals. It has no state.
type Reader struct{}

// Issued reports whether a certificate was issued by one of the document keys.
func (Reader) Issued(certificate []byte, keys []ed25519.PublicKey) bool {
	c, err := x509.ParseCertificate(certificate)
	if err != nil || c.SignatureAlgorithm != x509.PureEd25519 {
		return false
	}
	for _, k := range keys {
		if ed25519.Verify(k, c.RawTBSCertificate, c.Signature) {
			return true
		}
	}
	return false
}
