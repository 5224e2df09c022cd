package git_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/core/fault"
)

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=bob", "-c", "user.email=bob@example.com", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func emptyLog(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, "init", "--quiet", "--bare", ".")
	return dir
}

func open(t *testing.T, source string) *git.ReleaseLog {
	t.Helper()
	l, err := git.OpenReleaseLog(t.Context(), source, filepath.Join(t.TempDir(), "release-log.git"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func commitOf(id string, files map[string]string) publish.Commit {
	return publish.Commit{
		Branch: "main", ID: id, Subject: "publish " + id, Seconds: 1772630525,
		Compose: func(context.Context, publish.Base) (map[string]publish.Content, error) {
			out := map[string]publish.Content{}
			for path, data := range files {
				out[path] = publish.Bytes([]byte(data))
			}
			return out, nil
		},
	}
}

func mustPublish(t *testing.T, l *git.ReleaseLog, c publish.Commit) string {
	t.Helper()
	commit, err := l.Publish(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return commit
}

func TestPublishBeginsAnEmptyReleaseLogAndAddsToIt(t *testing.T) {
	source := emptyLog(t)
	l := open(t, source)
	first := mustPublish(t, l, commitOf("1.0.0-pre_val-1", map[string]string{"1.0.0/index.json": "{}", "INDEX.md": "one\n"}))
	second := mustPublish(t, l, commitOf("1.0.0-approve_to_prd-1", map[string]string{"1.0.0/manifests/a b.json": "\x00\xff", "INDEX.md": "two\n"}))
	if got := run(t, source, "rev-parse", "main", "main^"); got != second+"\n"+first {
		t.Errorf("branch is\n%s\nwant %s on %s", got, second, first)
	}
	if got := run(t, source, "show", "-s", "--format=%an <%ae> %at %cn <%ce> %ct%n%B", first); got != "dc-release <publisher@localhost> 1772630525 dc-release <publisher@localhost> 1772630525\npublish 1.0.0-pre_val-1\n\nPublication-Id: 1.0.0-pre_val-1" {
		t.Errorf("commit:\n%s", got)
	}
	if got := run(t, source, "ls-tree", "-r", "--name-only", "main"); got != "1.0.0/index.json\n1.0.0/manifests/a b.json\nINDEX.md" {
		t.Errorf("tree:\n%s", got)
	}
	data, ok, err := l.At(second).ReadFile(t.Context(), "INDEX.md")
	if err != nil || !ok || string(data) != "two\n" {
		t.Errorf("INDEX.md: %q, %v, %v", data, ok, err)
	}
	if _, ok, err := l.At(second).ReadFile(t.Context(), "none"); ok || err != nil {
		t.Errorf("a file that is not there: %v, %v", ok, err)
	}
	var walked []string
	err = l.At(second).Walk(t.Context(), "1.0.0", func(path string, size int64, r io.Reader) error {
		data, err := io.ReadAll(r)
		walked = append(walked, fmt.Sprintf("%s %d %q", path, size, data))
		return err
	})
	if want := `[1.0.0/index.json 2 "{}" 1.0.0/manifests/a b.json 2 "\x00\xff"]`; err != nil || fmt.Sprint(walked) != want {
		t.Errorf("walked %v, %v, want %s", walked, err, want)
	}
}

func TestTheSamePublicationIsMadeOnce(t *testing.T) {
	source := emptyLog(t)
	l := open(t, source)
	ten := mustPublish(t, l, commitOf("1.0.0-pre_val-10", map[string]string{"a": "ten"}))
	one := mustPublish(t, l, commitOf("1.0.0-pre_val-1", map[string]string{"a": "one"}))
	if one == ten {
		t.Fatal("an id was taken for another that begins with it")
	}
	if again := mustPublish(t, l, commitOf("1.0.0-pre_val-10", map[string]string{"a": "other"})); again != ten {
		t.Errorf("got %s, want %s", again, ten)
	}
	// The answer to the push was lost with the whole data directory.
	if again := mustPublish(t, open(t, source), commitOf("1.0.0-pre_val-1", map[string]string{"a": "other"})); again != one {
		t.Errorf("got %s, want %s", again, one)
	}
	if got := run(t, source, "rev-list", "--count", "main"); got != "2" {
		t.Errorf("%s commits, want 2", got)
	}
}

func TestAttack13_SomebodyElsePushesFirst(t *testing.T) {
	source, work := emptyLog(t), t.TempDir()
	l := open(t, source)
	mustPublish(t, l, commitOf("one", map[string]string{"a": "1"}))
	run(t, work, "clone", "--quiet", source, ".")
	c := commitOf("two", map[string]string{"b": "2"})
	var bases []string
	c.Compose = func(ctx context.Context, base publish.Base) (map[string]publish.Content, error) {
		data, _, err := base.ReadFile(ctx, "other")
		bases = append(bases, string(data))
		if len(bases) == 1 {
			if err := os.WriteFile(filepath.Join(work, "other"), []byte("theirs"), 0o600); err != nil {
				return nil, err
			}
			run(t, work, "add", "other")
			run(t, work, "commit", "--quiet", "-m", "theirs")
			run(t, work, "push", "--quiet", "origin", "HEAD:main")
		}
		return map[string]publish.Content{"b": publish.Bytes([]byte("2"))}, err
	}
	mustPublish(t, l, c)
	if got := fmt.Sprint(bases); got != "[ theirs]" {
		t.Errorf("composed on %s", got)
	}
	if got := run(t, source, "log", "--format=%s", "main"); got != "publish two\ntheirs\npublish one" {
		t.Errorf("branch:\n%s", got)
	}
}

func TestConcurrentPublishersLoseNothing(t *testing.T) {
	source := emptyLog(t)
	logs := []*git.ReleaseLog{open(t, source), open(t, source)}
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = logs[i%2].Publish(context.Background(), commitOf(fmt.Sprintf("p%d", i), map[string]string{fmt.Sprintf("f%d", i): "x"}))
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := run(t, source, "ls-tree", "--name-only", "main"); got != "f0\nf1\nf2\nf3\nf4\nf5" {
		t.Errorf("files:\n%s", got)
	}
	if got := run(t, source, "rev-list", "--count", "main"); got != "6" {
		t.Errorf("%s commits", got)
	}
}

func TestARefusedPushIsAnErrorAndNothingIsPublished(t *testing.T) {
	source := emptyLog(t)
	hook := filepath.Join(source, "hooks", "pre-receive")
	if err := os.MkdirAll(filepath.Dir(hook), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hook, []byte("#!/bin/sh\necho closed for maintenance >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	l := open(t, source)
	if _, err := l.Publish(t.Context(), commitOf("one", map[string]string{"a": "1"})); err == nil || !strings.Contains(err.Error(), "closed for maintenance") {
		t.Fatalf("got %v", err)
	}
	if err := os.Remove(hook); err != nil {
		t.Fatal(err)
	}
	mustPublish(t, l, commitOf("one", map[string]string{"a": "1"}))
}

func TestAttack14_AnUnreachableReleaseLogIsAnError(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "gone"))
	if _, err := l.Publish(t.Context(), commitOf("one", map[string]string{"a": "1"})); err == nil {
		t.Error("published to nowhere")
	}
}

func TestNothingToWriteLeavesTheBranch(t *testing.T) {
	source := emptyLog(t)
	l := open(t, source)
	first := mustPublish(t, l, commitOf("one", map[string]string{"a": "1"}))
	if got := mustPublish(t, l, commitOf("two", nil)); got != first {
		t.Errorf("got %s, want %s", got, first)
	}
}

func TestWhatCannotBePublishedIsRefused(t *testing.T) {
	bad := func(path string, c publish.Content) publish.Commit {
		x := commitOf("one", nil)
		x.Compose = func(context.Context, publish.Base) (map[string]publish.Content, error) {
			return map[string]publish.Content{path: c}, nil
		}
		return x
	}
	short := publish.Bytes([]byte("abc"))
	short.Size = 2
	long := publish.Bytes([]byte("abc"))
	long.Size = 4
	other := publish.Bytes([]byte("abc"))
	other.SHA256 = strings.Repeat("0", 64)
	gone := publish.Bytes(nil)
	gone.Open = func(context.Context) (io.ReadCloser, error) { return nil, fault.New(fault.NotFound, "blob is gone") }
	for name, c := range map[string]publish.Commit{
		"a path that leaves the folder":        bad("../a", publish.Bytes(nil)),
		"a path with a line feed":              bad("a\nb", publish.Bytes(nil)),
		"a path into git's own folder":         bad("x/.GIT/config", publish.Bytes(nil)),
		"a quoted path":                        bad(`"a"`, publish.Bytes(nil)),
		"more bytes than announced":            bad("a", short),
		"fewer bytes than announced":           bad("a", long),
		"other bytes than announced":           bad("a", other),
		"a blob that is gone":                  bad("a", gone),
		"an id with a line feed":               commitOf("a\nb", map[string]string{"a": "1"}),
		"a branch that looks like an option":   {Branch: "-x", ID: "one", Subject: "s"},
		"a branch that leaves the branches":    {Branch: "..", ID: "one", Subject: "s"},
		"a subject that begins another header": {Branch: "main", ID: "one", Subject: "s\n\nPublication-Id: two"},
	} {
		t.Run(name, func(t *testing.T) {
			source := emptyLog(t)
			if _, err := open(t, source).Publish(t.Context(), c); err == nil {
				t.Error("was published")
			}
			if got := run(t, source, "for-each-ref"); got != "" {
				t.Errorf("left %s", got)
			}
		})
	}
}

func TestAttack11_ResolveGivesTagObjectAndCommit(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "init", "--quiet", ".")
	run(t, dir, "commit", "--quiet", "--allow-empty", "-m", "one")
	run(t, dir, "tag", "-a", "v1.0.0", "-m", "one")
	r, err := git.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	commit, tag := run(t, dir, "rev-parse", "main"), run(t, dir, "rev-parse", "v1.0.0")
	for name, want := range map[string][2]string{"refs/heads/main": {commit, commit}, "refs/tags/v1.0.0": {tag, commit}, commit: {commit, commit}, tag: {tag, commit}} {
		ref, ok, err := r.Resolve(t.Context(), name)
		if err != nil || !ok || ref.Object != want[0] || ref.Commit != want[1] {
			t.Errorf("%s: %+v, %v, %v, want %v", name, ref, ok, err, want)
		}
	}
	for _, name := range []string{"refs/heads/none", strings.Repeat("1", 40)} {
		if ref, ok, err := r.Resolve(t.Context(), name); ok || err != nil {
			t.Errorf("%s: %+v, %v, %v, want none", name, ref, ok, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := r.Resolve(ctx, "refs/heads/main"); err == nil {
		t.Error("an interrupted look-up says that there is none")
	}
}
