package databricks_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/adapter/oidcissuer"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/fault"
)

const (
	principal = "00000000-0000-4000-8000-000000000001"
	tenant    = "00000000-0000-4000-8000-00000000000a"
	subject   = "solution:corp-procurement:environment:prd"
)

// issuing is this project's issuer, served at its address, and what it says; each
// can be made wrong.
type issuing struct {
	url      string
	keys     []oidcissuer.Key
	subject  string
	audience string // instead of the one that is asked for
	life     time.Duration
	now      func() time.Time
	given    []string
}

func newIssuing(t testing.TB) *issuing {
	t.Helper()
	i := &issuing{subject: subject, life: time.Hour, now: time.Now, keys: keysOf(t)}
	var published http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { published.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	i.url = s.URL
	published = i.open(t).Handler(nil)
	return i
}

func keysOf(t testing.TB) []oidcissuer.Key {
	t.Helper()
	keys, err := oidcissuer.Keys(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (i *issuing) open(t testing.TB) *oidcissuer.Issuer {
	t.Helper()
	out, err := oidcissuer.New(i.url, i.keys, i.now, func() string { return "1" })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// issue is Target.Issue.
func (i *issuing) issue(t testing.TB) func(string, string, string) (string, error) {
	return func(solution, environment, audience string) (string, error) {
		if solution != "corp-procurement" || environment != "prd" {
			t.Errorf("a token for %s in %s", solution, environment)
		}
		if i.audience != "" {
			audience = i.audience
		}
		token, err := i.open(t).Issue(map[string]string{"sub": i.subject}, audience, i.life)
		i.given = append(i.given, token)
		return token, err
	}
}

// federated is a workspace with a policy for the subject of production, whose
// audience is its own token endpoint, and a place that has no secret.
func federated(t testing.TB) (world, *issuing) {
	t.Helper()
	i := newIssuing(t)
	w := openWith(t, func(host string) fakeworkspace.Config {
		return fakeworkspace.Config{Federation: []fakeworkspace.Policy{
			{ClientID: principal, Issuer: i.url, Subject: subject, Audiences: []string{host + "/oidc/v1/token"}},
		}}
	})
	w.Target.(*databricks.Target).Issue = i.issue(t)
	w.Target.(*databricks.Target).Secret = nobody
	config(w, "DATABRICKS_AUTH_TYPE", "env-oidc", "DATABRICKS_CLIENT_ID", principal)
	return w, i
}

func nobody(context.Context, string, string, string) (string, bool, error) { return "", false, nil }

// config changes the configuration of the place, which then has no secrets.
func config(w world, pairs ...string) {
	delete(w.Place.Config, "secrets")
	for i := 0; i < len(pairs); i += 2 {
		w.Place.Config[pairs[i]] = pairs[i+1]
	}
}

// entra is a tenant whose application trusts the issuer, a workspace that takes
// its tokens, and a place that has no secret.
func entra(t testing.TB) (world, *issuing, *fakeworkspace.Entra) {
	t.Helper()
	i := newIssuing(t)
	e := &fakeworkspace.Entra{Tenant: tenant, Credentials: []fakeworkspace.Policy{{ClientID: principal, Issuer: i.url, Subject: subject}}}
	w := openWith(t, func(string) fakeworkspace.Config { return fakeworkspace.Config{Entra: e} })
	target := w.Target.(*databricks.Target)
	target.Issue, target.Secret, target.HTTP = i.issue(t), nobody, asEntra(t, e)
	config(w, "DATABRICKS_AUTH_TYPE", "github-oidc-azure", "ARM_TENANT_ID", tenant, "ARM_CLIENT_ID", principal)
	return w, i, e
}

// asEntra gives a client for which a tenant on this machine is that of the world.
func asEntra(t testing.TB, e *fakeworkspace.Entra) *http.Client {
	t.Helper()
	s := httptest.NewTLSServer(e)
	t.Cleanup(s.Close)
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "login.microsoftonline.com:443" {
				address = s.Listener.Addr().String()
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}}
}

func TestATargetWithATokenOfTheOwnIssuer(t *testing.T) {
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture {
		w, _ := federated(t)
		return w.Fixture
	})
}

// The program proves itself as the place does, with a token of its own for each
// start, and nothing of a token is kept.
func TestTokensAreHandedOverAndKeptNowhere(t *testing.T) {
	for name, open := range map[string]func(testing.TB) (world, *issuing){
		"env-oidc": federated,
		"pat":      func(t testing.TB) (world, *issuing) { w, i, _ := entra(t); return w, i },
	} {
		t.Run(name, func(t *testing.T) {
			w, i := open(t)
			a := w.One.Artifact(t)
			blobs := deploytest.Blobs{}
			call := deploy.NewCall(w.Place, blobs)
			p, err := w.Target.Plan(t.Context(), call, a)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Target.Apply(t.Context(), call, a, p); err != nil {
				t.Fatal(err)
			}
			if now, err := w.Target.Observe(t.Context(), call); err != nil || now.Digest() != p.Expected.Digest() {
				t.Errorf("observed %v, %v", now, err)
			}
			raw, err := json.Marshal([]any{p, call.Record})
			if err != nil {
				t.Fatal(err)
			}
			kept := string(raw)
			for _, blob := range blobs {
				kept += string(blob)
			}
			for _, token := range i.given {
				if strings.Contains(kept, token) {
					t.Error("a token is kept")
				}
			}
			said := false
			for _, answer := range call.Record.Answers {
				said = said || answer.Name == "identity token"
			}
			if !said {
				t.Error("nothing says that there was a token")
			}
			var agents []string
			for _, r := range w.Requests() {
				if _, kind, ok := strings.Cut(r.UserAgent, "auth/"); ok && !slices.Contains(agents, kind) {
					agents = append(agents, kind)
				}
			}
			if !slices.Equal(agents, []string{name}) {
				t.Errorf("the program proves itself by %v, want %s", agents, name)
			}
		})
	}
}

// What a workspace, or Entra, does not accept is refused with what is wrong in it.
func TestTokensOfTheOwnIssuerThatAreRefused(t *testing.T) {
	cases := map[string]struct {
		wrong func(*testing.T, *issuing)
		want  string
	}{
		"another audience": {func(_ *testing.T, i *issuing) { i.audience = "https://elsewhere.example" }, `audience (aud) is "https://elsewhere.example", the policy wants `},
		"another subject": {
			func(_ *testing.T, i *issuing) { i.subject = "solution:corp-procurement:environment:dev" },
			`subject (sub) is "solution:corp-procurement:environment:dev", the policy wants "` + subject,
		},
		"a job's subject": {
			func(_ *testing.T, i *issuing) { i.subject = "repo:corp/procurement:environment:prd" }, `subject (sub) is "repo:corp/procurement:environment:prd"`,
		},
		"expired":        {func(_ *testing.T, i *issuing) { i.now = func() time.Time { return time.Now().Add(-2 * time.Hour) } }, "expired (exp) at "},
		"of the future":  {func(_ *testing.T, i *issuing) { i.now = func() time.Time { return time.Now().Add(time.Hour) } }, "not valid before (nbf) "},
		"another key":    {func(t *testing.T, i *issuing) { i.keys = keysOf(t) }, "signature: no key of issuer "},
		"another issuer": {func(_ *testing.T, i *issuing) { i.url += "/other" }, "issuer (iss) is "},
	}
	ways := map[string]func(testing.TB) (world, *issuing){
		"Databricks": federated,
		"Entra":      func(t testing.TB) (world, *issuing) { w, i, _ := entra(t); return w, i },
	}
	for way, open := range ways {
		for name, c := range cases {
			t.Run(way+" "+name, func(t *testing.T) {
				w, i := open(t)
				c.wrong(t, i)
				_, err := w.Target.Plan(t.Context(), w.Call(), w.One.Artifact(t))
				if fault.KindOf(err) != fault.Forbidden || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
				for _, token := range i.given {
					if strings.Contains(err.Error(), token) {
						t.Error("the token is told")
					}
				}
			})
		}
	}
}

func TestWithoutAnIssuerAPlaceSaysSo(t *testing.T) {
	w, _ := federated(t)
	w.Target.(*databricks.Target).Issue = func(string, string, string) (string, error) {
		return "", fault.New(fault.Forbidden, "this installation issues no identity tokens")
	}
	found, err := w.Target.Check(t.Context(), w.Call(), w.One.Artifact(t))
	if err != nil || len(found) != 1 || !strings.Contains(found[0].What, "issues no identity tokens") {
		t.Errorf("got %v, %v", found, err)
	}
}

// foreign is a place with an identity that only the program speaks.
func foreign(t testing.TB) world {
	t.Helper()
	const secret = "the-secret-of-entra" // #nosec G101 -- of the fake
	e := &fakeworkspace.Entra{Tenant: tenant, Clients: []fakeworkspace.Client{{ID: principal, Secret: secret}}}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	w := openWith(t, func(string) fakeworkspace.Config { return fakeworkspace.Config{Entra: e} })
	target := w.Target.(*databricks.Target)
	p := newPrograms(t)
	p.more = []string{"DATABRICKS_STANDIN_ENTRA=" + s.URL}
	target.Programs = p
	target.Secret = func(_ context.Context, _, _, name string) (string, bool, error) {
		return secret, name == "ARM_CLIENT_SECRET", nil
	}
	config(w, "DATABRICKS_AUTH_TYPE", "azure-client-secret", "ARM_TENANT_ID", tenant, "ARM_CLIENT_ID", principal, "secrets", "ARM_CLIENT_SECRET")
	return w
}

func TestATargetThatIsReadThroughTheProgram(t *testing.T) {
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture { return foreign(t).Fixture })
}

func TestFaultsOfReadsThroughTheProgram(t *testing.T) {
	for name, c := range map[string]struct {
		fault fakeworkspace.Fault
		want  fault.Kind
	}{
		"nobody known": {fakeworkspace.Fault{Path: "/api/2.2/jobs/get*", Status: 401}, fault.Forbidden},
		"denied":       {fakeworkspace.Fault{Path: "/api/2.2/jobs/get*", Status: 403}, fault.Forbidden},
		"the service":  {fakeworkspace.Fault{Path: "/api/2.2/jobs/get*", Status: 500}, fault.Internal},
		"the API":      {fakeworkspace.Fault{Path: "/api/2.2/jobs/get*", Status: 404, Code: "ENDPOINT_NOT_FOUND"}, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			w := foreign(t)
			w.Apply(t, w.One)
			if err := w.Fail(c.fault); err != nil {
				t.Fatal(err)
			}
			call := w.Call()
			if s, err := w.Target.Observe(t.Context(), call); fault.KindOf(err) != c.want {
				t.Errorf("got %v, %v", s, err)
			}
			if n := len(call.Record.Invocations); n == 0 || call.Record.Invocations[0].Argv[1] != "api" {
				t.Errorf("recorded %+v", call.Record.Invocations)
			}
		})
	}
}

func TestThePageOfTargetsHasEveryIdentity(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/targets.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range workspace.Types() {
		read := "| `databricks api get` |"
		if kind.Own {
			read = "| own client"
		}
		row := regexp.MustCompile("(?m)^\\| `" + kind.Name + "` \\|.*" + regexp.QuoteMeta(read))
		if len(row.FindAll(page, -1)) != 1 {
			t.Errorf("%s has no row with %q", kind.Name, read)
		}
	}
}
