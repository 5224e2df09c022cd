package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// own gives the tree at path to uid. Commands may be changing the tree at the
// same time: no link is followed, nothing outside is touched, and a file with
// several names, which may be a file of somebody else, is refused.
func own(path string, uid int) error {
	if uid < 0 {
		return nil // commands run with the worker's own uid
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("give %q to uid %d: %w", path, uid, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("give %q to uid %d: want a directory", path, uid)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return fmt.Errorf("give %q to uid %d: %w", path, uid, err)
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("give %q to uid %d: %w", path, uid, err)
		}
		info, err := root.Lstat(name)
		if err != nil {
			return fmt.Errorf("give %q to uid %d: %w", path, uid, err)
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if ok && int(st.Uid) == uid && int(st.Gid) == uid {
			return nil
		}
		if ok && !d.IsDir() && st.Nlink > 1 {
			return fmt.Errorf("give %q to uid %d: %q has %d names, want one", path, uid, name, st.Nlink)
		}
		if err := root.Lchown(name, uid, uid); err != nil {
			return fmt.Errorf("give %q to uid %d: %w", path, uid, err)
		}
		return nil
	})
}
