package acceptance_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// guideFiles are the workflows of the guide, unchanged but for indentation.
const guideFiles = "../internal/adapter/workflowfile/testdata/guide"

// TestScripts runs every script of testdata; its first line says the rule.
func TestScripts(t *testing.T) {
	need(t, "git")
	guide, err := filepath.Abs(guideFiles)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for name, value := range map[string]string{
				"GUIDE": guide, "HOME": e.Getenv("WORK"), "XDG_STATE_HOME": filepath.Join(e.Getenv("WORK"), "state"),
				"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
				"GIT_AUTHOR_NAME": "Ada Nielsen", "GIT_AUTHOR_EMAIL": "ada@corp-procurement.example",
				"GIT_COMMITTER_NAME": "Ada Nielsen", "GIT_COMMITTER_EMAIL": "ada@corp-procurement.example",
			} {
				e.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": exitsWith, "jobs": jobs, "finding": finding, "stubs": stubs, "commit": commit, "standin": standIn, "log": jobLog, "tool": tool, "serve": serve,
			"repository":   repository,
			"installation": installation, "setrun": setRun, "until": until,
		},
	})
}

// exitsWith is "code N PROGRAM ARGS...": the command ends with that exit code.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARGS...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// runJSON is the part of dc-release/run/v1 that scripts look at.
type runJSON struct {
	Schema     string `json:"schema"`
	Run        string `json:"run"`
	Conclusion string `json:"conclusion"`
	Jobs       []struct {
		Key        string `json:"key"`
		Status     string `json:"status"`
		Conclusion string `json:"conclusion"`
		Reason     string `json:"reason"`
	} `json:"jobs"`
	Findings []json.RawMessage `json:"findings"`
}

func readRun(ts *testscript.TestScript, file string) runJSON {
	var r runJSON
	if err := json.Unmarshal([]byte(ts.ReadFile(file)), &r); err != nil {
		ts.Fatalf("%s: %v", file, err)
	}
	if r.Schema != "dc-release/run/v1" {
		ts.Fatalf("%s: schema %q", file, r.Schema)
	}
	return r
}

// jobs is "jobs FILE KEY=CONCLUSION...": exactly these jobs stand at the top of
// the run, so concluded; keys with a slash are looked at when they are named.
// Every skipped job has a reason. "!KEY" wants a job that never started.
func jobs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: jobs FILE KEY=CONCLUSION...")
	}
	r := readRun(ts, args[0])
	want := map[string]string{}
	for _, a := range args[1:] {
		key, conclusion, _ := strings.Cut(a, "=")
		want[key] = conclusion
	}
	for _, j := range r.Jobs {
		w, named := want[j.Key]
		if !named && strings.Contains(j.Key, "/") {
			continue
		}
		if w != j.Conclusion {
			ts.Fatalf("job %s is %q (%s), want %q", j.Key, j.Conclusion, j.Reason, w)
		}
		if j.Conclusion == "skipped" && j.Reason == "" {
			ts.Fatalf("job %s is skipped without a reason", j.Key)
		}
		delete(want, j.Key)
	}
	for key := range want {
		ts.Fatalf("job %s is not in %s", key, args[0])
	}
}

// finding is "finding FILE RULE": the run reports the rule; "! finding" wants
// it absent.
func finding(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: finding FILE RULE")
	}
	found := slices.ContainsFunc(readRun(ts, args[0]).Findings, func(raw json.RawMessage) bool {
		return strings.Contains(string(raw), args[1])
	})
	if found == neg {
		ts.Fatalf("finding %s: found is %v", args[1], found)
	}
}

// stubs makes programs that succeed and log their arguments, first on PATH.
// "stubs FAIL" lets databricks fail for those arguments.
func stubs(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs("stubs")
	ts.Check(os.MkdirAll(dir, 0o755))
	fail := ""
	if len(args) > 0 {
		fail = args[0]
	}
	for name, body := range map[string]string{
		"pip": "", "poetry": "",
		"python":     "case \"$1\" in --version|-V) echo Python 3.11.9; exit 0;; esac\n",
		"databricks": "if [ \"$*\" = '" + fail + "' ]; then echo refused >&2; exit 1; fi\n",
	} {
		script := "#!/bin/sh\n" + body + "echo " + name + " \"$@\"\n"
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	ts.Setenv("PATH", dir+string(os.PathListSeparator)+ts.Getenv("PATH"))
}

// repository is "repository DIR FILE...": a git repository with the workflows
// (the first one becomes main.yaml), branch main, tag v1.0.0 and pull request 1.
func repository(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: repository DIR FILE...")
	}
	dir := ts.MkAbs(args[0])
	workflows := filepath.Join(dir, ".github", "workflows")
	ts.Check(os.MkdirAll(workflows, 0o755))
	for i, file := range args[1:] {
		name := filepath.Base(file)
		if i == 0 {
			name = "main.yaml"
		}
		ts.Check(os.WriteFile(filepath.Join(workflows, name), []byte(ts.ReadFile(file)), 0o644))
	}
	for _, c := range []string{
		"init --quiet --initial-branch=main .", "add .", "commit --quiet -m First",
		"tag -a v1.0.0 -m v1.0.0", "update-ref refs/pull/1/head HEAD",
	} {
		ts.Check(ts.Exec("git", append([]string{"-C", dir}, strings.Fields(c)...)...))
	}
}

// installation is "installation FILE...": the data directory data with an
// administrator and the solution corp-procurement, whose code repository holds
// the workflows as "repository" makes it.
func installation(ts *testscript.TestScript, neg bool, args []string) {
	repository(ts, neg, append([]string{"code"}, args...))
	for _, name := range []string{"requirements", "release-log"} {
		ts.Check(ts.Exec("git", "init", "--quiet", "--bare", "--initial-branch=main", ts.MkAbs(name)))
	}
	password := ts.MkAbs("password")
	ts.Check(os.WriteFile(password, []byte("correct horse battery staple"), 0o600))
	ts.Check(ts.Exec(program, "--data", "data", "person", "add", "admin", "--bootstrap", "--name", "Admin", "--password-file", password, "--reason", "first"))
	add := []string{
		"--data", "data", "solution", "add", product, "--profile", "non-gxp", "--code", ts.MkAbs("code"), "--requirements", ts.MkAbs("requirements"),
		"--release-log", ts.MkAbs("release-log"), "--as", "admin", "--reason", "baseline",
	}
	for _, place := range []string{"dev", "tst", "val", "prd"} {
		add = append(add, "--environment", place+"=localdir:"+ts.MkAbs(place))
	}
	ts.Check(ts.Exec(program, add...))
}

// setRun is "setrun FILE": the environment variable RUN becomes the run's id.
func setRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: setrun FILE")
	}
	id := readRun(ts, args[0]).Run
	if id == "" {
		ts.Fatalf("%s names no run", args[0])
	}
	ts.Setenv("RUN", id)
}

// until is "until TEXT PROGRAM ARGS...": the command is run until it succeeds
// and prints the text.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until TEXT PROGRAM ARGS...")
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%v: never printed %q: %v", args[1:], args[0], err)
		}
		<-tick.C
	}
}
