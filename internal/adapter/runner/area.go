package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// area is the file tree of one execution:
//
//	base/stage/      the worker's own: what is to be moved into the steps' tree
//	base/area/       the steps' tree, and all they can write
//	         work/REPO/REPO   GITHUB_WORKSPACE
//	         work/_temp       RUNNER_TEMP
//	         home  tmp  tools  steps/N
//
// Steps may put links and pipes anywhere below area at any time, so that all
// access goes through root, which leads nowhere else.
type area struct {
	base string
	top  string // base/area
	root *os.Root
	repo string // last part of the repository's name
	n    int    // staged directories
}

// newArea makes the tree below dir; what a former try of the same name left is
// removed.
func newArea(dir, execution, repository string) (*area, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("make work directory: %w", err)
	}
	repo := fileName(path.Base(repository))
	a := &area{base: filepath.Join(dir, uniqueName(execution)), repo: repo}
	a.top = filepath.Join(a.base, "area")
	if err := removeTree(a.base); err != nil {
		return nil, fmt.Errorf("make work directory: %w", err)
	}
	// A lent uid may have to pass base on its way to area, and no further.
	for dir, mode := range map[string]fs.FileMode{"": 0o711, "area": 0o700, "stage": 0o700} {
		dir = filepath.Join(a.base, dir)
		if err := os.MkdirAll(dir, mode); err != nil {
			return nil, fmt.Errorf("make work directory: %w", err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			return nil, fmt.Errorf("make work directory: %w", err)
		}
	}
	for _, d := range []string{a.workspace(), a.temp(), a.home(), a.tmp(), a.tools(), a.steps()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("make work directory: %w", err)
		}
	}
	a.root, err = os.OpenRoot(a.top)
	if err != nil {
		return nil, fmt.Errorf("make work directory: %w", err)
	}
	return a, nil
}

func (a *area) stage() string     { return filepath.Join(a.base, "stage") }
func (a *area) work() string      { return filepath.Join(a.top, "work", a.repo) }
func (a *area) workspace() string { return filepath.Join(a.work(), a.repo) }
func (a *area) temp() string      { return filepath.Join(a.top, "work", "_temp") }
func (a *area) home() string      { return filepath.Join(a.top, "home") }
func (a *area) tmp() string       { return filepath.Join(a.top, "tmp") }
func (a *area) tools() string     { return filepath.Join(a.top, "tools") }
func (a *area) steps() string     { return filepath.Join(a.top, "steps") }

// remove deletes the whole tree.
func (a *area) remove() error {
	err := a.root.Close()
	return errors.Join(err, removeTree(a.base))
}

// removeTree deletes a tree whose directories may have lost their modes.
func removeTree(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	// The error of a directory comes again from RemoveAll.
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(name, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// staged makes an empty directory that no step can reach.
func (a *area) staged() (string, error) {
	a.n++
	dir := filepath.Join(a.stage(), fmt.Sprint(a.n))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	return dir, nil
}

// within gives a path of the steps' view relative to the tree, ok when it is a
// part of it. /tmp is the execution's own one where it is private.
func (a *area) within(name string, privateTmp bool) (string, bool) {
	if rest, err := filepath.Rel(a.top, name); err == nil && filepath.IsLocal(rest) {
		return rest, true
	}
	for _, tmp := range []string{"/tmp", "/var/tmp"} {
		rest, err := filepath.Rel(tmp, name)
		if privateTmp && err == nil && filepath.IsLocal(rest) {
			return filepath.Join("tmp", rest), true
		}
	}
	return "", false
}

// open opens a regular file of the steps' tree for reading; it never waits for
// a pipe and never reads a device.
func (a *area) open(name string) (*os.File, fs.FileInfo, error) {
	f, err := a.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("read %q: want a regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// read gives the content of a file of the steps' tree, "" when it is absent.
func (a *area) read(name string, limit int64) (string, error) {
	f, _, err := a.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", err
	}
	if int64(len(b)) > limit {
		return "", fmt.Errorf("read %q: want at most %d bytes", path.Base(name), limit)
	}
	return string(b), nil
}

// place moves a staged directory's content to a directory of the steps' tree.
// With clean nothing else stays there; else files of the same name are
// replaced. The staged tree must have the steps' owner already.
func (a *area) place(staged, to string, clean bool) error {
	from, err := filepath.Rel(a.base, staged)
	if err != nil {
		return fmt.Errorf("place files: %w", err)
	}
	root, err := os.OpenRoot(a.base)
	if err != nil {
		return fmt.Errorf("place files: %w", err)
	}
	defer root.Close()
	if err := move(root, from, filepath.Join("area", to), clean); err != nil {
		return fmt.Errorf("place files in %q: %w", to, err)
	}
	return nil
}

// move merges the directory from into the directory to.
func move(root *os.Root, from, to string, clean bool) error {
	entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(from))
	if err != nil {
		return err
	}
	if clean {
		old, err := fs.ReadDir(root.FS(), filepath.ToSlash(to))
		if err != nil {
			return err
		}
		for _, e := range old {
			if err := root.RemoveAll(filepath.Join(to, e.Name())); err != nil {
				return err
			}
		}
	}
	for _, e := range entries {
		source, target := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		have, err := root.Lstat(target)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case have.IsDir() && e.IsDir():
			if err := move(root, source, target, false); err != nil {
				return err
			}
			continue
		default:
			if err := root.RemoveAll(target); err != nil {
				return err
			}
		}
		if err := root.Rename(source, target); err != nil {
			return err
		}
	}
	return nil
}

// uniqueName makes a directory name of an execution's: readable, and another
// one for each execution.
func uniqueName(execution string) string {
	sum := sha256.Sum256([]byte(execution))
	return fileName(execution) + "-" + hex.EncodeToString(sum[:4])
}

// fileName keeps what is harmless in a path, in shells and in Python.
func fileName(s string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '-'
	}, s)
	name = strings.Trim(name, ".")
	if name == "" {
		return "work"
	}
	return name[:min(len(name), 100)]
}
