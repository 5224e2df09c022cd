package databricks_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/standin"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/mask"
)

// TestMain is the stand-in when the test is started under its name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "databricks" {
		os.Exit(standin.Main(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

const (
	token = "dapi-the-deployer" // #nosec G101 -- of the fake
	root  = "/Workspace/Deployments/corp-procurement/prd"
)

// programs runs real processes, without a sandbox.
type programs struct {
	path string // of the stand-in
	home string
	more []string // of its environment, NAME=VALUE
}

func newPrograms(t testing.TB) programs {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := programs{path: filepath.Join(t.TempDir(), "databricks"), home: t.TempDir()}
	if err := os.Symlink(self, p.path); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p programs) Folder(context.Context) (string, func() error, error) {
	dir, err := os.MkdirTemp(p.home, "")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

func (p programs) Find(context.Context, string) (string, string, error) {
	return p.path, strings.Repeat("0", 64), nil
}

func (p programs) Run(ctx context.Context, c *deploy.Call, folder string, x deploy.Program) (deploy.Output, error) {
	cmd := exec.CommandContext(ctx, x.Argv[0], x.Argv[1:]...)
	cmd.Dir = filepath.Join(folder, x.Dir)
	// The race detector holds each process for a second at its end, unless it is told.
	cmd.Env = append([]string{"GORACE=atexit_sleep_ms=0", "PATH=" + os.Getenv("PATH"), "HOME=" + folder, "DATABRICKS_STANDIN_SEED=test"}, p.more...)
	m := mask.New()
	for _, h := range x.Hide {
		m.Add(h)
	}
	record := deployment.Invocation{Argv: x.Argv}
	for name, value := range x.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
		record.Environment = append(record.Environment, name)
	}
	if x.Before != nil {
		if err := x.Before(ctx); err != nil {
			return deploy.Output{}, err
		}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(x.Stdin), &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		record.Exit, err = exit.ExitCode(), nil
	}
	c.Record.Invocations = append(c.Record.Invocations, record)
	return deploy.Output{Exit: record.Exit, Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, err
}

// saying changes what programs print.
type saying struct {
	deploy.Programs
	says func(argv []string, stdout []byte) []byte
}

func (p saying) Run(ctx context.Context, c *deploy.Call, folder string, x deploy.Program) (deploy.Output, error) {
	out, err := p.Programs.Run(ctx, c, folder, x)
	out.Stdout = p.says(x.Argv, out.Stdout)
	return out, err
}

// meeting answers a request, or says that it did not.
type meeting func(http.ResponseWriter, *http.Request) (answered bool)

// world is a workspace and the target that deploys to it.
type world struct {
	*fakeworkspace.Workspace
	deploytest.Fixture
	// meets may answer a request before the workspace does; nil answers none.
	meets *atomic.Pointer[meeting]
}

func open(t testing.TB) world {
	t.Helper()
	return openWith(t, func(string) fakeworkspace.Config {
		return fakeworkspace.Config{Tokens: []fakeworkspace.Token{{Secret: token, Principal: fakeworkspace.Principal{UserName: "deployer@example.com"}}}}
	})
}

// openWith opens a workspace that admits whom a configuration says, which is told
// its address.
func openWith(t testing.TB, admits func(host string) fakeworkspace.Config) world {
	t.Helper()
	var w *fakeworkspace.Workspace
	var meets atomic.Pointer[meeting]
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if m := meets.Load(); m == nil || !(*m)(rw, r) {
			w.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(s.Close)
	c := admits(s.URL)
	c.Name, c.Org = "prd", 4711
	w = fakeworkspace.New(c)
	target := &databricks.Target{
		Programs: newPrograms(t),
		Secret: func(_ context.Context, _, environment, name string) (string, bool, error) {
			return token, environment == "prd" && name == "DATABRICKS_TOKEN", nil
		},
	}
	return world{Workspace: w, meets: &meets, Fixture: deploytest.Fixture{
		Target: target,
		Place: deploy.Place{Solution: "corp-procurement", Environment: "prd", Config: map[string]string{
			"bundle-target": "prd", "root": root, "secrets": "DATABRICKS_TOKEN",
			"DATABRICKS_HOST": s.URL, "DATABRICKS_AUTH_TYPE": "pat",
		}},
		One: checkout(t, nil), What: []string{"main"},
		Two: checkout(t, func(f deploytest.Files) {
			f["resources/main.yml"] = strings.Replace(f["resources/main.yml"], "0 0 0/3 * * ?", "0 0 0/6 * * ?", 1)
			f["src/etl.py"] += "\n# two\n"
		}),
		Tamper: func(t *testing.T) {
			t.Helper()
			if err := w.TamperFile(root+"/files/src/etl.py", []byte("print('by hand')\n")); err != nil {
				t.Fatal(err)
			}
		},
	}}
}

// checkout is the corrected bundle of the guide with what a build leaves.
func checkout(t testing.TB, change func(deploytest.Files)) deploytest.Files {
	t.Helper()
	out := deploytest.Files{}
	from := os.DirFS("bundle/testdata/corrected")
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
	out["resources/main.yml"] = strings.Replace(out["resources/main.yml"], "      tags:\n", "      tags:\n        verification: safe\n", 1)
	if change != nil {
		change(out)
	}
	return out
}

func digest(text string) string { return canonical.SHA256([]byte(text)) }
