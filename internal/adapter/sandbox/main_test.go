package sandbox_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/sandbox"
)

// asNobody marks a run of this test binary as uid 65534.
const asNobody = "DC_RELEASE_TEST_AS_NOBODY"

func TestMain(m *testing.M) {
	if ran, code := sandbox.Init(os.Args[1:]); ran {
		os.Exit(code)
	}
	if len(os.Args) > 2 && os.Args[1] == "worker-that-dies" {
		workerThatDies(os.Args[2])
	}
	os.Exit(m.Run())
}

// bothIdentities runs a test as it is and, where it is root, once more as
// nobody, which sees another sandbox: the own uid mapped instead of a lent one.
func bothIdentities(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if os.Geteuid() != 0 || os.Getenv(asNobody) != "" {
		f(t)
		return
	}
	t.Run("as root", f)
	t.Run("as nobody", func(t *testing.T) {
		dir, err := os.MkdirTemp("", "dc-release-nobody-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(t.Name(), "/")
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+name+"$", "-test.v")
		cmd.Dir = "/"
		cmd.Env = []string{asNobody + "=1", "TMPDIR=" + dir, "PATH=/usr/bin:/bin"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+name+" ") {
			t.Errorf("as nobody: %v\n%s", err, out)
		}
	})
}

// room is a sandbox with a workspace and a store beside it.
type room struct {
	t     *testing.T
	box   sandbox.Sandbox
	work  string // kept
	store string // hidden; holds "key"
	life  int    // see lifeline
}

const canary = "canary-2f7d"

// open makes a room; it skips where this machine cannot open the kind.
func open(t *testing.T, kind sandbox.Kind, change ...func(*sandbox.Spec)) *room {
	t.Helper()
	if kind == sandbox.UID && os.Geteuid() != 0 {
		t.Skip("only root can lend uids")
	}
	store := t.TempDir()
	if err := os.Chmod(store, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(store, "key"), []byte(canary), 0o644); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(store, "work", "run-1")
	temp := filepath.Join(work, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	if kind == sandbox.UID {
		// Without a view of its own the uid walks the real path.
		work = t.TempDir()
		temp = work
		for dir := work; dir != os.TempDir(); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	spec := sandbox.Spec{Execution: "run-1/1/build/1", Keep: []string{work}, Temp: temp, Hide: []string{store}}
	for _, c := range change {
		c(&spec)
	}
	box, err := sandbox.Open(t.Context(), kind, config(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	return &room{t: t, box: box, work: work, store: store}
}

func config(t testing.TB) sandbox.Config {
	t.Helper()
	// The locks are those of the whole machine: its uids are.
	return sandbox.Config{UIDBase: 64900, UIDCount: 32}
}

// result is what a command left.
type result struct {
	code     int
	out, err string
}

// sh runs a script and waits for it.
func (r *room) sh(script string) result {
	r.t.Helper()
	p, out, err := r.start(script)
	code, werr := p.Wait()
	if werr != nil {
		r.t.Fatalf("wait for %q: %v", script, werr)
	}
	return result{code, out.String(), err.String()}
}

func (r *room) start(script string) (p sandbox.Process, out, errs *strings.Builder) {
	r.t.Helper()
	out, errs = &strings.Builder{}, &strings.Builder{}
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "STORE=" + r.store, "WORK=" + r.work}
	p, err := r.box.Start([]string{"/bin/bash", "-c", script}, env, r.work, out, errs)
	if err != nil {
		r.t.Fatalf("start %q: %v", script, err)
	}
	return p, out, errs
}

func (r *room) wantClosed() {
	r.t.Helper()
	if err := r.box.Close(); err != nil {
		r.t.Fatal(err)
	}
}

var everyKind = []sandbox.Kind{sandbox.Namespace, sandbox.UID, sandbox.None}

// workerThatDies opens a sandbox below dir, leaves a process in it and tells
// its parent by a line; the parent kills it.
func workerThatDies(dir string) {
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		panic(err)
	}
	c := sandbox.Config{LockDir: filepath.Join(dir, "uids"), UIDBase: 64950, UIDCount: 4}
	box, err := sandbox.Open(context.Background(), sandbox.Kind(os.Getenv("KIND")), c, sandbox.Spec{Execution: dir, Keep: []string{work}})
	if err != nil {
		panic(err)
	}
	_, err = box.Start([]string{"/bin/sh", "-c", "echo up; exec sleep 1000"}, nil, work, os.Stdout, os.Stderr)
	if err != nil {
		panic(err)
	}
	select {}
}
