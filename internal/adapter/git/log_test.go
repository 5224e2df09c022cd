package git_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

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
	run("commit", "-q", "--allow-empty", "-m", "A: b (#4)\n\nbody\x1f\x1e with separators\n")
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
