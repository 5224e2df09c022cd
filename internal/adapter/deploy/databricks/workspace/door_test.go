package workspace_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/fault"
)

const (
	meRequest = "GET /api/2.0/preview/scim/v2/Me"
	me        = `{"id":"7","userName":"sp-1"}`
)

func TestEveryRefusalHasItsKind(t *testing.T) {
	html := map[string]string{"Content-Type": "text/html"}
	const request = "GET /api/2.2/jobs/get?job_id=1"
	tests := []struct {
		name  string
		reply reply
		kind  workspace.Kind
		fault fault.Kind
		code  string
		text  string
	}{
		{"it does not exist", refuse(404, "RESOURCE_DOES_NOT_EXIST", "no job"), workspace.NotFound, fault.NotFound, "RESOURCE_DOES_NOT_EXIST", "no job"},
		{"it does not exist, said with 400", refuse(400, "RESOURCE_DOES_NOT_EXIST", "no job"), workspace.NotFound, fault.NotFound, "RESOURCE_DOES_NOT_EXIST", "no job"},
		{"a job does not exist, as jobs/get says it", refuse(400, "INVALID_PARAMETER_VALUE", "Job 1 does not exist."), workspace.NotFound, fault.NotFound, "INVALID_PARAMETER_VALUE", "Job 1"},
		{"another invalid parameter", refuse(400, "INVALID_PARAMETER_VALUE", "Cluster 1 does not exist."), workspace.Refused, fault.Invalid, "INVALID_PARAMETER_VALUE", "Cluster"},
		{"the API has no such path", refuse(404, "ENDPOINT_NOT_FOUND", "No API found"), workspace.Refused, fault.Invalid, "ENDPOINT_NOT_FOUND", "No API"},
		{"the feature is off", refuse(404, "FEATURE_DISABLED", "no catalog"), workspace.Refused, fault.Invalid, "FEATURE_DISABLED", "no catalog"},
		{"a 404 of somebody else is no answer", reply{404, html, "<html>not here</html>"}, workspace.Malformed, fault.Internal, "", `type "text/html"`},
		{"a 404 with other JSON is no answer", reply{status: 404, body: `{"detail":""}`}, workspace.Malformed, fault.Internal, "", ""},
		{"nobody known", refuse(401, "UNAUTHENTICATED", "who?"), workspace.Unauthenticated, fault.Forbidden, "UNAUTHENTICATED", "who?"},
		{"nobody known, said by a proxy", reply{401, html, "<html>"}, workspace.Unauthenticated, fault.Forbidden, "", "text/html"},
		{"denied", refuse(403, "PERMISSION_DENIED", "no"), workspace.Denied, fault.Forbidden, "PERMISSION_DENIED", "no"},
		{"of SCIM", reply{status: 409, body: `{"schemas":[],"detail":"twice","scimType":"uniqueness","status":"409"}`}, workspace.Refused, fault.Invalid, "uniqueness", "twice"},
		{"of OAuth", reply{status: 400, body: `{"error":"invalid_request","error_description":"what?"}`}, workspace.Refused, fault.Invalid, "invalid_request", "what?"},
		{"a code that is a number", reply{status: 422, body: `{"error_code":7,"message":"x"}`}, workspace.Refused, fault.Invalid, "7", "x"},
		{"of nobody", reply{418, html, "short and stout"}, workspace.Malformed, fault.Internal, "", ""},
		{"never passes", refuse(501, "NOT_IMPLEMENTED", "no"), workspace.Unavailable, fault.Internal, "NOT_IMPLEMENTED", "no"},
		{"204 is no answer", reply{status: 204}, workspace.Malformed, fault.Internal, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, map[string][]reply{request: {tt.reply}})
			_, err := s.client().Job(t.Context(), 1)
			var e *workspace.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			status := tt.reply.status
			if !errors.Is(err, tt.kind) || e.Method != "GET" || e.Path != "/api/2.2/jobs/get?job_id=1" || e.Status != status || e.Code != tt.code || !strings.Contains(e.Message, tt.text) {
				t.Errorf("got %+v", e)
			}
			if errors.Is(err, workspace.Redirected) || fault.KindOf(err) != tt.fault || fault.HintOf(err) == "" {
				t.Errorf("got the fault %q with hint %q", fault.KindOf(err), fault.HintOf(err))
			}
			if string(e.Body) != tt.reply.body {
				t.Errorf("got the body %q", e.Body)
			}
		})
	}
}

