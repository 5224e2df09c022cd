// Package dir keeps blobs in a directory: blobs/sha256/ab/abcd... , written
// once, durable before their digest is given out.
package dir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// Store is a directory of blobs.
type Store struct{ root string }

// Open makes the directory when it is not there.
func Open(root string) (*Store, error) {
	s := &Store{root: filepath.Join(root, "sha256")}
	if err := os.MkdirAll(s.root, 0o700); err != nil {
		return nil, fmt.Errorf("open blob store: %w", err)
	}
	return s, nil
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (s *Store) path(digest string) string { return filepath.Join(s.root, digest[:2], digest) }

// Put stores what r gives and returns its SHA-256 and size. When it returns
// the bytes are on disk.
func (s *Store) Put(ctx context.Context, r io.Reader) (digest string, size int64, err error) {
	tmp, err := os.CreateTemp(s.root, "incoming-")
	if err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	defer func() { err = errors.Join(err, ignoreGone(os.Remove(tmp.Name()))) }()
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(tmp, h), r)
	if err = errors.Join(err, ctx.Err()); err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	digest = hex.EncodeToString(h.Sum(nil))
	return digest, size, s.settle(tmp.Name(), digest)
}

// settle renames a finished file to its place and makes the name durable.
func (s *Store) settle(tmp, digest string) error {
	to := s.path(digest)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("put blob %s: %w", digest, err)
	}
	if err := os.Chmod(tmp, 0o400); err != nil {
		return fmt.Errorf("put blob %s: %w", digest, err)
	}
	if err := os.Rename(tmp, to); err != nil {
		return fmt.Errorf("put blob %s: %w", digest, err)
	}
	d, err := os.Open(filepath.Dir(to))
	if err != nil {
		return fmt.Errorf("put blob %s: %w", digest, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// PutBytes stores bytes.
func (s *Store) PutBytes(ctx context.Context, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	if _, err := os.Stat(s.path(digest)); err == nil {
		return digest, nil
	}
	_, _, err := s.Put(ctx, bytes.NewReader(data))
	return digest, err
}

// Open reads a blob from its beginning.
func (s *Store) Open(ctx context.Context, digest string) (io.ReadCloser, error) {
	return s.OpenAt(ctx, digest, 0)
}

// OpenAt reads a blob from an offset; beyond its end there is nothing to read.
func (s *Store) OpenAt(_ context.Context, digest string, offset int64) (io.ReadCloser, error) {
	if !digestForm.MatchString(digest) {
		return nil, fault.New(fault.Invalid, "blob %q: want a SHA-256 in lower-case hexadecimal", digest)
	}
	f, err := os.Open(s.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "blob %s is not in the store", digest)
	}
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("read blob %s at %d: %w", digest, offset, err), f.Close())
	}
	return f, nil
}

// Bytes reads a whole blob and checks that it is what its digest says.
func (s *Store) Bytes(ctx context.Context, digest string) ([]byte, error) {
	r, err := s.Open(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", digest, err)
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != digest {
		return nil, fault.New(fault.Unverified, "blob %s holds other bytes (%s)", digest, got)
	}
	return data, nil
}

// Remove deletes a blob; one that is not there is gone already. Only a store
// that nothing in the ledger points to may lose any.
func (s *Store) Remove(_ context.Context, digest string) error {
	if !digestForm.MatchString(digest) {
		return fault.New(fault.Invalid, "blob %q: want a SHA-256 in lower-case hexadecimal", digest)
	}
	if err := ignoreGone(os.Remove(s.path(digest))); err != nil {
		return fmt.Errorf("remove blob %s: %w", digest, err)
	}
	return nil
}

// Digests lists all blobs.
func (s *Store) Digests(_ context.Context) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(s.root, "??", "*"))
	if err != nil {
		return nil, fmt.Errorf("list blobs: %w", err)
	}
	var list []string
	for _, n := range names {
		if digest := filepath.Base(n); digestForm.MatchString(digest) {
			list = append(list, digest)
		}
	}
	return list, nil
}
