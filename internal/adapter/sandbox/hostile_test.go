package sandbox_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/archtest/need"
)

// protecting are the kinds that promise to keep steps apart.
var protecting = []sandbox.Kind{sandbox.Namespace, sandbox.UID}

func each(t *testing.T, kinds []sandbox.Kind, f func(*testing.T, sandbox.Kind)) {
	t.Helper()
	bothIdentities(t, func(t *testing.T) {
		for _, kind := range kinds {
			t.Run(string(kind), func(t *testing.T) { f(t, kind) })
		}
	})
}

func TestHostileStepCannotReadTheStore(t *testing.T) {
	each(t, protecting, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind)
		if got := r.sh(`cat "$STORE/key"; find "$STORE" -name key 2>/dev/null | xargs cat`); strings.Contains(got.out, canary) {
			t.Errorf("read the hidden file: %+v", got)
		}
		if got := r.sh(`ln -s "$STORE/key" leak; cat leak; ln "$STORE/key" hard && cat hard`); strings.Contains(got.out, canary) {
			t.Errorf("read the hidden file over a link: %+v", got)
		}
		if got := r.sh(`echo x > here && cat here && ls "$WORK"`); got.code != 0 || !strings.HasPrefix(got.out, "x\n") {
			t.Errorf("cannot use the workspace: %+v", got)
		}
	})
}

func TestHostileStepCannotReadAStoreThatIsShownByMistake(t *testing.T) {
	each(t, []sandbox.Kind{sandbox.Namespace}, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind, func(s *sandbox.Spec) { s.Show = append(s.Show, filepath.Dir(s.Hide[0])) })
		if got := r.sh(`cat "$STORE/key"`); strings.Contains(got.out, canary) {
			t.Errorf("read the hidden file: %+v", got)
		}
	})
}

func TestHostileStepCannotReadTheStoreThroughAProcessFileSystem(t *testing.T) {
	each(t, protecting, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind)
		got := r.sh(`for p in /proc/[0-9]*; do cat $p/root"$STORE"/key $p/cwd/key; ls $p/fd; done 2>/dev/null | grep ` + canary)
		if got.out != "" {
			t.Errorf("read the hidden file through /proc: %+v", got)
		}
	})
}

func TestHostileStepSeesNoOtherProcess(t *testing.T) {
	each(t, []sandbox.Kind{sandbox.Namespace}, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind)
		got := r.sh(`for p in /proc/[0-9]*; do echo ${p#/proc/}; done`)
		// Process 1 and the shell itself.
		if n := len(strings.Fields(got.out)); n != 2 {
			t.Errorf("sees %d processes, want 2: %q", n, got.out)
		}
	})
}

func TestHostileStepCannotReadTheEnvironmentOfAnotherExecution(t *testing.T) {
	each(t, protecting, func(t *testing.T, kind sandbox.Kind) {
		victim, attacker := open(t, kind), open(t, kind)
		var out strings.Builder
		p, err := victim.box.Start([]string{"/bin/sleep", "1000"}, []string{"TOKEN=" + canary}, victim.work, &out, &out)
		if err != nil {
			t.Fatal(err)
		}
		got := attacker.sh(`cat /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n' | grep TOKEN; ls -d "` + victim.work + `"/* 2>/dev/null; touch "` + victim.work + `/planted" 2>/dev/null && echo planted`)
		if got.out != "" {
			t.Errorf("sees another execution: %+v", got)
		}
		if err := p.Signal(syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})
}

func TestHostileStepCannotSignalOrTraceTheWorker(t *testing.T) {
	each(t, protecting, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind)
		worker := strconv.Itoa(os.Getpid())
		got := r.sh(`kill -CONT ` + worker + ` 2>/dev/null && echo reached; kill -0 ` + worker + ` 2>/dev/null && echo reached; cat /proc/` + worker + `/environ 2>/dev/null; cat /proc/` + worker + `/mem 2>/dev/null; kill -TERM -1; exit 0`)
		if strings.Contains(got.out, "reached") {
			t.Errorf("reached the worker: %+v", got)
		}
	})
}

func TestHostileStepCannotStopTheHelper(t *testing.T) {
	each(t, []sandbox.Kind{sandbox.Namespace}, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind)
		r.sh(`for s in HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS; do kill -$s 1; done 2>/dev/null
for s in $(seq 34 64); do kill -$s 1; done 2>/dev/null; true`)
		if got := r.sh("echo alive"); got.out != "alive\n" {
			t.Errorf("the sandbox did not go on: %+v", got)
		}
		got := r.sh(`cat /proc/1/environ /proc/1/maps /proc/1/auxv 2>/dev/null; ls /proc/1/fd /proc/1/cwd/ 2>/dev/null; grep -i '^cap' /proc/1/status | grep -v '0000000000000000$'; true`)
		if threads := r.sh(`grep -ih '^cap[ipea]' /proc/1/task/*/status`); !hasCgo && strings.Contains(strings.ReplaceAll(threads.out, "0000000000000000", ""), "0") || threads.out == "" {
			t.Errorf("a thread of the helper has rights:\n%s", threads.out)
		}
		if got.out != "" {
			t.Errorf("the helper can be read or has rights: %+v", got)
		}
	})
}

