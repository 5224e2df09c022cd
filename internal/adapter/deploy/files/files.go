// Package files puts the files of an artifact into a directory and reads back
// what a directory holds.
package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Write writes the files of an artifact below a directory in which nothing of
// them is yet: mode 0755 for executable ones, 0644 for the others. It stops when
// ctx ends; what was written till then stays.
func Write(ctx context.Context, dir string, tree deployment.Tree, open deploy.Opener) error {
	for _, f := range tree {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := write(ctx, filepath.Join(dir, filepath.FromSlash(f.Path)), f, open); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
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

// Read reads every file below a directory byte by byte and leads nowhere else: a
// link in it is "not a regular file". A directory that is not there is an empty
// state.
func Read(dir string) (deployment.State, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var tree deployment.Tree
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := read(root, path, d)
		tree = append(tree, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return deployment.NewState(tree.State())
}

func read(root *os.Root, path string, d fs.DirEntry) (deployment.TreeFile, error) {
	out := deployment.TreeFile{Path: path}
	if !d.Type().IsRegular() {
		out.SHA256 = "not a regular file"
		return out, nil
	}
	info, err := d.Info()
	if err != nil {
		return out, err
	}
	out.Executable, out.Size = info.Mode()&0o111 != 0, info.Size()
	f, err := root.Open(path)
	if err != nil {
		return out, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
	return out, err
}
