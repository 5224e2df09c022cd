// Package unpack writes artifacts into folders, for targets that work on files.
package unpack

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Into writes every file of an artifact below a folder, with its mode, and makes
// it last. A file that is there already is an error.
func Into(ctx context.Context, folder string, a deploy.Artifact) error {
	for _, f := range a.Tree {
		if err := write(ctx, filepath.Join(folder, filepath.FromSlash(f.Path)), f, a.Open); err != nil {
			return err
		}
	}
	return nil
}

func write(ctx context.Context, path string, f deployment.TreeFile, open deploy.Opener) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	r, err := open(ctx, f.SHA256)
	if err != nil {
		return err
	}
	defer r.Close()
	mode := os.FileMode(0o644)
	if f.Executable {
		mode = 0o755
	}
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Sync(), w.Close())
}
