package acceptance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/tsa/tsatest"
)

// TestAReleaseReachesItsEndWithATimeStampAuthorityAndWithout takes two releases
// to PRD beside an authority that goes down in between, and back.
func TestAReleaseReachesItsEndWithATimeStampAuthorityAndWithout(t *testing.T) {
	need(t, "git")
	authority := tsatest.New(t, nil)
	const answers = 6
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if authority.Asked.Load() == answers {
			panic(http.ErrAbortHandler) // from now on it is down
		}
		authority.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	ca, other := authority.File(), tsatest.New(t, nil).File()
	dir := folder(t)
	r := want(t, 0, "", "demo", "--json", "--dir", filepath.Join(dir, "demo"), "--tsa", server.URL, "--tsa-ca", ca)
	var d demoJSON
	if err := json.Unmarshal([]byte(r.out), &d); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	for _, x := range d.Runs {
		if x.Conclusion != "success" {
			t.Errorf("run of %s: %s", x.Ref, x.Conclusion)
		}
	}

	says := func(code int, text string, args ...string) {
		t.Helper()
		if r := want(t, code, "", append([]string{"audit", "verify"}, args...)...); !strings.Contains(r.out, text) {
			t.Errorf("want %q in\n%s", text, r)
		}
	}
	store := filepath.Join(dir, "demo", "data")
	says(0, fmt.Sprintf("%d time stamps (", answers), "--data", store)
	says(0, fmt.Sprintf(" asked for, %d recorded, 0 given up) by CN=Test TSA,O=Acme: issuer not established", answers), "--data", store)
	says(0, "issuer established", "--data", store, "--tsa-ca", ca)
	says(7, "does not lead to a trusted one", "--data", store, "--tsa-ca", other)

	log := filepath.Join(dir, "log")
	git(t, "clone", "--quiet", d.Repositories["release-log"], log)
	says(0, "1.0.0: verified", "--release-log", log, "--version", "1.0.0")
	git(t, "-C", log, "checkout", "--quiet", "origin/checkpoints", "--", "checkpoints")
	says(0, " by CN=Test TSA,O=Acme: issuer established", "--release-log", log, "--version", "1.0.0", "--tsa-ca", ca)
	tokens, err := filepath.Glob(filepath.Join(log, "checkpoints", "*", "*.tst"))
	if err != nil || len(tokens) != answers {
		t.Fatalf("tokens %v, %v, want %d", tokens, err, answers)
	}
	for _, path := range tokens {
		token := mustRead(t, path)
		token[len(token)/3] ^= 1
		mustWrite(t, path, token)
	}
	says(7, "[timestamp]", "--release-log", log, "--version", "1.0.0")
	says(0, "1.1.0: verified", "--release-log", log, "--version", "1.1.0") // whose checkpoints have none
}

func git(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}
