package standin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

const (
	service = "0a0a0a0a-0000-4000-8000-000000000001"
	secret  = "s3cret+with/signs" // #nosec G101 -- of the fake
	issuer  = "https://issuer.example.com"
	subject = "repo:corp/corp-procurement:environment:dev"
)

// federated is a world whose workspace accepts tokens of an issuer for the
// audience of its token endpoint, and such a token.
func federated(t *testing.T) (*world, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.ServeHTTP(rw, r) }))
	t.Cleanup(s.Close)
	w.url = s.URL
	c := config()
	c.Clients = []fakeworkspace.Client{{ID: service, Secret: secret}}
	c.Federation = []fakeworkspace.Policy{{
		ClientID: service, Issuer: issuer, Subject: subject, Audiences: []string{w.url + "/oidc/v1/token"},
		Keys: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}},
	}}
	w.Workspace = fakeworkspace.New(c)
	w.checkout()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: issuer, Subject: subject, Audience: jwt.Audience{w.url + "/oidc/v1/token"}, Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	w.set("DATABRICKS_TOKEN=")
	return w, token
}

func TestAuthTypes(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(w *world, token string)
		want    string // "" when it is admitted
	}{
		"oauth-m2m": {func(w *world, _ string) {
			w.set("DATABRICKS_CLIENT_ID="+service, "DATABRICKS_CLIENT_SECRET="+secret)
		}, ""},
		"oauth-m2m with a wrong secret": {func(w *world, _ string) {
			w.set("DATABRICKS_CLIENT_ID="+service, "DATABRICKS_CLIENT_SECRET=wrong")
		}, "auth type oauth-m2m: token endpoint: 401 invalid_client"},
		"oauth-m2m without one": {func(w *world, _ string) { w.set("DATABRICKS_CLIENT_ID=" + service) }, "DATABRICKS_CLIENT_SECRET is not set"},
		"env-oidc": {func(w *world, token string) {
			w.set("DATABRICKS_CLIENT_ID="+service, "DATABRICKS_OIDC_TOKEN_ENV=MY_TOKEN", "MY_TOKEN="+token)
		}, ""},
		"file-oidc": {func(w *world, token string) { w.tokenFile(token) }, ""},
		"file-oidc with a newline, which goes over the wire": {func(w *world, token string) { w.tokenFile(token + "\n") }, "white space around it"},
		"github-oidc": {func(w *world, token string) {
			s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer runner" || r.URL.Query().Get("audience") != w.url+"/oidc/v1/token" || r.URL.Query().Get("api") != "2" {
					http.Error(rw, "no", http.StatusForbidden)
					return
				}
				fmt.Fprintf(rw, `{"count":1,"value":%q}`, token)
			}))
			w.t.Cleanup(s.Close)
			w.set("DATABRICKS_CLIENT_ID="+service, "ACTIONS_ID_TOKEN_REQUEST_URL="+s.URL+"/token?api=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=runner")
		}, ""},
		"pat with a wrong token":          {func(w *world, _ string) { w.set("DATABRICKS_TOKEN=dapi-wrong") }, "Invalid access token."},
		"pat without one":                 {func(*world, string) {}, "DATABRICKS_TOKEN is not set"},
		"azure-client-secret without one": {func(w *world, _ string) { w.set("ARM_TENANT_ID=t", "ARM_CLIENT_ID="+service) }, "ARM_CLIENT_SECRET is not set"},
		"azure-cli":                       {func(*world, string) {}, `auth type "azure-cli": the stand-in has azure-client-secret, env-oidc, file-oidc, github-oidc, oauth-m2m, pat`},
	} {
		t.Run(name, func(t *testing.T) {
			w, token := federated(t)
			kind, _, _ := strings.Cut(name, " ")
			w.set("DATABRICKS_AUTH_TYPE=" + kind)
			c.prepare(w, token)
			if c.want != "" {
				w.fails(c.want, "bundle", "deploy", "-t", "dev")
				return
			}
			w.deploy()
			job, _ := w.job()
			if job.Creator != service || job.Permissions[1].Service != service {
				t.Errorf("job of %s with %+v", job.Creator, job.Permissions)
			}
			for _, r := range w.Requests() {
				if !strings.HasSuffix(r.UserAgent, "engine/direct auth/"+kind) {
					t.Errorf("%s %s: user agent %q", r.Method, r.Path, r.UserAgent)
				}
			}
		})
	}
}

func (w *world) tokenFile(token string) {
	w.t.Helper()
	name := filepath.Join(w.t.TempDir(), "token")
	if err := os.WriteFile(name, []byte(token), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.set("DATABRICKS_CLIENT_ID="+service, "DATABRICKS_OIDC_TOKEN_FILEPATH="+name)
}

func TestAnAuthTypeThatIsNotNamed(t *testing.T) {
	w := open(t)
	w.set("DATABRICKS_AUTH_TYPE=")
	w.deploy() // the token is the only method
	w.set("DATABRICKS_CLIENT_ID="+service, "DATABRICKS_CLIENT_SECRET=x")
	w.fails("more than one authorization method configured: pat and oauth-m2m", "bundle", "plan", "-t", "dev")
	w.set("DATABRICKS_TOKEN=", "DATABRICKS_CLIENT_SECRET=")
	w.fails("no authorization method configured", "bundle", "plan", "-t", "dev")
}

// Nothing that is secret is printed, whatever goes wrong.
func TestNoSecretIsPrinted(t *testing.T) {
	w, token := federated(t)
	w.set("DATABRICKS_CLIENT_ID="+service, "DATABRICKS_CLIENT_SECRET="+secret, "DATABRICKS_OIDC_TOKEN="+token, "ACTIONS_ID_TOKEN_REQUEST_URL=:bad", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=runner-secret")
	for _, kind := range []string{"", "pat", "oauth-m2m", "env-oidc", "github-oidc"} {
		w.set("DATABRICKS_AUTH_TYPE=" + kind)
		for _, host := range []string{w.url, "http://127.0.0.1:1"} {
			w.set("DATABRICKS_HOST=" + host)
			_, out, err := w.run("bundle", "deploy", "-t", "dev")
			for _, s := range []string{secret, token, "runner-secret"} {
				if strings.Contains(out+err, s) {
					t.Errorf("auth type %q to %s prints a secret:\n%s%s", kind, host, out, err)
				}
			}
		}
	}
}
