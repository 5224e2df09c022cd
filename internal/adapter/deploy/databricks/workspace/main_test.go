package workspace_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
)

// canary is the token of the tests; it must be seen in no error.
const canary = "dapi-c4nary-never-to-be-seen"

// reply is an answer of the other side; the zero status is 200.
type reply struct {
	status int
	header map[string]string
	body   string
}

func ok(body string) reply { return reply{body: body} }

func refuse(status int, code, message string) reply {
	return reply{status: status, body: fmt.Sprintf(`{"error_code":%q,"message":%q}`, code, message)}
}

// script is a workspace that answers what it is told to, once each: another
// request fails the test, and so does an answer that nobody asked for.
type script struct {
	t       testing.TB
	server  *httptest.Server
	mu      sync.Mutex
	replies map[string][]reply
	// look sees every request before it is answered; nil checks that it carries
	// the canary as its token.
	look func(r *http.Request, body string)
	seen []string
}

// play starts a script. Keys are METHOD /path?query, as they are on the wire.
func play(t testing.TB, replies map[string][]reply) *script {
	t.Helper()
	s := &script{t: t, replies: replies}
	s.server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.server.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for key, left := range s.replies {
			if len(left) > 0 {
				t.Errorf("%d times not asked for: %s", len(left), key)
			}
		}
	})
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Method + " " + r.RequestURI
	s.seen = append(s.seen, key)
	if s.look != nil {
		s.look(r, string(body))
	} else {
		bare(s.t, r, string(body), "Bearer "+canary)
	}
	queue := s.replies[key]
	if len(queue) == 0 {
		s.t.Errorf("unexpected: %s", key)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	s.replies[key] = queue[1:]
	answer := queue[0]
	if strings.HasPrefix(answer.body, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	for name, value := range answer.header {
		w.Header().Set(name, strings.ReplaceAll(value, "HOST", s.server.URL))
	}
	if answer.status != 0 {
		w.WriteHeader(answer.status)
	}
	_, _ = io.WriteString(w, strings.ReplaceAll(answer.body, "HOST", s.server.URL))
}

// bare checks all that a GET carries.
func bare(t testing.TB, r *http.Request, body, authorization string) {
	if got := r.Header.Get("Authorization"); got != authorization {
		t.Errorf("%s: authorization %q, want %q", r.RequestURI, got, authorization)
	}
	if r.Method != http.MethodGet || body != "" || r.UserAgent() != "dc-release" || len(r.Cookies()) > 0 {
		t.Errorf("%s: got %s with body %q, user agent %q, cookies %v", r.RequestURI, r.Method, body, r.UserAgent(), r.Cookies())
	}
}

// client opens the script's workspace with the canary.
func (s *script) client() *workspace.Client {
	s.t.Helper()
	c, err := workspace.Open(s.t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.PAT{Token: canary}, Clock: newClock().clock()})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// hands is a clock whose time passes only by waiting.
type hands struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
}

func newClock() *hands { return &hands{now: time.Date(2026, 3, 4, 13, 0, 0, 0, time.UTC)} }

func (h *hands) clock() workspace.Clock {
	return workspace.Clock{
		Now: func() time.Time {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.now
		},
		Wait: func(ctx context.Context, d time.Duration) error {
			h.pass(d)
			h.mu.Lock()
			defer h.mu.Unlock()
			h.waits = append(h.waits, d)
			return ctx.Err()
		},
	}
}

func (h *hands) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// hidden fails when a secret is seen.
func hidden(t testing.TB, where, text string, secrets ...string) {
	t.Helper()
	for _, s := range append(secrets, canary) {
		if strings.Contains(text, s) {
			t.Errorf("the secret %q is seen in the %s: %s", s, where, text)
		}
	}
}
