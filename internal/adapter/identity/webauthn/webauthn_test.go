package webauthn_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/webauthn"
	"github.com/dc-release/dc-release/internal/adapter/identity/webauthn/webauthntest"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

const (
	domain = "release.example"
	origin = "https://release.example"
)

type memory map[string][]byte

func (m memory) Passkeys(context.Context, string) (map[string][]byte, error) { return m, nil }
func (m memory) KeepPasskey(_ context.Context, id, _ string, data []byte) error {
	m[id] = data
	return nil
}

func (m memory) DropPasskey(_ context.Context, id string) error {
	delete(m, id)
	return nil
}

func begin(t *testing.T) (*webauthn.Passkeys, *webauthntest.Authenticator, policy.Subject) {
	t.Helper()
	p, err := webauthn.New(memory{}, domain, origin, func() time.Time { return time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	who := policy.Subject{ID: "01JCLEO", Login: "cleo"}
	a := webauthntest.New(t, domain, origin)
	enrolled, err := enrol(t, p, a, who)
	if err != nil {
		t.Fatal(err)
	}
	return p, a, policy.ApplyPerson(who, ledger.Event{Data: &enrolled})
}

func enrol(t *testing.T, p *webauthn.Passkeys, a *webauthntest.Authenticator, who policy.Subject) (policy.PasskeyEnrolled, error) {
	t.Helper()
	options, session, err := p.Register(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	return p.Registered(t.Context(), who, session, a.Create(options))
}

var pending = sign.Pending{Method: policy.Passkey, Payload: []byte(`{"what":"is signed"}`)}

func prove(t *testing.T, p *webauthn.Passkeys, a *webauthntest.Authenticator, who policy.Subject, asked, given sign.Pending) (signature.Authentication, error) {
	t.Helper()
	options, err := p.Challenge(t.Context(), who, asked.Challenge())
	if err != nil {
		t.Fatal(err)
	}
	return p.Prove(t.Context(), who, given, sign.Proof{Response: a.Sign(options)})
}

func TestAPasskeySignsThePayload(t *testing.T) {
	p, a, who := begin(t)
	for range 2 {
		auth, err := prove(t, p, a, who, pending, pending)
		if err != nil {
			t.Fatal(err)
		}
		if auth.Kind != signature.UserKey || auth.Assertion == nil || auth.Assertion.Credential != a.Credential() {
			t.Errorf("%+v", auth)
		}
		if err := auth.Assertion.Verify(pending.Challenge()); err != nil {
			t.Error(err)
		}
		if err := auth.Assertion.Verify(sign.Pending{Payload: []byte("other")}.Challenge()); err == nil {
			t.Error("verifies over another payload")
		}
	}
}

func TestAttack28_AHostileAssertionIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a *webauthntest.Authenticator)
		why    string
	}{
		"TestGXP033 the user was not verified": {func(a *webauthntest.Authenticator) { a.Flags = webauthntest.Present }, "verification required"},
		"nobody was present":                   {func(a *webauthntest.Authenticator) { a.Flags = webauthntest.Verified }, "presence required"},
		"another origin":                       {func(a *webauthntest.Authenticator) { a.Origin = "https://release.example.evil" }, "rigin"},
		"another port":                         {func(a *webauthntest.Authenticator) { a.Origin = "https://release.example:8443" }, "rigin"},
		"plain HTTP":                           {func(a *webauthntest.Authenticator) { a.Origin = "http://release.example" }, "rigin"},
		"another domain":                       {func(a *webauthntest.Authenticator) { a.RPID = "evil.example" }, "RP"},
		"an enrolment as an assertion":         {func(a *webauthntest.Authenticator) { a.Edit = func(c map[string]any) { c["type"] = "webauthn.create" } }, "type"},
		"within a frame of another page":       {func(a *webauthntest.Authenticator) { a.Edit = func(c map[string]any) { c["crossOrigin"] = true } }, ""},
		"another challenge":                    {func(a *webauthntest.Authenticator) { a.Edit = func(c map[string]any) { c["challenge"] = "AAAA" } }, "hallenge"},
		"another credential":                   {func(a *webauthntest.Authenticator) { a.ID = []byte("somebody else's id") }, "credential"},
	} {
		t.Run(name, func(t *testing.T) {
			p, a, who := begin(t)
			c.change(a)
			_, err := prove(t, p, a, who, pending, pending)
			failed := (*sign.Failed)(nil)
			if !errors.As(err, &failed) || !strings.Contains(failed.Why, c.why) || failed.Lost != "" {
				t.Errorf("got %v, want a failure with %q", err, c.why)
			}
		})
	}
}

