package sandbox_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/archtest/need"
)

func TestCommandsHaveTheirOwnStreamsCodeAndEnvironment(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		for _, kind := range everyKind {
			t.Run(string(kind), func(t *testing.T) {
				r := open(t, kind)
				got := r.sh(`echo out; echo err >&2; cat; pwd; env | sort | grep -v ^_ | sed 's/^\(DC_RELEASE_PROCESS=\).*[.]/\1/'; exit 7`)
				if got.code != 7 || got.err != "err\n" {
					t.Errorf("got code %d, stderr %q", got.code, got.err)
				}
				want := "out\n" + r.work + "\nDC_RELEASE_EXECUTION=run-1/1/build/1\nDC_RELEASE_PROCESS=1\n" +
					"PATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=" + r.work + "\nSHLVL="
				if !strings.HasPrefix(got.out, want) {
					t.Errorf("got stdout\n%s\nwant it to begin with\n%s", got.out, want)
				}
				if got := r.sh("kill -TERM $$"); got.code != 128+15 {
					t.Errorf("death by signal 15: got code %d", got.code)
				}
			})
		}
	})
}

func BenchmarkOpenAndClose(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		box, err := sandbox.Open(b.Context(), sandbox.Namespace, config(b), sandbox.Spec{Execution: "run", Keep: []string{dir}, Temp: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := box.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	dir := b.TempDir()
	box, err := sandbox.Open(b.Context(), sandbox.Namespace, config(b), sandbox.Spec{Execution: "run", Keep: []string{dir}, Temp: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	for b.Loop() {
		p, err := box.Start([]string{"/bin/bash", "-e", "-c", ":"}, []string{"PATH=/usr/bin:/bin"}, dir, io.Discard, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		if code, err := p.Wait(); code != 0 || err != nil {
			b.Fatal(code, err)
		}
	}
}

func TestOutputOfAnOutlivingChildIsAwaitedForAWhile(t *testing.T) {
	for _, kind := range everyKind {
		t.Run(string(kind), func(t *testing.T) {
			r := open(t, kind)
			if got := r.sh(`(sleep 0.1; echo late) & echo early`); got.out != "early\nlate\n" {
				t.Errorf("got %q, want the late line too", got.out)
			}
			p, out, _ := r.start(`(while sleep 0.01; do echo more; done) & echo first`)
			if _, err := p.Wait(); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); !strings.HasPrefix(got, "first\n") {
				t.Errorf("got %q, want it to begin with the first line", got)
			}
			// The writer is not touched after Wait: the race detector watches.
			settled := out.Len()
			if got := r.sh("true"); got.code != 0 || out.Len() != settled {
				t.Errorf("output after the end: %q", out.String()[settled:])
			}
		})
	}
}

func TestLargeOutputAndEnvironmentPassWhole(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		for _, kind := range everyKind {
			t.Run(string(kind), func(t *testing.T) {
				r := open(t, kind)
				var env []string
				for i := range 8 {
					env = append(env, "BIG"+string(rune('A'+i))+"="+strings.Repeat("x", 120_000))
				}
				var out strings.Builder
				p, err := r.box.Start([]string{"/bin/sh", "-c", `printf %s "$BIGA$BIGH"; head -c 3000000 /dev/zero`}, append(env, "PATH=/usr/bin:/bin"), r.work, &out, io.Discard)
				if err != nil {
					t.Fatal(err)
				}
				if code, err := p.Wait(); code != 0 || err != nil || out.Len() != 3_240_000 {
					t.Errorf("got code %d, %v, %d bytes, want 3240000", code, err, out.Len())
				}
			})
		}
	})
}

func TestACommandThatCannotStartSaysWhy(t *testing.T) {
	tests := []struct {
		name, want string
		argv       []string
		dir        string
	}{
		{"no such program", `find "no-such-program": not on PATH`, []string{"no-such-program"}, ""},
		{"no such file", `no such file`, []string{"/no/such/file"}, ""},
		{"no such directory", `no such file`, []string{"/bin/true"}, "/no/such/dir"},
		{"not executable", `permission denied`, []string{"/etc/passwd"}, ""},
		{"no program at all", `want a program name`, nil, ""},
	}
	for _, kind := range everyKind {
		r := open(t, kind)
		for _, tt := range tests {
			t.Run(string(kind)+"/"+tt.name, func(t *testing.T) {
				dir := tt.dir
				if dir == "" {
					dir = r.work
				}
				_, err := r.box.Start(tt.argv, []string{"PATH=/usr/bin:/bin"}, dir, io.Discard, io.Discard)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
			})
		}
		if got := r.sh("echo on"); got.out != "on\n" {
			t.Errorf("%s: does not go on after a bad start: %+v", kind, got)
		}
	}
}

func TestAClosedSandboxStartsNothing(t *testing.T) {
	for _, kind := range everyKind {
		t.Run(string(kind), func(t *testing.T) {
			r := open(t, kind)
			p, _, _ := r.start("sleep 7777")
			r.wantClosed()
			r.wantClosed()
			if _, err := r.box.Start([]string{"/bin/true"}, nil, r.work, io.Discard, io.Discard); err == nil {
				t.Error("started a command in a closed sandbox")
			}
			if code, err := p.Wait(); err == nil && code != 128+9 {
				t.Errorf("the command that ran: got code %d without an error", code)
			}
			if err := p.Signal(syscall.SIGTERM); kind == sandbox.Namespace && err == nil {
				t.Error("signalled a command of a closed sandbox")
			}
		})
	}
}

func TestTwoExecutionsNeverShareAUID(t *testing.T) {
	need.Root(t)
	c := sandbox.Config{LockDir: t.TempDir(), UIDBase: 64940, UIDCount: 2}
	dir := t.TempDir()
	var boxes []sandbox.Sandbox
	uids := map[uint32]bool{}
	for _, kind := range []sandbox.Kind{sandbox.Namespace, sandbox.UID} {
		work := filepath.Join(dir, string(kind))
		if err := os.Mkdir(work, 0o755); err != nil {
			t.Fatal(err)
		}
		box, err := sandbox.Open(t.Context(), kind, c, sandbox.Spec{Execution: "x", Keep: []string{work}})
		if err != nil {
			t.Fatal(err)
		}
		boxes = append(boxes, box)
		info, err := os.Stat(work)
		if err != nil {
			t.Fatal(err)
		}
		uids[info.Sys().(*syscall.Stat_t).Uid] = true
	}
	if !uids[64940] || !uids[64941] {
		t.Errorf("got the uids %v, want 64940 and 64941", uids)
	}
	if _, err := sandbox.Open(t.Context(), sandbox.Namespace, c, sandbox.Spec{Execution: "x"}); err == nil || !strings.Contains(err.Error(), "all of 64940 to 64941 are lent") {
		t.Errorf("a third execution: got %v", err)
	}
	for _, b := range boxes {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	box, err := sandbox.Open(t.Context(), sandbox.Namespace, c, sandbox.Spec{Execution: "x"})
	if err != nil {
		t.Fatalf("after closing: %v", err)
	}
	if err := box.Close(); err != nil {
		t.Error(err)
	}
}

// A command may swap a directory for a link at any time.
func TestOwnDoesNotFollowALinkOutOfTheWorkspace(t *testing.T) {
	need.Root(t)
	r := open(t, sandbox.Namespace)
	outside := t.TempDir()
	r.sh("ln -s " + outside + " link; mkdir real; ln -s " + outside + " real/link")
	if err := r.box.Own(filepath.Join(r.work, "link")); err == nil {
		t.Error("followed a link out of the workspace")
	}
	if err := r.box.Own(filepath.Join(r.work, "real")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(outside); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("a directory outside was given away: %v %v", info, err)
	}
}

func TestOwnRefusesFilesWithSeveralNames(t *testing.T) {
	need.Root(t)
	r := open(t, sandbox.UID)
	outside := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(r.work, "soft")); err != nil {
		t.Fatal(err)
	}
	if err := r.box.Own(r.work); err != nil {
		t.Errorf("with a symbolic link: %v", err)
	}
	if err := os.Link(outside, filepath.Join(r.work, "hard")); err != nil {
		t.Fatal(err)
	}
	if err := r.box.Own(r.work); err == nil || !strings.Contains(err.Error(), `"hard" has 2 names`) {
		t.Errorf("with a hard link: got %v", err)
	}
	if info, err := os.Stat(outside); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("a file outside was given away: %v %v", info, err)
	}
}

func TestSweepKillsWhatADeadWorkerLeft(t *testing.T) {
	need.Root(t)
	c := sandbox.Config{LockDir: t.TempDir(), UIDBase: 64945, UIDCount: 2}
	if err := os.WriteFile(filepath.Join(c.LockDir, "64945"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sleep", "7777")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64945, Gid: 64945}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := sandbox.Sweep(c); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("got %v, want it killed", err)
	}
	if got, err := os.ReadFile(filepath.Join(c.LockDir, "64945")); err != nil || string(got) != "unused" {
		t.Errorf("the lock file says %q %v, want that nothing is left", got, err)
	}
}

func TestUIDThatIsGivenBackIsKnownToBeUnused(t *testing.T) {
	need.Root(t)
	c := sandbox.Config{LockDir: t.TempDir(), UIDBase: 64946, UIDCount: 1}
	lock := filepath.Join(c.LockDir, "64946")
	dir := t.TempDir()
	box, err := sandbox.Open(t.Context(), sandbox.UID, c, sandbox.Spec{Execution: "x", Keep: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(lock); err != nil || len(got) != 0 {
		t.Errorf("while it is lent the lock file says %q %v", got, err)
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(lock); err != nil || string(got) != "unused" {
		t.Errorf("given back the lock file says %q %v", got, err)
	}
}

func TestOfflineHasLoopbackOnly(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		r := open(t, sandbox.Namespace, func(s *sandbox.Spec) { s.Offline = true })
		if got := r.sh(`cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '; cat /proc/net/fib_trie | grep -c 127.0.0.1`); got.out != "lo\n2\n" && got.out != "lo\n4\n" {
			t.Errorf("got interfaces %q, want lo alone, up", got.out)
		}
	})
}

func TestStrongestTriesEachKind(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		if kind, err := sandbox.Strongest(t.Context(), config(t), sandbox.None); err != nil || kind != sandbox.Namespace {
			t.Errorf("got %q %v, want %q", kind, err, sandbox.Namespace)
		}
	})
}

func TestStrongestSaysWhyNoKindWorks(t *testing.T) {
	need.Root(t) // without root a namespace needs no uid
	c := sandbox.Config{LockDir: "/dev/null/uids"}
	_, err := sandbox.Strongest(t.Context(), c, sandbox.UID)
	for _, want := range []string{`sandbox "namespace"`, `sandbox "uid"`, "take uid"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if kind, err := sandbox.Strongest(t.Context(), c, sandbox.None); err != nil || kind != sandbox.None {
		t.Errorf("where no protection is accepted: got %q %v", kind, err)
	}
}

func TestOpenReportsAllThatIsWrong(t *testing.T) {
	_, err := sandbox.Open(t.Context(), sandbox.None, config(t), sandbox.Spec{Keep: []string{"relative", "/no/such/dir"}})
	for _, want := range []string{`execution ""`, `keep "relative": want an absolute path`, `keep "/no/such/dir"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if _, err := sandbox.Open(t.Context(), "docker", config(t), sandbox.Spec{Execution: "x"}); err == nil || !strings.Contains(err.Error(), `want one of "namespace", "uid", "none"`) {
		t.Errorf("an unknown kind: got %v", err)
	}
}

// slow is a writer that takes its time.
type slow struct {
	pause time.Duration
	n     int
}

func (s *slow) Write(b []byte) (int, error) {
	<-time.After(s.pause) // the slowness is what is tested
	s.n += len(b)
	return len(b), nil
}

func TestWhatACommandWroteIsNotLostWhereItIsTakenSlowly(t *testing.T) {
	tests := []struct {
		name, script string
		least, most  int
		within       time.Duration
	}{
		{"a silent process has it", `head -c 100000 /dev/zero; sleep 60 &`, 100000, 100000, 10 * time.Second},
		{"a process floods it", `head -c 100000 /dev/zero; yes &`, 100000, 1 << 20, 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, sandbox.Namespace)
			out := &slow{pause: 300 * time.Millisecond}
			p, err := r.box.Start([]string{"/bin/bash", "-c", tt.script}, []string{"PATH=/usr/bin:/bin"}, r.work, out, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			code, err := p.Wait()
			if code != 0 || err != nil || out.n < tt.least || out.n > tt.most {
				t.Errorf("got %d bytes, code %d, %v", out.n, code, err)
			}
			if took := time.Since(begin); took > tt.within {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestWhatLeadsToAKeptDirectoryIsNotInTheExecutionsTmp(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		r := open(t, sandbox.Namespace)
		rest, err := filepath.Rel("/tmp", r.store)
		if err != nil || !filepath.IsLocal(rest) {
			rest = "" // the store is not below what becomes /tmp
		}
		made, err := os.ReadDir(filepath.Join(r.work, "tmp", rest))
		if err != nil || len(made) > 0 {
			t.Errorf("in the execution's directory: %v, %v: want nothing below what is hidden", made, err)
		}
		if got := r.sh(`ls "$STORE"; touch "$STORE/x"; touch "$WORK/y"`); got.out != "work\n" || !strings.Contains(got.err, "STORE") && !strings.Contains(got.err, "Read-only") {
			t.Errorf("got %+v, want only the way to the workspace, read-only", got)
		}
		r.wantClosed()
	})
}
