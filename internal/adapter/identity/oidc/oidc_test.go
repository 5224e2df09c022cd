package oidc_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/oidc"
	"github.com/dc-release/dc-release/internal/adapter/identity/oidc/oidctest"
	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

var now = time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)

func begin(t *testing.T, change func(*oidc.Config)) (*oidctest.Provider, *oidc.Provider, policy.Subject) {
	t.Helper()
	clock := func() time.Time { return now }
	server := oidctest.New(t, clock)
	c := oidc.Config{Name: "Example ID", Issuer: server.URL, ClientID: oidctest.Client, ACR: []string{"gold"}, AMR: []string{"mfa"}}
	if change != nil {
		change(&c)
	}
	p, err := oidc.New(t.Context(), c, "https://release.example/oidc/callback", func(s string) string { return "digest of " + s }, clock)
	if err != nil {
		t.Fatal(err)
	}
	linked := &policy.IdentityLinked{Person: "cleo", Issuer: server.URL, Digest: p.Digest(access.Identity{Issuer: server.URL, Subject: "cleo-at-provider"})}
	return server, p, policy.ApplyPerson(policy.Subject{ID: "cleo", Login: "cleo"}, ledger.Event{Data: linked})
}

// pending began at the clock's time.
var pending = sign.Pending{Method: policy.OIDC, Payload: []byte(`{"what":"is signed"}`), Expires: now.Add(sign.Patience)}

// visits goes to the provider for the pending ceremony.
func visits(t *testing.T, server *oidctest.Provider, p *oidc.Provider) sign.Proof {
	t.Helper()
	address, flow, err := p.Start(pending.Challenge())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("prompt") != "login" || q.Get("max_age") != "0" || q.Get("nonce") != pending.Challenge() || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
		t.Errorf("asked for %v", q)
	}
	raw, err := json.Marshal(oidc.Visit{Code: server.Visit(q), Verifier: flow.Verifier})
	if err != nil {
		t.Fatal(err)
	}
	return sign.Proof{Response: raw}
}

func TestASignInAnewProvesPresence(t *testing.T) {
	server, p, who := begin(t, nil)
	auth, err := p.Prove(t.Context(), who, pending, visits(t, server, p))
	if err != nil {
		t.Fatal(err)
	}
	if auth.Kind != signature.ServerAttested || !slices.Contains(auth.Methods, "mfa") || auth.AuthTime != ledger.FormatTime(now) {
		t.Errorf("%+v", auth)
	}
}

func TestAttack27_AnAnswerThatProvesNothingIsRefused(t *testing.T) {
	set := func(key string, value any) func(url.Values, map[string]any) {
		return func(_ url.Values, c map[string]any) { c[key] = value }
	}
	for name, c := range map[string]struct {
		claims func(url.Values, map[string]any)
		why    string
	}{
		"no auth_time":                    {func(_ url.Values, c map[string]any) { delete(c, "auth_time") }, "auth_time"},
		"an old auth_time":                {set("auth_time", now.Add(-6*time.Second).Unix()), "before the ceremony"},
		"an auth_time in the future":      {set("auth_time", now.Add(time.Minute).Unix()), "in the future"},
		"another subject":                 {set("sub", "somebody-else"), "somebody else"},
		"another nonce":                   {set("nonce", "other"), "another nonce"},
		"no nonce":                        {func(_ url.Values, c map[string]any) { delete(c, "nonce") }, "another nonce"},
		"another issuer":                  {set("iss", "https://evil.example"), "ID token"},
		"another audience":                {set("aud", "another client"), "ID token"},
		"an ID token that ran out":        {set("exp", now.Add(-time.Minute).Unix()), "ID token"},
		"a class that is not allowed":     {set("acr", "bronze"), "class"},
		"no class":                        {func(_ url.Values, c map[string]any) { delete(c, "acr") }, "class"},
		"a method is missing":             {set("amr", []string{"pwd"}), "want [mfa]"},
		"an auth_time that is no number":  {set("auth_time", "now"), "ID token"},
		"methods that are one text":       {set("amr", "mfa"), "ID token"},
		"a subject with another's issuer": {set("sub", ""), "somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			server, p, who := begin(t, nil)
			server.Claims = c.claims
			_, err := p.Prove(t.Context(), who, pending, visits(t, server, p))
			if failed := (*sign.Failed)(nil); !errors.As(err, &failed) || !strings.Contains(failed.Why, c.why) {
				t.Errorf("got %v, want a failure with %q", err, c.why)
			}
		})
	}
}

