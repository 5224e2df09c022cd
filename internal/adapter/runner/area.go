package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

// area is the file tree of one execution:
//
//	base/stage/      the worker's own: what is to be moved into the steps' tree
//	base/area/       the steps' tree, and all they can write
//	         REPO/REPO   GITHUB_WORKSPACE
//	         _temp       RUNNER_TEMP
//	         _home  _tmp  _tools
//	files/           event.json, and N/ with the files of step N: in memory
//	                 where possible, because scripts may hold secrets
//
// Steps may put links and pipes anywhere below area and files at any time, so
// that all access goes through a tree, which leads nowhere else.
type area struct {
	base  string
	top   tree
	files tree
	repo  string // last part of the repository's name
	n     int    // staged directories

	inMemory bool // files is below memoryDir
}

// newArea makes the tree below dir and filesDir, "" for one in memory; what a
// former try of the same name left is removed.
func newArea(dir, filesDir, execution, repository string) (*area, error) {
	a := &area{repo: fileName(path.Base(repository))}
	if err := a.make(dir, filesDir, uniqueName(execution)); err != nil {
		return nil, fmt.Errorf("make work directory: %w", errors.Join(err, a.remove()))
	}
	return a, nil
}

func (a *area) make(dir, filesDir, name string) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	a.base = filepath.Join(dir, name)
	a.top.path = filepath.Join(a.base, "area")
	if err := removeTree(a.base); err != nil {
		return err
	}
	// A lent uid may have to pass base on its way to area, and no further.
	if err := makeDir(a.base, 0o711); err != nil {
		return err
	}
	if err := makeDir(a.top.path, 0o700); err != nil {
		return err
	}
	if err := a.makeFiles(dir, filesDir, name+"-files"); err != nil {
		return err
	}
	for _, d := range []string{a.workspace(), a.temp(), a.home(), a.tmp()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	return errors.Join(a.top.open(), a.files.open())
}

// makeFiles makes the directory for files. One in memory goes with its last
// execution, which may be at this moment: then it is made again.
func (a *area) makeFiles(dir, filesDir, name string) error {
	a.inMemory = filesDir == ""
	for range 10 {
		if a.inMemory {
			filesDir = memoryDir(dir)
			a.inMemory = filesDir != dir
		}
		a.files.path = filepath.Join(filesDir, name)
		if err := removeTree(a.files.path); err != nil {
			return err
		}
		err := makeDir(a.files.path, 0o700)
		if !a.inMemory || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("make %q: it is removed again and again", filesDir)
}

// makeDir makes a directory with this mode, whatever the umask is.
func makeDir(path string, mode fs.FileMode) error {
	return errors.Join(os.Mkdir(path, mode), os.Chmod(path, mode))
}

func (a *area) stage() string     { return filepath.Join(a.base, "stage") }
func (a *area) work() string      { return filepath.Join(a.top.path, a.repo) }
func (a *area) workspace() string { return filepath.Join(a.work(), a.repo) }
func (a *area) temp() string      { return filepath.Join(a.top.path, "_temp") }
func (a *area) home() string      { return filepath.Join(a.top.path, "_home") }
func (a *area) tmp() string       { return filepath.Join(a.top.path, "_tmp") }
func (a *area) tools() string     { return filepath.Join(a.top.path, "_tools") }
func (a *area) event() string     { return filepath.Join(a.files.path, "event.json") }

// remove deletes the whole tree.
func (a *area) remove() error {
	err := errors.Join(a.top.close(), a.files.close(), removeTree(a.base), removeTree(a.files.path))
	if a.inMemory {
		_ = os.Remove(filepath.Dir(a.files.path)) // not while others are in it
	}
	return err
}

// staged makes an empty directory that no step can reach.
func (a *area) staged() (string, error) {
	a.n++
	dir := filepath.Join(a.stage(), strconv.Itoa(a.n))
	if err := os.MkdirAll(a.stage(), 0o700); err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	return dir, nil
}

// within gives a path of the steps' view relative to the tree, ok when it is a
// part of it. /tmp is the execution's own one where it is private.
func (a *area) within(name string, privateTmp bool) (string, bool) {
	if rest, err := filepath.Rel(a.top.path, name); err == nil && filepath.IsLocal(rest) {
		return rest, true
	}
	for _, tmp := range []string{"/tmp", "/var/tmp"} {
		rest, err := filepath.Rel(tmp, name)
		if privateTmp && err == nil && filepath.IsLocal(rest) {
			return filepath.Join("_tmp", rest), true
		}
	}
	return "", false
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
