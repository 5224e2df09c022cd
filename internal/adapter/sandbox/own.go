package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// own gives the tree at path to uid, -1 for nobody else. Below one of the keep
// directories commands may be changing the tree at the same time: no link is
// followed, not even on the way to path, and nothing outside is touched. A
// file with several names, which may be somebody else's file, is refused.
func own(keep []string, path string, uid int) error {
	if uid < 0 {
		return nil // commands run with the worker's own uid
	}
	var err error
	if dir, rest, ok := below(keep, path); ok {
		err = ownWithin(dir, rest, uid)
	} else {
		err = filepath.WalkDir(path, func(name string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := os.Lstat(name)
			if err != nil {
				return err
			}
			return give(name, info, uid, os.Lchown)
		})
	}
	if err != nil {
		return fmt.Errorf("give %q to uid %d: %w", path, uid, err)
	}
	return nil
}

// below finds the directory that holds path, and the rest of it.
func below(dirs []string, path string) (dir, rest string, ok bool) {
	for _, d := range dirs {
		rest, err := filepath.Rel(d, path)
		if err == nil && rest != ".." && !strings.HasPrefix(rest, "../") {
			return d, rest, true
		}
	}
	return "", "", false
}

func ownWithin(dir, rest string, uid int) error {
	outer, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer outer.Close()
	root, err := outer.OpenRoot(rest)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := root.Lstat(name)
		if err != nil {
			return err
		}
		return give(name, info, uid, root.Lchown)
	})
}

func give(name string, info fs.FileInfo, uid int, lchown func(string, int, int) error) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return fmt.Errorf("%q: owner unknown", name)
	case int(st.Uid) == uid && int(st.Gid) == uid:
		return nil
	case !info.IsDir() && st.Nlink > 1:
		return fmt.Errorf("%q has %d names, want one", name, st.Nlink)
	}
	return lchown(name, uid, uid)
}
