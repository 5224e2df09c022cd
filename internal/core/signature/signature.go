// Package signature is a person's electronic signature: its meaning, the
// payload that is signed, the envelope around it, and when it counts. The
// statements of machines are attestations and live elsewhere.
package signature

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/dsse"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Schema of the payload.
const Schema = "dc-release/signature/v1"

// Meaning is a code of the closed list (21 CFR 11.50(a)(3)).
type Meaning string

// The meanings of this version.
const (
	SMEApproved         Meaning = "sme-approved"
	QCApproved          Meaning = "qc-approved"
	AuthorisedToPRD     Meaning = "authorised-to-prd"
	Accountable         Meaning = "accountable"
	ReleasedForUse      Meaning = "released-for-use"
	RollbackAuthorised  Meaning = "rollback-authorised"
	EmergencyAuthorised Meaning = "emergency-authorised"
	DeviationAccepted   Meaning = "deviation-accepted"
	Waived              Meaning = "waived"
	Reviewed            Meaning = "reviewed"
	AuditTrailReviewed  Meaning = "audit-trail-reviewed"
	PeriodReviewed      Meaning = "period-reviewed"
	TestExecuted        Meaning = "test-executed"
	Delegates           Meaning = "delegated"
	RejectedMeaning     Meaning = "rejected"
	WithdrawnMeaning    Meaning = "withdrawn"
)

// Definition is a meaning's text and who may declare it.
type Definition struct {
	Meaning Meaning
	Text    string
	Roles   []policy.Role
}

// Meanings is the closed list, text version 1. To add one: a constant, a line
// here, a line in docs/glossary.md; texts never change, a new text is a new
// meaning.
var Meanings = []Definition{
	{SMEApproved, "I have reviewed the content and it is right.", []policy.Role{policy.SME}},
	{QCApproved, "The process was followed and the records are complete.", []policy.Role{policy.QC}},
	{AuthorisedToPRD, "I authorise the deployment of this release to production.", []policy.Role{policy.ReleaseManager}},
	{Accountable, "I am accountable for this release and accept it.", []policy.Role{policy.DataProductOwner}},
	{ReleasedForUse, "I release this version for use.", []policy.Role{policy.SME, policy.DataProductOwner}},
	{RollbackAuthorised, "I authorise this rollback.", []policy.Role{policy.ReleaseManager}},
	{EmergencyAuthorised, "I authorise this emergency change before its verification is complete.", []policy.Role{policy.ReleaseManager}},
	{DeviationAccepted, "I accept the cause and the disposition of this deviation.", []policy.Role{policy.SME, policy.QC}},
	{Waived, "I accept this exception with its risk and its compensating control.", []policy.Role{policy.SME, policy.QC}},
	{Reviewed, "I have reviewed this and agree.", []policy.Role{policy.SME, policy.QC}},
	{TestExecuted, "I executed these tests and recorded what I observed.", []policy.Role{policy.Tester}},
	{Delegates, "I let this person act in my role for the time given.", []policy.Role{policy.SME, policy.QC, policy.ReleaseManager, policy.DataProductOwner, policy.Tester}},
	{AuditTrailReviewed, "I have reviewed the exception list of this release and what the audit trail says of each entry.", []policy.Role{policy.QC}},
	{PeriodReviewed, "I have reviewed this product over the period and agree with the conclusion.", []policy.Role{policy.DataProductOwner, policy.QC}},
	{RejectedMeaning, "I reject this release.", []policy.Role{policy.SME, policy.QC, policy.ReleaseManager, policy.DataProductOwner}},
	{WithdrawnMeaning, "I withdraw my earlier signature.", []policy.Role{policy.SME, policy.QC, policy.ReleaseManager, policy.DataProductOwner}},
}

// Find gives the definition of a meaning.
func Find(m Meaning) (Definition, bool) {
	i := slices.IndexFunc(Meanings, func(d Definition) bool { return d.Meaning == m })
	if i < 0 {
		return Definition{}, false
	}
	return Meanings[i], true
}

// Payload is what a person signs. Its canonical JSON is stored as a blob and
// never re-serialised for verification.
type Payload struct {
	Schema    string         `json:"schema"`
	ID        string         `json:"signature_id"` // ULID
	Ceremony  string         `json:"ceremony_id"`  // one use
	Subject   Subject        `json:"subject"`
	Meaning   MeaningText    `json:"meaning"`
	Decision  string         `json:"decision"` // approve, reject, withdraw, execute, review, delegate
	Reason    string         `json:"reason"`
	Signer    Signer         `json:"signer"`
	Capacity  Capacity       `json:"capacity"`
	Policy    string         `json:"policy_sha256"`
	Time      string         `json:"time"`   // UTC
	Method    string         `json:"method"` // asked for: password+totp
	Rendering string         `json:"seen_sha256"`
	Log       LedgerPosition `json:"log"` // the ledger at the time of signing
}

// Subject is what is signed.
type Subject struct {
	Type     string `json:"type"`     // release, rollback, evidence, delegation, deviation, approval, audit-trail
	ID       string `json:"id"`       // stream
	Solution string `json:"solution"` //
	Version  string `json:"version"`
	Stage    string `json:"stage"`           // gate, environment of evidence, deviation, approval, audit-trail
	Manifest string `json:"manifest_sha256"` // or the digest of what else is signed
}