func TestWhatPassesIsAskedForAgain(t *testing.T) {
	after := func(status int, text string) reply {
		r := refuse(status, "X", "y")
		r.header = map[string]string{"Retry-After": text}
		return r
	}
	s := time.Second
	tests := []struct {
		name    string
		replies []reply
		waits   []time.Duration // at least; and at most half more where it is not asked for
		kind    workspace.Kind  // "" for an answer
	}{
		{"throttled, as long as is asked for", []reply{after(429, "7"), ok(me)}, []time.Duration{7 * s}, ""},
		{"throttled until a time", []reply{after(429, "Wed, 04 Mar 2026 13:00:30 GMT"), ok(me)}, []time.Duration{30 * s}, ""},
		{"a time that is past", []reply{after(503, "Wed, 04 Mar 2026 12:00:00 GMT"), ok(me)}, []time.Duration{s / 2}, ""},
		{"nonsense is not waited for", []reply{after(503, "-1"), after(503, "soon"), ok(me)}, []time.Duration{s / 2, s}, ""},
		{"twice as long each time", []reply{refuse(500, "X", ""), refuse(502, "X", ""), refuse(503, "X", ""), refuse(504, "X", ""), ok(me)}, []time.Duration{s / 2, s, 2 * s, 4 * s}, ""},
		{"until it is enough", []reply{refuse(429, "X", ""), refuse(429, "X", ""), refuse(429, "X", ""), refuse(429, "X", ""), refuse(429, "X", "")}, []time.Duration{s / 2, s, 2 * s, 4 * s}, workspace.Throttled},
		{"too long is not waited for", []reply{after(429, "3600")}, nil, workspace.Throttled},
		{"what never passes", []reply{refuse(501, "X", "")}, nil, workspace.Unavailable},
		{"a refusal", []reply{refuse(400, "X", "")}, nil, workspace.Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := play(t, map[string][]reply{meRequest: tt.replies})
			hands := newClock()
			c, err := workspace.Open(t.Context(), workspace.Config{Host: server.server.URL + "/", Auth: workspace.PAT{Token: canary}, Clock: hands.clock()})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Me(t.Context())
			if tt.kind == "" && err != nil || tt.kind != "" && !errors.Is(err, tt.kind) {
				t.Errorf("got %v", err)
			}
			if len(hands.waits) != len(tt.waits) {
				t.Fatalf("waited %v, want %v", hands.waits, tt.waits)
			}
			for i, want := range tt.waits {
				if got := hands.waits[i]; got < want || got > want*3/2 {
					t.Errorf("waited %v, want %v", got, want)
				}
			}
		})
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	slow := refuse(429, "X", "y")
	slow.header = map[string]string{"Retry-After": "60"}
	s := play(t, map[string][]reply{meRequest: {slow, slow}})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := s.client().Me(ctx); !errors.Is(err, workspace.Throttled) || ctx.Err() != nil {
		t.Errorf("a deadline that comes first: got %v", err)
	}
	clock := newClock().clock()
	clock.Wait = func(context.Context, time.Duration) error { return context.Canceled }
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.PAT{Token: canary}, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Me(t.Context()); !errors.Is(err, context.Canceled) || !errors.Is(err, workspace.Throttled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestTheRealClockWaits(t *testing.T) {
	s := play(t, map[string][]reply{meRequest: {refuse(503, "X", "y"), ok(me)}})
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.PAT{Token: canary}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := c.Me(t.Context()); err != nil || time.Since(began) < 500*time.Millisecond {
		t.Errorf("got %v after %s", err, time.Since(began))
	}
}

func TestABrokenConnectionIsTriedAgain(t *testing.T) {
	var tries atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := int(tries.Add(1)); n < 3 { // fewer bytes than announced, then none at all
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"id":`[:6*(2-n)])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, me)
	}))
	defer s.Close()
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.URL, Auth: workspace.PAT{Token: canary}, Clock: newClock().clock()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Me(t.Context()); err != nil || tries.Load() != 3 {
		t.Errorf("got %v after %d tries", err, tries.Load())
	}
}

func TestNobodyAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	hands := newClock()
	c, err := workspace.Open(t.Context(), workspace.Config{Host: "http://" + address, Auth: workspace.PAT{Token: canary}, Clock: hands.clock()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Me(t.Context())
	if !errors.Is(err, workspace.Unavailable) || len(hands.waits) != 0 || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v after waiting %v", err, hands.waits)
	}
}

func TestRedirectionsStayWithinTheHost(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	to := func(where string) reply { return reply{status: 302, header: map[string]string{"Location": where}} }
	for name, tt := range map[string]struct {
		replies map[string][]reply
		kind    workspace.Kind
		text    string
	}{
		"within":          {map[string][]reply{meRequest: {to("/there")}, "GET /there": {ok(me)}}, "", ""},
		"another host":    {map[string][]reply{meRequest: {to(other.URL + "/api?token=" + canary)}}, workspace.Redirected, other.URL},
		"another scheme":  {map[string][]reply{meRequest: {to("https://127.0.0.1/x")}}, workspace.Redirected, "https://127.0.0.1"},
		"round and round": {map[string][]reply{meRequest: {to("/a")}, "GET /a": {to("/a"), to("/a"), to("/a")}}, workspace.Redirected, "more than 3 times"},
		"a sign-in page":  {map[string][]reply{meRequest: {to("/login.html")}, "GET /login.html": {ok("<html>sign in</html>")}}, workspace.Malformed, "no JSON"},
		"to nowhere":      {map[string][]reply{meRequest: {{status: 302}}}, workspace.Malformed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := play(t, tt.replies).client().Me(t.Context())
			if tt.kind == "" && err != nil || tt.kind != "" && (!errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text)) {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				hidden(t, "error", err.Error())
			}
		})
	}
}

// An answer may repeat what was sent, in any spelling.
func TestWhatWasSentIsNotSeenInErrors(t *testing.T) {
	forms := map[string]string{
		"as it is":  canary,
		"in base64": base64.StdEncoding.EncodeToString([]byte("Bearer " + canary)),
		"a header":  "Authorization: Bearer another-token-that-is-long",
		"a JWT":     jwtOf(t, map[string]any{"iss": "x"}),
		"cut":       strings.Repeat("x", 64<<10-len(canary)/2) + canary,
	}
	for name, form := range forms {
		for _, body := range []string{form, fmt.Sprintf(`{"error_code":%q,"message":%q}`, form, "you sent "+form+" to \x00me")} {
			t.Run(name, func(t *testing.T) {
				s := play(t, map[string][]reply{meRequest: {{status: 400, body: body}}})
				_, err := s.client().Me(t.Context())
				var e *workspace.Error
				if !errors.As(err, &e) {
					t.Fatalf("got %v", err)
				}
				secrets := []string{form, "another-token", canary[:len(canary)/2]}
				hidden(t, "error", err.Error(), secrets...)
				hidden(t, "body", string(e.Body), secrets...)
				hidden(t, "print", fmt.Sprintf("%+v %#v", e, e), secrets...)
				if len(e.Message) > 1100 || strings.ContainsAny(err.Error(), "\x00\n\r") {
					t.Errorf("got the message %q", e.Message)
				}
			})
		}
	}
}

func TestAnswersHaveALimit(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		line := strings.Repeat(" ", 1<<20)
		for range 40 {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.URL, Auth: workspace.PAT{Token: canary}, MaxFile: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Me(t.Context()); !errors.Is(err, workspace.TooLarge) || fault.KindOf(err) != fault.Invalid {
		t.Errorf("an answer: got %v", err)
	}
	if _, err := c.Export(t.Context(), "/a"); !errors.Is(err, workspace.TooLarge) || !strings.Contains(err.Error(), "1048576") {
		t.Errorf("a file: got %v", err)
	}
	if _, err := c.Content(t.Context(), "/a"); !errors.Is(err, workspace.TooLarge) {
		t.Errorf("a small file: got %v", err)
	}
}

func TestOnlySecureHostsAreAsked(t *testing.T) {
	for _, host := range []string{
		"", "adb-1.azuredatabricks.net", "http://adb-1.azuredatabricks.net", "http://127.0.0.1.example.com", "ftp://x", "https://", "https://user:" + canary + "@x",
		"https://x/path", "https://x?o=1", "https://x#y", "https://x\n", "http://10.0.0.1", "http://0x7f.1",
	} {
		_, err := workspace.Open(t.Context(), workspace.Config{Host: host, Auth: workspace.PAT{Token: canary}})
		if fault.KindOf(err) != fault.Invalid || fault.HintOf(err) == "" {
			t.Errorf("%q: got %v", host, err)
			continue
		}
		hidden(t, "error", err.Error())
	}
	for _, host := range []string{"https://x", "https://x/", "https://x:8443", "http://localhost:1", "http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1"} {
		if _, err := workspace.Open(t.Context(), workspace.Config{Host: host, Auth: workspace.PAT{Token: canary}}); err != nil {
			t.Errorf("%q: got %v", host, err)
		}
	}
}

func TestOpenWantsOneWay(t *testing.T) {
	via := workspace.GetterFunc(nil)
	for name, c := range map[string]workspace.Config{
		"nobody asks": {Host: "https://x"},
		"two ways":    {Host: "https://x", Via: via},
		"two people":  {Auth: workspace.PAT{Token: canary}, Via: via},
		"no token":    {Host: "https://x", Auth: workspace.PAT{}},
		"a line end":  {Host: "https://x", Auth: workspace.PAT{Token: canary + "\n"}},
		"a blank":     {Host: "https://x", Auth: workspace.M2M{ClientID: "a", Secret: canary + " "}},
		"no subject":  {Host: "https://x", Auth: workspace.Federated{ClientID: "a"}},
	} {
		c, err := workspace.Open(t.Context(), c)
		if err == nil || c != nil {
			t.Errorf("%s: want an error", name)
			continue
		}
		hidden(t, name, err.Error())
	}
}

func TestTheRequestsAreThoseOfTheConfiguration(t *testing.T) {
	s := play(t, map[string][]reply{meRequest: {ok(me), ok(me)}})
	s.look = func(r *http.Request, _ string) {
		if r.UserAgent() != "dc-release/1.2.3" || len(r.Cookies()) > 0 || r.Header.Get("Authorization") != "Bearer "+canary {
			t.Errorf("got %v", r.Header)
		}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: "of somebody else"}})
	base := &http.Client{Timeout: time.Minute, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: workspace.PAT{Token: canary}, HTTP: base, UserAgent: "dc-release/1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Me(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if !cmp.Equal(s.seen, []string{meRequest, meRequest}) || base.CheckRedirect(nil, nil) != nil {
		t.Errorf("got %v", s.seen)
	}
}
