package verify_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/webauthn"
	"github.com/dc-release/dc-release/internal/adapter/identity/webauthn/webauthntest"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

type passkeys map[string][]byte

func (m passkeys) Passkeys(context.Context, string) (map[string][]byte, error) { return m, nil }
func (m passkeys) KeepPasskey(_ context.Context, id, _ string, data []byte) error {
	m[id] = data
	return nil
}

func (m passkeys) DropPasskey(_ context.Context, id string) error {
	delete(m, id)
	return nil
}

// TestThePersonsOwnKeyIsVerifiedOffline looks at published folders whose
// pre_val was signed with a passkey.
func TestThePersonsOwnKeyIsVerifiedOffline(t *testing.T) {
	for name, c := range map[string]struct {
		announce func(s *installation, enrolled *policy.PasskeyEnrolled) // before it signs
		change   func(auth *signature.Authentication)
		ok       bool
	}{
		"a passkey that the ledger announced":    {ok: true},
		"a passkey that nobody announced":        {announce: func(*installation, *policy.PasskeyEnrolled) {}},
		"a passkey that was reported lost":       {announce: lost},
		"a passkey of somebody else":             {announce: ofCleo},
		"an announced id with another key":       {announce: anotherKey},
		"no assertion":                           {change: func(a *signature.Authentication) { a.Assertion = nil }},
		"an assertion over something else":       {change: func(a *signature.Authentication) { a.Assertion.Client = a.Assertion.Authenticator }},
		"a kind that nobody knows":               {change: func(a *signature.Authentication) { a.Kind = "believe-me" }},
		"TestGXP029 one component of the server": {change: func(a *signature.Authentication) { a.Kind, a.Methods = signature.ServerAttested, []string{"password"} }},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			bob := publishtest.Person("bob")
			key := webauthntest.New(t, "release.example", "https://release.example")
			party, err := webauthn.New(passkeys{}, key.RPID, key.Origin, time.Now)
			must(t, err)
			creation, session, err := party.Register(t.Context(), policy.Subject{ID: bob, Login: "bob"})
			must(t, err)
			enrolled, err := party.Registered(t.Context(), policy.Subject{ID: bob, Login: "bob"}, session, key.Create(creation))
			must(t, err)
			r := s.Register("1.0.0", "")
			announce := c.announce
			if announce == nil {
				announce = ofBob
			}
			announce(s, &enrolled)
			who := policy.ApplyPerson(policy.Subject{ID: bob, Login: "bob"}, ledger.Event{Data: &enrolled})
			s.Authenticate = func(_ string, payload []byte) signature.Authentication {
				p := sign.Pending{Payload: payload}
				options, err := party.Challenge(t.Context(), who, p.Challenge())
				must(t, err)
				auth, err := party.Prove(t.Context(), who, p, sign.Proof{Response: key.Sign(options)})
				must(t, err)
				if c.change != nil {
					c.change(&auth)
				}
				return auth
			}
			execution, fence := r.Pass(gate.PreVal)
			_, _, err = r.Await(t.Context(), execution, fence, gate.PreVal, s.effects)
			must(t, err)
			report := judged(t, clone(t, s.source), "1.0.0", options())
			found := slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Rule == "attestation" })
			if found == c.ok {
				t.Errorf("%s", report.Text())
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ofBob(s *installation, e *policy.PasskeyEnrolled) {
	s.Append(ledger.Draft{Stream: ledger.PersonStream(e.Person), Data: e})
}

func lost(s *installation, e *policy.PasskeyEnrolled) {
	ofBob(s, e)
	s.Append(ledger.Draft{Stream: ledger.PersonStream(e.Person), Data: &policy.FactorLost{Person: e.Person, Factor: e.Credential}})
}

func ofCleo(s *installation, e *policy.PasskeyEnrolled) {
	other := *e
	other.Person = publishtest.Person("cleo")
	ofBob(s, &other)
}

func anotherKey(s *installation, e *policy.PasskeyEnrolled) {
	other := *e
	other.PublicKey = "AAAA"
	ofBob(s, &other)
}
