package program_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/adapter/deploy/program"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/fault"
)

func TestMain(m *testing.M) {
	if ran, code := sandbox.Init(os.Args[1:]); ran {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// world is a runner in a data directory of its own, with one call.
type world struct {
	*program.Runner
	data  string
	call  *deploy.Call
	blobs deploytest.Blobs
	t     *testing.T
}

func newWorld(t *testing.T) *world {
	t.Helper()
	kind, err := sandbox.Strongest(t.Context(), sandbox.Config{}, sandbox.None)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{data: t.TempDir(), blobs: deploytest.Blobs{}, t: t}
	now := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	w.Runner = &program.Runner{
		Dir: filepath.Join(w.data, "work", "deployments"), Hidden: w.data, Path: os.Getenv("PATH"),
		Now: func() time.Time { now = now.Add(time.Second); return now },
		Open: func(ctx context.Context, p program.Place) (program.Box, error) {
			return sandbox.Open(ctx, kind, sandbox.Config{}, sandbox.Spec{
				Execution: p.Name, Keep: p.Keep, Show: p.Show, Temp: p.Temp, Offline: p.Offline, Hide: []string{w.data},
			})
		},
	}
	w.call = deploy.NewCall(deploy.Place{Solution: "corp-procurement", Environment: "tst"}, w.blobs)
	return w
}

func (w *world) folder() string {
	w.t.Helper()
	path, done, err := w.Folder(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := done(); err != nil {
			w.t.Error(err)
		}
		if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
			w.t.Errorf("%s is still there: %v", path, err)
		}
	})
	return path
}

// sh runs a script in a lent folder.
func (w *world) sh(script string, change ...func(*deploy.Program)) (deploy.Output, error) {
	w.t.Helper()
	p := deploy.Program{Argv: []string{"sh", "-c", script}}
	for _, c := range change {
		c(&p)
	}
	return w.Run(w.t.Context(), w.call, w.folder(), p)
}

// kept is the evidence of the last program.
func (w *world) kept() (stdout, stderr string) {
	last := w.call.Record.Invocations[len(w.call.Record.Invocations)-1]
	return string(w.blobs[last.Stdout]), string(w.blobs[last.Stderr])
}

func TestTheEnvironmentIsClosed(t *testing.T) {
	t.Setenv("STRAY", "x")
	w := newWorld(t)
	out, err := w.sh(`env | cut -d= -f1 | sort; cd && pwd; echo x >"$TMPDIR/x"; ls`, func(p *deploy.Program) { p.Env = map[string]string{"TOKEN": "t0ken-value", "HOME": "/"} })
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(out.Stdout))
	for _, want := range []string{"HOME", "PATH", "TMPDIR", "TOKEN"} {
		if !slices.Contains(lines, want) {
			t.Errorf("%s is not set: %q", want, lines)
		}
	}
	if slices.Contains(lines, "STRAY") || !strings.HasPrefix(lines[len(lines)-1], w.data) {
		t.Errorf("%q", lines)
	}
	got := w.call.Record.Invocations[0]
	if d := cmp.Diff([]string{"HOME", "PATH", "TMPDIR", "TOKEN"}, got.Environment); d != "" {
		t.Error(d)
	}
	if got.Began != "2026-01-05T08:00:01.000000Z" || got.Ended != "2026-01-05T08:00:02.000000Z" || got.Argv[0] != "sh" {
		t.Errorf("%+v", got)
	}
}

func TestNoSecretIsKept(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	w := newWorld(t)
	out, err := w.sh(`echo "is $S"; printf %s "$S" | base64; echo "$S" >&2`, func(p *deploy.Program) {
		p.Env, p.Hide = map[string]string{"S": secret}, []string{secret, ""}
	})
	if err != nil || !strings.HasPrefix(string(out.Stdout), "is "+secret+"\n") {
		t.Fatalf("%v: the target is told %q", err, out.Stdout)
	}
	stdout, stderr := w.kept()
	for digest, data := range w.blobs {
		if strings.Contains(string(data), "horse") || strings.Contains(string(data), "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5") {
			t.Errorf("blob %s: %q", digest, data)
		}
	}
	if stdout != "is ***\n***\n" || stderr != "***\n" {
		t.Errorf("kept %q and %q", stdout, stderr)
	}
	if text := fmt.Sprint(w.call.Record); strings.Contains(text, secret) {
		t.Error(text)
	}
	_, err = w.sh(`true `+secret, func(p *deploy.Program) { p.Hide = []string{secret} })
	if fault.KindOf(err) != fault.Invalid || strings.Contains(err.Error(), secret) || len(w.call.Record.Invocations) != 1 {
		t.Errorf("a secret among the arguments: %v", err)
	}
}

