package runner_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestMain(m *testing.M) {
	if ran, code := sandbox.Init(os.Args[1:]); ran {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

const commit = "0123456789abcdef0123456789abcdef01234567"

// host is the server's side in memory.
type host struct {
	secrets  map[string]string
	tree     map[string]string            // what checkout gives
	repos    map[string]map[string]string // owner/name@commit to files
	fetched  []string                     // of repos
	asked    []string                     // secrets
	uploads  map[string]map[string]string
	evidence map[int]map[string]string
	caches   map[string]runner.Cache // by key; what its files held is in their links' place
	held     map[string]map[string]string
	broken   error // what a call for a cache answers
	token    string

	mu    sync.Mutex
	lines []runner.Line
	onLog func(runner.Line)
}

func newHost() *host {
	return &host{
		secrets:  map[string]string{},
		tree:     map[string]string{"README.md": "corp-procurement\n", "src/app.py": "print(1)\n"},
		repos:    map[string]map[string]string{},
		uploads:  map[string]map[string]string{},
		evidence: map[int]map[string]string{},
		caches:   map[string]runner.Cache{},
		held:     map[string]map[string]string{},
	}
}

func (h *host) JobAPI() (string, string) {
	if h.token == "" {
		return "", ""
	}
	return "http://127.0.0.1:1", h.token
}

func (h *host) Masks(add func(string)) { add(h.token) }

func (h *host) Secret(_ context.Context, name string) (string, error) {
	h.asked = append(h.asked, name)
	v, ok := h.secrets[name]
	if !ok {
		return "", errors.New("no such secret")
	}
	return v, nil
}

func (h *host) Log(l runner.Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, l)
	if h.onLog != nil {
		h.onLog(l)
	}
}

func (h *host) Checkout(_ context.Context, dir string) error { return writeTree(dir, h.tree) }

func (h *host) Action(_ context.Context, a pipeline.Action, dir string) error {
	name := a.Repository + "@" + a.Commit
	h.fetched = append(h.fetched, name)
	files, ok := h.repos[name]
	if !ok {
		return fmt.Errorf("no repository %s", name)
	}
	return writeTree(dir, files)
}

func writeTree(dir string, files map[string]string) error {
	for name, text := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (h *host) UploadArtifact(_ context.Context, a runner.Artifact) (runner.Receipt, error) {
	if h.uploads[a.Name] != nil && !a.Overwrite {
		return runner.Receipt{}, fmt.Errorf("an artifact %q is there already", a.Name)
	}
	files, err := contents(a.Files)
	h.uploads[a.Name] = files
	return runner.Receipt{ID: "7", Digest: "d1", Size: 9}, err
}

func contents(files []runner.File) (map[string]string, error) {
	m := map[string]string{}
	for _, f := range files {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return nil, err
		}
		m[f.Path] = string(b)
	}
	return m, nil
}

func (h *host) Artifacts(context.Context) ([]string, error) {
	var names []string
	for n := range h.uploads {
		names = append(names, n)
	}
	slices.Sort(names)
	return names, nil
}

func (h *host) DownloadArtifact(_ context.Context, name, dir string) error {
	return writeTree(dir, h.uploads[name])
}

func (h *host) RestoreCache(_ context.Context, q runner.CacheQuery, dir string) (string, error) {
	for _, key := range q.Keys {
		for _, have := range slices.Backward(slices.Sorted(maps.Keys(h.caches))) {
			if c := h.caches[have]; !strings.HasPrefix(have, key) || c.Version != q.Version {
				continue
			}
			if dir == "" {
				return have, h.broken
			}
			for _, f := range h.caches[have].Files {
				if f.Link != "" {
					if err := os.Symlink(f.Link, filepath.Join(dir, f.Path)); err != nil {
						return "", err
					}
				}
				if f.Folder {
					if err := os.MkdirAll(filepath.Join(dir, f.Path), 0o755); err != nil {
						return "", err
					}
				}
			}
			return have, errors.Join(h.broken, writeTree(dir, h.held[have]))
		}
	}
	return "", h.broken
}

func (h *host) SaveCache(_ context.Context, c runner.Cache) (bool, error) {
	if _, taken := h.caches[c.Key]; taken || h.broken != nil {
		return false, h.broken
	}
	var regular []runner.File
	for _, f := range c.Files {
		if f.Open != nil {
			regular = append(regular, f.File)
		}
	}
	files, err := contents(regular)
	h.caches[c.Key], h.held[c.Key] = c, files
	return true, err
}

func (h *host) StepEvidence(_ context.Context, step int, files []runner.File) error {
	m, err := contents(files)
	if h.evidence[step] == nil {
		h.evidence[step] = map[string]string{}
	}
	maps.Copy(h.evidence[step], m)
	return err
}

// log gives the lines of one stream, "" for all.
func (h *host) log(stream runner.Stream) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	for _, l := range h.lines {
		if stream == "" || l.Stream == stream {
			b.WriteString(l.Text + "\n")
		}
	}
	return b.String()
}

// run is one execution to be.
type run struct {
	job     workflow.Job
	wfEnv   []workflow.Binding
	wfDef   workflow.Defaults
	kind    sandbox.Kind
	github  map[string]string
	context map[string]workflow.Value
	may     workflow.Permissions
	secrets []string
	actions []pipeline.Action
	timeout time.Duration
	// processes is how many there may be, 0 for the default.
	processes int
	config    func(*runner.Config)
	ctx       context.Context
}

