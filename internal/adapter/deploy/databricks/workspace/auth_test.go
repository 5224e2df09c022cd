package workspace_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// jwtOf is a signed token with claims.
func jwtOf(t testing.TB, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: make([]byte, 32)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

const (
	discovery = "GET /oidc/.well-known/oauth-authorization-server"
	endpoint  = `{"authorization_endpoint":"HOST/oidc/v1/authorize","token_endpoint":"HOST/oidc/v1/token"}`
	tokenPost = "POST /oidc/v1/token"
	granted   = `{"access_token":"` + canary + `","token_type":"Bearer","expires_in":3600,"scope":"all-apis"}`
)

// exchanges checks a token request wholly, and that nothing but the reads carries
// the access token.
func exchanges(t *testing.T, authorization string, form url.Values, others map[string]string) func(*http.Request, string) {
	return func(r *http.Request, body string) {
		if r.UserAgent() != "dc-release" || len(r.Cookies()) > 0 {
			t.Errorf("%s: got %v", r.RequestURI, r.Header)
		}
		got := r.Header.Get("Authorization")
		switch want, other := others[r.URL.Path]; {
		case r.URL.Path == "/oidc/v1/token":
			sent, err := url.ParseQuery(body)
			if d := cmp.Diff(form, sent); err != nil || d != "" {
				t.Errorf("form: %v, -want +got:\n%s", err, d)
			}
			if got != authorization || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
				t.Errorf("token request: got %v", r.Header)
			}
		case strings.HasPrefix(r.URL.Path, "/oidc/"):
			bare(t, r, body, "")
		case other:
			bare(t, r, body, want)
		default:
			bare(t, r, body, "Bearer "+canary)
		}
	}
}

