package workspace_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// whole is an environment with all that a kind needs and may have.
func whole(kind workspace.Type) map[string]string {
	env := map[string]string{"DATABRICKS_AUTH_TYPE": kind.Name, "DATABRICKS_HOST": "https://adb-1.7.azuredatabricks.net"}
	for _, v := range kind.Variables {
		switch v.Name {
		case "DATABRICKS_OIDC_TOKEN_ENV":
		case "ARM_USE_MSI":
			env[v.Name] = "true"
		case "ARM_ENVIRONMENT":
			env[v.Name] = "public"
		default:
			env[v.Name] = "value-of-" + v.Name
		}
	}
	return env
}

func TestEveryKindOfIdentityIsHandedWholly(t *testing.T) {
	for _, kind := range workspace.Types() {
		t.Run(kind.Name, func(t *testing.T) {
			env := whole(kind)
			want := whole(kind)
			if got := workspace.Check(env); len(got) > 0 {
				t.Errorf("nothing is wrong, but got %v", got)
			}
			for _, noise := range []string{"PATH", "HOME", "GITHUB_TOKEN", "DATABRICKS_BUNDLE_ENGINE", "AZURE_CONFIG_DIR", "DATABRICKS_CONFIG_PROFILE"} {
				env[noise] = "x"
			}
			for _, other := range workspace.Types() {
				for name, value := range whole(other) {
					if _, own := env[name]; !own {
						env[name] = value
					}
				}
			}
			got, err := workspace.Hand(env)
			if d := cmp.Diff(want, got.Variables); err != nil || d != "" {
				t.Fatalf("got %v, -want +got:\n%s", err, d)
			}
			var secrets []workspace.Secret
			for _, v := range kind.Variables {
				if v.Secret {
					secrets = append(secrets, workspace.Secret(want[v.Name]))
				}
			}
			if d := cmp.Diff(secrets, got.Secrets); d != "" {
				t.Errorf("secrets, -want +got:\n%s", d)
			}
			auth, err := workspace.AuthOf(env, nil)
			switch {
			case kind.Own && (err != nil || auth.Type() != kind.Name):
				t.Errorf("got %v, %v", auth, err)
			case !kind.Own && !errors.Is(err, workspace.ErrForeign):
				t.Errorf("got %v, %v", auth, err)
			}
		})
	}
}

func TestEveryMissingVariableIsNamed(t *testing.T) {
	for _, kind := range workspace.Types() {
		for _, v := range append(kind.Variables, workspace.Variable{Name: "DATABRICKS_HOST"}) {
			for _, bad := range []string{"", " x", "x\n"} {
				env := whole(kind)
				env[v.Name] = bad
				if bad == "" && v.Issued && kind.Name == "env-oidc" {
					continue // see TestAnIssuerStandsInForTokens
				}
				got := workspace.Check(env)
				if bad == "" && v.Optional || v.Name == "DATABRICKS_OIDC_TOKEN_ENV" {
					if len(got) > 0 && bad == "" {
						t.Errorf("%s without %s: got %v", kind.Name, v.Name, got)
					}
					continue
				}
				if len(got) == 0 || got[0].Variable != v.Name || !got[0].Refuses || got[0].Fix == "" {
					t.Errorf("%s with %s=%q: got %v", kind.Name, v.Name, bad, got)
				}
				if auth, err := workspace.AuthOf(env, nil); err == nil || auth != nil {
					t.Errorf("%s with %s=%q: got %v", kind.Name, v.Name, bad, auth)
				}
				if _, err := workspace.Hand(env); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), v.Name) || !strings.Contains(fault.HintOf(err), v.Name) {
					t.Errorf("%s with %s=%q: got %v", kind.Name, v.Name, bad, err)
				}
			}
		}
	}
}

func TestAnIssuerStandsInForTokens(t *testing.T) {
	issue := func(context.Context, string) (workspace.Secret, error) { return canary, nil }
	for _, kind := range []string{"env-oidc", "github-oidc-azure"} {
		env := map[string]string{"DATABRICKS_AUTH_TYPE": kind, "DATABRICKS_HOST": "https://adb-1.7.azuredatabricks.net", "DATABRICKS_CLIENT_ID": "a"}
		if kind == "github-oidc-azure" {
			env = map[string]string{"DATABRICKS_AUTH_TYPE": kind, "DATABRICKS_HOST": "https://adb-1.7.azuredatabricks.net", "ARM_TENANT_ID": "t", "ARM_CLIENT_ID": "a"}
		}
		if got := workspace.Check(env); len(got) > 0 {
			t.Errorf("%s: got %v", kind, got)
		}
		if auth, err := workspace.AuthOf(env, issue); err != nil || auth.Type() != kind {
			t.Errorf("%s: got %v, %v", kind, auth, err)
		}
		if auth, err := workspace.AuthOf(env, nil); err == nil || !strings.Contains(err.Error(), "no issuer") {
			t.Errorf("%s without an issuer: got %v", kind, auth)
		}
	}
	half := map[string]string{
		"DATABRICKS_AUTH_TYPE": "github-oidc-azure", "DATABRICKS_HOST": "https://adb-1.7.azuredatabricks.net",
		"ARM_TENANT_ID": "t", "ARM_CLIENT_ID": "a", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x/y",
	}
	if _, err := workspace.AuthOf(half, issue); err == nil || !strings.Contains(err.Error(), "ACTIONS_ID_TOKEN_REQUEST_TOKEN") {
		t.Errorf("half of what a CI system sets: got %v", err)
	}
}

