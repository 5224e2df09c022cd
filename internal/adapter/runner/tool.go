package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// What a shell exits with when it cannot run a program (POSIX, 2.8.2).
const (
	notExecutable = 126
	notFound      = 127
)

// versionPatience is how long a tool may take to say its version.
const versionPatience = 30 * time.Second

// wanted is a tool that a set-up action asks for.
type wanted struct {
	name    string   // as in the record
	files   []string // names of the program, the first one that is there counts
	version string   // as asked for, "" for any
	reads   *regexp.Regexp
}

// nodeVersion finds what node says of its version.
var nodeVersion = regexp.MustCompile(`v([0-9][^\s]*)`)

// versions finds a version in what a program says of itself.
var versions = regexp.MustCompile(`[0-9]+(?:\.[0-9]+)+(?:[-+.a-z0-9]*[a-z0-9])?`)

// setUpPython is satisfied by the python that the steps will find. Where there
// is only a python3, it gets the other name, as the action would give it.
func (j *job) setUpPython(ctx context.Context, s *step) error {
	t, err := j.tool(ctx, s, wanted{
		name: "python", files: []string{"python", "python3"},
		version: strings.TrimSpace(s.with["python-version"]), reads: regexp.MustCompile(`Python ([0-9][^\s]*)`),
	}, j.variables(s))
	if err != nil {
		return err
	}
	if filepath.Base(t.Path) != "python" {
		if err := j.nameProgram(t.Path, "python"); err != nil {
			return err
		}
	}
	s.commands.setOutputValue("python-version", t.Version)
	s.commands.setOutputValue("python-path", t.Path)
	s.commands.setOutputValue("cache-hit", "false")
	return nil
}

// setUpNode is satisfied by the node that the steps will find.
func (j *job) setUpNode(ctx context.Context, s *step) error {
	t, err := j.tool(ctx, s, wanted{
		name: "node", files: []string{"node"},
		version: strings.TrimPrefix(strings.TrimSpace(s.with["node-version"]), "v"), reads: nodeVersion,
	}, j.variables(s))
	if err != nil {
		return err
	}
	s.commands.setOutputValue("node-version", "v"+t.Version)
	s.commands.setOutputValue("cache-hit", "false")
	return nil
}

// setUpUV is satisfied by the uv that the steps will find.
func (j *job) setUpUV(ctx context.Context, s *step) error {
	t, err := j.tool(ctx, s, wanted{
		name: "uv", files: []string{"uv"},
		version: strings.TrimPrefix(strings.TrimSpace(s.with["version"]), "v"), reads: regexp.MustCompile(`uv ([0-9][^\s]*)`),
	}, j.variables(s))
	if err != nil {
		return err
	}
	s.commands.setOutputValue("uv-version", t.Version)
	s.commands.setOutputValue("uv-path", t.Path)
	s.commands.setOutputValue("cache-hit", "false")
	if python := s.with["python-version"]; python != "" {
		j.env["UV_PYTHON"] = python
		s.commands.setOutputValue("python-version", python)
	}
	return nil
}

// setUpDatabricks is satisfied by the databricks command that the steps find.
func (j *job) setUpDatabricks(ctx context.Context, s *step) error {
	_, err := j.tool(ctx, s, wanted{
		name: "databricks", files: []string{"databricks"},
		version: strings.TrimPrefix(strings.TrimSpace(s.with["version"]), "v"), reads: regexp.MustCompile(`v([0-9][^\s]*)`),
	}, j.variables(s))
	return err
}

// tool finds a tool on the PATH of variables, asks for its version in the sandbox and
// records it. A missing one is a failure, another version one unless the
// configuration says otherwise.
func (j *job) tool(ctx context.Context, s *step, w wanted, variables environment) (pipeline.Tool, error) {
	t := pipeline.Tool{Name: w.name}
	said, err := j.firstThatStarts(ctx, s, w, variables, &t)
	if err != nil {
		return t, fmt.Errorf("set up %s: %w", w.name, err)
	}
	if t.SHA256, err = j.digest(t.Path); err != nil {
		return t, fmt.Errorf("set up %s: %w", w.name, err)
	}
	t.Version = readVersion(said, w.reads)
	j.outcome.Tools = append(j.outcome.Tools, t)
	if err := checkVersion(w, t, said); err != nil {
		if j.c.ToolMismatch != Warn {
			return t, err
		}
		s.commands.warn(err.Error())
	}
	j.say(s.number, fmt.Sprintf("%s %s at %s, sha256 %s", w.name, t.Version, t.Path, t.SHA256))
	return t, nil
}

