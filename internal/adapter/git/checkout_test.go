package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/git"
)

func TestACheckoutIsAShallowCloneOfItsOwn(t *testing.T) {
	source := codeRepository(t)
	r, err := git.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	for revision, want := range map[string]struct{ content, shallow string }{
		"v-second^{commit}": {"second\x00 missing\n", "true"},
		"v-first^{commit}":  {"first\x00 missing\n", "false"},
	} {
		dir, commit := t.TempDir(), run(t, source, "rev-parse", revision)
		if err := r.Checkout(t.Context(), commit, dir); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "file name.txt")); err != nil || string(got) != want.content {
			t.Errorf("%s: %q, %v, want %q", revision, got, err, want.content)
		}
		if got := run(t, dir, "rev-parse", "HEAD", "--is-shallow-repository", "--abbrev-ref", "HEAD"); got != commit+"\n"+want.shallow+"\nHEAD" {
			t.Errorf("%s: %q, want %s, shallow %s, detached", revision, got, commit, want.shallow)
		}
		if got := run(t, dir, "rev-list", "--count", "--all", "HEAD"); got != "1" {
			t.Errorf("%s: %s commits, want one", revision, got)
		}
		run(t, dir, "fsck", "--strict")
		if _, err := os.Stat(filepath.Join(dir, ".git", "objects", "info", "alternates")); err == nil {
			t.Errorf("%s: the clone has the objects of another repository", revision)
		}
	}
	dir := t.TempDir()
	if err := r.Checkout(t.Context(), strings.Repeat("0", 40), dir); err == nil {
		t.Error("checked out a commit that is not there")
	}
}

func TestAnObjectThatIsNotWhatItsNameSaysIsNotCheckedOut(t *testing.T) {
	source := codeRepository(t)
	loose := func(revision string) string {
		id := run(t, source, "rev-parse", revision)
		return filepath.Join(source, ".git", "objects", id[:2], id[2:])
	}
	// The other version of the file, under the name of this one.
	other, err := os.ReadFile(loose("v-first:file name.txt"))
	if err != nil {
		t.Fatal(err)
	}
	changed := loose("v-second:file name.txt")
	if err := os.Remove(changed); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(changed, other, 0o444); err != nil {
		t.Fatal(err)
	}
	r, err := git.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Checkout(t.Context(), run(t, source, "rev-parse", "HEAD"), t.TempDir()); err == nil {
		t.Error("a changed file was checked out")
	}
}
