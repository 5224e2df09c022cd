// Package webauthn enrols passkeys and lets them sign: the challenge is the
// digest of what is signed, so that the person's own key signs it.
package webauthn

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Store keeps the credentials with their counters.
type Store interface {
	Passkeys(ctx context.Context, person string) (map[string][]byte, error)
	KeepPasskey(ctx context.Context, credential, person string, data []byte) error
	DropPasskey(ctx context.Context, credential string) error
}

// Passkeys is a relying party; it implements sign.Prover.
type Passkeys struct {
	store Store
	party *webauthn.WebAuthn
	now   func() time.Time
}

// New makes the relying party of a domain with the one origin that its pages
// have.
func New(store Store, domain, origin string, now func() time.Time) (*Passkeys, error) {
	party, err := webauthn.New(&webauthn.Config{
		RPID: domain, RPDisplayName: "dc-release", RPOrigins: []string{origin}, AttestationPreference: protocol.PreferNoAttestation,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys of %q at %q: %w", domain, origin, err)
	}
	return &Passkeys{store: store, party: party, now: now}, nil
}

// user is a person as the library sees one. The handle is the person's id, which
// says nothing about the person.
type user struct {
	policy.Subject
	credentials []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return []byte(u.ID) }
func (u user) WebAuthnName() string                       { return u.Login }
func (u user) WebAuthnDisplayName() string                { return u.Login }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

// known are the credentials that the ledger knows as good.
func (p *Passkeys) known(ctx context.Context, who policy.Subject) (user, error) {
	u := user{Subject: who}
	kept, err := p.store.Passkeys(ctx, who.ID)
	if err != nil {
		return u, err
	}
	for id, data := range kept {
		if _, ok := who.Factor(id); !ok {
			continue
		}
		var c webauthn.Credential
		if err := json.Unmarshal(data, &c); err != nil {
			return u, fmt.Errorf("passkey %s: %w", id, err)
		}
		u.credentials = append(u.credentials, c)
	}
	return u, nil
}

// algorithms are those that app/verify checks too.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// Register gives the options for the browser and what Registered needs again.
func (p *Passkeys) Register(ctx context.Context, who policy.Subject) (options, session []byte, err error) {
	u, err := p.known(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	var exclude []protocol.CredentialDescriptor
	for _, c := range u.credentials {
		exclude = append(exclude, c.Descriptor())
	}
	creation, data, err := p.party.BeginRegistration(u, webauthn.WithExclusions(exclude), webauthn.WithConveyancePreference(protocol.PreferNoAttestation),
		webauthn.WithCredentialParameters(algorithms), webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: protocol.VerificationRequired}))
	if err != nil {
		return nil, nil, fmt.Errorf("begin enrolment of a passkey: %w", err)
	}
	if options, err = json.Marshal(creation); err != nil {
		return nil, nil, err
	}
	session, err = json.Marshal(data)
	return options, session, err
}

