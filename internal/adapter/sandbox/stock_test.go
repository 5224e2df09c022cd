package sandbox_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/sandbox"
)

// stock is an empty one, which is closed with the test.
func stock(t *testing.T) *sandbox.Stock {
	t.Helper()
	s := sandbox.NewStock(config(t))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left := helpers(t); len(left) > 0 {
			t.Errorf("helpers %v are left", left)
		}
	})
	return s
}

// fromStock is a room in a sandbox of a stock.
func fromStock(t *testing.T, s *sandbox.Stock, kind sandbox.Kind, execution string) *room {
	t.Helper()
	work := t.TempDir()
	if err := os.Chmod(filepath.Dir(work), 0o755); err != nil {
		t.Fatal(err)
	}
	box, err := s.Open(t.Context(), kind, sandbox.Spec{Execution: execution, Keep: []string{work}, Temp: work})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	return &room{t: t, box: box, work: work}
}

// helpers are the children of this process that are helpers of sandboxes.
func helpers(t *testing.T) (pids []int) {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != strconv.Itoa(os.Getpid()) || !strings.HasPrefix(string(line), "dc-release\x00sandbox-init") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

func TestSandboxesOfAStockAreForOneExecutionEach(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		s := stock(t)
		s.Prepare()
		s.Prepare() // there is one
		first, second := fromStock(t, s, sandbox.Namespace, "run-1/1/a/1"), fromStock(t, s, sandbox.Namespace, "run-1/1/b/1")
		const tell = `echo "$DC_RELEASE_EXECUTION"; touch /tmp/mine; ls /tmp | grep mine`
		for r, want := range map[*room]string{first: "run-1/1/a/1\nmine\n", second: "run-1/1/b/1\nmine\n"} {
			if got := r.sh(tell); got.out != want {
				t.Errorf("got %+v, want %q", got, want)
			}
		}
		if _, err := os.Stat(filepath.Join(second.work, "mine")); err != nil {
			t.Errorf("the second sandbox has another /tmp: %v", err)
		}
		if os.Geteuid() == 0 {
			if a, b := first.sh("id -u"), second.sh("id -u"); a.out == b.out {
				t.Errorf("both run as %q", a.out)
			}
		}
		if got := first.sh("ls " + second.work); got.code == 0 && strings.Contains(got.out, "mine") && os.Geteuid() == 0 {
			t.Errorf("the first sandbox reads the second one's files: %+v", got)
		}
		first.wantClosed()
		if got := second.sh("echo here"); got.out != "here\n" {
			t.Errorf("closing one ended the other: %+v", got)
		}
		second.wantClosed()
	})
}

func TestAPreparedSandboxThatDiedIsMadeAgain(t *testing.T) {
	s := stock(t)
	fromStock(t, s, sandbox.Namespace, "run-1/1/a/1").wantClosed() // and the next is prepared
	var prepared []int
	for len(prepared) == 0 {
		prepared = helpers(t)
	}
	for _, pid := range prepared {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	r := fromStock(t, s, sandbox.Namespace, "run-1/1/b/1")
	if got := r.sh(`echo "$DC_RELEASE_EXECUTION"`); got.out != "run-1/1/b/1\n" {
		t.Errorf("got %+v", got)
	}
	r.wantClosed()
}

func TestAStockOpensEveryKindAndRefusesWhatCannotBe(t *testing.T) {
	s := stock(t)
	s.Prepare()
	r := fromStock(t, s, sandbox.None, "run-1/1/a/1")
	if got := r.sh("echo here"); got.out != "here\n" || r.box.Kind() != sandbox.None {
		t.Errorf("kind %q, %+v", r.box.Kind(), got)
	}
	r.wantClosed()
	if box, err := s.Open(t.Context(), sandbox.Namespace, sandbox.Spec{Execution: "x", Keep: []string{"relative"}}); err == nil {
		t.Errorf("opened %v", box)
	}
}
