// Package program runs the programs of targets in a sandbox, apart from the store
// and from keys, and keeps what they did as evidence.
package program

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
	"strings"
	"syscall"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// Process is one started command; see internal/adapter/sandbox for what each
// method promises.
type Process = interface {
	Wait() (code int, err error)
	Signal(syscall.Signal) error
}

// Box is the sandbox that one program runs in.
type Box interface {
	Start(argv, env []string, dir string, stdout, stderr io.Writer) (Process, error)
	Overrun() error
	Close() error
}

// Place is what a sandbox is opened for.
type Place struct {
	Name    string
	Keep    []string // directories that the program may change
	Show    []string // what it may read, wherever that lies
	Temp    string   // to be /tmp where the kind can
	Offline bool
}

// Runner implements deploy.Programs.
type Runner struct {
	Open func(context.Context, Place) (Box, error)
	// Dir is where folders are lent, an absolute path that nobody else uses.
	Dir string
	// Hidden is the data directory: programs see nothing of it but what is lent.
	Hidden string
	// Path is the PATH of deployments.
	Path string
	Now  func() time.Time
	// Most is how many bytes of stdout, and how many of stderr, are kept of one
	// program; 0 means 16 MiB.
	Most int
}

const defaultMost = 16 << 20

// The parts of what is lent: programs may change the three directories, and only
// read what is on their standard input.
const (
	filesDir = "files"
	homeDir  = "home"
	tempDir  = "tmp"
	stdin    = "stdin"
)

// Sweep removes what a process that died has left; nothing may be lent.
func (r *Runner) Sweep() error { return remove(r.Dir) }

// Folder implements deploy.Programs.
func (r *Runner) Folder(ctx context.Context) (path string, done func() error, err error) {
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(r.Dir, 0o711); err != nil {
		return "", nil, fmt.Errorf("lend folder: %w", err)
	}
	base, err := os.MkdirTemp(r.Dir, "use-")
	if err != nil {
		return "", nil, fmt.Errorf("lend folder: %w", err)
	}
	done = func() error { return remove(base) }
	errs := []error{os.Chmod(base, 0o711)} // a lent user id has to pass
	for _, name := range []string{filesDir, homeDir, tempDir} {
		errs = append(errs, os.Mkdir(filepath.Join(base, name), 0o755))
	}
	if err := errors.Join(errs...); err != nil {
		return "", nil, fmt.Errorf("lend folder: %w", errors.Join(err, done()))
	}
	return filepath.Join(base, filesDir), done, nil
}

// lent gives what was lent with a folder.
func (r *Runner) lent(folder string) (base string, err error) {
	base = filepath.Dir(folder)
	if filepath.Base(folder) != filesDir || filepath.Dir(base) != filepath.Clean(r.Dir) {
		return "", fmt.Errorf("folder %q was not lent", folder)
	}
	return base, nil
}

// remove deletes a tree with directories that may not be written to.
func remove(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	// An error of a directory comes again from RemoveAll.
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(name, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// Find implements deploy.Programs.
func (r *Runner) Find(ctx context.Context, name string) (path, sha string, err error) {
	if err := ctx.Err(); err != nil {
		return "", "", err
	}
	if path, err = r.look(name); err != nil {
		return "", "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", "", fmt.Errorf("read program %s: %w", path, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", "", fmt.Errorf("read program %s: %w", path, err)
	}
	return path, hex.EncodeToString(h.Sum(nil)), nil
}

// look gives the absolute path of a program.
func (r *Runner) look(name string) (string, error) {
	if filepath.IsAbs(name) {
		if runs(name) {
			return name, nil
		}
		return "", fault.New(fault.NotFound, "program %s: want a file that may be executed", name).
			WithHint("install it there, on the machine that owns the data directory, or configure another path")
	}
	if name == "" || strings.Contains(name, "/") {
		return "", fault.New(fault.Invalid, "program %q: want a name on the PATH or an absolute path", name)
	}
	for _, dir := range r.path() {
		if full := filepath.Join(dir, name); runs(full) {
			return full, nil
		}
	}
	return "", fault.New(fault.NotFound, "program %s is not on the PATH of deployments, which is %q", name, r.Path).
		WithHint("install it on the machine that owns the data directory, and start dc-release with a PATH that has its directory")
}

// path is the directories of PATH; a relative one would find what a program has
// left behind.
func (r *Runner) path() []string {
	var out []string
	for _, dir := range filepath.SplitList(r.Path) {
		if filepath.IsAbs(dir) {
			out = append(out, filepath.Clean(dir))
		}
	}
	return out
}

func runs(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