func TestAttack28_ACounterThatGoesBackEndsThePasskey(t *testing.T) {
	p, a, who := begin(t)
	if _, err := prove(t, p, a, who, pending, pending); err != nil {
		t.Fatal(err)
	}
	a.Counter--
	_, err := prove(t, p, a, who, pending, pending)
	failed := (*sign.Failed)(nil)
	if !errors.As(err, &failed) || failed.Lost != a.Credential() || !strings.Contains(failed.Why, "counter") {
		t.Fatalf("got %v", err)
	}
	if _, err := p.Challenge(t.Context(), who, pending.Challenge()); !errors.As(err, &failed) {
		t.Errorf("the copied passkey is asked again: %v", err)
	}
}

func TestAttack16_AnAssertionForAnotherPayloadIsRefused(t *testing.T) {
	p, a, who := begin(t)
	_, err := prove(t, p, a, who, pending, sign.Pending{Method: policy.Passkey, Payload: []byte(`{"what":"is other"}`)})
	if failed := (*sign.Failed)(nil); !errors.As(err, &failed) {
		t.Errorf("got %v", err)
	}
}

func TestALostPasskeyProvesNothing(t *testing.T) {
	p, a, who := begin(t)
	options, err := p.Challenge(t.Context(), who, pending.Challenge())
	if err != nil {
		t.Fatal(err)
	}
	who = policy.ApplyPerson(who, ledger.Event{Data: &policy.FactorLost{Person: who.ID, Factor: a.Credential()}})
	if _, err := p.Prove(t.Context(), who, pending, sign.Proof{Response: a.Sign(options)}); err == nil {
		t.Error("accepted")
	}
}

func TestEnrolmentAsksForAVerifiedUser(t *testing.T) {
	p, _, who := begin(t)
	other := webauthntest.New(t, domain, origin)
	other.Flags = webauthntest.Present
	if _, err := enrol(t, p, other, who); err == nil {
		t.Error("enrolled without user verification")
	}
	other = webauthntest.New(t, domain, "https://evil.example")
	if _, err := enrol(t, p, other, who); err == nil {
		t.Error("enrolled on another page")
	}
	if _, err := p.Registered(t.Context(), who, []byte(`{}`), []byte(`{`)); err == nil {
		t.Error("enrolled with garbage")
	}
}

func TestAnAssertionIsCheckedByteForByte(t *testing.T) {
	p, a, who := begin(t)
	auth, err := prove(t, p, a, who, pending, pending)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(text string, at int) string {
		raw, _ := base64.StdEncoding.DecodeString(text)
		raw[at] ^= 1
		return base64.StdEncoding.EncodeToString(raw)
	}
	for name, change := range map[string]func(x *signature.Assertion){
		"the domain":             func(x *signature.Assertion) { x.RPID = "evil.example" },
		"the client's data":      func(x *signature.Assertion) { x.Client = flip(x.Client, 3) },
		"the domain's digest":    func(x *signature.Assertion) { x.Authenticator = flip(x.Authenticator, 0) },
		"the flags":              func(x *signature.Assertion) { x.Authenticator = flip(x.Authenticator, 32) },
		"the counter":            func(x *signature.Assertion) { x.Authenticator = flip(x.Authenticator, 36) },
		"the signature":          func(x *signature.Assertion) { x.Signature = flip(x.Signature, 10) },
		"the key":                func(x *signature.Assertion) { x.PublicKey = flip(x.PublicKey, 60) },
		"a signature with blank": func(x *signature.Assertion) { x.Signature += "\n" },
		"nothing":                func(x *signature.Assertion) { *x = signature.Assertion{} },
	} {
		t.Run(name, func(t *testing.T) {
			x := *auth.Assertion
			change(&x)
			if x.Verify(pending.Challenge()) == nil {
				t.Error("verifies")
			}
		})
	}
}