// firstThatStarts finds the program that a step would get: the first on PATH
// that may be run in the sandbox. It gives what that says of its version.
func (j *job) firstThatStarts(ctx context.Context, s *step, w wanted, env environment, t *pipeline.Tool) (string, error) {
	var refused []error
	for _, name := range w.files {
		for _, path := range lookAll(name, env["PATH"]) {
			said, started, err := j.askVersion(ctx, s, path, env)
			if err != nil && (started || ctx.Err() != nil) {
				return "", err
			}
			if started {
				t.Path = path
				return said, nil
			}
			refused = append(refused, err)
		}
	}
	err := fmt.Errorf("none of %s is on PATH %q: install it on the worker", strings.Join(w.files, ", "), env["PATH"])
	return "", errors.Join(append([]error{err}, refused...)...)
}

// askVersion runs a program with --version and gives what it says; that it
// cannot be asked is an unreadable version, not an error, once it was started.
func (j *job) askVersion(ctx context.Context, s *step, path string, env environment) (said string, started bool, err error) {
	limited, cancel := context.WithTimeout(ctx, versionPatience)
	defer cancel()
	var out, errs excerpt
	// As from a step: a shell also runs a script that names no interpreter.
	argv := []string{"/bin/sh", "-c", `exec "$0" --version`, path}
	p, err := j.box.Start(argv, env.list(), j.area.workspace(), &out, &errs)
	if err != nil {
		return "", false, err
	}
	code, err := j.await(limited, p)
	if ctx.Err() != nil {
		return "", true, err
	}
	if code == notExecutable || code == notFound {
		return "", false, fmt.Errorf("%s cannot be run here: %s", path, firstLine(clean(errs.String())))
	}
	if err != nil || code != 0 {
		j.say(s.number, fmt.Sprintf("%s --version: exit code %d", path, code))
		return "", true, nil
	}
	return out.String() + errs.String(), true, nil
}

// excerpt keeps the beginning of what is written to it.
type excerpt struct{ strings.Builder }

func (h *excerpt) Write(b []byte) (int, error) {
	const enough = 4096
	h.Builder.Write(b[:min(len(b), max(0, enough-h.Len()))])
	return len(b), nil
}

func readVersion(said string, reads *regexp.Regexp) string {
	if m := reads.FindStringSubmatch(said); m != nil {
		return versions.FindString(m[1])
	}
	return versions.FindString(said)
}

func checkVersion(w wanted, t pipeline.Tool, said string) error {
	switch {
	case t.Version == "":
		return fmt.Errorf("set up %s: %s --version says no version: %q", w.name, t.Path, firstLine(clean(said)))
	case w.version == "" || w.version == "latest":
		return nil
	}
	ok, err := versionMatches(w.version, t.Version)
	if err != nil {
		return fmt.Errorf("set up %s: %w", w.name, err)
	}
	if !ok {
		return fmt.Errorf("set up %s: want version %s, found %s at %s", w.name, w.version, t.Version, t.Path)
	}
	return nil
}

// exactVersion is what a wanted version may look like: components, of which the
// last may be x or *.
var exactVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*(\.[xX*])*$`)

// versionMatches compares as many components as are asked for.
func versionMatches(want, have string) (bool, error) {
	if !exactVersion.MatchString(want) {
		return false, fmt.Errorf("version %q: want digits and dots, as 3.11 or 3.x; ranges and several versions are not supported", want)
	}
	haves := strings.Split(have, ".")
	for i, part := range strings.Split(want, ".") {
		if strings.ContainsAny(part, "xX*") {
			return true, nil
		}
		if i >= len(haves) || haves[i] != part {
			return false, nil
		}
	}
	return true, nil
}

// digest is the SHA-256 of a program, links followed.
func (j *job) digest(path string) (string, error) {
	var f *os.File
	var err error
	if rel, ok := j.area.within(path, false); ok {
		f, _, err = j.area.top.file(rel)
	} else {
		f, err = os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// nameProgram makes a program known under a further name for the next steps.
func (j *job) nameProgram(program, name string) error {
	dir := filepath.Join("_tools", name, "bin")
	if err := j.makeDir(dir); err != nil {
		return err
	}
	err := j.area.top.root.Symlink(program, filepath.Join(dir, name))
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make %q known as %q: %w", program, name, err)
	}
	j.paths = append([]string{filepath.Join(j.area.top.path, dir)}, j.paths...)
	return nil
}
