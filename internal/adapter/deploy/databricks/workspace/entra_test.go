package workspace_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// carrier carries requests elsewhere.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

func TestEntraGetsEveryParameter(t *testing.T) {
	assertion := jwtOf(t, map[string]any{"aud": workspace.EntraAudience})
	const post = "POST /11111111-2222/oauth2/v2.0/token"
	issue := workspace.Issuer(func(_ context.Context, audience string) (workspace.Secret, error) {
		if audience != "api://AzureADTokenExchange" {
			t.Errorf("asked for a token for %q", audience)
		}
		return workspace.Secret(assertion), nil
	})
	s := play(t, map[string][]reply{
		post:      {ok(`{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"` + canary + `"}`)},
		meRequest: {ok(me)},
	})
	s.look = func(r *http.Request, body string) {
		if r.Method == http.MethodGet {
			bare(t, r, body, "Bearer "+canary)
			return
		}
		got, err := url.ParseQuery(body)
		form := url.Values{
			"client_id": {"app-1"}, "grant_type": {"client_credentials"}, "client_assertion": {assertion}, "scope": {"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		}
		if d := cmp.Diff(form, got); err != nil || d != "" {
			t.Errorf("form: %v, -want +got:\n%s", err, d)
		}
		if r.Header.Get("Authorization") != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("got %v", r.Header)
		}
	}
	right := workspace.Entra{Authority: s.server.URL + "/", Tenant: "11111111-2222", ClientID: "app-1", Subject: issue}
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: right})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Me(t.Context()); err != nil {
		t.Error(err)
	}

	s = play(t, map[string][]reply{post: {{status: 401, body: `{"error":"invalid_client","error_description":"AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:x'.\r\nTrace ID: 1","error_codes":[700213]}`}}})
	s.look = func(*http.Request, string) {}
	right.Authority = s.server.URL
	_, err = workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: right})
	if !errors.Is(err, workspace.Unauthenticated) || !strings.Contains(err.Error(), "AADSTS700213") || strings.Contains(err.Error(), "\n") || fault.KindOf(err) != fault.Forbidden {
		t.Errorf("got %v", err)
	}
	for name, change := range map[string]func(*workspace.Entra){
		"authority": func(e *workspace.Entra) { e.Authority = "http://login.example" },
		"password":  func(e *workspace.Entra) { e.Authority = "https://a:" + canary + "@x" },
		"nowhere":   func(e *workspace.Entra) { e.Authority = "" },
		"tenant":    func(e *workspace.Entra) { e.Tenant = "" },
		"client":    func(e *workspace.Entra) { e.ClientID = "" },
		"subject":   func(e *workspace.Entra) { e.Subject = nil },
		"token":     func(e *workspace.Entra) { e.Subject = workspace.TokenValue{} },
	} {
		e := right
		change(&e)
		_, err := workspace.Open(t.Context(), workspace.Config{Host: s.server.URL, Auth: e})
		if err == nil {
			t.Errorf("%s: want an error", name)
			continue
		}
		hidden(t, name, err.Error(), assertion)
	}
}

func TestEveryCloudHasItsAuthority(t *testing.T) {
	for cloud, want := range map[string]string{
		"": "login.microsoftonline.com", "public": "login.microsoftonline.com", "USGovernment": "login.microsoftonline.us", "china": "login.partner.microsoftonline.cn",
	} {
		env := map[string]string{
			"DATABRICKS_HOST": "https://adb-1.7.azuredatabricks.net", "DATABRICKS_AUTH_TYPE": "github-oidc-azure",
			"ARM_TENANT_ID": "11111111-2222", "ARM_CLIENT_ID": "app-1", "ARM_ENVIRONMENT": cloud,
		}
		auth, err := workspace.AuthOf(env, func(context.Context, string) (workspace.Secret, error) { return canary, nil })
		if err != nil {
			t.Fatal(err)
		}
		world := carrier(func(r *http.Request) (*http.Response, error) {
			if got := r.URL.String(); got != "https://"+want+"/11111111-2222/oauth2/v2.0/token" {
				t.Errorf("%q: asked %s", cloud, got)
			}
			return nil, errors.New("no network, said " + canary)
		})
		if _, err := workspace.Open(t.Context(), workspace.Config{Host: env["DATABRICKS_HOST"], Auth: auth, HTTP: &http.Client{Transport: world}}); !errors.Is(err, workspace.Unavailable) {
			t.Errorf("got %v", err)
		} else {
			hidden(t, "error", err.Error())
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	auth := workspace.M2M{ClientID: "app-1", Secret: canary}
	access := workspace.Access{Token: canary}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		hidden(t, verb, fmt.Sprintf(verb, auth)+fmt.Sprintf(verb, access.Token)+fmt.Sprintf(verb, &auth)+fmt.Sprintf(verb, []any{auth, access, workspace.TokenValue{Token: canary}}), fmt.Sprintf("%x", canary))
	}
	raw, err := json.Marshal(map[string]any{"auth": auth, "access": access, "list": []workspace.Secret{canary}})
	if err != nil {
		t.Fatal(err)
	}
	hidden(t, "JSON", string(raw))
	var log strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("opened", "auth", auth, "token", access.Token, "all", []any{access})
	}
	hidden(t, "log", log.String())
	if !strings.Contains(log.String(), "***") {
		t.Errorf("got %s", log.String())
	}
}

func TestClaims(t *testing.T) {
	at := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	tests := map[string]struct {
		claims map[string]any
		want   workspace.Said
	}{
		"all":          {map[string]any{"iss": "https://i", "sub": "repo:a/b:environment:prd", "aud": []string{"x", "y"}, "exp": at.Unix(), "more": 1}, workspace.Said{Issuer: "https://i", Subject: "repo:a/b:environment:prd", Audience: []string{"x", "y"}, Expires: at}},
		"one audience": {map[string]any{"aud": "x"}, workspace.Said{Audience: []string{"x"}}},
		"none":         {map[string]any{}, workspace.Said{}},
	}
	for name, tt := range tests {
		got, err := workspace.Claims(workspace.Secret(jwtOf(t, tt.claims)))
		if d := cmp.Diff(tt.want, got); err != nil || d != "" {
			t.Errorf("%s: got %v, -want +got:\n%s", name, err, d)
		}
	}
	good := jwtOf(t, map[string]any{"sub": "x"})
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"nothing": "", "no parts": canary, "two parts": parts[0] + "." + parts[1], "four parts": good + ".x", "no JSON": parts[0] + ".e30x." + parts[2],
		"a list": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte("[]")) + "." + parts[2], "an odd subject": jwtOf(t, map[string]any{"sub": 7}),
		"unsigned": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", "huge": strings.Repeat("e", 1<<20),
	} {
		_, err := workspace.Claims(workspace.Secret(token))
		if err == nil {
			t.Errorf("%s: want an error", name)
			continue
		}
		hidden(t, name, err.Error(), parts[1])
	}
}