func TestEveryIdentitySendsExactlyItsParameters(t *testing.T) {
	subject := jwtOf(t, map[string]any{"iss": "https://issuer", "sub": "repo:acme/corp:environment:prd"})
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(subject+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	exchange := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {subject},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"}, "scope": {"all-apis"}, "client_id": {"app-1"},
	}
	value, _ := json.Marshal(map[string]string{"value": subject})
	tests := []struct {
		name          string
		env           map[string]string
		authorization string
		form          url.Values
		more          map[string][]reply // keys with HOST
		others        map[string]string
	}{
		{
			name: "oauth-m2m", env: map[string]string{"DATABRICKS_CLIENT_ID": "app-1", "DATABRICKS_CLIENT_SECRET": "dose/+:%&=secret"},
			authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte("app-1:dose%2F%2B%3A%25%26%3Dsecret")),
			form:          url.Values{"grant_type": {"client_credentials"}, "scope": {"all-apis"}},
		},
		{name: "file-oidc", env: map[string]string{"DATABRICKS_CLIENT_ID": "app-1", "DATABRICKS_OIDC_TOKEN_FILEPATH": file}, form: exchange},
		{name: "env-oidc", env: map[string]string{"DATABRICKS_CLIENT_ID": "app-1", "DATABRICKS_OIDC_TOKEN": subject}, form: exchange},
		{name: "env-oidc", env: map[string]string{"DATABRICKS_CLIENT_ID": "app-1", "DATABRICKS_OIDC_TOKEN_ENV": "CI_JOB_TOKEN", "CI_JOB_TOKEN": subject}, form: exchange},
		{
			name: "github-oidc", form: exchange,
			env: map[string]string{
				"DATABRICKS_CLIENT_ID": "app-1", "ACTIONS_ID_TOKEN_REQUEST_URL": "HOST/jobs/1?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
			},
			more:   map[string][]reply{"GET /jobs/1?api-version=2.0&audience=HOST%2Foidc%2Fv1%2Ftoken": {ok(string(value))}},
			others: map[string]string{"/jobs/1": "Bearer request-token"},
		},
		{
			name: "github-oidc", form: exchange,
			env: map[string]string{
				"DATABRICKS_CLIENT_ID": "app-1", "ACTIONS_ID_TOKEN_REQUEST_URL": "HOST/jobs/1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
				"DATABRICKS_TOKEN_AUDIENCE": "https://account&more",
			},
			more:   map[string][]reply{"GET /jobs/1?audience=https%3A%2F%2Faccount%26more": {ok(string(value))}},
			others: map[string]string{"/jobs/1": "Bearer request-token"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, map[string][]reply{discovery: {ok(endpoint)}, tokenPost: {ok(granted)}, meRequest: {ok(me), ok(me)}})
			for key, r := range tt.more {
				s.replies[strings.ReplaceAll(key, "HOST", url.QueryEscape(s.server.URL))] = r
			}
			env := map[string]string{"DATABRICKS_AUTH_TYPE": tt.name, "DATABRICKS_HOST": s.server.URL}
			for k, v := range tt.env {
				env[k] = strings.ReplaceAll(v, "HOST", s.server.URL)
			}
			s.look = exchanges(t, tt.authorization, tt.form, tt.others)
			auth, err := workspace.AuthOf(env, nil)
			if err != nil || auth.Type() != tt.name {
				t.Fatalf("got %v, %v", auth, err)
			}
			hidden(t, "print", fmt.Sprintf("%v %+v %#v", auth, auth, auth), subject, "secret", "request-token")
			c, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: auth, Clock: newClock().clock()})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // with one exchange
				if _, err := c.Me(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestTheExchangeFails(t *testing.T) {
	const subject, request = "subject-token-that-nobody-sees", "request-token-that-nobody-sees"
	value := ok(`{"value":"` + subject + `"}`)
	one := func(d, g, p reply) map[string][]reply {
		return map[string][]reply{discovery: {d}, "GET /jobs/1?audience=HOST": {g}, tokenPost: {p}}
	}
	found := ok(endpoint)
	tests := []struct {
		name    string
		replies map[string][]reply
		kind    workspace.Kind
		text    string
	}{
		{"no discovery", map[string][]reply{discovery: {{status: 404, body: "<html>"}}}, workspace.Malformed, "oauth-authorization-server"},
		{"no endpoint", map[string][]reply{discovery: {ok(`{}`)}}, workspace.Malformed, "names no token_endpoint"},
		{"an endpoint that is a number", map[string][]reply{discovery: {ok(`{"token_endpoint":7}`)}}, workspace.Malformed, "want a text"},
		{"an endpoint with a password", map[string][]reply{discovery: {ok(`{"token_endpoint":"https://a:b@x/"}`)}}, workspace.Malformed, "names no token_endpoint"},
		{"an endpoint elsewhere", map[string][]reply{discovery: {ok(`{"token_endpoint":"https://elsewhere.example/token"}`)}}, workspace.Redirected, "https://elsewhere.example"},
		{"the job gets no token", one(found, refuse(403, "X", "no "+request), reply{}), workspace.Denied, "/jobs/1"},
		{"the job's token is empty", one(found, ok(`{}`), reply{}), workspace.Malformed, "is empty"},
		{"the job's token has a line end", one(found, ok(`{"value":"a\nb"}`), reply{}), workspace.Malformed, "a line end"},
		{"no policy", one(found, value, reply{status: 400, body: `{"error":"invalid_grant","error_description":"no policy for ` + subject + `"}`}), workspace.Unauthenticated, "no policy for"},
		{"no such client", one(found, value, reply{status: 401, body: `{"error":"invalid_client"}`}), workspace.Unauthenticated, "invalid_client"},
		{"an invalid request", one(found, value, reply{status: 400, body: `{"error":"invalid_request"}`}), workspace.Refused, "invalid_request"},
		{"a failing service is asked once", one(found, value, reply{status: 500, body: `{"error":"x"}`}), workspace.Unavailable, "HTTP 500"},
		{"sent on with the token in it", one(found, value, reply{status: 307, header: map[string]string{"Location": "/other"}}), workspace.Redirected, "not sent on"},
		{"no token", one(found, value, ok(`{"expires_in":1}`)), workspace.Malformed, "is empty"},
		{"another type", one(found, value, ok(`{"access_token":"a","token_type":"mac"}`)), workspace.Malformed, "want Bearer"},
		{"dead at once", one(found, value, ok(`{"access_token":"a","expires_in":0}`)), workspace.Malformed, "lives for 0s"},
		{"dead for long", one(found, value, ok(`{"access_token":"a","expires_in":-9223372036854775808}`)), workspace.Malformed, "lives for"},
		{"a life that is a text", one(found, value, ok(`{"access_token":"a","expires_in":"1"}`)), workspace.Malformed, "whole number"},
		{"a token with a header", one(found, value, ok(`{"access_token":"a\r\nX: y"}`)), workspace.Malformed, "a line end"},
		{"no JSON", one(found, value, ok("access_token=a")), workspace.Malformed, "no JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, nil)
			s.replies = map[string][]reply{}
			for key, r := range tt.replies {
				s.replies[strings.ReplaceAll(key, "HOST", url.QueryEscape(s.server.URL+"/oidc/v1/token"))] = slices.DeleteFunc(r, func(r reply) bool { return r.status == 0 && r.body == "" })
			}
			s.look = func(*http.Request, string) {}
			hands := newClock()
			_, err := workspace.Open(t.Context(), workspace.Config{
				Host: s.server.URL, Clock: hands.clock(),
				Auth: workspace.Federated{ClientID: "app-1", Subject: workspace.GitHub{URL: s.server.URL + "/jobs/1", RequestToken: request}},
			})
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("got %v", err)
			}
			hidden(t, "error", fmt.Sprintf("%v %+v %#v", err, err, err), subject, request)
			if len(hands.waits) > 0 {
				t.Errorf("waited %v", hands.waits)
			}
		})
	}
}

