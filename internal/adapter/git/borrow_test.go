package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/git"
)

// codeRepository has two commits on main, tags for both, a pull request and a
// reference that nobody is to borrow.
func codeRepository(t *testing.T, initArgs ...string) string {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, append([]string{"init", "--quiet", "."}, initArgs...)...)
	for _, name := range []string{"first", "second"} {
		if err := os.WriteFile(filepath.Join(dir, "file name.txt"), []byte(name+"\x00 missing\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, dir, "add", ".")
		run(t, dir, "commit", "--quiet", "-m", name+" commit\n\nmore text")
		run(t, dir, "tag", "-a", "-m", name, "v-"+name)
	}
	run(t, dir, "update-ref", "refs/pull/1/head", "v-first^{commit}")
	run(t, dir, "update-ref", "refs/original/secret", "HEAD")
	return dir
}

func TestABorrowedRepositoryReadsAsItsSource(t *testing.T) {
	for name, source := range map[string]func(t *testing.T) string{
		"a clone": func(t *testing.T) string { return codeRepository(t) },
		"a bare repository": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "bare.git")
			run(t, ".", "clone", "--quiet", "--mirror", codeRepository(t), dir)
			return dir
		},
		"a linked work tree": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "linked")
			run(t, codeRepository(t), "worktree", "add", "--quiet", "--detach", dir)
			return dir
		},
		"a clone of a clone's objects": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "shared")
			run(t, ".", "clone", "--quiet", "--shared", codeRepository(t), dir)
			return dir
		},
		"a shallow clone": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "shallow")
			run(t, ".", "clone", "--quiet", "--depth=1", "file://"+codeRepository(t), dir)
			return dir
		},
		"objects with SHA-256 names": func(t *testing.T) string { return codeRepository(t, "--object-format=sha256") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := source(t)
			r, err := git.Open(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			b, err := r.Borrow(t.Context(), filepath.Join(t.TempDir(), "borrowed.git"))
			if err != nil {
				t.Fatal(err)
			}
			refs := run(t, dir, "for-each-ref", "refs/heads", "refs/tags", "refs/pull")
			if got := run(t, b.Dir(), "for-each-ref"); got != refs {
				t.Errorf("references\n%s\nwant\n%s", got, refs)
			}
			batched, closer, err := b.Batched(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := reading(t, r)
			for how, got := range map[string]string{"borrowed": reading(t, b), "batched": reading(t, batched)} {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-source +%s):\n%s", how, how, diff)
				}
			}
			if err := closer.Close(); err != nil {
				t.Error(err)
			}
			checkedOut := t.TempDir()
			commit := run(t, dir, "rev-parse", "HEAD")
			if err := b.Checkout(t.Context(), commit, checkedOut); err != nil {
				t.Errorf("check out: %v", err)
			} else {
				if got := run(t, checkedOut, "log", "--format=%s") + run(t, checkedOut, "status", "--porcelain"); got != "second commit" {
					t.Errorf("checked out %q", got)
				}
			}
		})
	}
}

// reading is everything that a repository says about its main branch.
func reading(t *testing.T, r *git.Repository) string {
	t.Helper()
	var out strings.Builder
	ctx := t.Context()
	for _, name := range []string{"refs/heads/main", "refs/tags/v-second", "refs/tags/none", "refs/original/none"} {
		ref, ok, err := r.Resolve(ctx, name)
		out.WriteString(strings.Join([]string{name, ref.Object, ref.Commit, text(ok), message(err), "\n"}, " "))
	}
	head, ok, err := r.Resolve(ctx, "refs/heads/main")
	if err != nil || !ok {
		t.Fatalf("main: %v, %v", ok, err)
	}
	for _, path := range []string{"file name.txt", "none", "none missing", "", "a\nb"} {
		data, ok, err := r.ReadFile(ctx, head.Commit, path)
		out.WriteString(strings.Join([]string{path, string(data), text(ok), message(err), "\n"}, " "))
	}
	subject, err := r.Subject(ctx, head.Commit)
	out.WriteString(subject + message(err) + "\n")
	on, err := r.OnFirstParentChain(ctx, head.Commit, "main")
	out.WriteString(text(on) + message(err) + "\n")
	return out.String()
}

func text(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestAFirstParentIsOnTheChainAndAStrangerIsNot(t *testing.T) {
	dir := codeRepository(t)
	r, err := git.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for revision, want := range map[string]bool{"HEAD": true, "HEAD~1": true, "v-first": false} {
		if got, err := r.OnFirstParentChain(t.Context(), run(t, dir, "rev-parse", revision), "main"); err != nil || got != want {
			t.Errorf("%s is on the chain: %v, %v: want %v", revision, got, err, want)
		}
	}
}

func TestAReaderThatWasClosedSaysSo(t *testing.T) {
	r, err := git.Open(t.Context(), codeRepository(t))
	if err != nil {
		t.Fatal(err)
	}
	batched, closer, err := r.Batched(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := closer.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := batched.Resolve(t.Context(), "refs/heads/main"); err == nil {
		t.Error("reading through a closed reader: want an error")
	}
}
