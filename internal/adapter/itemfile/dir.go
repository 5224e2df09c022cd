package itemfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/core/release"
)

// Dir is a folder of files that are at no commit; the commit of its methods is
// not looked at. It implements traceability.Tree.
type Dir string

// ReadFile reads one file; false is one that is not there.
func (d Dir) ReadFile(_ context.Context, _, path string) ([]byte, bool, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, false, err
	}
	defer root.Close()
	data, err := root.ReadFile(filepath.FromSlash(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// Files are the regular files below a folder, without those in .git, sorted.
func (d Dir) Files(_ context.Context, _, folder string) ([]release.File, error) {
	var out []release.File
	err := filepath.WalkDir(filepath.Join(string(d), filepath.FromSlash(folder)), func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == ".git" || e.Name() == "node_modules"):
			return filepath.SkipDir
		case !e.Type().IsRegular():
			return nil
		}
		relative, err := filepath.Rel(string(d), path)
		out = append(out, release.File{Path: filepath.ToSlash(relative)})
		return err
	})
	return out, err
}
