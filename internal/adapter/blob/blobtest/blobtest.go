// Package blobtest is the conformance suite of blob stores.
package blobtest

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// Store is what every blob store does.
type Store interface {
	Put(ctx context.Context, r io.Reader) (digest string, size int64, err error)
	PutBytes(ctx context.Context, data []byte) (string, error)
	Open(ctx context.Context, digest string) (io.ReadCloser, error)
	OpenAt(ctx context.Context, digest string, offset int64) (io.ReadCloser, error)
	Bytes(ctx context.Context, digest string) ([]byte, error)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("line cut") }

// Run runs the suite; corrupt changes the stored bytes of a digest.
func Run(t *testing.T, open func(*testing.T) Store, corrupt func(t *testing.T, digest string)) {
	t.Run("what is put is read", func(t *testing.T) {
		s := open(t)
		digest, size, err := s.Put(t.Context(), strings.NewReader("hello"))
		if err != nil || size != 5 || digest != canonical.SHA256([]byte("hello")) {
			t.Fatalf("%s %d %v", digest, size, err)
		}
		if got, err := s.Bytes(t.Context(), digest); err != nil || string(got) != "hello" {
			t.Errorf("%q %v", got, err)
		}
	})
	t.Run("a blob is read from an offset", func(t *testing.T) { readAt(t, open(t)) })
	t.Run("an unknown digest is not found", func(t *testing.T) {
		_, err := open(t).Bytes(t.Context(), strings.Repeat("0", 64))
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a path is no digest", func(t *testing.T) {
		if _, err := open(t).Open(t.Context(), "../../etc/passwd"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a broken upload leaves nothing", func(t *testing.T) {
		if _, _, err := open(t).Put(t.Context(), io.MultiReader(strings.NewReader("half"), broken{})); err == nil {
			t.Error("no error")
		}
	})
	t.Run("the same bytes at the same time are one blob", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := s.PutBytes(context.Background(), []byte("same")); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, err := s.Bytes(t.Context(), canonical.SHA256([]byte("same"))); err != nil || string(got) != "same" {
			t.Errorf("%q %v", got, err)
		}
	})
	t.Run("changed bytes are noticed", func(t *testing.T) {
		s := open(t)
		digest, err := s.PutBytes(t.Context(), []byte("original"))
		if err != nil {
			t.Fatal(err)
		}
		corrupt(t, digest)
		if _, err := s.Bytes(t.Context(), digest); fault.KindOf(err) != fault.Unverified {
			t.Errorf("got %v", err)
		}
	})
}

func readAt(t *testing.T, s Store) {
	t.Helper()
	digest, err := s.PutBytes(t.Context(), []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	for offset, want := range map[int64]string{0: "hello", 3: "lo", 5: "", 99: ""} {
		r, err := s.OpenAt(t.Context(), digest, offset)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil || string(got) != want {
			t.Errorf("at %d: %q, want %q, %v", offset, got, want, err)
		}
	}
	if _, err := s.OpenAt(t.Context(), digest, -1); err == nil {
		t.Error("an offset before the blob is read")
	}
}