// Registered verifies a browser's answer and keeps the credential; the event
// announces its public key.
func (p *Passkeys) Registered(ctx context.Context, who policy.Subject, session, response []byte) (policy.PasskeyEnrolled, error) {
	var none policy.PasskeyEnrolled
	var data webauthn.SessionData
	if err := json.Unmarshal(session, &data); err != nil {
		return none, fmt.Errorf("enrol passkey: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return none, &sign.Failed{Why: "the answer of the authenticator cannot be read: " + detail(err)}
	}
	c, err := p.party.CreateCredential(user{Subject: who}, data, parsed)
	if err != nil {
		return none, &sign.Failed{Why: "the authenticator was refused: " + detail(err)}
	}
	if !c.Flags.UserVerified {
		return none, &sign.Failed{Why: "the authenticator did not verify the user"}
	}
	public, err := pkix(c.PublicKey)
	if err != nil {
		return none, &sign.Failed{Why: err.Error()}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return none, err
	}
	id := base64.RawURLEncoding.EncodeToString(c.ID)
	return policy.PasskeyEnrolled{
		Person: who.ID, Credential: id, PublicKey: public, RPID: p.party.Config.RPID, AAGUID: hex.EncodeToString(c.Authenticator.AAGUID),
	}, p.store.KeepPasskey(ctx, id, who.ID, raw)
}

// Challenge gives the options with which the browser asks for an assertion over
// a ceremony.
func (p *Passkeys) Challenge(ctx context.Context, who policy.Subject, challenge string) ([]byte, error) {
	raw, err := hex.DecodeString(challenge)
	if err != nil {
		return nil, fmt.Errorf("challenge %q: %w", challenge, err)
	}
	u, err := p.known(ctx, who)
	if err != nil {
		return nil, err
	}
	if len(u.credentials) == 0 {
		return nil, &sign.Failed{Why: "no enrolled passkey"}
	}
	assertion, _, err := p.party.BeginLogin(u, webauthn.WithChallenge(raw), webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, fmt.Errorf("ask for an assertion: %w", err)
	}
	return json.Marshal(assertion)
}

// Prove implements sign.Prover: the passkey signed exactly the payload, its user
// was verified, on our page, and its counter went on.
func (p *Passkeys) Prove(ctx context.Context, who policy.Subject, pending sign.Pending, proof sign.Proof) (signature.Authentication, error) {
	var none signature.Authentication
	u, err := p.known(ctx, who)
	if err != nil {
		return none, err
	}
	if len(u.credentials) == 0 {
		return none, &sign.Failed{Why: "no enrolled passkey"}
	}
	raw, err := hex.DecodeString(pending.Challenge())
	if err != nil {
		return none, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(proof.Response)
	if err != nil {
		return none, &sign.Failed{Why: "the assertion cannot be read: " + detail(err)}
	}
	session := webauthn.SessionData{
		Challenge: base64.RawURLEncoding.EncodeToString(raw), RelyingPartyID: p.party.Config.RPID, UserID: u.WebAuthnID(), UserVerification: protocol.VerificationRequired,
	}
	for _, c := range u.credentials {
		session.AllowedCredentialIDs = append(session.AllowedCredentialIDs, c.ID)
	}
	c, err := p.party.ValidateLogin(u, session, parsed)
	if err != nil {
		return none, &sign.Failed{Why: "the assertion was refused: " + detail(err)}
	}
	id := base64.RawURLEncoding.EncodeToString(c.ID)
	if c.Authenticator.CloneWarning {
		return none, errors.Join(&sign.Failed{Why: "the counter of the passkey went back: there may be a copy of it", Lost: id}, p.store.DropPasskey(ctx, id))
	}
	data, err := json.Marshal(c)
	if err != nil {
		return none, err
	}
	if err := p.store.KeepPasskey(ctx, id, who.ID, data); err != nil {
		return none, err
	}
	factor, _ := who.Factor(id)
	a := signature.Assertion{
		Credential: id, RPID: factor.RPID, PublicKey: factor.PublicKey,
		Authenticator: encode(parsed.Raw.AssertionResponse.AuthenticatorData), Client: encode(parsed.Raw.AssertionResponse.ClientDataJSON), Signature: encode(parsed.Raw.AssertionResponse.Signature),
	}
	if err := a.Verify(pending.Challenge()); err != nil { // as whoever verifies later will
		return none, &sign.Failed{Why: err.Error()}
	}
	return signature.Authentication{
		Methods: []string{"passkey", "user-verification"}, AuthTime: ledger.FormatTime(p.now()), Kind: signature.UserKey, Assertion: &a,
	}, nil
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// detail is what the library says, with what it keeps for developers.
func detail(err error) string {
	var e *protocol.Error
	if errors.As(err, &e) && e.DevInfo != "" {
		return e.Details + ": " + e.DevInfo
	}
	return err.Error()
}

// pkix gives a COSE key in the form that everybody reads.
func pkix(cose []byte) (string, error) {
	parsed, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return "", fmt.Errorf("public key of the passkey: %w", err)
	}
	var key any
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		if key, err = k.ToECDSA(); err != nil {
			return "", fmt.Errorf("public key of the passkey: %w", err)
		}
	case webauthncose.OKPPublicKeyData:
		key = ed25519.PublicKey(k.XCoord)
	case webauthncose.RSAPublicKeyData:
		key = &rsa.PublicKey{N: new(big.Int).SetBytes(k.Modulus), E: int(new(big.Int).SetBytes(k.Exponent).Int64())}
	default:
		return "", fmt.Errorf("public key of the passkey: %T is none that is verified here", parsed)
	}
	raw, err := x509.MarshalPKIXPublicKey(key)
	return encode(raw), err
}
