package files_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/files"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	dir := t.TempDir()
	tree, err := deployment.NewTree([]deployment.TreeFile{
		{Path: "bin/run", Executable: true, SHA256: canonical.SHA256([]byte("run"))}, {Path: "a b.txt", SHA256: canonical.SHA256([]byte("text"))},
	})
	if err != nil {
		t.Fatal(err)
	}
	bytesOf := map[string]string{tree[0].SHA256: "text", tree[1].SHA256: "run"}
	open := func(_ context.Context, digest string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(bytesOf[digest]))), nil
	}
	if err := files.Write(t.Context(), dir, tree, open); err != nil {
		t.Fatal(err)
	}
	got, err := files.Read(dir)
	if d := cmp.Diff(tree.State(), got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestALinkIsNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got, err := files.Read(dir)
	if d := cmp.Diff(deployment.State{{Path: "link", Value: "not a regular file"}}, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestADirectoryThatIsNotThereIsEmpty(t *testing.T) {
	if got, err := files.Read(filepath.Join(t.TempDir(), "none")); len(got) > 0 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Read(file); err == nil {
		t.Error("a file was read as a directory")
	}
}
