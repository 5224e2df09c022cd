package workspace_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
)

func TestRedactHidesWhatNobodyNamed(t *testing.T) {
	token := jwtOf(t, map[string]any{"sub": "x"})
	own := "dapi" + strings.Repeat("0123456789abcdef", 2)
	tests := []struct{ name, text, want string }{
		{"nothing", "Error: dev: no such target. Available targets: development, main", "Error: dev: no such target. Available targets: development, main"},
		{"a header", "> GET /api\n> Authorization: Bearer abcdefghij\n> Accept: */*", "> GET /api\n> Authorization: ***\n> Accept: */*"},
		{"basic", "authorization=Basic YTpi, x", "authorization=***, x"},
		{"headers in Go", "map[Authorization:[Bearer abc] X:[y]]", "map[Authorization:[***] X:[y]]"},
		{"headers in JSON", `{"Authorization": "Bearer abc", "x": 1}`, `{"Authorization": "***", "x": 1}`},
		{"headers in JSON in JSON", `{\"authorization\":[\"Bearer abc\"]}`, `{\"authorization\":[\"***\"]}`},
		{"a bearer alone", "sent bearer " + strings.Repeat("a1", 10) + " to it", "sent bearer *** to it"},
		{"prose about bearers", "a bearer token is wanted", "a bearer token is wanted"},
		{"prose about methods", "more than one authorization method configured: oauth and pat", "more than one authorization method configured: oauth and pat"},
		{"the token for tokens", "Config: host=https://x, actions_id_token_request_url=https://y, actions_id_token_request_token=abc.def-1, auth_type=pat. Env: A", "Config: host=https://x, actions_id_token_request_url=https://y, actions_id_token_request_token=***, auth_type=pat. Env: A"},
		{"of the environment", "DATABRICKS_CLIENT_SECRET=abc ARM_CLIENT_SECRET: 'def'\nSYSTEM_ACCESSTOKEN=\"ghi\"", "DATABRICKS_CLIENT_SECRET=*** ARM_CLIENT_SECRET: '***'\nSYSTEM_ACCESSTOKEN=\"***\""},
		{"an answer", `{"access_token":"abc","token_type":"Bearer","expires_in":3600}`, `{"access_token":"***","token_type":"Bearer","expires_in":3600}`},
		{"a form", "subject_token=abc&subject_token_type=urn%3Ajwt&client_assertion=def&client_assertion_type=x", "subject_token=***&subject_token_type=urn%3Ajwt&client_assertion=***&client_assertion_type=x"},
		{"a JWT", "got " + token + " back", "got *** back"},
		{"a JWT in a query", "?x%3D" + token, "?x%3D***"},
		{"a JWT without a signature", token[:strings.LastIndex(token, ".")], "***"},
		{"a token of Databricks", "token is " + own + "-2.", "token is ***."},
		{"a token in a profile", "[DEFAULT]\nhost = x\ntoken=abc", "[DEFAULT]\nhost = x\ntoken=***"},
		{"a page token is none", `next_page_token=abc {"next_page_token":"abc","token":"def"}`, `next_page_token=abc {"next_page_token":"abc","token":"***"}`},
		{"a digest is none", "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := workspace.Redact(tt.text)
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if again := workspace.Redact(got); again != got {
				t.Errorf("once more: %s", again)
			}
		})
	}
}

// Property: a known secret is not found in what is left, however it was spelled.
func TestPropertyKnownSecretsAreHidden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[a-zA-Z0-9"'\\<>&%+/=:@ -]{0,10}[a-zA-Z0-9]{8}[a-zA-Z0-9"'\\<>&%+/=:@ -]{0,20}[!-~]`).Draw(t, "secret")
		before, after := rapid.StringN(0, 20, 60).Draw(t, "before"), rapid.StringN(0, 20, 60).Draw(t, "after")
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{
			secret, string(quoted[1 : len(quoted)-1]), url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte("user:" + secret)),
		} {
			got := workspace.Redact(before+" "+form+" "+after, workspace.Secret(secret))
			if strings.Contains(got, form) && !strings.Contains(before+after, form) {
				t.Fatalf("%q is seen in %q", form, got)
			}
		}
	})
}

func TestRedactTakesEnvironmentsThatWereHanded(t *testing.T) {
	h, err := workspace.Hand(map[string]string{"DATABRICKS_AUTH_TYPE": "oauth-m2m", "DATABRICKS_HOST": "https://x", "DATABRICKS_CLIENT_ID": "app-1", "DATABRICKS_CLIENT_SECRET": canary})
	if err != nil {
		t.Fatal(err)
	}
	text := "app-1 said " + canary + " and " + base64.StdEncoding.EncodeToString([]byte("app-1:"+canary))
	if got := workspace.Redact(text, h.Secrets...); got != "app-1 said *** and ***" {
		t.Errorf("got %q", got)
	}
}
