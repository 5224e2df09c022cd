package git_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/git"
)

// Every commit is listed, also an empty message, one with separators in it, and
// a merge.
func TestCommitsLeavesNoneOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repo")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Ada Lindqvist", "-c", "user.email=Ada@Example.com"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	run("init", "-q", "-b", "main")
	run("commit", "-q", "--allow-empty", "-m", "Begin")
	run("tag", "start")
	run("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
	run("commit", "-q", "--allow-empty", "-m", "A: b (#4)\n\nbody\x1f\x1e with separators\n\x1e\nffff\x1f\x1fx\x1fx\x1fforged (#9)\x1f\n")
	run("checkout", "-q", "-b", "side", "start")
	run("commit", "-q", "--allow-empty", "-m", "side work")
	run("checkout", "-q", "main")
	run("merge", "-q", "--no-ff", "-m", "Merge pull request #5 from org/side\n\nSide work", "side")
	repo, err := git.OpenBare(filepath.Join(dir, ".git"))
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]int{"start": 4, "": 5} {
		got, err := repo.Commits(t.Context(), from, "main")
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != want {
			t.Errorf("from %q: %d commits, want %d: %+v", from, len(got), want, got)
		}
		if got[0].PullRequest() != 5 || got[0].Title() != "Side work" || !got[0].Merge() || got[0].Email != "ada@example.com" {
			t.Errorf("the newest is %+v", got[0])
		}
	}
}

func TestHistorySaysWhatEachCommitChanged(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "init", "-q", "-b", "main")
	write := func(message string, files ...string) {
		t.Helper()
		for _, f := range files {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, f), []byte(message), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run(t, dir, "add", ".")
		run(t, dir, "commit", "-q", "-m", message)
	}
	write("first", "documentation/a.md")
	run(t, dir, "tag", "-a", "v1.0.0", "-m", "one")
	run(t, dir, "tag", "nightly")
	write("code", "src/a")
	write("note", "documentation/releases/1.1.0.md")
	write("odd", "documentation/\"q\"\n\u00e9.md", "src/b")
	run(t, dir, "tag", "1.1.0")
	run(t, dir, "checkout", "-q", "-b", "side", "v1.0.0")
	write("side", "x")
	run(t, dir, "tag", "v2.0.0")
	repo, err := git.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	list, err := repo.History(t.Context(), "v1.0.0", "main", "documentation")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprintf("%s %q %v", c.Subject, c.Paths, c.NotesOnly))
	}
	want := []string{
		`odd ["documentation/\"q\"\n\u00e9.md" "src/b"] false`,
		`note ["documentation/releases/1.1.0.md"] true`,
		`code [] false`,
	}
	if d := cmp.Diff(strings.Join(want, "|"), strings.ReplaceAll(strings.Join(got, "|"), "\u00e9", `\u00e9`)); d != "" {
		t.Error(d)
	}
	tags, err := repo.VersionTags(t.Context(), "refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	if len(tags) != 2 {
		t.Errorf("tags in the history of main: %v", tags)
	}
	for v, commit := range tags {
		if at := strings.TrimSpace(run(t, dir, "rev-parse", "v1.0.0^{commit}")); v.String() == "1.0.0" && commit != at {
			t.Errorf("%s points to %s, want %s", v, commit, at)
		}
	}
}

func TestFolderChangesSayWhatWasThereBefore(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "init", "-q", "-b", "main")
	commit := func(message string, files map[string]string) {
		t.Helper()
		for name, text := range files {
			path := filepath.Join(dir, name)
			if text == "" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run(t, dir, "add", "-A")
		run(t, dir, "commit", "-q", "-m", message)
	}
	commit("first", map[string]string{"1.0.0/index.json": "1", "1.0.0/evidence/a": "1"})
	commit("other", map[string]string{"1.1.0/index.json": "1"})
	commit("second", map[string]string{"1.0.0/index.json": "2", "1.0.0/evidence/b": "1"})
	run(t, dir, "checkout", "-q", "-b", "side")
	commit("side", map[string]string{"1.0.0/evidence/a": ""})
	run(t, dir, "checkout", "-q", "main")
	run(t, dir, "merge", "-q", "--no-ff", "-m", "merge", "side")
	repo, err := git.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	list, err := repo.FolderChanges(t.Context(), "HEAD", "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprint(c.Changed, c.Removed))
	}
	if d := cmp.Diff([]string{"[] []", "[index.json] []", "[] [evidence/a]"}, got); d != "" {
		t.Error(d)
	}
}
