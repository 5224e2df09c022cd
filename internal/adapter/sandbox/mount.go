package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// mount is one change of the file system view. All mounts are made in the
// order of their paths, parents first, so the deepest one decides.
type mount struct {
	Path string    `json:"path"`
	Kind mountKind `json:"kind"`
	// Source is the tree to attach; "" means Path itself.
	Source string `json:"source,omitempty"`
	// FD is the index of the descriptor that came with the plan and holds a
	// detached clone of Source, -1 when the helper clones it by itself.
	FD int `json:"fd"`
}

type mountKind int

// In the order in which mounts at the same path are made.
const (
	hide  mountKind = iota // cover with something empty
	show                   // attach read-only
	keep                   // attach
	devs                   // a /dev with the harmless devices only
	procs                  // a /proc of the own pid namespace
)

// alwaysHidden leads out of any sandbox that shares the owner's uid: session
// and system buses start processes elsewhere, container sockets give root.
var alwaysHidden = []string{
	"/run/user", "/run/dbus", "/run/podman", "/run/containerd", "/run/crio",
	"/run/docker.sock", "/run/snapd.socket", "/run/snapd-snap.socket",
}

// devices are those of /dev that a build needs and that give no rights.
var devices = []string{"null", "zero", "full", "random", "urandom", "tty"}

// mounts is the file system view of a resolved spec.
func mounts(s Spec) []mount {
	ms := []mount{
		{Path: "/dev", Kind: devs, FD: -1},
		{Path: "/proc", Kind: procs, FD: -1},
	}
	add := func(kind mountKind, source string, paths ...string) {
		for _, p := range paths {
			ms = append(ms, mount{Path: p, Kind: kind, Source: source, FD: -1})
		}
	}
	add(hide, "", existing(alwaysHidden)...)
	add(hide, "", s.Hide...)
	add(show, "", s.Show...)
	add(keep, "", s.Keep...)
	if s.Temp != "" {
		add(keep, s.Temp, existing([]string{"/tmp", "/var/tmp"})...)
	}
	slices.SortStableFunc(ms, func(a, b mount) int {
		return cmp.Or(comparePaths(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
	// Of several mounts at one path the last decides; only that one is made.
	return slices.DeleteFunc(ms, func(m mount) bool {
		last := slices.IndexFunc(ms, func(o mount) bool { return o.Path == m.Path && o.Kind > m.Kind })
		return last >= 0
	})
}

// comparePaths orders by component, so that a parent stands before its
// children and "/a-b" does not come between "/a" and "/a/c".
func comparePaths(a, b string) int {
	return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
}

// cloneTree gives a detached copy of the tree at path, submounts included.
func cloneTree(path string) (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return -1, fmt.Errorf("clone mount of %q: %w", path, err)
	}
	return fd, nil
}

// view makes the mounts of a plan in the helper's own mount namespace.
type view struct {
	mounts []mount
	covers []string // empty file systems, to be sealed at the end
}

// apply makes all mounts. Clones are taken before anything is covered.
func (v *view) apply(ms []mount, fds []int) error {
	v.mounts = ms
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	trees := make([]int, len(ms))
	for i, m := range ms {
		trees[i] = -1
		switch {
		case m.Kind != show && m.Kind != keep:
		case m.FD >= 0 && m.FD < len(fds):
			trees[i] = fds[m.FD]
		default:
			source := m.Source
			if source == "" {
				source = m.Path
			}
			fd, err := cloneTree(source)
			if err != nil {
				return err
			}
			trees[i] = fd
		}
	}
	for i, m := range ms {
		if err := v.make(m, trees[i]); err != nil {
			return err
		}
	}
	for _, path := range v.covers {
		const flags = unix.MS_REMOUNT | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV
		if err := unix.Mount("", path, "", flags, ""); err != nil {
			return fmt.Errorf("seal %q: %w", path, err)
		}
	}
	return nil
}

func (v *view) make(m mount, tree int) error {
	switch m.Kind {
	case hide:
		return v.hide(m.Path)
	case devs:
		return v.devices(m.Path)
	case procs:
		return mountAt("proc", m.Path, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	case show, keep:
		defer unix.Close(tree)
		return v.attach(m, tree)
	default:
		return fmt.Errorf("mount %q: unknown kind %d", m.Path, m.Kind)
	}
}

// hide covers a path; one that cannot be reached is hidden already. One that is
// not there is made when something is to be attached below it, so that what leads
// there is made in the cover and not in a directory of the execution.
func (v *view) hide(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) && v.attachesBelow(path) {
		if err := v.reach(path, true); err != nil {
			return err
		}
		return v.cover(path)
	}
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("hide %q: %w", path, err)
	}
	if info.IsDir() {
		return v.cover(path)
	}
	return unix.Mount("/dev/null", path, "", unix.MS_BIND, "")
}

func (v *view) attachesBelow(path string) bool {
	return slices.ContainsFunc(v.mounts, func(m mount) bool {
		return (m.Kind == show || m.Kind == keep) && strings.HasPrefix(m.Path, path+"/")
	})
}

// cover puts an empty file system over a directory; it stays writable for the
// helper until apply seals it.
func (v *view) cover(path string) error {
	if err := mountAt("tmpfs", path, unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=1m,nr_inodes=4k"); err != nil {
		return err
	}
	v.covers = append(v.covers, path)
	return nil
}

func mountAt(fstype, path string, flags uintptr, options string) error {
	if err := unix.Mount(fstype, path, fstype, flags, options); err != nil {
		return fmt.Errorf("mount %s at %q: %w", fstype, path, err)
	}
	return nil
}

func (v *view) attach(m mount, tree int) error {
	var st unix.Stat_t
	if err := unix.Fstat(tree, &st); err != nil {
		return fmt.Errorf("attach %q: %w", m.Path, err)
	}
	if err := v.reach(m.Path, st.Mode&unix.S_IFMT == unix.S_IFDIR); err != nil {
		return err
	}
	if m.Kind == show {
		attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID}
		if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
			return fmt.Errorf("make %q read-only: %w", m.Path, err)
		}
	}
	err := unix.MoveMount(tree, "", unix.AT_FDCWD, m.Path, unix.MOVE_MOUNT_F_EMPTY_PATH)
	if err != nil {
		return fmt.Errorf("attach %q: %w", m.Path, err)
	}
	return nil
}