func TestHowAProgramEnds(t *testing.T) {
	w := newWorld(t)
	for script, want := range map[string]int{"exit 0": 0, "exit 3": 3, "kill -9 $$": 137, "no-such-program": 127} {
		out, err := w.sh(script)
		if err != nil || out.Exit != want {
			t.Errorf("%s: exit %d, %v", script, out.Exit, err)
		}
		if got := w.call.Record.Invocations[len(w.call.Record.Invocations)-1].Exit; got != want {
			t.Errorf("%s: recorded %d", script, got)
		}
	}
}

func TestTheTreeIsKilledAtTheEnd(t *testing.T) {
	w := newWorld(t)
	folder := w.folder()
	ctx, cancel := context.WithCancelCause(t.Context())
	started := make(chan struct{})
	go func() {
		defer close(started)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := os.Stat(filepath.Join(folder, "started")); err == nil || ctx.Err() != nil {
				cancel(errors.New("the job was cancelled"))
				return
			}
		}
	}()
	const long = "86399.25"
	_, err := w.Run(ctx, w.call, folder, deploy.Program{Argv: []string{"sh", "-c", "setsid sleep " + long + " & (sleep " + long + " &); echo begun; touch started; sleep " + long}})
	cancel(nil)
	<-started
	if err == nil || !strings.Contains(err.Error(), "the job was cancelled") {
		t.Errorf("got %v", err)
	}
	if stdout, _ := w.kept(); stdout != "begun\n" {
		t.Errorf("kept %q", stdout)
	}
	noProcess(t, long)
	// What a program leaves in the background goes with it.
	if out, err := w.sh("setsid sleep " + long + " >/dev/null 2>&1 &"); err != nil || out.Exit != 0 {
		t.Errorf("exit %d, %v", out.Exit, err)
	}
	noProcess(t, long)
	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(nil)
	if _, err := w.Run(ctx, w.call, w.folder(), deploy.Program{Argv: []string{"sh", "-c", "touch x"}}); err == nil || len(w.call.Record.Invocations) != 2 {
		t.Errorf("started after the end: %v", err)
	}
}

// noProcess wants no process with an argument.
func noProcess(t *testing.T, argument string) {
	t.Helper()
	list, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range list {
		if line, _ := os.ReadFile(file); strings.HasSuffix(string(line), "\x00"+argument+"\x00") {
			t.Errorf("%s runs: %q", file, line)
		}
	}
}

func TestOutputHasALimit(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	w := newWorld(t)
	w.Most = 1000
	out, err := w.sh(`printf '%0990d' 0; printf %s "$S"; printf '%05000d' 0; printf '%02000d' 0 >&2`, func(p *deploy.Program) {
		p.Env, p.Hide = map[string]string{"S": secret}, []string{secret}
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := 990 + len(secret); len(out.Stdout) != want || out.Cut != 5000 {
		t.Errorf("%d bytes and %d more, want %d and 5000", len(out.Stdout), out.Cut, want)
	}
	stdout, stderr := w.kept()
	if want := strings.Repeat("0", 990) + "***\n[5000 more bytes were not kept]\n"; stdout != want {
		t.Errorf("kept %q", stdout)
	}
	if want := strings.Repeat("0", 1000) + "\n[1000 more bytes were not kept]\n"; stderr != want {
		t.Errorf("kept %q", stderr)
	}
}

func TestAProgramThatIsMissing(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"terraforn", "/usr/bin/terraforn", "/usr"} {
		_, _, found := w.Find(t.Context(), name)
		_, ran := w.Run(t.Context(), w.call, w.folder(), deploy.Program{Argv: []string{name}})
		for _, err := range []error{found, ran} {
			if fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "on the machine that owns the data directory") {
				t.Errorf("%s: %v, hint %q", name, err, fault.HintOf(err))
			}
		}
	}
	if _, _, err := w.Find(t.Context(), "./sh"); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	if len(w.call.Record.Invocations) > 0 {
		t.Error("what did not run is recorded")
	}
	path, sha, err := w.Find(t.Context(), "sh")
	if err != nil || !filepath.IsAbs(path) || len(sha) != 64 {
		t.Errorf("%q %q %v", path, sha, err)
	}
}

