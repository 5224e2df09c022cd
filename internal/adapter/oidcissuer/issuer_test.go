package oidcissuer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/oidcissuer"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

type claims struct {
	Subject    string `json:"sub"`
	Repository string `json:"repository"`
}

var job = claims{Subject: "repo:acme/corp-procurement:environment:prd", Repository: "acme/corp-procurement"}

// world is an issuer whose documents are served, and its clock.
type world struct {
	*oidcissuer.Issuer
	dir string
	now time.Time
	url string
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), now: start}
	var handler http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(s.Close)
	w.url = s.URL
	w.reopen(t)
	handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.Handler([]string{"repository"}).ServeHTTP(rw, r) })
	return w
}

func (w *world) reopen(t *testing.T) {
	t.Helper()
	keys, err := oidcissuer.Keys(w.dir, w.now)
	if err != nil {
		t.Fatal(err)
	}
	if w.Issuer, err = oidcissuer.New(w.url, keys, func() time.Time { return w.now }, func() string { return "id-1" }); err != nil {
		t.Fatal(err)
	}
}

// verify is what a relying party does, with a client library of OpenID Connect.
func (w *world) verify(t *testing.T, token, audience string) (*oidc.IDToken, error) {
	t.Helper()
	p, err := oidc.NewProvider(context.Background(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	return p.Verifier(&oidc.Config{ClientID: audience, Now: func() time.Time { return w.now }}).Verify(context.Background(), token)
}

func (w *world) issue(t *testing.T, audience string) string {
	t.Helper()
	token, err := w.Issue(job, audience, 5*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestARelyingPartyVerifiesTokens(t *testing.T) {
	w := open(t)
	token, err := w.verify(t, w.issue(t, "api://AzureADTokenExchange"), "api://AzureADTokenExchange")
	if err != nil {
		t.Fatal(err)
	}
	var got claims
	if err := token.Claims(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(job, got); diff != "" {
		t.Error(diff)
	}
	if token.Issuer != w.url || token.Expiry.Sub(token.IssuedAt) != 5*time.Minute {
		t.Errorf("issuer %s, valid %s", token.Issuer, token.Expiry.Sub(token.IssuedAt))
	}
}

func TestARelyingPartyRefusesWhatIsNotForIt(t *testing.T) {
	w := open(t)
	token := w.issue(t, "a")
	if _, err := w.verify(t, token, "b"); err == nil {
		t.Error("a token for another audience is accepted")
	}
	payload := strings.Split(token, ".")
	if _, err := w.verify(t, payload[0]+"."+payload[1]+"."+strings.Repeat("A", len(payload[2])), "a"); err == nil {
		t.Error("a token with another signature is accepted")
	}
	w.now = w.now.Add(6 * time.Minute)
	if _, err := w.verify(t, token, "a"); err == nil {
		t.Error("a token is accepted after its end")
	}
}

func TestKeysRotateAndOldTokensStayValid(t *testing.T) {
	w := open(t)
	first := w.KeyID()
	w.now = w.now.Add(oidcissuer.RotateAfter - time.Minute)
	w.reopen(t)
	if w.KeyID() != first {
		t.Fatal("the key was rotated too early")
	}
	token := w.issue(t, "a")
	w.now = w.now.Add(time.Minute)
	w.reopen(t)
	second := w.KeyID()
	if second == first {
		t.Fatal("the key was not rotated")
	}
	if _, err := w.verify(t, token, "a"); err != nil {
		t.Errorf("a token of the old key: %v", err)
	}
	if _, err := w.verify(t, w.issue(t, "a"), "a"); err != nil {
		t.Errorf("a token of the new key: %v", err)
	}
	w.now = w.now.Add(oidcissuer.KeepFor)
	w.reopen(t)
	files, err := filepath.Glob(filepath.Join(w.dir, "*.pem"))
	if err != nil || len(files) != 1 || w.KeyID() != second {
		t.Errorf("keys left: %v, %v", files, err)
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of a key: %v, %v", info.Mode(), err)
	}
}

func TestDamagedKeysAreRefused(t *testing.T) {
	w := open(t)
	path := filepath.Join(w.dir, w.KeyID()+".pem")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"cut": whole[:len(whole)/2], "empty": nil, "twice": append(whole, whole...)} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := oidcissuer.Keys(w.dir, w.now); err == nil {
			t.Errorf("a key that is %s is read", name)
		}
	}
	if err := os.WriteFile(filepath.Join(w.dir, "other.pem"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := oidcissuer.Keys(w.dir, w.now); err == nil {
		t.Error("a key under another name is read")
	}
}

func TestIssuersThatCannotBeTrustedAreRefused(t *testing.T) {
	keys, err := oidcissuer.Keys(t.TempDir(), start)
	if err != nil {
		t.Fatal(err)
	}
	for url, ok := range map[string]bool{
		"https://release.example": true, "https://release.example/oidc/": true, "http://127.0.0.1:80": true, "http://localhost": true,
		"http://release.example": false, "release.example": false, "https://": false, "https://x?a=b": false, "ftp://x": false, "://": false,
	} {
		if _, err := oidcissuer.New(url, keys, time.Now, func() string { return "" }); (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
	}
}