func TestHostileStepHasNoRights(t *testing.T) {
	each(t, []sandbox.Kind{sandbox.Namespace}, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind)
		got := r.sh(`grep -E '^(Cap|NoNewPrivs|Uid)' /proc/self/status`)
		for _, want := range []string{"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1"} {
			if !strings.Contains(got.out, want) {
				t.Errorf("want %q in\n%s", want, got.out)
			}
		}
		if strings.Contains(got.out, "Uid:\t0") {
			t.Errorf("runs as uid 0:\n%s", got.out)
		}
	})
}

func TestHostileStepCannotChangeItsMounts(t *testing.T) {
	each(t, []sandbox.Kind{sandbox.Namespace}, func(t *testing.T, kind sandbox.Kind) {
		shown := t.TempDir()
		if err := os.WriteFile(filepath.Join(shown, "tool"), []byte("tool"), 0o666); err != nil {
			t.Fatal(err)
		}
		// Without a Temp of its own /tmp stays, and the store is covered alone.
		r := open(t, kind, func(s *sandbox.Spec) { s.Temp, s.Show = "", append(s.Show, shown) })
		r.sh(`for m in $(awk '{print $5}' /proc/self/mountinfo | tac); do umount -l $m; umount $m; done`)
		r.sh(`unshare -Urm sh -c 'umount -l "$STORE"; umount "$STORE"; cat "$STORE/key"'`)
		r.sh(`mount -o remount,rw "$STORE"; mount -t tmpfs x /proc; mount --bind / /mnt; unshare -m true && echo new`)
		got := r.sh(`cat "$STORE/key"; unshare -Ur cat "$STORE/key"; unshare -U true 2>/dev/null && echo user namespace; echo x > "$STORE/x" && echo wrote; ls /proc >/dev/null && echo proc`)
		if got.out != "proc\n" {
			t.Errorf("want only %q, got %+v", "proc", got)
		}
		got = r.sh(`cat ` + shown + `/tool; echo changed > ` + shown + `/tool && echo wrote; touch ` + shown + `/new && echo made; true`)
		if got.out != "tool" {
			t.Errorf("a shown directory is not read-only: %+v", got)
		}
	})
}

func TestHostileStepSeesHarmlessDevicesOnly(t *testing.T) {
	each(t, []sandbox.Kind{sandbox.Namespace}, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind)
		got := r.sh(`ls /dev /dev/pts | tr '\n' ' '; echo ok > /dev/null; echo shm > /dev/shm/x; head -c 4 /dev/urandom | wc -c; echo a > /tmp/a; cat /var/tmp/a; script -qc 'echo tty' /dev/null`)
		want := "/dev: fd full null ptmx pts random shm stderr stdin stdout tty urandom zero  /dev/pts: ptmx 4\na\ntty"
		if !strings.HasPrefix(got.out, want) {
			t.Errorf("got %q, want it to begin with %q", got.out, want)
		}
		if _, err := os.Stat(filepath.Join(r.work, "tmp", "a")); err != nil {
			t.Errorf("/tmp is not the execution's: %v", err)
		}
	})
}

func TestHostileStepCannotReachAnAbstractSocket(t *testing.T) {
	each(t, []sandbox.Kind{sandbox.Namespace}, func(t *testing.T, kind sandbox.Kind) {
		name := fmt.Sprintf("dc-release-test-%d", os.Getpid())
		l, err := net.Listen("unix", "@"+name)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		need.Program(t, need.Python)
		r := open(t, kind)
		got := r.sh(`/usr/bin/python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); s.connect("\0` + name + `"); print("connected")'`)
		if strings.Contains(got.out, "connected") {
			t.Errorf("connected to a socket outside: %+v", got)
		}
		if !strings.Contains(got.err, "PermissionError") {
			need.Missing(t, "no Landlock scopes on this kernel: "+got.err)
		}
	})
}

// survivors are ways to stay alive after a step. Each holds descriptor 9.
var survivors = map[string]string{
	"in the background":       `sleep 7777 &`,
	"in a session of its own": `setsid sleep 7777 &`,
	"after a double fork":     `(setsid sh -c 'setsid sleep 7777 &' &)`,
	"under nohup":             `nohup sleep 7777 >/dev/null 2>&1 &`,
	"deaf to signals":         `setsid sh -c 'trap "" INT TERM HUP; while :; do sleep 7777; done' &`,
	"forking all the time":    `setsid bash -c 'f() { sleep 0.01; f & }; f; f; f; f' &`,
	"stopped":                 `setsid sh -c 'kill -STOP $$' &`,
}

