package tsa

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/smallstep/pkcs7"
)

// request is a TimeStampReq, RFC 3161 section 2.4.1.
type request struct {
	Version      int
	Imprint      imprint
	Nonce        *big.Int
	Certificates bool
}

// imprint is a MessageImprint.
type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

func imprintOf(hash []byte) imprint {
	return imprint{Algorithm: pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDDigestAlgorithmSHA256, Parameters: asn1.NullRawValue}, Hash: hash}
}

// answer is a TimeStampResp, section 2.4.2.
type answer struct {
	Status status
	Token  asn1.RawValue `asn1:"optional"`
}

// status is a PKIStatusInfo.
type status struct {
	Status  int
	Text    []string       `asn1:"optional"`
	Failure asn1.BitString `asn1:"optional"`
}

// info is a TSTInfo.
type info struct {
	Version    int
	Policy     asn1.ObjectIdentifier
	Imprint    imprint
	Serial     *big.Int
	Time       time.Time        `asn1:"generalized"`
	Accuracy   accuracy         `asn1:"optional"`
	Ordering   bool             `asn1:"optional"`
	Nonce      *big.Int         `asn1:"optional"`
	TSA        asn1.RawValue    `asn1:"tag:0,optional"`
	Extensions []pkix.Extension `asn1:"tag:1,optional"`
}

type accuracy struct {
	Seconds int `asn1:"optional"`
	Millis  int `asn1:"optional,tag:0"`
	Micros  int `asn1:"optional,tag:1"`
}

// message is the outside of a CMS message with signed data, RFC 5652; what is
// inside is read by pkcs7.
type message struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version int
	Digests asn1.RawValue
	Content struct {
		Type    asn1.ObjectIdentifier
		Content []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue   `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue   `asn1:"optional,tag:1"`
	Signers      []asn1.RawValue `asn1:"set"`
}

// certificate is an ESSCertID (RFC 2634) or ESSCertIDv2 (RFC 5035) that begins
// a SigningCertificate or SigningCertificateV2.
type certificate struct {
	Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
	Hash      []byte
	Issuer    asn1.RawValue `asn1:"optional"`
}

type signingCertificate struct {
	Certificates []certificate
	Policies     asn1.RawValue `asn1:"optional"`
}

// whole reads DER that is nothing but one value.
func whole(der []byte, v any) error {
	rest, err := asn1.Unmarshal(der, v)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow", len(rest))
	}
	return err
}

// readAnswer gives the token of an answer that grants one.
func readAnswer(der []byte) ([]byte, error) {
	var a answer
	if err := whole(der, &a); err != nil {
		return nil, fmt.Errorf("the answer is no TimeStampResp: %w", err)
	}
	if a.Status.Status != 0 && a.Status.Status != 1 { // granted, granted with modifications
		return nil, fmt.Errorf("the authority refuses: status %d, %q, failure bits %x", a.Status.Status, strings.Join(a.Status.Text, "; "), a.Status.Failure.Bytes)
	}
	if len(a.Token.FullBytes) == 0 {
		return nil, errors.New("the answer grants a token and has none")
	}
	return a.Token.FullBytes, nil
}