func TestWhatATokenEndpointRepeatsIsNotSeen(t *testing.T) {
	const secret = "client/secret/that/nobody/sees"
	pair := base64.StdEncoding.EncodeToString([]byte("app-with-a-long-name:" + url.QueryEscape(secret)))
	s := play(t, map[string][]reply{discovery: {ok(endpoint)}, tokenPost: {{status: 401, body: `{"error":"invalid_client","error_description":"got ` + pair + " of " + secret + `"}`}}})
	s.look = func(*http.Request, string) {}
	_, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.M2M{ClientID: "app-with-a-long-name", Secret: secret}})
	if !errors.Is(err, workspace.Unauthenticated) || !strings.Contains(err.Error(), "got *** of ***") {
		t.Errorf("got %v", err)
	}
}

func TestAThrottledExchangeIsTriedAgain(t *testing.T) {
	s := play(t, map[string][]reply{discovery: {ok(endpoint)}, tokenPost: {refuse(429, "X", "y"), refuse(503, "X", "y"), ok(granted)}})
	s.look = func(r *http.Request, body string) {
		if r.Method == http.MethodPost && body != "grant_type=client_credentials&scope=all-apis" {
			t.Errorf("got %q", body)
		}
	}
	if _, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.M2M{ClientID: "a", Secret: "b"}, Clock: newClock().clock()}); err != nil {
		t.Error(err)
	}
}

// realm is a workspace that gives out numbered tokens and takes only the last one.
type realm struct {
	*httptest.Server
	life      int
	given     atomic.Int64
	exchanges atomic.Int64
	atOnce    atomic.Int64
	revoked   atomic.Bool
}

