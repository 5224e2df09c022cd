package dir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/blob/blobtest"
	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/core/fault"
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

func TestBlobsAreListedAndRemoved(t *testing.T) {
	s, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	digest, err := s.PutBytes(t.Context(), []byte("cache"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Digests(t.Context()); err != nil || len(got) != 1 || got[0] != digest {
		t.Errorf("got %v %v", got, err)
	}
	for range 2 { // the second finds nothing to do
		if err := s.Remove(t.Context(), digest); err != nil {
			t.Error(err)
		}
	}
	if got, err := s.Digests(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("got %v %v", got, err)
	}
	if err := s.Remove(t.Context(), "../"+strings.Repeat("0", 61)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a path is no digest: %v", err)
	}
}