func TestAttack15_AVisitIsUsedOnceAndForItsCeremony(t *testing.T) {
	server, p, who := begin(t, nil)
	proof := visits(t, server, p)
	other := pending
	other.Payload = []byte(`{"what":"is other"}`)
	if _, err := p.Prove(t.Context(), who, other, proof); err == nil {
		t.Error("accepted for another payload")
	}
	proof = visits(t, server, p)
	if _, err := p.Prove(t.Context(), who, pending, proof); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Prove(t.Context(), who, pending, proof); err == nil {
		t.Error("a code was used twice")
	}
	if _, err := p.Prove(t.Context(), policy.Subject{ID: "bob", Login: "bob"}, pending, visits(t, server, p)); err == nil {
		t.Error("accepted for a person without a link")
	}
	for _, bad := range []string{``, `{}`, `{"code":"guess","verifier":"guess"}`} {
		if _, err := p.Prove(t.Context(), who, pending, sign.Proof{Response: []byte(bad)}); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

func TestClaimsStandForRoles(t *testing.T) {
	roles := func(c *oidc.Config) {
		c.RolesClaim, c.Roles = "roles", map[string]policy.Grant{"app-qc": {Role: policy.QC}, "app-sme": {Role: policy.SME, Solution: "corp"}}
	}
	for name, c := range map[string]struct {
		claims func(url.Values, map[string]any)
		want   []policy.Grant
		why    string
	}{
		"none":                         {nil, nil, ""},
		"two, and one that is unknown": {func(_ url.Values, c map[string]any) { c["roles"] = []string{"app-sme", "app-qc", "other"} }, []policy.Grant{{Role: policy.QC}, {Role: policy.SME, Solution: "corp"}}, ""},
		"one text":                     {func(_ url.Values, c map[string]any) { c["roles"] = "app-qc" }, nil, "no list"},
		"a list that was cut short": {func(_ url.Values, c map[string]any) {
			c["_claim_names"] = map[string]string{"roles": "src1"}
			c["_claim_sources"] = map[string]any{"src1": map[string]string{"endpoint": "https://graph.example"}}
		}, nil, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			server, p, _ := begin(t, roles)
			server.Claims = c.claims
			address, flow, err := p.Start("")
			if err != nil {
				t.Fatal(err)
			}
			u, _ := url.Parse(address)
			i, err := p.Identify(t.Context(), server.Visit(u.Query()), flow)
			if (err != nil) != (c.why != "") || err != nil && !strings.Contains(err.Error(), c.why) || !slices.Equal(i.Grants, c.want) {
				t.Errorf("%+v, %v", i, err)
			}
		})
	}
}

func TestAConfigurationIsReadStrictly(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"name":"N","issuer":"https://i","client_id":"c"}`:                                                        true,
		`{"name":"N","issuer":"https://i","client_id":"c","roles_claim":"roles","roles":{"a":{"role":"qc"}}}`:      true,
		`{"name":"N","issuer":"https://i","client_id":"c","roles_claim":"roles","roles":{"a":{"role":"emperor"}}}`: false,
		`{"name":"N","issuer":"https://i","client_id":"c","roles_claim":"roles"}`:                                  false,
		`{"name":"N","issuer":"https://i","client_id":"c","max_age":1}`:                                            false,
		`{"issuer":"https://i","client_id":"c"}`:                                                                   false,
		`{`:                                                                                                        false,
	} {
		if _, err := oidc.Read(strings.NewReader(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
