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
	"syscall"

	"golang.org/x/sys/unix"
)

// tree is a directory that steps may change at any time; no access through it
// leaves it.
type tree struct {
	path string
	root *os.Root
}

func (t *tree) open() (err error) {
	t.root, err = os.OpenRoot(t.path)
	return err
}

func (t *tree) close() error {
	if t.root == nil {
		return nil
	}
	return t.root.Close()
}

// file opens a regular file for reading; it never waits for a pipe and never
// reads a device.
func (t *tree) file(name string) (*os.File, fs.FileInfo, error) {
	f, err := t.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
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

var errTooLarge = errors.New("file too large")

// read gives the content of a file, "" when it is absent.
func (t *tree) read(name string, limit int64) (string, error) {
	f, info, err := t.file(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info.Size() == 0 {
		return "", nil
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", err
	}
	if int64(len(b)) > limit {
		return "", fmt.Errorf("read %q: %w: it has %d KiB, want at most %d KiB", path.Base(name), errTooLarge, max(info.Size(), int64(len(b)))>>10, limit>>10)
	}
	return string(b), nil
}

// write makes a new file, which must not be there, in any form.
func (t *tree) write(name, text string) error {
	w, err := t.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if text != "" {
		_, err = w.WriteString(text)
	}
	return errors.Join(err, w.Close())
}

// removeTree deletes a tree whose directories may have lost their modes.
func removeTree(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	// The error of a directory comes again from RemoveAll.
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(name, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// memoryDir gives a directory for the executions of workDir on the shared
// memory file system, or workDir itself where there is none to be trusted.
func memoryDir(workDir string) string {
	const shm = "/dev/shm"
	var st unix.Statfs_t
	if err := unix.Statfs(shm, &st); err != nil || st.Type != unix.TMPFS_MAGIC {
		return workDir
	}
	sum := sha256.Sum256([]byte(workDir))
	dir := filepath.Join(shm, fmt.Sprintf("dc-release-%d-%s", os.Geteuid(), hex.EncodeToString(sum[:6])))
	if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return workDir
	}
	// Anybody may have made a directory of this name.
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return workDir
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return workDir
	}
	return dir
}

// Sweep deletes what executions of a worker that died have left. The worker
// that owns WorkDir calls it before its first job.
func Sweep(c Config) error {
	dirs := []string{c.WorkDir, c.FilesDir}
	if c.FilesDir == "" {
		real, err := filepath.EvalSymlinks(c.WorkDir)
		if err != nil {
			return fmt.Errorf("sweep work directory: %w", err)
		}
		dirs[1] = memoryDir(real)
	}
	var bad []error
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			bad = append(bad, fmt.Errorf("sweep work directory: %w", err))
		}
		for _, e := range entries {
			bad = append(bad, removeTree(filepath.Join(dir, e.Name())))
		}
	}
	if c.FilesDir == "" && dirs[0] != dirs[1] {
		_ = os.Remove(dirs[1]) // made again when needed
	}
	return errors.Join(bad...)
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
	name = strings.TrimRight(strings.TrimLeft(name, "._"), ".")
	if name == "" {
		return "work"
	}
	return name[:min(len(name), 100)]
}
