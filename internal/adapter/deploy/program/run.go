package program

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/mask"
)

// Run implements deploy.Programs. A sandbox is opened for the program alone, so
// that nothing of it goes on when it has ended.
func (r *Runner) Run(ctx context.Context, c *deploy.Call, folder string, p deploy.Program) (deploy.Output, error) {
	base, err := r.lent(folder)
	if err != nil {
		return deploy.Output{}, err
	}
	u := use{Runner: r, base: base, p: p, hidden: mask.New(p.Hide...)}
	if err := u.prepare(ctx); err != nil {
		return deploy.Output{}, err
	}
	most := r.Most
	if most == 0 {
		most = defaultMost
	}
	slack := 2*u.hidden.Reach() + 4096 // so that a secret at the end is seen whole
	u.stdout, u.stderr = limited{most: most + slack}, limited{most: most + slack}
	began := r.Now()
	code, err := u.inBox(ctx, c)
	if !u.started {
		return deploy.Output{}, err
	}
	out := deploy.Output{Exit: code}
	var stdout, stderr string
	out.Stdout, out.Cut, stdout = u.stdout.kept(most, u.hidden)
	out.Stderr, _, stderr = u.stderr.kept(most, u.hidden)
	record := deployment.Invocation{
		Argv: p.Argv, Environment: slices.Sorted(maps.Keys(u.env)), Exit: code,
		Began: ledger.FormatTime(began), Ended: ledger.FormatTime(r.Now()),
	}
	keeping := context.WithoutCancel(ctx) // it happened
	var errOut, errErr error
	record.Stdout, errOut = c.Keep(keeping, []byte(stdout))
	record.Stderr, errErr = c.Keep(keeping, []byte(stderr))
	c.Record.Invocations = append(c.Record.Invocations, record)
	return out, errors.Join(err, errOut, errErr)
}

// use is one run of a program.
type use struct {
	*Runner
	base    string
	p       deploy.Program
	hidden  *mask.Masker
	argv    []string
	env     map[string]string
	started bool

	stdout, stderr limited
}

// prepare refuses what would not work, and makes what the program starts with.
func (u *use) prepare(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(u.p.Argv) == 0 {
		return errors.New("run program: want a name")
	}
	if u.hidden.Holds(strings.Join(u.p.Argv, "\n")) {
		return fault.New(fault.Invalid, "run %s: a secret is among its arguments, which everybody on the machine can read", filepath.Base(u.p.Argv[0])).
			WithHint("name the environment variable instead")
	}
	if !filepath.IsLocal(cmp.Or(u.p.Dir, ".")) {
		return fmt.Errorf("run program in %q: want a directory of the folder", u.p.Dir)
	}
	if err := errors.Join(u.outside(u.p.See, false), u.outside(u.p.Write, true)); err != nil {
		return err
	}
	path, err := u.look(u.p.Argv[0])
	if err != nil {
		return err
	}
	u.argv = append([]string{path}, u.p.Argv[1:]...)
	u.env = map[string]string{}
	maps.Copy(u.env, u.p.Env)
	for name, value := range u.env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return fmt.Errorf("run %s: environment variable %q cannot be given to a program", path, name)
		}
	}
	u.env["PATH"] = u.Path
	u.env["HOME"], u.env["TMPDIR"] = filepath.Join(u.base, homeDir), filepath.Join(u.base, tempDir)
	return u.feed()
}

// feed puts what the program reads into a file, because a sandbox gives an empty
// standard input.
func (u *use) feed() error {
	if u.p.Stdin == nil {
		return nil
	}
	path := filepath.Join(u.base, stdin)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(path, u.p.Stdin, 0o444); err != nil {
		return fmt.Errorf("run %s: %w", u.argv[0], err)
	}
	u.argv = append([]string{"/bin/sh", "-c", `exec "$@" <"$0"`, path}, u.argv...)
	return nil
}

// place is what the program sees.
func (u *use) place(c *deploy.Call) Place {
	at := func(name string) string { return filepath.Join(u.base, name) }
	show := append(slices.Clone(u.p.See), u.p.Argv[0])
	for _, dir := range u.path() {
		if strings.HasPrefix(dir, "/tmp/") || strings.HasPrefix(dir, "/var/tmp/") {
			show = append(show, dir) // its own /tmp would cover it
		}
	}
	if u.p.Stdin != nil {
		show = append(show, at(stdin))
	}
	show = slices.DeleteFunc(show, func(p string) bool { return !filepath.IsAbs(p) })
	return Place{
		Name: "deploy/" + c.Solution + "/" + c.Environment, Show: show, Temp: at(tempDir), Offline: !u.p.Network,
		Keep: append([]string{at(filesDir), at(homeDir), at(tempDir)}, u.p.Write...),
	}
}

// inBox runs the program to its end, and gives back afterwards what it could
// write to.
func (u *use) inBox(ctx context.Context, c *deploy.Call) (code int, err error) {
	box, err := u.Open(ctx, u.place(c))
	if err != nil {
		return -1, errors.Join(err, takeBack(u.p.Write))
	}
	defer func() { err = errors.Join(err, box.Close(), takeBack(u.p.Write)) }()
	var env []string
	for _, name := range slices.Sorted(maps.Keys(u.env)) {
		env = append(env, name+"="+u.env[name])
	}
	if u.p.Before != nil {
		if err := u.p.Before(ctx); err != nil {
			return -1, err
		}
	}
	p, err := box.Start(u.argv, env, filepath.Join(u.base, filesDir, u.p.Dir), &u.stdout, &u.stderr)
	if err != nil {
		return -1, errors.Join(err, box.Overrun())
	}
	u.started = true
	code, err = await(ctx, p, box)
	return code, errors.Join(err, box.Overrun())
}

// await waits for the end of a program. When ctx ends the whole tree is killed;
// the end of the sandbox is the end of whatever gets away from that.
func await(ctx context.Context, p Process, box Box) (int, error) {
	type end struct {
		code int
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		code, err := p.Wait()
		ended <- end{code, err}
	}()
	select {
	case e := <-ended:
		return e.code, e.err
	case <-ctx.Done():
	}
	bad := []error{fmt.Errorf("the program was killed: %w", context.Cause(ctx)), p.Signal(syscall.SIGKILL), box.Close()}
	e := <-ended
	return e.code, errors.Join(bad...)
}

// limited keeps the beginning of what is written, and counts the rest.
type limited struct {
	most int
	data []byte
	over int64
}

func (l *limited) Write(p []byte) (int, error) {
	fits := min(len(p), l.most-len(l.data))
	l.data = append(l.data, p[:fits]...)
	l.over += int64(len(p) - fits)
	return len(p), nil
}

// kept is what is handed on, how much more there was, and what is kept as
// evidence: without secrets, with a line that says how much is missing. No secret
// is cut in two.
func (l *limited) kept(most int, hidden *mask.Masker) (data []byte, cut int64, evidence string) {
	text := string(l.data)
	if len(text) > most {
		at := hidden.Beyond(text, most)
		cut = int64(len(text)-at) + l.over
		text = text[:at]
	}
	evidence = hidden.Mask(text)
	if cut > 0 {
		evidence += fmt.Sprintf("\n[%d more bytes were not kept]\n", cut)
	}
	return []byte(text), cut, evidence
}
