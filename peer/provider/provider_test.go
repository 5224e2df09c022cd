// Package provider_test signs in at zitadel/oidc's provider: that ours is
// understood by a provider which we did not write.
package provider_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/dc-release/dc-release/internal/adapter/identity/oidc"
	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

const callback = "http://localhost:9999/oidc/callback"

func begin(t *testing.T, amr []string) *oidc.Provider {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	storage.RegisterClients(storage.WebClient("dc-release", "secret", callback))
	handler = exampleop.SetupServer(server.URL, storage.NewStorage(storage.NewUserStore(server.URL)), slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	c := oidc.Config{Name: "Zitadel", Issuer: server.URL, ClientID: "dc-release", Secret: "secret", AMR: amr}
	p, err := oidc.New(t.Context(), c, callback, func(s string) string { return s }, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// visit does what the person does in the browser, and gives the code.
func visit(t *testing.T, address, state string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back *url.URL
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == "localhost:9999" {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(page.Body)
	page.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindSubmatch(text)
	if id == nil {
		t.Fatalf("no sign-in page at %s:\n%s", page.Request.URL, text)
	}
	form := url.Values{"id": {string(id[1])}, "username": {"test-user2"}, "password": {"verysecure"}}
	page, err = browser.PostForm(page.Request.URL.String(), form)
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if back == nil || back.Query().Get("state") != state {
		t.Fatalf("came back to %v", back)
	}
	return back.Query().Get("code")
}

func TestAnotherProviderLetsInAndProvesPresence(t *testing.T) {
	p := begin(t, []string{"pwd"})
	address, flow, err := p.Start("")
	if err != nil {
		t.Fatal(err)
	}
	who, err := p.Identify(t.Context(), visit(t, address, flow.State), flow)
	if err != nil || who.Subject != "id2" {
		t.Fatalf("%+v, %v", who, err)
	}
	cleo := policy.ApplyPerson(policy.Subject{ID: "cleo", Login: "cleo"}, ledger.Event{Data: &policy.IdentityLinked{
		Person: "cleo", Issuer: who.Issuer, Digest: p.Digest(access.Identity{Issuer: who.Issuer, Subject: "id2"}),
	}})
	pending := sign.Pending{Method: policy.OIDC, Payload: []byte(`{"what":"is signed"}`), Expires: time.Now().Add(sign.Patience)}
	prove := func() (signature.Authentication, error) {
		address, flow, err := p.Start(pending.Challenge())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(oidc.Visit{Code: visit(t, address, flow.State), Verifier: flow.Verifier})
		if err != nil {
			t.Fatal(err)
		}
		return p.Prove(t.Context(), cleo, pending, sign.Proof{Response: raw})
	}
	auth, err := prove()
	if err != nil || auth.Kind != signature.ServerAttested || !slices.Contains(auth.Methods, "pwd") {
		t.Errorf("%+v, %v", auth, err)
	}
	pending.Expires = pending.Expires.Add(time.Hour) // the ceremony begins after the visit
	if _, err := prove(); err == nil {
		t.Error("a sign-in before the ceremony is accepted")
	}
}

func TestAMethodThatTheProviderDidNotUseIsRefused(t *testing.T) {
	p := begin(t, []string{"mfa"})
	address, flow, err := p.Start("nonce")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(oidc.Visit{Code: visit(t, address, flow.State), Verifier: flow.Verifier})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Prove(t.Context(), policy.Subject{ID: "cleo"}, sign.Pending{}, sign.Proof{Response: raw}); err == nil {
		t.Error("accepted")
	}
}
