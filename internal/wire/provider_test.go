package wire

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/oidc/oidctest"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// provided is an installation whose people sign in elsewhere too.
func provided(t *testing.T) (*visitors, *oidctest.Provider) {
	t.Helper()
	p := oidctest.New(t, time.Now)
	raw, err := json.Marshal(map[string]any{
		"name": "Example ID", "issuer": p.URL, "client_id": oidctest.Client, "acr": []string{"gold"},
		"roles_claim": "roles", "roles": map[string]any{"app-qc": policy.Grant{Role: policy.QC}, "app-admin": policy.Grant{Role: policy.Administrator}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "oidc.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return openPagesFor(t, Config{Provider: file}), p
}

// visits follows an address to the provider and back; the callback is on the
// origin that browsers know, which is the test's server here.
func (b *browser) visits(p *oidctest.Provider, address string) *browser {
	b.v.t.Helper()
	u, err := url.Parse(address)
	b.v.must(err)
	q := url.Values{"code": {p.Visit(u.Query())}, "state": {u.Query().Get("state")}}
	b.get("/oidc/callback?" + q.Encode())
	return b.get(b.find(`url=(/oidc/complete[^"]*)"`))
}

// address is where a redirect of a page goes.
func (b *browser) address(path string) string {
	b.v.t.Helper()
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { b.http.CheckRedirect = nil }()
	r, err := b.http.Get(b.v.site.URL + path)
	b.v.must(err)
	r.Body.Close()
	return r.Header.Get("Location")
}

func (b *browser) links(p *oidctest.Provider) *browser {
	b.v.t.Helper()
	b.get("/oidc/link").post("/oidc/link", "password", cleoPassword, "code", b.v.code()).wants(200, "Go to Example ID")
	return b.visits(p, b.find(`class="button" href="([^"]*)"`))
}

func TestAPersonLinksAnIdentityEntersAndSignsWithIt(t *testing.T) {
	v, p := provided(t)
	b := v.enrols()
	v.accepts(b)
	b.links(p).wants(200, "Identity provider")
	fresh := v.browser()
	fresh.visits(p, fresh.address("/oidc/sign-in")).wants(200, "Sign out cleo")
	fresh.post("/sign", append(wished, "method", policy.OIDC)...).wants(200, "Sign in anew, and sign")
	fresh.visits(p, fresh.find(`class="button" href="([^"]*)"`)).wants(200, "Your signature is recorded")
	if n := v.count("signature.made"); n != 1 {
		t.Errorf("%d signatures", n)
	}
}

func TestAttack27_AnOldSignInAtTheProviderSignsNothing(t *testing.T) {
	v, p := provided(t)
	b := v.enrols()
	v.accepts(b)
	b.links(p).wants(200, "Identity provider")
	p.Claims = func(_ url.Values, c map[string]any) { c["auth_time"] = time.Now().Add(-time.Hour).Unix() }
	b.post("/sign", append(wished, "method", policy.OIDC)...).wants(200, "Sign in anew, and sign")
	b.visits(p, b.find(`class="button" href="([^"]*)"`)).wants(403, "before the ceremony began")
	if n := v.count("signature.made"); n != 0 {
		t.Errorf("%d signatures", n)
	}
}

func TestAttack20_OneIdentityIsOnePersons(t *testing.T) {
	v, p := provided(t)
	b := v.enrols()
	stranger := v.browser()
	stranger.visits(p, stranger.address("/oidc/sign-in")).wants(403, "linked to nobody")
	b.links(p).wants(200, "Identity provider")
	b.links(p).wants(403, "one identity is one person's")
	p.Claims = func(_ url.Values, c map[string]any) { c["sub"] = "somebody-else" }
	stranger.visits(p, stranger.address("/oidc/sign-in")).wants(403, "linked to nobody")
}

func TestAttack26_AVisitIsOfItsBrowser(t *testing.T) {
	v, p := provided(t)
	b := v.enrols()
	b.links(p).wants(200, "Identity provider")
	attacker, victim := v.browser(), v.browser()
	address := attacker.address("/oidc/sign-in")
	victim.get("/sign-in").visits(p, address).wants(403, "did not begin this visit")
	b.get("/oidc/link").post("/oidc/link", "password", "", "code", "").wants(403, "wrong password")
	if v.count("identity.linked") != 1 {
		t.Error("something was linked")
	}
}

func TestClaimsGrantAndTakeRolesAndNeverBothKinds(t *testing.T) {
	v, p := provided(t)
	v.enrols().links(p).wants(200, "Identity provider")
	enter := func(roles ...string) {
		p.Claims = func(_ url.Values, c map[string]any) { c["roles"] = roles }
		b := v.browser()
		b.visits(p, b.address("/oidc/sign-in")).wants(200, "My signatures")
	}
	holds := func() string {
		s, err := v.state.Person(t.Context(), v.cleo)
		v.must(err)
		var out []string
		for _, g := range s.Grants {
			out = append(out, string(g.Role))
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		what   string
		claims []string
		want   string
	}{
		{"a role that is claimed", []string{"app-qc"}, "sme qc"},
		{"the same again", []string{"app-qc"}, "sme qc"},
		{"GXP053 an administrator who signs", []string{"app-admin", "app-qc"}, "sme qc"},
		{"GXP053 an administrator by claim who was made SME", []string{"app-admin"}, "sme qc"},
		{"nothing is claimed any more", nil, "sme"},
	} {
		enter(c.claims...)
		if got := holds(); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
