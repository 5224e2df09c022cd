// Package sandbox runs the processes of one execution apart from everything
// else on the machine. Steps are hostile: a sandbox keeps them away from the
// store, from keys, from other executions and from the worker, and leaves
// nothing running when it is closed.
//
// There are three kinds, strongest first: Namespace, UID and None. The package
// is Linux only.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Kind names a way to keep steps apart.
type Kind string

// The kinds. To add one: a file with its open function, and an entry in kinds.
const (
	// Namespace: own user, pid, mount, ipc and uts namespaces, a uid of the
	// pool where the worker is root, no capabilities.
	Namespace Kind = "namespace"
	// UID: a uid of the pool, for a root worker without user namespaces.
	UID Kind = "uid"
	// None: a process group and a marker in the environment; it protects
	// nothing and is refused where protection is promised.
	None Kind = "none"
)

// kinds is the list of implementations, strongest first.
var kinds = []struct {
	kind Kind
	open func(context.Context, Config, Spec) (Sandbox, error)
}{
	{Namespace, openNamespace},
	{UID, openUID},
	{None, openNone},
}

// Marker is the environment variable that every process of a sandbox is
// started with; its value is Spec.Execution.
const Marker = "DC_RELEASE_EXECUTION"

// Config is what a worker's sandboxes share.
type Config struct {
	// UIDBase and UIDCount are the pool of uids (and gids of the same number)
	// that a root worker lends to executions, one each. 0 means 64000 and 1000.
	UIDBase, UIDCount int
	// LockDir holds one lock file per uid, so that no two executions on the
	// machine share one. "" means /run/dc-release/uid.
	LockDir string
	// Processes is how many processes and threads an execution may have at once.
	// 0 means 4096.
	Processes int
	// By is how that is held, "" for the strongest way that works here.
	By By
}

func (c Config) withDefaults() Config {
	if c.UIDBase == 0 {
		c.UIDBase = 64000
	}
	if c.UIDCount == 0 {
		c.UIDCount = 1000
	}
	if c.LockDir == "" {
		c.LockDir = "/run/dc-release/uid"
	}
	if c.Processes == 0 {
		c.Processes = 4096
	}
	return c
}

// Spec is what one execution may see. All paths are absolute. Of nested paths
// the deepest decides: a Keep below a Hide is visible, a Hide below a Show is not.
type Spec struct {
	Execution string // RUN/ATTEMPT/JOB-KEY/TRY; the value of Marker
	// Keep are the directories of this execution: writable, given to the
	// execution's uid when the sandbox opens.
	Keep []string
	// Show are directories or files to show read-only, where they would be
	// covered otherwise (tools below /tmp or below a hidden home).
	Show []string
	// Hide are directories and files that must not be seen: data directory,
	// socket directory, the owner's home. Absent ones are ignored.
	Hide []string
	// Temp becomes /tmp and /var/tmp where the kind has a private file system
	// view; it must be one of Keep or below one.
	Temp string
	// Offline takes the network away, except a private loopback, where the
	// kind can.
	Offline bool
}

// Process is one started command. It is an alias of an interface literal, so
// that consumers can declare the same type without importing this package.
type Process = interface {
	// Wait gives the exit code (128+n for a death by signal n) when the
	// command has ended and its output has been written. Output of a
	// background process that holds the streams longer is discarded.
	Wait() (code int, err error)
	// Signal reaches the command's whole tree: descendants, its session and
	// process group, and orphans that kept its environment. SIGKILL is
	// repeated until nothing is left.
	Signal(syscall.Signal) error
}

// Sandbox is one execution's place to run in.
type Sandbox interface {
	// Kind says how strong it is.
	Kind() Kind
	// Start runs argv (argv[0] an absolute path or searched on the PATH of
	// env) in dir with exactly env and the two markers; stdin is empty.
	// The writers are called by one goroutine each.
	Start(argv, env []string, dir string, stdout, stderr io.Writer) (Process, error)
	// Own gives a directory with all in it to the execution's uid. It lies
	// below one of Keep, or is the worker's own and nobody else can reach it.
	Own(path string) error
	// Limit says how many processes there may be at once, and what holds them.
	Limit() string
	// Overrun says that there were more since the last call: the error names the
	// limit. All commands were killed then; further ones can be started.
	Overrun() error
	// Close kills every process and returns when they are gone; it can be
	// called again.
	Close() error
}

// Open makes a sandbox of the given kind. The error names the kind and the
// step that did not work.
func Open(ctx context.Context, kind Kind, c Config, s Spec) (Sandbox, error) {
	c = c.withDefaults()
	s, err := s.resolve()
	if err != nil {
		return nil, fmt.Errorf("open sandbox %q for %q: %w", kind, s.Execution, err)
	}
	for _, k := range kinds {
		if k.kind != kind {
			continue
		}
		box, err := k.open(ctx, c, s)
		if err != nil {
			return nil, fmt.Errorf("open sandbox %q for %q: %w", kind, s.Execution, err)
		}
		return box, nil
	}
	return nil, fmt.Errorf("open sandbox %q: want one of %q, %q, %q", kind, Namespace, UID, None)
}

// Strongest is the strongest kind at or above the weakest that is accepted which
// a real command works in. The error says why no kind does.
func Strongest(ctx context.Context, c Config, weakest Kind) (Kind, error) {
	var refused []error
	for _, k := range kinds {
		err := probe(ctx, k.kind, c)
		if err == nil {
			return k.kind, nil
		}
		if refused = append(refused, err); k.kind == weakest {
			break
		}
	}
	return "", errors.Join(refused...)
}

func probe(ctx context.Context, kind Kind, c Config) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "dc-release-probe-")
	if err != nil {
		return fmt.Errorf("probe sandbox %q: %w", kind, err)
	}
	defer os.RemoveAll(dir)
	box, err := Open(ctx, kind, c, Spec{Execution: "probe", Keep: []string{dir}, Temp: dir})
	if err != nil {
		return err
	}
	defer box.Close()
	var out strings.Builder
	p, err := box.Start([]string{"/bin/sh", "-c", "echo here"}, nil, dir, &out, &out)
	if err != nil {
		return err
	}
	code, err := p.Wait()
	if err == nil && (code != 0 || strings.TrimSpace(out.String()) != "here") {
		err = fmt.Errorf("probe sandbox %q: exit code %d, output %q", kind, code, out.String())
	}
	return errors.Join(err, box.Close())
}

// resolve makes every path real, so that a mount lands where a name leads, and
// drops what does not exist from Show and Hide.
func (s Spec) resolve() (Spec, error) {
	var bad []error
	must := func(what, path string) string {
		real, err := realPath(path)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s %q: %w", what, path, err))
		}
		return real
	}
	if s.Execution == "" || strings.ContainsAny(s.Execution, "\x00\n") {
		bad = append(bad, fmt.Errorf("execution %q: want a name without line breaks", s.Execution))
	}
	keep := make([]string, 0, len(s.Keep))
	for _, p := range s.Keep {
		keep = append(keep, must("keep", p))
	}
	s.Keep = keep
	if s.Temp != "" {
		s.Temp = must("temp", s.Temp)
	}
	s.Show, s.Hide = existing(s.Show), existing(s.Hide)
	return s, errors.Join(bad...)
}

func realPath(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", errors.New("want an absolute path")
	}
	return filepath.EvalSymlinks(path)
}

func existing(paths []string) []string {
	var out []string
	for _, p := range paths {
		if real, err := realPath(p); err == nil {
			out = append(out, real)
		}
	}
	return out
}