func newRealm(t *testing.T, life int) *realm {
	r := &realm{life: life}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/oidc/.well-known/oauth-authorization-server":
			fmt.Fprintf(w, `{"token_endpoint":"%s/oidc/v1/token"}`, r.URL)
		case "/oidc/v1/token":
			if r.atOnce.Add(1) > 1 {
				t.Error("two exchanges at once")
			}
			defer r.atOnce.Add(-1)
			r.exchanges.Add(1)
			fmt.Fprintf(w, `{"access_token":"%s-%d","expires_in":%d}`, canary, r.given.Add(1), r.life)
		default:
			if q.Header.Get("Authorization") != fmt.Sprintf("Bearer %s-%d", canary, r.given.Load()) || r.revoked.CompareAndSwap(true, false) {
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprintf(w, `{"error_code":"UNAUTHENTICATED","message":"%s"}`, q.Header.Get("Authorization"))
				return
			}
			_, _ = w.Write([]byte(me))
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *realm) open(t *testing.T, hands *hands) *workspace.Client {
	t.Helper()
	c, err := workspace.Open(t.Context(), workspace.Config{Host: r.URL, Auth: workspace.M2M{ClientID: "a", Secret: "b"}, Clock: hands.clock()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATokenIsRenewedShortlyBeforeItsEnd(t *testing.T) {
	tests := []struct {
		life        int
		still, then time.Duration // the token is still used, and then renewed
	}{
		{3600, 3600*time.Second - 2*time.Minute - time.Second, 3600*time.Second - 2*time.Minute},
		{100, 74 * time.Second, 75 * time.Second},
		{1 << 40, 24*time.Hour - 2*time.Minute - time.Second, 24*time.Hour - 2*time.Minute},
	}
	for _, tt := range tests {
		r := newRealm(t, tt.life)
		hands := newClock()
		c := r.open(t, hands)
		hands.pass(tt.still)
		if _, err := c.Me(t.Context()); err != nil || r.exchanges.Load() != 1 {
			t.Errorf("after %s of %d: got %v, %d exchanges", tt.still, tt.life, err, r.exchanges.Load())
		}
		hands.pass(tt.then - tt.still)
		if _, err := c.Me(t.Context()); err != nil || r.exchanges.Load() != 2 {
			t.Errorf("after %s of %d: got %v, %d exchanges", tt.then, tt.life, err, r.exchanges.Load())
		}
	}
}

func TestATokenThatIsRefusedIsRenewedOnce(t *testing.T) {
	r := newRealm(t, 3600)
	c := r.open(t, newClock())
	r.revoked.Store(true)
	if _, err := c.Me(t.Context()); err != nil || r.exchanges.Load() != 2 {
		t.Errorf("got %v, %d exchanges", err, r.exchanges.Load())
	}
	s := play(t, map[string][]reply{meRequest: {refuse(401, "UNAUTHENTICATED", "no")}})
	if _, err := s.client().Me(t.Context()); !errors.Is(err, workspace.Unauthenticated) {
		t.Errorf("a personal access token cannot be renewed: got %v", err)
	}
	s = play(t, map[string][]reply{
		discovery: {ok(endpoint), ok(endpoint)}, tokenPost: {ok(granted), ok(granted)},
		meRequest: {refuse(401, "UNAUTHENTICATED", "no"), refuse(401, "UNAUTHENTICATED", "no")},
	})
	s.look = func(*http.Request, string) {}
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.M2M{ClientID: "a", Secret: "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Me(t.Context()); !errors.Is(err, workspace.Unauthenticated) {
		t.Errorf("got %v", err)
	}
}

func TestManyReadersExchangeOneTokenAtATime(t *testing.T) {
	r := newRealm(t, 3600)
	hands := newClock()
	c := r.open(t, hands)
	for round := range 3 {
		hands.pass(time.Hour)
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				if _, err := c.Me(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := r.exchanges.Load(); got != int64(round+2) {
			t.Errorf("round %d: %d exchanges", round, got)
		}
	}
}

func TestWhoWaitsForATokenMayGiveUp(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	first := true
	s := play(t, map[string][]reply{discovery: {ok(endpoint), ok(endpoint)}, tokenPost: {ok(granted), ok(granted)}, meRequest: {ok(me)}})
	s.look = func(r *http.Request, _ string) {
		if r.Method == http.MethodPost && !first {
			close(asked)
			<-answer
		}
		first = first && r.Method != http.MethodPost
	}
	hands := newClock()
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.M2M{ClientID: "a", Secret: "b"}, Clock: hands.clock()})
	if err != nil {
		t.Fatal(err)
	}
	hands.pass(time.Hour)
	done := make(chan error)
	go func() {
		_, err := c.Me(t.Context())
		done <- err
	}()
	<-asked
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Me(gone); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "wait for an access token") {
		t.Errorf("got %v", err)
	}
	close(answer)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestATokenFileIsReadForEveryExchange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	s := play(t, map[string][]reply{discovery: {ok(endpoint), ok(endpoint)}, tokenPost: {ok(granted), ok(granted)}, meRequest: {ok(me)}})
	var subjects []string
	s.look = func(r *http.Request, body string) {
		if r.Method == http.MethodPost {
			form, _ := url.ParseQuery(body)
			subjects = append(subjects, form.Get("subject_token"))
		}
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	hands := newClock()
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.Federated{ClientID: "a", Subject: workspace.TokenFile(file)}, Clock: hands.clock()})
	if err != nil {
		t.Fatal(err)
	}
	write("second")
	hands.pass(time.Hour)
	if _, err := c.Me(t.Context()); err != nil || !cmp.Equal(subjects, []string{"first", "second"}) {
		t.Errorf("got %v, %v", subjects, err)
	}
}

func TestTokenFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"empty": "\n", "large": strings.Repeat("x", 70<<10), "lines": "a\nb", "blank": " a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"empty", "large", "lines", "blank", "missing", "."} {
		s := play(t, map[string][]reply{discovery: {ok(endpoint)}})
		s.look = func(*http.Request, string) {}
		_, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.Federated{Subject: workspace.TokenFile(filepath.Join(dir, name))}})
		if fault.KindOf(err) != fault.Forbidden || fault.HintOf(err) == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestJobTokensComeFromSecureHosts(t *testing.T) {
	for _, address := range []string{"", "http://tokens.example/x", "https://a:b@x/", "https://", "::"} {
		s := play(t, map[string][]reply{discovery: {ok(endpoint)}})
		s.look = func(*http.Request, string) {}
		_, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.Federated{Subject: workspace.GitHub{URL: address, RequestToken: canary}}})
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: got %v", address, err)
			continue
		}
		hidden(t, "error", err.Error())
	}
}
