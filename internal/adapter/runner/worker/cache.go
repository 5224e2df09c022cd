package worker

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// RestoreCache implements runner.Host.
func (h *host) RestoreCache(ctx context.Context, q runner.CacheQuery, dir string) (string, error) {
	entry, err := h.server.FindCache(ctx, work.CacheQuery{Execution: h.id, Keys: q.Keys, Version: q.Version})
	if err != nil || !entry.Found || dir == "" {
		return entry.Key, err
	}
	r, err := h.server.ReadCache(ctx, work.CacheRead{Execution: h.id, Scope: entry.Scope, Key: entry.Key, Version: q.Version})
	if fault.KindOf(err) == fault.NotFound {
		return "", nil // it had to make room meanwhile
	}
	if err != nil {
		return "", err
	}
	defer r.Close()
	return entry.Key, untarWith(r, dir, keepTime)
}

// SaveCache implements runner.Host.
func (h *host) SaveCache(ctx context.Context, c runner.Cache) (bool, error) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(packCache(w, c.Files)) }()
	out, err := h.server.SaveCache(ctx, work.CacheSave{Execution: h.id, Key: c.Key, Version: c.Version}, r)
	return out.Saved, errors.Join(err, r.Close())
}

// packCache writes a tar with links and times.
func packCache(w io.Writer, files []runner.CacheFile) error {
	tw := tar.NewWriter(w)
	for _, f := range files {
		hdr := &tar.Header{Name: f.Path, Mode: int64(f.Mode), ModTime: time.UnixMicro(f.ChangedUS), Format: tar.FormatPAX, Typeflag: tar.TypeReg}
		switch {
		case f.Folder:
			hdr.Typeflag = tar.TypeDir
		case f.Link != "":
			hdr.Typeflag, hdr.Linkname = tar.TypeSymlink, f.Link
		default:
			hdr.Size = f.Size
		}
		if err := tw.WriteHeader(hdr); err != nil {
			return err
		}
		if hdr.Typeflag != tar.TypeReg {
			continue
		}
		src, err := f.Open()
		if err != nil {
			return err
		}
		// One that shrank or grew while it was read is no cache.
		_, err = io.Copy(tw, src)
		if err = errors.Join(err, src.Close()); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return tw.Close()
}
