package dir_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/blob/blobtest"
	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
)

func TestStore(t *testing.T) {
	var root string
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		root = t.TempDir()
		s, err := dir.Open(root)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, func(t *testing.T, digest string) {
		path := filepath.Join(root, "sha256", digest[:2], digest)
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("Original"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
}
