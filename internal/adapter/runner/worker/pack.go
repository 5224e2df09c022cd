package worker

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/runner"
)

// repeatable is a body that can be given from its beginning again, so that no
// copy of it has to be kept for a server that was away.
type repeatable struct {
	open func() (io.ReadCloser, error)
	now  io.ReadCloser
}

// Read gives it once.
func (r *repeatable) Read(p []byte) (n int, err error) {
	if r.now == nil {
		if r.now, err = r.open(); err != nil {
			return 0, err
		}
	}
	return r.now.Read(p)
}

// packed is one deterministic tar of files.
func packed(files []runner.File) *repeatable {
	return &repeatable{open: func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(pack(w, files)) }()
		return r, nil
	}}
}

// pack writes files in the order of their names. A file is what it was when it
// was found: of one that has grown since, the beginning of that size; one that
// has become shorter is an error.
func pack(w io.Writer, files []runner.File) error {
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, func(a, b runner.File) int { return strings.Compare(a.Path, b.Path) })
	tw := tar.NewWriter(w)
	for _, f := range sorted {
		if err := add(tw, f); err != nil {
			return fmt.Errorf("pack %q: %w", f.Path, err)
		}
	}
	return tw.Close()
}

func add(tw *tar.Writer, f runner.File) error {
	mode := int64(0o644)
	if f.Exec {
		mode = 0o755
	}
	src, err := f.Open()
	if err != nil {
		return err
	}
	if err := tw.WriteHeader(&tar.Header{Name: f.Path, Mode: mode, Size: f.Size, Format: tar.FormatPAX}); err != nil {
		return errors.Join(err, src.Close())
	}
	n, err := io.CopyN(tw, src, f.Size)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("it had %d bytes and has %d now: it was changed while it was read", f.Size, n)
	}
	return errors.Join(err, src.Close())
}
