package bundle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

func TestReadGit(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "bundles", "one")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := bundle.ReadGit(t.Context(), inner); got != (bundle.Git{}) {
		t.Errorf("outside of a checkout: %+v", got)
	}
	git := func(args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=ada", "-c", "user.email=ada@example.com"}, args...)...)
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "work")
	if got := bundle.ReadGit(t.Context(), inner); got != (bundle.Git{Branch: "work", Path: "bundles/one"}) {
		t.Errorf("before the first commit: %+v", got)
	}
	git("commit", "-q", "--allow-empty", "-m", "x")
	git("remote", "add", "origin", "https://git.example.com/x.git")
	got := bundle.ReadGit(t.Context(), inner)
	if len(got.Commit) != 40 || got.Branch != "work" || got.Origin != "https://git.example.com/x.git" || got.Path != "bundles/one" {
		t.Errorf("on a branch: %+v", got)
	}
	git("checkout", "-q", "--detach")
	if tag := bundle.ReadGit(t.Context(), dir); tag.Branch != "" || tag.Commit != got.Commit || tag.Path != "." {
		t.Errorf("on a detached head: %+v", tag)
	}
}
