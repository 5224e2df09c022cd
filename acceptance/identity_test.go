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
	address := freeAddress(t)
	party := newRelyingParty(t, "http://"+address)

	s := newSite(t)
	mustWrite(t, filepath.Join(s.clone(), ".github", "workflows", "main.yaml"), []byte(strings.ReplaceAll(askForToken, "RELYING_PARTY", party.URL)))
	run := s.runPush("Prove", "--issuer", party.issuer, "--listen", address)
	for _, claims := range party.all(1) {
		if sub := fmt.Sprint(claims["sub"]); !strings.HasSuffix(sub, ":environment:dev") {
			t.Errorf("sub %q", sub)
		}
		if claims["dc_release_execution"] != run+"/1/prove/1" || claims["run_attempt"] != "1" {
			t.Errorf("claims %v", claims)
		}
	}
	if audit := s.want(0, "", "audit", "list", "--type", "token.issued").out; strings.Count(audit, "token.issued") != 1 {
		t.Errorf("the token is not recorded once: %s", audit)
	}
}

// runPush commits and pushes the clone, and gives the run that a server made of
// it, which is in success.
func (s *site) runPush(message string, serve ...string) (run string) {
	s.t.Helper()
	s.commit(s.clone(), message)
	s.mustGit(s.clone(), "push", "--quiet", "origin", "main")
	s.start(append([]string{"serve"}, serve...)...)
	s.until(func() bool { run = s.latestRun(); return run != "" })
	s.until(func() bool { return s.latestRun() == "" })
	if shown := s.want(0, "", "runs", "show", run).out; !strings.Contains(shown, ": success") {
		s.t.Fatalf("%s\n%s", shown, s.call("", "runs", "logs", run).out)
	}
	return run
}

// freeAddress is one that nobody listens to for the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// relyingParty trusts an issuer and takes its tokens as the body of a request.
type relyingParty struct {
	*httptest.Server
	t      *testing.T
	issuer string

	mu    sync.Mutex
	taken []map[string]any
}

func newRelyingParty(t *testing.T, issuer string) *relyingParty {
	p := &relyingParty{t: t, issuer: issuer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, err := verifyToken(r, issuer)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.taken = append(p.taken, claims)
		fmt.Fprint(w, "welcome")
	}))
	t.Cleanup(p.Close)
	return p
}

// all gives what the n tokens said that came.
func (p *relyingParty) all(n int) []map[string]any {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.taken) != n {
		p.t.Fatalf("%d tokens came, want %d: %v", len(p.taken), n, p.taken)
	}
	return p.taken
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
