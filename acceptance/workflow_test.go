package acceptance_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// commit is "commit DIR": everything below DIR becomes a commit of main, in a
// repository that is made when there is none.
func commit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: commit DIR")
	}
	dir := ts.MkAbs(args[0])
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		ts.Check(ts.Exec("git", "-C", dir, "init", "--quiet", "--initial-branch=main", "."))
	}
	ts.Check(ts.Exec("git", "-C", dir, "add", "."))
	ts.Check(ts.Exec("git", "-C", dir, "commit", "--quiet", "--allow-empty", "-m", "Next"))
}

// standIn is "standin NAME": a program of that name, first on PATH, says with
// which arguments it was started.
func standIn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: standin NAME")
	}
	dir := ts.MkAbs("standins")
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, args[0]), []byte("#!/bin/sh\necho standin \"$@\"\n"), 0o755))
	ts.Setenv("PATH", dir+string(os.PathListSeparator)+ts.Getenv("PATH"))
}

// jobLog is "log FILE JOB": prints the log of a job of the kept rehearsal that
// FILE is the answer of.
func jobLog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: log FILE JOB")
	}
	var run struct{ Run, Data string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &run))
	if run.Data == "" {
		ts.Fatalf("%s: the rehearsal was not kept", args[0])
	}
	ts.Defer(func() { os.RemoveAll(run.Data) })
	ts.Check(ts.Exec(program, "--data", run.Data, "runs", "logs", run.Run, "--job", args[1]))
}

// serve is "serve": a server owns the data directory data until the script ends.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: serve")
	}
	cmd := exec.Command(program, "--data", ts.MkAbs("data"), "serve")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME")}
	said, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "serving ") {
		ts.Logf("serve: %s", lines.Text())
	}
	go func() { // nothing may block it
		for lines.Scan() {
		}
	}()
	ts.Defer(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // it was interrupted
	})
}

// tool is "tool NAME": the script needs a program of this machine.
func tool(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: tool NAME")
	}
	if _, err := exec.LookPath(args[0]); err == nil {
		return
	}
	if os.Getenv("DC_RELEASE_TEST_REQUIRE") == "all" {
		ts.Fatalf("%s is missing, and DC_RELEASE_TEST_REQUIRE=all", args[0])
	}
	left.Lock()
	left.tests = append(left.tests, ts.Name()+": needs "+args[0])
	left.Unlock()
	ts.Fatalf("%s is missing", args[0])
}
