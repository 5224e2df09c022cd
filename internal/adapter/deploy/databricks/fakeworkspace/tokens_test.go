package fakeworkspace_test

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/oidcissuer"
)

const mePath = "/api/2.0/preview/scim/v2/Me"

func TestWhoIsAskedAndTold(t *testing.T) {
	w := open(t)
	status, header, data := w.send("GET", mePath, nil)
	var got struct {
		ID, UserName string
		Emails       []struct{ Value string }
	}
	if err := json.Unmarshal(data, &got); err != nil || status != 200 || got.ID == "" || got.UserName != "ada@example.com" || len(got.Emails) != 1 {
		t.Errorf("%d %s", status, data)
	}
	if header.Get("X-Databricks-Org-Id") != "4711" {
		t.Errorf("header: %v", header)
	}
	w.token = reader
	w.ok("GET", mePath, nil)
	w.refused("POST", "/api/2.0/workspace/mkdirs", object{"path": "/Users/x"}, 403, "PERMISSION_DENIED")
	w.refused("POST", "/api/2.2/jobs/create", object{}, 403, "PERMISSION_DENIED")
	w.token = "dapi-nobody"
	w.refused("GET", mePath, nil, 403, "PERMISSION_DENIED")
	w.token = ""
	w.refused("GET", mePath, nil, 401, "UNAUTHENTICATED")
}

func TestATokenEnds(t *testing.T) {
	w := &world{t: t, now: start, token: token}
	c := config(w)
	c.Tokens[0].Expires = start.Add(time.Hour)
	w.Workspace = fakeworkspace.New(c)
	w.listen(w)
	w.ok("GET", mePath, nil)
	w.now = start.Add(time.Hour)
	w.refused("GET", mePath, nil, 401, "UNAUTHENTICATED")
}

// post calls the token endpoint with a form.
func (w *world) post(form url.Values, header ...string) (int, object) {
	w.t.Helper()
	bearer := w.token
	w.token = ""
	defer func() { w.token = bearer }()
	status, _, data := w.send("POST", cmp.Or(w.endpoint, "/oidc/v1/token"), form.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
	out := object{}
	if err := json.Unmarshal(data, &out); err != nil {
		w.t.Fatalf("%v: %s", err, data)
	}
	return status, out
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// wrong is one request that must be refused with an error that names what is wrong.
type wrong struct {
	name   string
	set    url.Values // nil value: the parameter is left out
	status int
	code   string
	names  string
}

func (w *world) refusesForms(good url.Values, cases []wrong, header ...string) {
	for _, c := range cases {
		w.t.Run(c.name, func(t *testing.T) {
			w := *w
			w.t = t
			form := url.Values{}
			for k, v := range good {
				form[k] = v
			}
			for k, v := range c.set {
				form[k] = v
			}
			status, got := w.post(form, header...)
			text, _ := got["error_description"].(string)
			if status != c.status || got["error"] != c.code || !strings.Contains(text, c.names) {
				t.Errorf("%d %v, want %d %s with %q", status, got, c.status, c.code, c.names)
			}
		})
	}
}

func TestAClientGetsAToken(t *testing.T) {
	w := open(t)
	found := w.ok("GET", "/oidc/.well-known/oauth-authorization-server", nil)
	if found["token_endpoint"] != w.url+"/oidc/v1/token" || found["authorization_endpoint"] != w.url+"/oidc/v1/authorize" {
		t.Errorf("discovery: %v", found)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"all-apis"}}
	status, got := w.post(form, "Authorization", basic(client, secret))
	issued, _ := got["access_token"].(string)
	if status != 200 || issued == "" || got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 {
		t.Fatalf("%d %v", status, got)
	}
	w.token = issued
	if m := w.ok("GET", mePath, nil); m["userName"] != client {
		t.Errorf("me: %v", m)
	}
	w.now = start.Add(fakeworkspace.TokenTTL)
	w.refused("GET", mePath, nil, 401, "UNAUTHENTICATED")

	w.refusesForms(form, []wrong{
		{"no grant", url.Values{"grant_type": nil}, 400, "unsupported_grant_type", "grant_type"},
		{"another scope", url.Values{"scope": {"sql"}}, 400, "invalid_scope", "scope"},
		{"a parameter twice", url.Values{"scope": {"all-apis", "all-apis"}}, 400, "invalid_request", "scope"},
	}, "Authorization", basic(client, secret))
	w.refusesForms(form, []wrong{{"another secret", nil, 401, "invalid_client", "client_secret"}}, "Authorization", basic(client, "x"))
	w.refusesForms(form, []wrong{{"another client", nil, 401, "invalid_client", "client_id"}}, "Authorization", basic("x", secret))
	w.refusesForms(form, []wrong{{"no basic", nil, 401, "invalid_client", "Basic"}})
	w.refusesForms(form, []wrong{{"no form", nil, 400, "invalid_request", "Content-Type"}}, "Content-Type", "application/json", "Authorization", basic(client, secret))
}

type claims struct {
	Subject string `json:"sub"`
	Team    string `json:"team,omitempty"`
}

const (
	issuerURL = "https://release.example.com"
	subject   = "repo:acme/sales:environment:dev"
)

func key(t *testing.T) oidcissuer.Key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return oidcissuer.Key{ID: "k1", Private: private, Created: start}
}