// strayers also clear their environment, or hide from /proc; only a kind that
// protects finds these.
var strayers = map[string]string{
	"without an environment": `setsid env -i sleep 7777 &`,
	"undumpable":             `setsid env -i /usr/bin/python3 -c 'import ctypes, time; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); time.sleep(7777)' &`,
}

func TestHostileStepDoesNotSurviveItsExecution(t *testing.T) {
	each(t, everyKind, func(t *testing.T, kind sandbox.Kind) {
		scripts := maps.Clone(survivors)
		if kind != sandbox.None {
			maps.Copy(scripts, strayers)
		}
		for name, script := range scripts {
			t.Run(name, func(t *testing.T) {
				if strings.Contains(script, need.Python) {
					need.Program(t, need.Python)
				}
				r := open(t, kind)
				alive := r.lifeline()
				r.sh("exec 9>life >/dev/null 2>&1; " + script)
				if !alive() {
					t.Fatal("nothing was left running, so nothing is tested")
				}
				r.wantClosed()
				if alive() {
					t.Error("a process survived")
				}
			})
		}
	})
}

func TestBackgroundProcessesLiveUntilTheSandboxIsClosed(t *testing.T) {
	each(t, everyKind, func(t *testing.T, kind sandbox.Kind) {
		r := open(t, kind)
		alive := r.lifeline()
		r.sh("exec 9>life >/dev/null 2>&1; sleep 7777 &")
		if got := r.sh("true"); got.code != 0 || !alive() {
			t.Errorf("the background process is gone at the second step: %+v", got)
		}
	})
}

func TestSignalsReachTheWholeTreeOfOneCommand(t *testing.T) {
	each(t, everyKind, func(t *testing.T, kind sandbox.Kind) {
		for name, script := range survivors {
			t.Run(name, func(t *testing.T) {
				r := open(t, kind)
				alive := r.lifeline()
				// No shell: one that is about to become sleep may swallow a signal.
				bystander, err := r.box.Start([]string{"/bin/sleep", "7777"}, nil, r.work, io.Discard, io.Discard)
				if err != nil {
					t.Fatal(err)
				}
				p, _, _ := r.start("exec 9>life >/dev/null 2>&1; " + script + "\necho >&9; exec sleep 7777")
				r.await()
				if err := p.Signal(syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				if code, err := p.Wait(); code != 128+9 || err != nil {
					t.Errorf("got code %d, %v, want 137", code, err)
				}
				// A killed process ends when the kernel comes to it.
				eventually(t, "the whole tree ends", func() bool { return !alive() })
				if err := bystander.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				if code, err := bystander.Wait(); code != 128+15 || err != nil {
					t.Errorf("the other command: got code %d, %v, want 143", code, err)
				}
			})
		}
	})
}

func TestNothingSurvivesTheDeathOfTheWorker(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		for _, kind := range everyKind {
			t.Run(string(kind), func(t *testing.T) {
				if kind == sandbox.UID {
					need.Root(t)
				}
				dir := t.TempDir()
				for d := dir; d != os.TempDir(); d = filepath.Dir(d) {
					if err := os.Chmod(d, 0o755); err != nil {
						t.Fatal(err)
					}
				}
				worker := exec.CommandContext(t.Context(), "/proc/self/exe", "worker-that-dies", dir)
				worker.Env = []string{"KIND=" + string(kind), "PATH=/usr/bin:/bin"}
				worker.Stderr = os.Stderr
				out, err := worker.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := worker.Start(); err != nil {
					t.Fatal(err)
				}
				line, err := bufio.NewReader(out).ReadString('\n')
				if line != "up\n" {
					t.Fatalf("got %q, %v", line, err)
				}
				if err := worker.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				_ = worker.Wait()
				eventually(t, "the step ends with its worker", func() bool {
					return !marked(dir)
				})
			})
		}
	})
}

// lifeline makes a FIFO "life" and gives a function that reports whether any
// process holds it open for writing.
func (r *room) lifeline() (alive func() bool) {
	r.t.Helper()
	path := filepath.Join(r.work, "life")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		r.t.Fatal(err)
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	r.life = fd
	r.t.Cleanup(func() { syscall.Close(fd) })
	if err := r.box.Own(r.work); err != nil {
		r.t.Fatal(err)
	}
	return func() bool {
		n, err := syscall.Read(fd, make([]byte, 64))
		return n != 0 || err != nil // no writer: end of file
	}
}

// await waits for a byte on the lifeline.
func (r *room) await() {
	r.t.Helper()
	eventually(r.t, "the command writes", func() bool {
		n, _ := syscall.Read(r.life, make([]byte, 1))
		return n == 1
	})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited 20 s until %s", what)
		}
	}
}

// marked reports whether a running process carries the execution's marker.
func marked(execution string) bool {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		env, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(env), sandbox.Marker+"="+execution) {
			return true
		}
	}
	return false
}