// reach makes sure that path exists and can be walked to: what is missing is
// made in a cover; a directory that the execution's uid cannot enter (the
// owner's home, a data directory of mode 0700) is covered as a whole.
func (v *view) reach(path string, dir bool) error {
	parts := strings.Split(strings.TrimPrefix(filepath.Clean(path), "/"), "/")
	at := "/"
	for i, part := range parts {
		next := filepath.Join(at, part)
		_, err := os.Lstat(next)
		if errors.Is(err, os.ErrPermission) {
			if err := v.cover(at); err != nil {
				return err
			}
			err = os.ErrNotExist
		}
		if errors.Is(err, os.ErrNotExist) {
			err = makeTarget(next, dir || i < len(parts)-1)
		}
		if err != nil {
			return fmt.Errorf("reach %q: %w", path, err)
		}
		at = next
	}
	return nil
}

func makeTarget(path string, dir bool) error {
	if dir {
		return os.Mkdir(path, 0o755)
	}
	return os.WriteFile(path, nil, 0o644)
}

// devices builds a /dev of the harmless devices, own terminals and own shared
// memory: with the owner's uid a step could read what is typed at the owner's
// terminal.
func (v *view) devices(path string) error {
	trees := make([]int, 0, len(devices))
	for _, name := range devices {
		fd, err := cloneTree(filepath.Join(path, name))
		if err != nil {
			return err
		}
		trees = append(trees, fd)
	}
	if err := v.cover(path); err != nil {
		return err
	}
	for i, name := range devices {
		m := mount{Path: filepath.Join(path, name), Kind: keep}
		if err := v.make(m, trees[i]); err != nil {
			return err
		}
	}
	for _, l := range [][2]string{
		{"/proc/self/fd", "fd"},
		{"/proc/self/fd/0", "stdin"},
		{"/proc/self/fd/1", "stdout"},
		{"/proc/self/fd/2", "stderr"},
		{"pts/ptmx", "ptmx"},
	} {
		if err := os.Symlink(l[0], filepath.Join(path, l[1])); err != nil {
			return fmt.Errorf("make %q: %w", path, err)
		}
	}
	for _, d := range []struct{ name, fstype, options string }{
		{"shm", "tmpfs", "mode=1777"},
		{"pts", "devpts", "newinstance,ptmxmode=0666,mode=0620"},
	} {
		at := filepath.Join(path, d.name)
		if err := os.Mkdir(at, 0o755); err != nil {
			return fmt.Errorf("make %q: %w", at, err)
		}
		if err := mountAt(d.fstype, at, unix.MS_NOSUID|unix.MS_NOEXEC, d.options); err != nil {
			return err
		}
	}
	return nil
}
