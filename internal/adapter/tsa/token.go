package tsa

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // the certificate id of RFC 2634, which RFC 3161 asks for
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"github.com/smallstep/pkcs7"

	"github.com/dc-release/dc-release/internal/core/releaselog"
)

var (
	oidTSTInfo         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidCertificate     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // id-aa-signingCertificate
	oidCertificateV2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // id-aa-signingCertificateV2
	oidExtendedKeyUses = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// Verifier verifies tokens.
type Verifier struct {
	// Roots are what a certificate of an authority must lead to; nil establishes
	// nobody.
	Roots *x509.CertPool
}

// Read verifies that a token in DER is over data: one signature over a TSTInfo
// with the SHA-256 of data, by a certificate that the signature names, that is
// for time stamps only, that is in the token, and that was valid and led to the
// roots at the time which the token says. Nothing is asked about revocation.
func (v Verifier) Read(data, token []byte) (releaselog.Stamp, error) {
	_, stamp, err := v.read(data, token)
	if err != nil {
		return releaselog.Stamp{}, fmt.Errorf("time stamp token: %w", err)
	}
	return stamp, nil
}

func (v Verifier) read(data, token []byte) (i info, stamp releaselog.Stamp, err error) {
	if len(token) > releaselog.MaxToken {
		return i, stamp, fmt.Errorf("has %d bytes, want at most %d", len(token), releaselog.MaxToken)
	}
	p7, signer, err := signed(token)
	if err != nil {
		return i, stamp, err
	}
	if err := whole(p7.Content, &i); err != nil {
		return i, stamp, fmt.Errorf("holds no TSTInfo: %w", err)
	}
	if err := i.over(data); err != nil {
		return i, stamp, err
	}
	if err := forStamps(signer); err != nil {
		return i, stamp, fmt.Errorf("certificate %q: %w", signer.Subject, err)
	}
	at := i.Time.UTC()
	if at.Before(signer.NotBefore) || at.After(signer.NotAfter) {
		return i, stamp, fmt.Errorf("certificate %q was not valid at the time of the token, %s", signer.Subject, at)
	}
	stamp = releaselog.Stamp{Time: at, Authority: signer.Subject.String()}
	if v.Roots == nil {
		return i, stamp, nil
	}
	between := x509.NewCertPool()
	for _, c := range p7.Certificates {
		between.AddCert(c)
	}
	_, err = signer.Verify(x509.VerifyOptions{Roots: v.Roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	if err != nil {
		return i, stamp, fmt.Errorf("certificate %q does not lead to a trusted one: %w", signer.Subject, err)
	}
	stamp.Established = true
	return i, stamp, nil
}

// over compares the imprint, and refuses what it does not know.
func (i info) over(data []byte) error {
	sum := sha256.Sum256(data)
	switch {
	case i.Version != 1:
		return fmt.Errorf("version %d of TSTInfo, want 1", i.Version)
	case !i.Imprint.Algorithm.Algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA256):
		return fmt.Errorf("its imprint is by %v, want SHA-256", i.Imprint.Algorithm.Algorithm)
	case subtle.ConstantTimeCompare(i.Imprint.Hash, sum[:]) != 1:
		return fmt.Errorf("is over other bytes: SHA-256 %x, want %x", i.Imprint.Hash, sum)
	}
	for _, e := range i.Extensions {
		if e.Critical {
			return fmt.Errorf("has the critical extension %v, which is not known here", e.Id)
		}
	}
	return nil
}

// signed verifies the one signature of a token and gives the certificate that
// it is by. What is checked here beside pkcs7: that it is DER and nothing
// follows, that content and signed attributes say TSTInfo, that no attribute
// stands twice, and that the signed attributes name the certificate.
func signed(token []byte) (*pkcs7.PKCS7, *x509.Certificate, error) {
	var m message
	if err := whole(token, &m); err != nil {
		return nil, nil, fmt.Errorf("is no CMS message in DER: %w", err)
	}
	if !m.Type.Equal(pkcs7.OIDSignedData) || !m.Content.Content.Type.Equal(oidTSTInfo) || len(m.Content.Signers) != 1 {
		return nil, nil, fmt.Errorf("is a CMS message of type %v over %v with %d signatures, want signed data over TSTInfo with one", m.Type, m.Content.Content.Type, len(m.Content.Signers))
	}
	p7, err := pkcs7.Parse(token)
	if err != nil {
		return nil, nil, err
	}
	signer := p7.GetOnlySigner()
	if signer == nil || !bytes.Equal(p7.Content, m.Content.Content.Content) {
		return nil, nil, errors.New("the certificate that signed is not in it")
	}
	seen := map[string]bool{}
	for _, a := range p7.Signers[0].AuthenticatedAttributes {
		if seen[a.Type.String()] {
			return nil, nil, fmt.Errorf("signed attribute %v stands twice", a.Type)
		}
		seen[a.Type.String()] = true
	}
	var content asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &content); err != nil || !content.Equal(oidTSTInfo) {
		return nil, nil, fmt.Errorf("the signed attributes say content type %v, want TSTInfo", content)
	}
	if err := p7.Verify(); err != nil {
		return nil, nil, fmt.Errorf("its signature: %w", err)
	}
	return p7, signer, named(p7, signer, seen)
}

// named checks that the signed attributes name the certificate (RFC 5816), so
// that it cannot be exchanged for another one with the same key.
func named(p7 *pkcs7.PKCS7, signer *x509.Certificate, there map[string]bool) error {
	if !there[oidCertificate.String()] && !there[oidCertificateV2.String()] {
		return errors.New("the signed attributes do not name the certificate")
	}
	for _, oid := range []asn1.ObjectIdentifier{oidCertificate, oidCertificateV2} {
		if !there[oid.String()] {
			continue
		}
		var s signingCertificate
		if err := p7.UnmarshalSignedAttribute(oid, &s); err != nil || len(s.Certificates) == 0 {
			return fmt.Errorf("the signed attribute that names the certificate cannot be read: %v", err)
		}
		first := s.Certificates[0]
		var sum []byte
		switch a := first.Algorithm.Algorithm; {
		case oid.Equal(oidCertificate):
			h := sha1.Sum(signer.Raw) //nolint:gosec // as above
			sum = h[:]
		case len(a) == 0 || a.Equal(pkcs7.OIDDigestAlgorithmSHA256):
			sum = hashed(crypto.SHA256, signer.Raw)
		case a.Equal(pkcs7.OIDDigestAlgorithmSHA384):
			sum = hashed(crypto.SHA384, signer.Raw)
		case a.Equal(pkcs7.OIDDigestAlgorithmSHA512):
			sum = hashed(crypto.SHA512, signer.Raw)
		default:
			return fmt.Errorf("the certificate is named by a digest of %v, want SHA-2", a)
		}
		if subtle.ConstantTimeCompare(first.Hash, sum) != 1 {
			return errors.New("the signed attributes name another certificate")
		}
	}
	return nil
}

func hashed(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

// forStamps checks what RFC 3161 section 2.3 asks of the certificate: its one
// extended use is time stamping, and that is critical.
func forStamps(c *x509.Certificate) error {
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(c.UnknownExtKeyUsage) != 0 {
		return errors.New("is not for time stamps, or for something else too")
	}
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtendedKeyUses) && !e.Critical {
			return errors.New("does not say critically that it is for time stamps")
		}
	}
	if c.KeyUsage&^(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) != 0 {
		return errors.New("has a key for more than signatures")
	}
	return nil
}
