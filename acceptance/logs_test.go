package acceptance_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// counting is a workflow whose job prints numbers and takes some seconds.
const counting = `on: push
jobs:
  count:
    runs-on: ubuntu-latest
    steps:
      - run: for i in $(seq 1 80); do echo "number $i."; sleep 0.05; done
`

// serveCounting starts a server on a site whose main has that workflow, and
// waits until it prints.
func serveCounting(t *testing.T) (s *site, server *process, run string) {
	t.Helper()
	s = newSite(t)
	mustWrite(t, filepath.Join(s.clone(), ".github", "workflows", "main.yaml"), []byte(counting))
	s.commit(s.clone(), "Count")
	s.mustGit(s.clone(), "push", "--quiet", "origin", "main")
	server = s.start("serve")
	s.until(func() bool {
		run = s.latestRun()
		return run != "" && strings.Contains(s.call("", "runs", "logs", run, "--job", "count").out, "number 5.")
	})
	return s, server, run
}

// latestRun is the run that is in progress, "" for none.
func (s *site) latestRun() string {
	s.t.Helper()
	var list struct {
		Runs []struct{ Run, Conclusion string }
	}
	s.ask(&list, "runs", "list")
	for _, r := range list.Runs {
		if r.Conclusion == "" {
			return r.Run
		}
	}
	return ""
}

// numbers are the lines that the job printed, in order.
func numbers(log string) (out []string) {
	for line := range strings.Lines(log) {
		if _, n, ok := strings.Cut(line, "number "); ok && !strings.Contains(n, "$") {
			out = append(out, strings.TrimSuffix(n, ".\n"))
		}
	}
	return out
}

func wantAllNumbers(t *testing.T, what, log string) {
	t.Helper()
	got := numbers(log)
	for i := range 80 {
		if i >= len(got) || got[i] != fmt.Sprint(i+1) {
			t.Fatalf("%s: the numbers from %d are wrong: %v", what, i+1, got)
		}
	}
	if len(got) != 80 {
		t.Errorf("%s: %d numbers", what, len(got))
	}
}

// TestALogGoesOnWhenTheOwnerIsKilled kills the owner while a job prints: the
// worker sends the rest to the next owner, and who follows sees every line once.
func TestALogGoesOnWhenTheOwnerIsKilled(t *testing.T) {
	s, server, run := serveCounting(t)
	follower := s.start("runs", "logs", run, "--job", "count", "--follow")
	s.until(func() bool { return len(numbers(s.call("", "runs", "logs", run, "--job", "count").out)) > 10 })
	server.kill(false)
	server = s.start("serve")
	<-follower.done
	wantAllNumbers(t, "followed", follower.out.String())
	wantAllNumbers(t, "afterwards", s.want(0, "", "runs", "logs", run, "--job", "count", "--raw").out)
	server.kill(true)
}

// TestWhatALostWorkerPrintedIsKept kills owner and worker while a job prints:
// the job is tried again, and what the first try printed can be read.
func TestWhatALostWorkerPrintedIsKept(t *testing.T) {
	s, server, run := serveCounting(t)
	server.kill(true)
	server = s.start("serve")
	defer server.kill(true)
	s.until(func() bool { return s.recorded("execution.finished", run+"/1/count/2") == 1 })
	first := numbers(s.want(0, "", "runs", "logs", run, "--execution", run+"/1/count/1").out)
	if len(first) < 5 || len(first) >= 80 || first[4] != "5" {
		t.Errorf("the lost try printed %v", first)
	}
	wantAllNumbers(t, "the second try", s.want(0, "", "runs", "logs", run, "--job", "count").out)
	if n := s.recorded("execution.log_kept", run+"/1/count/1"); n != 1 {
		t.Errorf("%d logs were kept", n)
	}
	if left := filesIn(t, s.path("data", "spool", "log")); len(left) != 0 {
		t.Errorf("live logs are left: %v", left)
	}
	if left := filesIn(t, s.path("data", "spool", "worker")); len(left) != 0 {
		t.Errorf("the worker's spool holds %v", left)
	}
}

// TestGXP065_AJobOfASilentWorkerIsTriedAgain stops a worker that goes on living: when
// its lease has run out the job is given up, and the worker, woken again, hears
// so, ends it and takes the next try.
func TestGXP065_AJobOfASilentWorkerIsTriedAgain(t *testing.T) {
	s, server, run := serveCounting(t)
	defer server.kill(true)
	workers := children(server.cmd.Process.Pid)
	if len(workers) != 1 {
		t.Fatalf("%d workers", len(workers))
	}
	if err := syscall.Kill(workers[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// Following ends with the execution.
	s.want(0, "", "runs", "logs", run, "--execution", run+"/1/count/1", "--follow")
	if n := s.recorded("execution.given_up", "its lease ran out"); n != 1 {
		t.Errorf("%d executions were given up", n)
	}
	if err := syscall.Kill(workers[0], syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.want(0, "", "runs", "watch", run)
	wantAllNumbers(t, "the second try", s.want(0, "", "runs", "logs", run, "--job", "count").out)
	if n := s.recorded("execution.finished", run); n != 1 {
		t.Errorf("%d results", n)
	}
}