var clock = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func (r run) do(t testing.TB, h *host) pipeline.Outcome {
	t.Helper()
	work := t.TempDir()
	if r.kind == "" {
		r.kind = sandbox.Namespace
	}
	if r.kind == sandbox.UID {
		need.Root(t)
		for d := work; d != os.TempDir(); d = filepath.Dir(d) {
			if err := os.Chmod(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	now := clock
	var mu sync.Mutex
	c := runner.Config{
		Open: func(ctx context.Context, p runner.Place) (runner.Sandbox, error) {
			return sandbox.Open(ctx, sandbox.Kind(p.Kind), sandbox.Config{
				UIDBase: 64900, UIDCount: 32, // the locks are those of the whole machine
				Processes: r.processes,
			}, sandbox.Spec{Execution: p.Execution, Keep: p.Keep, Hide: p.Hide, Show: p.Show, Temp: p.Temp})
		},
		WorkDir: work,
		Path:    "/usr/bin:/bin",
		Name:    "worker-1",
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(time.Millisecond)
			return now
		},
		Interrupt: 300 * time.Millisecond,
		Terminate: 300 * time.Millisecond,
	}
	if r.config != nil {
		r.config(&c)
	}
	github := map[string]string{
		"repository": "ada/corp-procurement", "ref": "refs/tags/v1.2.0", "ref_name": "v1.2.0", "ref_type": "tag",
		"sha": commit, "run_id": "17", "run_attempt": "1", "event_name": "push", "actor": "ada",
	}
	for k, v := range r.github {
		github[k] = v
	}
	contexts := map[string]workflow.Value{"github": workflow.FromStrings(github)}
	for k, v := range r.context {
		contexts[k] = v
	}
	ctx := r.ctx
	if ctx == nil {
		ctx = t.Context()
	}
	if r.job.ID == "" {
		r.job.ID = "build"
	}
	out := runner.Run(ctx, c, pipeline.Assignment{
		Execution: "run-1/1/build/1", Commit: commit, Sandbox: string(r.kind),
		Job: pipeline.Job{
			Key: r.job.ID, Body: r.job, WorkflowEnv: r.wfEnv, WorkflowDefaults: r.wfDef, Environment: "tst", Permissions: r.may,
		},
		Contexts: contexts, SecretNames: r.secrets, Actions: r.actions, TimeoutUS: r.timeout.Microseconds(),
	}, h)
	if left, err := filepath.Glob(runner.MemoryDir(work) + "/*"); err != nil || len(left) > 0 {
		t.Errorf("files are left in memory: %v %v", left, err)
	}
	if err := os.Remove(runner.MemoryDir(work)); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(work); err != nil || len(left) > 0 {
		t.Errorf("the work directory is not empty afterwards: %v %v", left, err)
	}
	return out
}

func text(s string) workflow.Text {
	return workflow.Text{Source: s, At: workflow.Position{File: "main.yaml", Line: 7, Column: 9}}
}

func sh(script string) workflow.Step { return workflow.Step{Run: text(script)} }

func bind(pairs ...string) []workflow.Binding {
	var bs []workflow.Binding
	for i := 0; i+1 < len(pairs); i += 2 {
		bs = append(bs, workflow.Binding{Name: pairs[i], Value: text(pairs[i+1])})
	}
	return bs
}

// act adds an action to the plan of a run, with its files: to a repository of the
// host, or to the run's own when it is local.
func (r *run) act(h *host, uses string, body workflow.Action, files map[string]string) {
	ref, ok := workflow.ParseAction(uses)
	if !ok {
		panic("malformed uses: " + uses)
	}
	body.Name = uses
	metadata := "name: " + uses + "\n"
	a := pipeline.Action{Uses: uses, Repository: ref.Repository, Path: ref.Path, Body: body, SHA256: sum(metadata)}
	into := h.tree
	if !ref.Local {
		a.Commit = sum(ref.Repository + ref.Ref)[:40]
		name := a.Repository + "@" + a.Commit
		if h.repos[name] == nil {
			h.repos[name] = map[string]string{}
		}
		into = h.repos[name]
	}
	into[path.Join(ref.Path, "action.yml")] = metadata
	for name, text := range files {
		into[path.Join(ref.Path, name)] = text
	}
	r.actions = append(r.actions, a)
}

func sum(s string) string {
	b := sha256.Sum256([]byte(s))
	return hex.EncodeToString(b[:])
}

// composite is an action of steps; each is in bash unless it says otherwise.
func composite(list ...workflow.Step) workflow.Action {
	for i := range list {
		if list[i].Uses == "" && list[i].Shell.Source == "" {
			list[i].Shell = text("bash")
		}
		if list[i].ID == "" {
			list[i].ID = "__run"
		}
	}
	return workflow.Action{Using: "composite", Steps: list}
}

// inputs declares inputs, "name=default" or "name" without one.
func inputs(list ...string) []workflow.ActionInput {
	var out []workflow.ActionInput
	for _, l := range list {
		name, value, ok := strings.Cut(l, "=")
		out = append(out, workflow.ActionInput{Name: name, Default: text(value), HasDefault: ok})
	}
	return out
}

func uses(action string, with ...string) workflow.Step {
	return workflow.Step{Uses: action, With: bind(with...)}
}

func steps(list ...workflow.Step) run { return run{job: workflow.Job{Steps: list}} }

// words gives the outcomes of the steps, "outcome/conclusion" where they differ.
func words(o pipeline.Outcome) string {
	var w []string
	for _, s := range o.Steps {
		word := string(s.Outcome)
		if s.Outcome != s.Conclusion {
			word += "/" + string(s.Conclusion)
		}
		w = append(w, word)
	}
	return strings.Join(w, " ")
}

func pathConfig(path string) func(*runner.Config) {
	return func(c *runner.Config) { c.Path = path }
}
