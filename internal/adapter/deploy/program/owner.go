package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// lends reports whether sandboxes give what a program may write to a user id of
// its own.
func lends() bool { return os.Geteuid() == 0 }

// outside refuses what must not be given to a program: what lies where nothing is
// shown but what is lent, and a directory that holds files of several users, of
// which nobody would know afterwards whose they were.
func (r *Runner) outside(p []string, write bool) error {
	for _, path := range p {
		if !filepath.IsAbs(path) {
			return fault.New(fault.Invalid, "%q cannot be shown to a program: want an absolute path", path)
		}
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			return fmt.Errorf("show %s to a program: %w", path, err)
		}
		hidden, err := filepath.EvalSymlinks(r.Hidden)
		if err != nil {
			return err
		}
		if real == hidden || strings.HasPrefix(real, hidden+"/") || write && strings.HasPrefix(hidden+"/", strings.TrimSuffix(real, "/")+"/") {
			return fault.New(fault.Forbidden, "%s cannot be given to a program: the data directory is there", path).WithHint("deploy to another directory")
		}
		if !write || !lends() {
			continue
		}
		if err := oneOwner(real); err != nil {
			return err
		}
	}
	return nil
}

func oneOwner(dir string) error {
	var first *syscall.Stat_t
	return walk(dir, func(_ *os.Root, name string, st *syscall.Stat_t, folder bool) error {
		if first == nil {
			first = st
		}
		if st.Uid != first.Uid || st.Gid != first.Gid {
			return fault.New(fault.Forbidden, "%s holds files of several users, like %s: it cannot be lent to a program", dir, name).
				WithHint("give it to one: chown -R root: %s", dir)
		}
		if !folder && st.Nlink > 1 {
			return fault.New(fault.Forbidden, "%s has %d names: it may be a file of somebody else", filepath.Join(dir, name), st.Nlink).WithHint("copy it instead")
		}
		return nil
	})
}

// takeBack makes all that is in lent directories this process's, so that no later
// program under the same user id can change it.
func takeBack(dirs []string) error {
	if !lends() {
		return nil
	}
	uid, gid := os.Geteuid(), os.Getegid()
	var bad []error
	for _, dir := range dirs {
		err := walk(dir, func(root *os.Root, name string, st *syscall.Stat_t, folder bool) error {
			if int(st.Uid) == uid && int(st.Gid) == gid {
				return nil
			}
			if !folder && st.Nlink > 1 {
				return fmt.Errorf("%s has %d names, want one", name, st.Nlink)
			}
			return root.Lchown(name, uid, gid)
		})
		if err != nil {
			bad = append(bad, fmt.Errorf("take back %s: %w", dir, err))
		}
	}
	return errors.Join(bad...)
}

// walk visits all of a directory, itself first, and follows no link.
func walk(dir string, visit func(root *os.Root, name string, st *syscall.Stat_t, folder bool) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := root.Lstat(name)
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return fmt.Errorf("%s: owner unknown", name)
		}
		return visit(root, name, st, d.IsDir())
	})
}