func TestCheck(t *testing.T) {
	const host = "https://dbc-1.cloud.databricks.com"
	tests := []struct {
		name string
		env  map[string]string
		want []string // beginnings of findings
	}{
		{"nothing at all", nil, []string{"DATABRICKS_AUTH_TYPE: is not set, so that a tool would guess: set it to one of pat, oauth-m2m,"}},
		{"a typing error", map[string]string{"DATABRICKS_AUTH_TYPE": "github_oidc"}, []string{`DATABRICKS_AUTH_TYPE: "github_oidc" is no kind of identity: did you mean github-oidc?`}},
		{"another word", map[string]string{"DATABRICKS_AUTH_TYPE": "basic"}, []string{`DATABRICKS_AUTH_TYPE: "basic" is no kind of identity: set it to one of pat,`}},
		{
			"all that is missing at once",
			map[string]string{"DATABRICKS_AUTH_TYPE": "oauth-m2m"},
			[]string{"DATABRICKS_HOST: is not set", "DATABRICKS_CLIENT_ID: is not set: set it to the application id", "DATABRICKS_CLIENT_SECRET: is not set"},
		},
		{
			"a token left over",
			map[string]string{"DATABRICKS_AUTH_TYPE": "oauth-m2m", "DATABRICKS_HOST": host, "DATABRICKS_CLIENT_ID": "a", "DATABRICKS_CLIENT_SECRET": "b", "DATABRICKS_TOKEN": canary, "ARM_TENANT_ID": "t", "DATABRICKS_CONFIG_PROFILE": "me"},
			[]string{"ARM_TENANT_ID: is set, but oauth-m2m does not use it", "DATABRICKS_CONFIG_PROFILE: is set", "DATABRICKS_TOKEN: is set"},
		},
		{
			"what the CI sets is not left over",
			map[string]string{"DATABRICKS_AUTH_TYPE": "pat", "DATABRICKS_HOST": host, "DATABRICKS_TOKEN": canary, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x", "SYSTEM_PLANID": "y"},
			nil,
		},
		{
			"no permission for tokens",
			map[string]string{"DATABRICKS_AUTH_TYPE": "github-oidc", "DATABRICKS_HOST": host, "DATABRICKS_CLIENT_ID": "a"},
			[]string{"ACTIONS_ID_TOKEN_REQUEST_URL: is not set by the CI system: set in jobs with the permission id-token: write", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"},
		},
		{
			"a variable that is named and not there",
			map[string]string{"DATABRICKS_AUTH_TYPE": "env-oidc", "DATABRICKS_HOST": host, "DATABRICKS_CLIENT_ID": "a", "DATABRICKS_OIDC_TOKEN_ENV": "CI_JWT", "DATABRICKS_OIDC_TOKEN": "x"},
			[]string{"CI_JWT: is not set", "DATABRICKS_OIDC_TOKEN: is set"},
		},
		{
			"a host of another cloud",
			map[string]string{"DATABRICKS_AUTH_TYPE": "azure-cli", "DATABRICKS_HOST": host},
			[]string{"DATABRICKS_HOST: is no workspace of Azure, which azure-cli needs"},
		},
		{
			"a host that only looks like one",
			map[string]string{"DATABRICKS_AUTH_TYPE": "azure-cli", "DATABRICKS_HOST": "https://evil-azuredatabricks.net"},
			[]string{"DATABRICKS_HOST: is no workspace of Azure"},
		},
		{
			"a host with a path",
			map[string]string{"DATABRICKS_AUTH_TYPE": "azure-cli", "DATABRICKS_HOST": "https://x.azuredatabricks.net/?o=1"},
			[]string{"DATABRICKS_HOST: is no https://HOST"},
		},
		{
			"a cloud that is none",
			map[string]string{"DATABRICKS_AUTH_TYPE": "azure-cli", "DATABRICKS_HOST": "https://x.azuredatabricks.net", "ARM_ENVIRONMENT": "moon"},
			[]string{"ARM_ENVIRONMENT: names no cloud"},
		},
		{
			"a managed identity that is off",
			map[string]string{"DATABRICKS_AUTH_TYPE": "azure-msi", "DATABRICKS_HOST": "https://x.databricks.azure.us", "ARM_USE_MSI": "false"},
			[]string{"ARM_USE_MSI: is not true"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := workspace.Check(tt.env)
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for i, f := range got {
				if !strings.HasPrefix(f.String(), tt.want[i]) {
					t.Errorf("got %q, want %q", f, tt.want[i])
				}
				hidden(t, "finding", f.String())
				if left := strings.Contains(f.Problem, "is set, but"); left == f.Refuses {
					t.Errorf("%s: refuses is %v", f, f.Refuses)
				}
			}
		})
	}
}
