package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/smallstep/pkcs7"
)

// The message is made here and not by package pkcs7, which always states the
// time of its clock: the format wants the time in the file alone (EN 319 142-1,
// section 6.3, signing-time), and the bytes have to follow from the arguments.

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSASHA256   = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

// attribute of a signature, RFC 5652 section 5.3.
type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// signingCertificate is a SigningCertificateV2 with the hash that RFC 5035 takes
// when none is named, SHA-256.
type signingCertificate struct {
	Certificates []certificateID
}

type certificateID struct {
	Hash []byte
}

type content struct{ Type asn1.ObjectIdentifier }

type signer struct {
	Version    int
	Issuer     issuer
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

type issuer struct {
	Name   asn1.RawValue
	Serial *big.Int
}

type signed struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      content
	Certificates asn1.RawValue
	Signers      []signer `asn1:"set"`
}

type message struct {
	Type    asn1.ObjectIdentifier
	Content signed `asn1:"explicit,tag:0"`
}

// sign makes the signed message over data that is not in it.
func sign(data, certificate []byte, key *ecdsa.PrivateKey) ([]byte, error) {
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, err
	}
	attributes, err := attributesOf(data, certificate)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(attributes)
	signature, err := key.Sign(nil, digest[:], crypto.SHA256) // no randomness: RFC 6979
	if err != nil {
		return nil, err
	}
	var set asn1.RawValue
	if _, err := asn1.Unmarshal(attributes, &set); err != nil {
		return nil, err
	}
	implicit := func(tag int, data []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: data}
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	return asn1.Marshal(message{oidSignedData, signed{
		Version: 1, Digests: []pkix.AlgorithmIdentifier{sha}, Content: content{oidData}, Certificates: implicit(0, certificate),
		Signers: []signer{{
			Version: 1, Issuer: issuer{asn1.RawValue{FullBytes: c.RawIssuer}, c.SerialNumber}, Digest: sha,
			Attributes: implicit(0, set.Bytes), Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidECDSASHA256}, Signature: signature,
		}},
	}})
}

// attributesOf is the set that is signed: the type of the data, its digest, and
// the certificate, so that no other one can take its place.
func attributesOf(data, certificate []byte) ([]byte, error) {
	digest, hash := sha256.Sum256(data), sha256.Sum256(certificate)
	var set []attribute
	for _, a := range []struct {
		kind  asn1.ObjectIdentifier
		value any
	}{{oidContentType, oidData}, {oidMessageDigest, digest[:]}, {oidCertificateV2, signingCertificate{[]certificateID{{hash[:]}}}}} {
		der, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, err
		}
		set = append(set, attribute{a.kind, []asn1.RawValue{{FullBytes: der}}})
	}
	return asn1.MarshalWithParams(set, "set")
}

// verify checks a message over data, by the library that did not make it, and
// gives the certificate that it names.
func verify(data, raw []byte) ([]byte, error) {
	p, err := pkcs7.Parse(raw)
	if err != nil {
		return nil, err
	}
	if len(p.Content) != 0 || len(p.Certificates) != 1 || len(p.Signers) != 1 {
		return nil, fmt.Errorf("the message has %d certificates and %d signatures, want one of each and no content", len(p.Certificates), len(p.Signers))
	}
	p.Content = data
	if err := p.Verify(); err != nil {
		return nil, err
	}
	certificate := p.Certificates[0].Raw
	var named signingCertificate
	if err := p.UnmarshalSignedAttribute(oidCertificateV2, &named); err != nil {
		return nil, err
	}
	hash := sha256.Sum256(certificate)
	if len(named.Certificates) != 1 || !bytes.Equal(named.Certificates[0].Hash, hash[:]) {
		return nil, errors.New("the signature names another certificate")
	}
	if key, ok := p.Certificates[0].PublicKey.(*ecdsa.PublicKey); !ok || key.Params().Name != "P-256" {
		return nil, errors.New("the key is not of the curve P-256")
	}
	return certificate, nil
}