// Gate is the gate that counts the signature, "" for what no gate counts.
func (s Subject) Gate() string {
	if s.Type == "release" || s.Type == "rollback" {
		return s.Stage
	}
	return ""
}

// MeaningText is the code with the text that was shown.
type MeaningText struct {
	Code Meaning `json:"code"`
	Text string  `json:"text"`
}

// Signer is the person, with the name as printed.
type Signer struct {
	Person      string `json:"user_id"`
	PrintedName string `json:"printed_name"`
	Login       string `json:"login"`
}

// Capacity is the role in which the person signs.
type Capacity struct {
	Role       policy.Role `json:"role"`
	Delegation string      `json:"delegation_id,omitempty"`
	For        string      `json:"for,omitempty"` // person whose role it is
}

// LedgerPosition is size and root of the ledger.
type LedgerPosition struct {
	Size int64  `json:"size"`
	Root string `json:"root"` // base64
}

// Authentication is what the server verified when the person signed. It is
// made after the payload and bound to it by the envelope.
type Authentication struct {
	Methods  []string `json:"methods"`   // password, totp
	AuthTime string   `json:"auth_time"` // UTC
	Kind     string   `json:"kind"`      // ServerAttested or UserKey
	// Assertion is the person's own signature, of UserKey only.
	Assertion *Assertion `json:"assertion,omitempty"`
}

// The kinds of authentication: the server says that it verified the person, or
// the person's own key signed the payload.
const (
	ServerAttested = "server-attested"
	UserKey        = "user-key"
)

// Statement is the DSSE payload: it covers the signed payload's digest and the
// authentication.
type Statement struct {
	PayloadSHA256 string         `json:"payload_sha256"`
	Auth          Authentication `json:"auth"`
}

// PayloadType of the DSSE envelope.
const PayloadType = "application/vnd.dc-release.signature+json"

// Envelope is a DSSE envelope (github.com/secure-systems-lab/dsse, v1.0.0)
// with one Ed25519 signature.
type Envelope struct {
	Payload     string              `json:"payload"` // base64 of the statement
	PayloadType string              `json:"payloadType"`
	Signatures  []EnvelopeSignature `json:"signatures"`
}

// EnvelopeSignature is one signature over the pre-authentication encoding.
type EnvelopeSignature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"` // base64
}

// Seal makes the envelope over any canonical statement.
func Seal(payloadType, keyID string, key ed25519.PrivateKey, statement any) ([]byte, error) {
	body, err := canonical.Marshal(statement)
	if err != nil {
		return nil, fmt.Errorf("seal envelope: %w", err)
	}
	return canonical.Marshal(Envelope{
		Payload: base64.StdEncoding.EncodeToString(body), PayloadType: payloadType,
		Signatures: []EnvelopeSignature{{KeyID: keyID, Sig: base64.StdEncoding.EncodeToString(ed25519.Sign(key, dsse.PreAuthentication(payloadType, body)))}},
	})
}

// Unseal verifies an envelope and decodes its statement. It accepts the one
// way of writing it only.
func Unseal(data []byte, payloadType, keyID string, key ed25519.PublicKey, statement any) error {
	e, body, err := open(data, payloadType)
	if err != nil {
		return err
	}
	if e.Signatures[0].KeyID != keyID {
		return fmt.Errorf("open envelope: want one signature by key %q", keyID)
	}
	sig, err := canonical.Base64(e.Signatures[0].Sig)
	if err != nil {
		return errors.New("open envelope: signature is not strict base64")
	}
	if !ed25519.Verify(key, dsse.PreAuthentication(payloadType, body), sig) {
		return fmt.Errorf("open envelope: signature is not by key %q", keyID)
	}
	return canonical.Unmarshal(body, statement)
}

// Peek decodes the statement of an envelope without verifying its signature: for
// printing what the ledger holds, never for a decision.
func Peek(data []byte, payloadType string, statement any) error {
	_, body, err := open(data, payloadType)
	if err != nil {
		return err
	}
	return canonical.Unmarshal(body, statement)
}

func open(data []byte, payloadType string) (Envelope, []byte, error) {
	var e Envelope
	if err := canonical.Unmarshal(data, &e); err != nil {
		return e, nil, fmt.Errorf("open envelope: %w", err)
	}
	if again, err := canonical.Marshal(e); err != nil || !bytes.Equal(again, data) {
		return e, nil, errors.New("open envelope: not in its one form")
	}
	if e.PayloadType != payloadType {
		return e, nil, fmt.Errorf("open envelope: type %q, want %q", e.PayloadType, payloadType)
	}
	if len(e.Signatures) != 1 {
		return e, nil, fmt.Errorf("open envelope: %d signatures, want one", len(e.Signatures))
	}
	body, err := canonical.Base64(e.Payload)
	if err != nil {
		return e, nil, errors.New("open envelope: payload is not strict base64")
	}
	return e, body, nil
}
