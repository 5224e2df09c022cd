package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/archtest/need"
)

// bomb forks until it is stopped. The command itself waits, so that its end is
// that of the bomb.
const bomb = `:(){ :|:& };: 2>/dev/null; sleep 1000`

// fence gives a line for the beginning of a script that keeps all that it starts
// to at most limit tasks, whatever the sandbox under test does.
func fence(t *testing.T, limit int) string {
	t.Helper()
	need.Root(t)
	const root = "/sys/fs/cgroup/pids"
	if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err != nil {
		need.Missing(t, "no pids control group of version 1 to keep a fork bomb in")
	}
	dir := filepath.Join(root, fmt.Sprintf("dc-release-test-%d-%d", os.Getpid(), time.Now().UnixNano()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		need.Missing(t, "no control groups can be made: "+err.Error())
	}
	procs := filepath.Join(dir, "cgroup.procs")
	t.Cleanup(func() {
		if left, err := os.ReadFile(procs); err != nil || len(left) > 0 {
			t.Errorf("of the bomb is left: %v %s", err, left)
		}
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "pids.max"), []byte(strconv.Itoa(limit)), 0), os.Chmod(procs, 0o666)); err != nil {
		t.Fatal(err)
	}
	return "echo $$ > " + procs + " || exit 99\n"
}

// holding opens a sandbox with a limit, held in one way.
func holding(t *testing.T, kind sandbox.Kind, by sandbox.By, limit int) *room {
	t.Helper()
	r := open(t, kind)
	r.wantClosed()
	c := config(t)
	c.Processes, c.By = limit, by
	box, err := sandbox.Open(t.Context(), kind, c, sandbox.Spec{Execution: "run-1/1/build/1", Keep: []string{r.work}, Temp: r.work})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	r.box = box
	return r
}

func TestAForkBombIsHeldByALimit(t *testing.T) {
	const limit = 64
	for _, tt := range []struct {
		kind sandbox.Kind
		by   sandbox.By
	}{
		{sandbox.Namespace, sandbox.ByGroup},
		{sandbox.UID, sandbox.ByGroup},
		{sandbox.None, sandbox.ByGroup},
		{sandbox.Namespace, sandbox.ByRlimit},
		{sandbox.UID, sandbox.ByRlimit},
		{sandbox.Namespace, sandbox.ByWatch},
		{sandbox.None, sandbox.ByWatch},
	} {
		t.Run(string(tt.kind)+" by "+string(tt.by), func(t *testing.T) {
			safely := bomb
			if tt.by != sandbox.ByGroup {
				safely = fence(t, 300) + bomb
			}
			r := holding(t, tt.kind, tt.by, limit)
			if got, want := r.box.Limit(), fmt.Sprintf("at most %d processes, held by %s", limit, tt.by); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if got := r.sh("echo before"); got.out != "before\n" || r.box.Overrun() != nil {
				t.Errorf("got %+v", got)
			}
			begin := time.Now()
			if got := r.sh(safely); got.code != 137 {
				t.Errorf("the bomb ended with %+v, want SIGKILL", got)
			}
			err := r.box.Overrun()
			if err == nil || !strings.Contains(err.Error(), "more than 64 processes at once, the limit of an execution, held by "+string(tt.by)) {
				t.Errorf("got %v", err)
			}
			t.Logf("ended after %v", time.Since(begin))
			// Nothing of it is left, and the sandbox can be used.
			if got := r.sh("for i in 1 2 3; do sleep 0.01 & done; wait; echo after"); got.out != "after\n" || got.code != 0 {
				t.Errorf("got %+v", got)
			}
			if err := r.box.Overrun(); err != nil {
				t.Errorf("told twice: %v", err)
			}
		})
	}
}

func TestTheStrongestWayThatWorksIsTaken(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		want := "at most 40 processes, held by " + string(sandbox.ByGroup)
		if os.Geteuid() != 0 {
			// Nobody may make groups here; in a namespace of its own no process
			// outside counts for the limit of its uid.
			want = "at most 40 processes, held by " + string(sandbox.ByRlimit)
		}
		r := holding(t, sandbox.Namespace, "", 40)
		if got := r.box.Limit(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := r.sh("for i in $(seq 20); do sleep 0.2 & done; wait; echo 20 fit"); got.out != "20 fit\n" || r.box.Overrun() != nil {
			t.Errorf("got %+v", got)
		}
		if got := r.sh("for i in $(seq 60); do sleep 1000 & done; sleep 1000"); got.code == 0 {
			t.Errorf("60 fit: got %+v", got)
		}
		if err := r.box.Overrun(); err == nil || !strings.Contains(err.Error(), "more than 40 processes at once") {
			t.Errorf("got %v", err)
		}
	})
}
