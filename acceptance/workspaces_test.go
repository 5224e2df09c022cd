package acceptance_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// workspaces are the four of a running "dc-release sandbox".
type workspaces struct {
	hosts map[string]string // by environment
}

// scriptWorkspaces is "workspaces FILE": a sandbox runs until the script ends, and
// what it prints, the places of the product, is in the file.
func scriptWorkspaces(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: workspaces FILE")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--data", s.data(), "sandbox", "--dir", s.path("sandbox"), "--listen", "127.0.0.1:0", "--solution", product)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	s.workspaces = workspaces{hosts: map[string]string{}}
	var text strings.Builder
	place := ""
	for r := bufio.NewScanner(out); len(s.workspaces.hosts) < 4 || !strings.Contains(text.String()[strings.LastIndex(text.String(), "prd:")+1:], "TOKEN"); {
		if !r.Scan() {
			ts.Fatalf("the sandbox ended: %v\n%s", r.Err(), text.String())
		}
		line := r.Text()
		fmt.Fprintln(&text, line)
		if name, ok := strings.CutSuffix(line, ":"); ok && !strings.HasPrefix(name, " ") {
			place = name
		}
		if host, ok := strings.CutPrefix(strings.TrimSpace(line), "DATABRICKS_HOST: "); ok {
			s.workspaces.hosts[place] = host
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o644))
}

// scriptWorkspace is "workspace PLACE METHOD PATH [BODY]": a call of the sandbox's
// own API, by which a workspace is changed behind everybody's back. @FILE is the
// body of a file.
func scriptWorkspace(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: workspace PLACE METHOD PATH [BODY]")
	}
	var body []byte
	if len(args) > 3 {
		body = []byte(args[3])
		if file, ok := strings.CutPrefix(args[3], "@"); ok {
			body = []byte(ts.ReadFile(file))
		}
	}
	r, err := http.NewRequest(args[1], s.workspaces.hosts[args[0]]+"/_sandbox/"+args[2], bytes.NewReader(body))
	ts.Check(err)
	resp, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s\n%s", strings.Join(args, " "), resp.Status, said)
	}
	ts.Check(os.WriteFile(ts.MkAbs("said"), said, 0o644))
}

// scriptBundle is "bundle": the code of the product becomes the corrected bundle of
// the guide, handed in whole as the artifact.
func scriptBundle(s *site, ts *testscript.TestScript, _ bool, _ []string) {
	from := filepath.Join("..", "internal", "adapter", "deploy", "databricks", "bundle", "testdata", "corrected")
	ts.Check(os.CopyFS(filepath.Join(s.clone(), "bundle"), os.DirFS(from)))
	ts.Check(os.WriteFile(filepath.Join(s.clone(), "bin", "build.sh"), []byte("#!/bin/sh\nset -eu\nrm -rf \"$1\"\ncp -r bundle \"$1\"\n"), 0o755))
}
