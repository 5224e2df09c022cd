package fakeworkspace_test

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

func TestEntraChecksEveryParameter(t *testing.T) {
	k := key(t)
	w := &world{t: t, now: start}
	c := config(w)
	c.Entra = &fakeworkspace.Entra{Tenant: "tenant-1", Clock: func() time.Time { return w.now }, Credentials: []fakeworkspace.Policy{{
		ClientID: "app-1", Issuer: issuerURL, Subject: subject,
		Keys: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.Private.Public(), KeyID: k.ID, Algorithm: "RS256", Use: "sig"}}},
	}}}
	w.Workspace = fakeworkspace.New(c)
	w.listen(w)
	s := httptest.NewServer(c.Entra)
	t.Cleanup(s.Close)
	workspace := w.url
	const audience = "api://AzureADTokenExchange"
	sign := issuer(t, issuerURL, k, start)
	good := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"}, "client_id": {"app-1"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {sign(claims{Subject: subject}, audience)},
	}
	w.url, w.endpoint = s.URL, "/tenant-1/oauth2/v2.0/token"
	status, got := w.post(good)
	access, _ := got["access_token"].(string)
	if status != 200 || access == "" || got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 {
		t.Fatalf("%d %v", status, got)
	}
	as := func(name, value string) url.Values { return url.Values{name: {value}} }
	w.refusesForms(good, []wrong{
		{"another grant", as("grant_type", "password"), 400, "unsupported_grant_type", "grant_type"},
		{"another resource", as("scope", "https://graph.microsoft.com/.default"), 400, "invalid_scope", "scope"},
		{"no kind of assertion", url.Values{"client_assertion_type": nil}, 400, "invalid_request", "client_assertion_type"},
		{"another application", as("client_id", "app-2"), 401, "invalid_client", "AADSTS700016"},
		{"no assertion", url.Values{"client_assertion": nil}, 401, "invalid_client", "missing"},
		{"another subject", as("client_assertion", sign(claims{Subject: "x"}, audience)), 401, "invalid_client", "subject (sub)"},
		{"another audience", as("client_assertion", sign(claims{Subject: subject}, "x")), 401, "invalid_client", "audience (aud)"},
		{"another key", as("client_assertion", issuer(t, issuerURL, key(t), start)(claims{Subject: subject}, audience)), 401, "invalid_client", "signature"},
		{"an old assertion", as("client_assertion", issuer(t, issuerURL, k, start.Add(-time.Hour))(claims{Subject: subject}, audience)), 401, "invalid_client", "expired"},
	})
	w.endpoint = "/tenant-2/oauth2/v2.0/token"
	if status, got := w.post(good); status != 404 {
		t.Errorf("another tenant: %d %v", status, got)
	}
	w.url, w.token = workspace, access
	if m := w.ok("GET", mePath, nil); m["userName"] != "app-1" {
		t.Errorf("me: %v", m)
	}
	w.now = start.Add(fakeworkspace.TokenTTL)
	w.refused("GET", mePath, nil, 401, "UNAUTHENTICATED")
}

func TestAnIssuerThatIsNotThereIsSaid(t *testing.T) {
	w := &world{t: t, now: start}
	c := config(w)
	s := httptest.NewServer(nil)
	s.Close()
	c.Federation = []fakeworkspace.Policy{{ClientID: "sp-dev", Issuer: s.URL, Subject: subject, Audiences: []string{"a"}}}
	w.Workspace = fakeworkspace.New(c)
	w.listen(w)
	w.refusesForms(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
		"scope": {"all-apis"}, "client_id": {"sp-dev"}, "subject_token": {issuer(t, s.URL, key(t), start)(claims{Subject: subject}, "a")},
	}, []wrong{{"nobody answers", nil, 400, "invalid_grant", "keys of issuer " + s.URL}})
}
