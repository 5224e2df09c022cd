package acceptance_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
)

const askForToken = `on: push
jobs:
  prove:
    permissions: {id-token: write}
    environment: dev
    runs-on: ubuntu-latest
    steps:
      - run: |
          token=$(curl -sf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=relying-party" | sed 's/.*"value":"\([^"]*\)".*/\1/')
          curl -sf --data-binary "$token" RELYING_PARTY
`

// TestAJobProvesItsIdentityToARelyingParty lets a step send its token to somebody
// who trusts the issuer, and who verifies it with a client library of OpenID
// Connect.
func TestAJobProvesItsIdentityToARelyingParty(t *testing.T) {
	need(t, "git")
	need(t, "curl")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close() // the server takes it in a moment
	issuer := "http://" + address

	var mu sync.Mutex
	var claims map[string]any
	party := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := verifyToken(r, issuer)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		claims = got
	}))
	defer party.Close()

	s := newSite(t)
	mustWrite(t, filepath.Join(s.clone(), ".github", "workflows", "main.yaml"), []byte(strings.ReplaceAll(askForToken, "RELYING_PARTY", party.URL)))
	s.commit(s.clone(), "Prove")
	s.mustGit(s.clone(), "push", "--quiet", "origin", "main")
	s.start("serve", "--issuer", issuer, "--listen", address)
	var run string
	s.until(func() bool { run = s.latestRun(); return run != "" })
	s.until(func() bool { return s.latestRun() == "" })
	if shown := s.want(0, "", "runs", "show", run).out; !strings.Contains(shown, ": success") {
		t.Fatalf("%s\n%s", shown, s.call("", "runs", "logs", run).out)
	}
	mu.Lock()
	defer mu.Unlock()
	if sub := fmt.Sprint(claims["sub"]); !strings.HasSuffix(sub, ":environment:dev") {
		t.Errorf("sub %q", sub)
	}
	if claims["dc_release_execution"] != run+"/1/prove/1" || claims["run_attempt"] != "1" {
		t.Errorf("claims %v", claims)
	}
	if audit := s.want(0, "", "audit", "list", "--type", "token.issued").out; strings.Count(audit, "token.issued") != 1 {
		t.Errorf("the token is not recorded once: %s", audit)
	}
}

func verifyToken(r *http.Request, issuer string) (map[string]any, error) {
	token, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	p, err := oidc.NewProvider(context.Background(), issuer)
	if err != nil {
		return nil, err
	}
	verified, err := p.Verifier(&oidc.Config{ClientID: "relying-party"}).Verify(r.Context(), string(token))
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	return claims, verified.Claims(&claims)
}