// TestWhatMustHappenBefore happens when nothing else is missing, and nothing is
// started when it fails.
func TestWhatMustHappenBefore(t *testing.T) {
	w := newWorld(t)
	var order []string
	before := func(err error) func(*deploy.Program) {
		return func(p *deploy.Program) {
			p.Before = func(context.Context) error { order = append(order, "before"); return err }
		}
	}
	if out, err := w.sh("echo ran", before(nil)); err != nil || string(out.Stdout) != "ran\n" || len(order) != 1 {
		t.Errorf("%q, %v, %v", out.Stdout, err, order)
	}
	if _, err := w.sh("echo ran", func(p *deploy.Program) { before(nil)(p); p.Argv[0] = "no-such-program" }); err == nil || len(order) != 1 {
		t.Errorf("%v, %v", err, order)
	}
	stop := errors.New("nothing can be recorded")
	if out, err := w.sh("echo ran", before(stop)); !errors.Is(err, stop) || len(out.Stdout) > 0 || len(w.call.Record.Invocations) != 1 {
		t.Errorf("%q, %v, %d programs", out.Stdout, err, len(w.call.Record.Invocations))
	}
}

func TestAFolderIsEmptyAndGoesWithAllThatIsInIt(t *testing.T) {
	w := newWorld(t)
	for range 2 { // the end of the test sees whether it goes
		out, err := w.sh(`ls -A; mkdir -p a/b "$HOME/c"; touch a/b/x; chmod 0 a/b "$HOME/c"`)
		if err != nil || len(out.Stdout) > 0 || out.Exit != 0 {
			t.Errorf("%q, %v", out.Stdout, err)
		}
	}
	if _, err := w.Run(t.Context(), w.call, t.TempDir(), deploy.Program{Argv: []string{"sh"}}); err == nil {
		t.Error("ran in a folder that was not lent")
	}
	if _, err := w.sh("true", func(p *deploy.Program) { p.Dir = "../home" }); err == nil {
		t.Error("ran outside of the folder")
	}
	if err := os.MkdirAll(filepath.Join(w.Dir, "use-dead", "files"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := w.Sweep(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("what a dead process left is there")
	}
}

func TestStandardInput(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		out, err := w.sh("cat; exit 4", func(p *deploy.Program) { p.Stdin = []byte("{\"a\": 1}") })
		if err != nil || string(out.Stdout) != `{"a": 1}` || out.Exit != 4 {
			t.Errorf("exit %d, %q, %v", out.Exit, out.Stdout, err)
		}
	}
	if got := w.call.Record.Invocations[0].Argv; len(got) != 3 || got[2] != "cat; exit 4" {
		t.Errorf("recorded %q", got)
	}
}

func TestThereIsNoNetworkUnlessAsked(t *testing.T) {
	w := newWorld(t)
	count := func(network bool) int {
		out, err := w.sh("grep -c : /proc/net/dev", func(p *deploy.Program) { p.Network = network })
		if err != nil {
			t.Fatal(err)
		}
		var n int
		fmt.Sscan(string(out.Stdout), &n)
		return n
	}
	if off, on := count(false), count(true); off != 1 || on < 1 {
		t.Errorf("%d interfaces without network, %d with", off, on)
	}
}

func TestDirectoriesOutsideOfTheFolder(t *testing.T) {
	w := newWorld(t)
	place, tools := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "x"), []byte("tool"), 0o644); err != nil {
		t.Fatal(err)
	}
	with := func(p *deploy.Program) { p.Write, p.See = []string{place}, []string{tools} }
	out, err := w.sh(`cat "`+tools+`/x" && cp "`+tools+`/x" "`+place+`/y" && ! touch "`+tools+`/z"`, with)
	if err != nil || out.Exit != 0 || string(out.Stdout) != "tool" {
		t.Fatalf("exit %d, %q, %s, %v", out.Exit, out.Stdout, out.Stderr, err)
	}
	info, err := os.Stat(filepath.Join(place, "y"))
	if err != nil {
		t.Fatal(err)
	}
	if owner, want := ownerOf(info), os.Geteuid(); owner != want {
		t.Errorf("what it wrote belongs to %d, want %d", owner, want)
	}
	if err := os.Symlink(w.data, filepath.Join(tools, "link")); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{w.data, filepath.Join(w.data, "work"), filepath.Dir(w.data), "/", filepath.Join(tools, "link")} {
		if _, err := w.sh("true", func(p *deploy.Program) { p.Write = []string{dir} }); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if _, err := w.sh("true", func(p *deploy.Program) { p.See = []string{w.data} }); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("the data directory may be seen: %v", err)
	}
}
