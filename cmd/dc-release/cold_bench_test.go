package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/archtest/measure"
	"github.com/dc-release/dc-release/internal/core/trace/tracetest"
)

// BenchmarkColdTrace is "dc-release trace" of folders with a result file, as a
// process of its own. The targets are 50 ms for 1,000 items, 300 ms and 120 MB
// for 10,000, 3 s and 500 MB for 100,000. trace/version compares it with a
// process that prints its version.
func BenchmarkColdTrace(b *testing.B) {
	dir := benchDir(b)
	program := filepath.Join(dir, "bin", "dc-release")
	for _, form := range tracetest.Forms {
		for _, n := range tracetest.Sizes {
			if form != tracetest.Markdown && n != 3_333 {
				continue
			}
			set := tracetest.Of(n)
			home := laid(b, set, form)
			b.Run(fmt.Sprintf("%s/%d", form, set.Len()), func(b *testing.B) {
				var ours, start []measure.Cost
				for b.Loop() {
					ours = append(ours, measure.Program(b, home, program, "trace", "--solution", tracetest.Project, "--dir", "code", "--requirements", "requirements", "--results", "tst=results.xml"))
					start = append(start, measure.Program(b, home, program, "version"))
				}
				measure.Report(b, ours)
				measure.Ratio(b, ours, start, "trace/version")
			})
		}
	}
}

// laid writes a set into folders, with the results of its commit.
func laid(b *testing.B, set tracetest.Set, form tracetest.Form) string {
	b.Helper()
	home := b.TempDir()
	for _, folder := range []string{"code", "requirements"} {
		if err := os.Mkdir(filepath.Join(home, folder), 0o755); err != nil {
			b.Fatal(err)
		}
	}
	for path, text := range set.Files(form) {
		write(b, filepath.Join(home, "requirements", path), text, 0o644)
	}
	for _, run := range set.Runs() {
		if run.Commit == tracetest.Commit && run.Attempt == 1 {
			write(b, filepath.Join(home, "results.xml"), run.JUnit, 0o644)
		}
	}
	return home
}

// BenchmarkColdDraft drafts a note over 10,000 commits, two thirds of them by
// pull requests. The target is 0.5 s and 80 MB. draft/log compares it with git
// printing the same commits with the paths that they change.
func BenchmarkColdDraft(b *testing.B) {
	dir := benchDir(b)
	repo := filepath.Join(dir, "code")
	command(b, dir, "git", "init", "-q", "-b", "main", repo)
	var in strings.Builder
	for i := range 10_000 {
		subject := fmt.Sprintf("feat(orders): change number %d of the product (#%d)", i, i+1)
		if i%3 == 0 {
			subject = "a commit by hand"
		}
		text := fmt.Sprintf("number %d\n", i)
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter Ada <ada@corp-procurement.example> %d +0000\ndata %d\n%s\nM 644 inline src/%d.py\ndata %d\n%s\n",
			1_770_000_000+i, len(subject), subject, i%100, len(text), text)
		if i == 0 {
			in.WriteString("reset refs/tags/1.0.0\nfrom refs/heads/main\n\n")
		}
	}
	load := exec.CommandContext(b.Context(), "git", "fast-import", "--quiet")
	load.Dir, load.Stdin = repo, strings.NewReader(in.String())
	if out, err := load.CombinedOutput(); err != nil {
		b.Fatalf("%v %s", err, out)
	}
	var ours, log []measure.Cost
	for b.Loop() {
		ours = append(ours, measure.Program(b, repo, filepath.Join(dir, "bin", "dc-release"), "release", "draft", "1.1.0", "--print", "--repository", "https://github.com/corp/corp-procurement"))
		log = append(log, measure.Program(b, repo, "git", "log", "--format=%H %P %s%n%b", "--name-only", "1.0.0..main"))
	}
	measure.Report(b, ours)
	measure.Ratio(b, ours, log, "draft/log")
}
