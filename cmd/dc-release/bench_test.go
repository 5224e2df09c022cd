package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// guide is the guide's GxP workflow with what it calls, unchanged.
const guide = "../../internal/adapter/workflowfile/testdata/guide"

// stubs are the tools that the guide's steps call.
var stubs = map[string]string{
	"pip": "exit 0", "poetry": "exit 0", "databricks": "echo Databricks CLI v0.270.0", "python": "echo Python 3.11.9", "python3": "echo Python 3.11.9",
}

// BenchmarkTagPipeline rehearses the guide's tag pipeline, nine jobs with stub
// tools and a durable ledger, and runs the scripts of the same steps by hand:
// one clone for each job that checks out, one bash for each step, one after
// another. It reports rehearsal time / scripts time; the framework's own five
// jobs have no counterpart in the scripts.
func BenchmarkTagPipeline(b *testing.B) {
	dir := benchDir(b)
	repo := product(b, dir)
	var rehearsed, scripted time.Duration
	for range b.N {
		start := time.Now()
		command(b, dir, filepath.Join(dir, "bin", "dc-release"), "run", "--rehearse", "--repo", repo, "--event", "push", "--ref", "v1.0.0", "--json")
		between := time.Now()
		byHand(b, dir, repo)
		rehearsed += between.Sub(start)
		scripted += time.Since(between)
	}
	b.ReportMetric(rehearsed.Seconds()/scripted.Seconds(), "rehearsal/scripts")
	b.ReportMetric(rehearsed.Seconds()/float64(b.N), "s/rehearsal")
	b.ReportMetric(scripted.Seconds()/float64(b.N), "s/scripts")
}

// byHand runs what the steps of dev, tst, val, prd and code_quality run.
func byHand(b *testing.B, dir, repo string) {
	b.Helper()
	jobs := [][]string{{"python -m pytest tests/unit/"}}
	for _, place := range []string{"dev", "tst", "val", "prd"} {
		jobs = append(jobs, []string{
			"pip install databricks-cli\npip install poetry", "poetry install\npoetry build",
			"databricks bundle validate --target " + place + "\ndatabricks bundle deploy --target " + place,
			"python -m pytest tests/integration/ --env=" + place,
		})
	}
	for _, scripts := range jobs {
		work := filepath.Join(b.TempDir(), "work")
		command(b, dir, "git", "clone", "-q", "--branch", "v1.0.0", "file://"+repo, work)
		for _, s := range scripts {
			command(b, work, "bash", "-e", "-c", s)
		}
	}
}

// benchDir has the program and the stubs in bin, where other uids can read.
func benchDir(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("", "dc-release-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	bin := filepath.Join(dir, "bin")
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.Mkdir(bin, 0o755); err != nil {
		b.Fatal(err)
	}
	command(b, ".", "go", "build", "-o", filepath.Join(bin, "dc-release"), ".")
	for name, script := range stubs {
		write(b, filepath.Join(bin, name), "#!/bin/sh\n"+script+"\n", 0o755)
	}
	b.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for name, value := range map[string]string{
		"HOME": dir, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@corp-procurement.example",
		"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@corp-procurement.example",
	} {
		b.Setenv(name, value)
	}
	return dir
}

// product is a repository with the guide's workflows and the tag v1.0.0.
func product(b *testing.B, dir string) string {
	b.Helper()
	repo := filepath.Join(dir, "corp-procurement")
	workflows := filepath.Join(repo, ".github", "workflows")
	if err := os.MkdirAll(workflows, 0o755); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"main.yaml", "deploy_and_test.yaml", "check_code_quality.yaml"} {
		text, err := os.ReadFile(filepath.Join(guide, name))
		if err != nil {
			b.Fatal(err)
		}
		write(b, filepath.Join(workflows, name), string(text), 0o644)
	}
	for _, args := range []string{"init -q -b main", "add -A", "commit -q -m first", "tag -a v1.0.0 -m v1.0.0"} {
		command(b, repo, "git", strings.Fields(args)...)
	}
	return repo
}

func write(b *testing.B, path, text string, mode os.FileMode) {
	b.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		b.Fatal(err)
	}
}

func command(b *testing.B, dir, name string, args ...string) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatal(fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out))
	}
}
