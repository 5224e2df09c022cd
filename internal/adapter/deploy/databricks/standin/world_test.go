package standin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/standin"
)

// TestMain is the program itself when it is started under its name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "databricks" {
		os.Exit(standin.Main(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

const (
	token = "dapi-deployer" // #nosec G101 -- of the fake
	root  = "/Workspace/Deployments/corp-procurement/dev"
)

// world is a workspace and a checkout that is deployed to it.
type world struct {
	*fakeworkspace.Workspace
	t   *testing.T
	url string
	dir string
	env []string
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, Workspace: fakeworkspace.New(config())}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	w.url = s.URL
	w.checkout()
	return w
}

func config() fakeworkspace.Config {
	return fakeworkspace.Config{
		Name: "dev", Org: 4711,
		Tokens: []fakeworkspace.Token{
			{Secret: token, Principal: fakeworkspace.Principal{UserName: "deployer@example.com"}},
			{Secret: "dapi-reader", Principal: fakeworkspace.Principal{UserName: "reader@example.com", ReadOnly: true}},
		},
	}
}

// checkout makes a fresh folder with the bundle, as a clean checkout is.
func (w *world) checkout() {
	w.t.Helper()
	w.dir = w.t.TempDir()
	if err := os.CopyFS(w.dir, os.DirFS("../bundle/testdata/corrected")); err != nil {
		w.t.Fatal(err)
	}
	w.env = []string{
		"DATABRICKS_HOST=" + w.url, "DATABRICKS_AUTH_TYPE=pat", "DATABRICKS_TOKEN=" + token,
		"DATABRICKS_BUNDLE_ENGINE=direct", "DATABRICKS_BUNDLE_ROOT=" + w.dir, "DATABRICKS_STANDIN_SEED=test",
	}
}

// set changes the environment of the program.
func (w *world) set(env ...string) { w.env = append(w.env, env...) }

// edit replaces text in a file of the checkout.
func (w *world) edit(name, old, by string) {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		w.t.Fatalf("%s holds no %q", name, old)
	}
	w.write(name, strings.ReplaceAll(string(data), old, by))
}

func (w *world) write(name, data string) {
	w.t.Helper()
	name = filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// run starts the program within this process.
func (w *world) run(args ...string) (exit int, stdout, stderr string) {
	w.t.Helper()
	var out, err bytes.Buffer
	exit = standin.Main(w.t.Context(), args, w.env, strings.NewReader(""), &out, &err)
	return exit, out.String(), err.String()
}

func (w *world) ok(args ...string) string {
	w.t.Helper()
	exit, out, err := w.run(args...)
	if exit != 0 {
		w.t.Fatalf("databricks %s: exit %d\n%s%s", strings.Join(args, " "), exit, out, err)
	}
	return out
}

// fails wants exit 1 with a text on stderr and nothing on stdout.
func (w *world) fails(want string, args ...string) {
	w.t.Helper()
	exit, out, err := w.run(args...)
	if exit != 1 || out != "" || !strings.Contains(err, want) {
		w.t.Errorf("databricks %s: exit %d, want 1 and %q\nstdout: %s\nstderr: %s", strings.Join(args, " "), exit, want, out, err)
	}
}

type (
	jsonObject = map[string]any
	planned    struct {
		Version int    `json:"plan_version"`
		Lineage string `json:"lineage"`
		Serial  int    `json:"serial"`
		Plan    map[string]struct {
			Action  string                `json:"action"`
			Changes map[string]jsonObject `json:"changes"`
		} `json:"plan"`
	}
)

// plan is the plan of target dev and the file that it is in.
func (w *world) plan() (planned, string) {
	w.t.Helper()
	out := w.ok("bundle", "plan", "-t", "dev", "-o", "json")
	var p planned
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		w.t.Fatal(err)
	}
	name := filepath.Join(w.t.TempDir(), "plan.json")
	if err := os.WriteFile(name, []byte(out), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return p, name
}

// actions are those of a plan by resource.
func (p planned) actions() map[string]string {
	out := map[string]string{}
	for key, step := range p.Plan {
		out[strings.TrimPrefix(key, "resources.jobs.")] = step.Action
	}
	return out
}

func (w *world) deploy(more ...string) {
	w.t.Helper()
	w.ok(append([]string{"bundle", "deploy", "--target", "dev", "--auto-approve"}, more...)...)
}

// file is what the workspace holds, "" for nothing.
func (w *world) file(name string) string {
	w.t.Helper()
	exit, out, _ := w.run("api", "get", "/api/2.0/workspace/export?path="+name)
	if exit != 0 {
		return ""
	}
	var got struct{ Content []byte }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		w.t.Fatal(err)
	}
	return string(got.Content)
}

// state is resources.json.
type state struct {
	Version int    `json:"state_version"`
	CLI     string `json:"cli_version"`
	Lineage string `json:"lineage"`
	Serial  int    `json:"serial"`
	State   map[string]struct {
		ID    string     `json:"__id__"`
		State jsonObject `json:"state"`
	} `json:"state"`
}

func (w *world) state() state {
	w.t.Helper()
	var s state
	if err := json.Unmarshal([]byte(w.file(root+"/state/resources.json")), &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// job is the only job of the workspace, with its settings.
func (w *world) job() (fakeworkspace.Job, jsonObject) {
	w.t.Helper()
	jobs := w.Jobs()
	if len(jobs) != 1 {
		w.t.Fatalf("%d jobs, want 1", len(jobs))
	}
	var settings jsonObject
	if err := json.Unmarshal(jobs[0].Settings, &settings); err != nil {
		w.t.Fatal(err)
	}
	return jobs[0], settings
}

// git makes the checkout one of git.
func (w *world) git(args ...string) string {
	w.t.Helper()
	c := exec.CommandContext(w.t.Context(), "git", append([]string{"-C", w.dir, "-c", "user.name=ada", "-c", "user.email=ada@example.com"}, args...)...)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := c.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %s: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}
