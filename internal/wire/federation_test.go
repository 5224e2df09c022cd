package wire

import (
	"io/fs"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// issuing is an installation that serves its issuer.
func issuing(t *testing.T) *Owner {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o := opened(t, Config{Data: t.TempDir(), Build: "test", Sandbox: "none", NoWorker: true, Listen: address, Issuer: "http://" + address, URL: "http://localhost"})
	t.Cleanup(func() { shut(t, o) })
	if err := o.listenPublic(); err != nil {
		t.Fatal(err)
	}
	return o
}

// bundled is the corrected bundle of the guide.
func bundled(t *testing.T) deploytest.Files {
	t.Helper()
	out := deploytest.Files{}
	from := os.DirFS("../adapter/deploy/databricks/bundle/testdata/corrected")
	err := fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, path)
		out[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The installation deploys without any secret: the workspace asks its issuer for
// the keys, and trusts what deploys to production and nothing else.
func TestAPlaceIsDeployedToWithATokenOfTheInstallation(t *testing.T) {
	o := issuing(t)
	const principal = "00000000-0000-4000-8000-000000000001"
	w := fakeworkspace.New(fakeworkspace.Config{Name: "prd", Account: "account-1", Federation: []fakeworkspace.Policy{
		{ClientID: principal, Issuer: o.Config.Issuer, Subject: "solution:corp-procurement:environment:prd"},
	}})
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), StandinName)
	if err := linkOrCopy(exe, program); err != nil {
		t.Fatal(err)
	}
	place := func(environment string) deploytest.Fixture {
		return deploytest.Fixture{Target: o.App.Deployer.Targets[databricks.Kind], Place: deploy.Place{
			Solution: "corp-procurement", Environment: environment, Config: map[string]string{
				"bundle-target": "prd", "root": "/Workspace/Deployments/corp-procurement/prd", "program": program,
				"DATABRICKS_HOST": s.URL, "DATABRICKS_AUTH_TYPE": "env-oidc", "DATABRICKS_CLIENT_ID": principal, "DATABRICKS_TOKEN_AUDIENCE": "account-1",
			},
		}}
	}
	prd := place("prd")
	want := prd.Apply(t, bundled(t))
	if got := prd.Observe(t); len(got) == 0 || got.Digest() != want.Digest() {
		t.Errorf("observed %v", got)
	}
	if _, err := place("val").Target.Observe(t.Context(), place("val").Call()); fault.KindOf(err) != fault.Forbidden || !strings.Contains(err.Error(), `subject (sub) is "solution:corp-procurement:environment:val"`) {
		t.Errorf("another environment: %v", err)
	}
	deployed := false
	for _, r := range w.Requests() {
		deployed = deployed || r.Path == "/api/2.2/jobs/create" && r.Principal == principal && strings.HasSuffix(r.UserAgent, "auth/env-oidc")
	}
	if !deployed {
		t.Error("the program did not deploy as the service principal")
	}
	tokenless(t, o.Config.Data)
}

// tokenless wants no file to hold an identity token.
func tokenless(t *testing.T, dir string) {
	t.Helper()
	token := regexp.MustCompile(`eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.`)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if token.Match(data) {
			t.Errorf("%s holds a token", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