func issuer(t *testing.T, address string, k oidcissuer.Key, now time.Time) func(claims, string) string {
	t.Helper()
	i, err := oidcissuer.New(address, []oidcissuer.Key{k}, func() time.Time { return now }, func() string { return "id" })
	if err != nil {
		t.Fatal(err)
	}
	return func(c claims, audience string) string {
		token, err := i.Issue(c, audience, 5*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
}

func TestATokenOfAnotherIssuerIsExchanged(t *testing.T) {
	k, foreign := key(t), key(t)
	w := &world{t: t, now: start}
	c := config(w)
	keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.Private.Public(), KeyID: k.ID, Algorithm: "RS256", Use: "sig"}}}
	c.Federation = []fakeworkspace.Policy{
		{ClientID: "sp-dev", Issuer: issuerURL, Subject: subject, Audiences: []string{"a", "b"}, Keys: keys},
		{ClientID: "sp-team", Issuer: issuerURL, Subject: "blue", SubjectClaim: "team", Keys: keys},
	}
	w.Workspace = fakeworkspace.New(c)
	w.listen(w)
	sign := issuer(t, issuerURL, k, start)
	good := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
		"scope": {"all-apis"}, "client_id": {"sp-dev"}, "subject_token": {sign(claims{Subject: subject}, "b")},
	}
	accepted := func(form url.Values, who string) {
		t.Helper()
		status, got := w.post(form)
		w.token, _ = got["access_token"].(string)
		if status != 200 || w.ok("GET", mePath, nil)["userName"] != who {
			t.Errorf("%s: %d %v", who, status, got)
		}
	}
	accepted(good, "sp-dev")
	accepted(url.Values{ // audience is the account's id, the subject another claim
		"grant_type": good["grant_type"], "subject_token_type": good["subject_token_type"], "scope": good["scope"], "client_id": {"sp-team"},
		"subject_token": {sign(claims{Subject: "x", Team: "blue"}, account)},
	}, "sp-team")

	jwt := func(s string) url.Values { return url.Values{"subject_token": {s}} }
	valid := good.Get("subject_token")
	cases := []wrong{
		{"another grant", url.Values{"grant_type": {"token-exchange"}}, 400, "unsupported_grant_type", "grant_type"},
		{"another type", url.Values{"subject_token_type": {"jwt"}}, 400, "invalid_request", "subject_token_type"},
		{"no type", url.Values{"subject_token_type": nil}, 400, "invalid_request", "subject_token_type"},
		{"another scope", url.Values{"scope": {"all"}}, 400, "invalid_scope", "scope"},
		{"no client", url.Values{"client_id": nil}, 400, "invalid_request", "client_id"},
		{"a client without a policy", url.Values{"client_id": {"sp-prd"}}, 401, "invalid_client", "client_id"},
		{"the client of another policy", url.Values{"client_id": {"sp-team"}}, 400, "invalid_grant", "subject"},
		{"no token", url.Values{"subject_token": nil}, 400, "invalid_grant", "subject_token"},
		{"a line break behind the token", jwt(valid + "\n"), 400, "invalid_grant", "white space"},
		{"no JWT", jwt("a.b.c"), 400, "invalid_grant", "JWT"},
		{"a JWT without a signature", jwt("eyJhbGciOiJub25lIn0.e30."), 400, "invalid_grant", "JWT"},
		{"a foreign key", jwt(issuer(t, issuerURL, foreign, start)(claims{Subject: subject}, "b")), 400, "invalid_grant", "signature"},
		{"another issuer", jwt(issuer(t, "https://other.example.com", k, start)(claims{Subject: subject}, "b")), 400, "invalid_grant", "issuer"},
		{"another subject", jwt(sign(claims{Subject: subject + "x"}, "b")), 400, "invalid_grant", "subject"},
		{"a branch of the subject", jwt(sign(claims{Subject: "repo:acme/sales:ref:refs/heads/main"}, "b")), 400, "invalid_grant", "subject"},
		{"another audience", jwt(sign(claims{Subject: subject}, "c")), 400, "invalid_grant", "audience"},
		{"an old token", jwt(issuer(t, issuerURL, k, start.Add(-time.Hour))(claims{Subject: subject}, "b")), 400, "invalid_grant", "expired"},
		{"a token of the future", jwt(issuer(t, issuerURL, k, start.Add(time.Hour))(claims{Subject: subject}, "b")), 400, "invalid_grant", "not valid before"},
	}
	w.refusesForms(good, cases)
	for _, r := range w.Requests() {
		if r.Path == "/oidc/v1/token" && r.SHA256 != "" {
			t.Error("the digest of a form with a token is kept")
		}
	}
}
