package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lastPatience is how long a killed command may take to be gone.
const lastPatience = 10 * time.Second

// execute runs a command of a step; its output is looked at for workflow
// commands and logged.
func (j *job) execute(ctx context.Context, s *step, argv []string, env environment, dir string) (int, error) {
	stdout, stderr := s.commands.writer(Stdout), s.commands.writer(Stderr)
	defer stdout.Close()
	defer stderr.Close()
	p, err := j.box.Start(argv, env.list(), dir, stdout, stderr)
	if err != nil {
		return -1, errors.Join(fmt.Errorf("start step: %w", err), j.box.Overrun())
	}
	code, err := j.await(ctx, p)
	return code, errors.Join(err, j.box.Overrun())
}

// await waits for a command. When ctx ends the whole tree gets SIGINT, then
// SIGTERM, then SIGKILL, each after the grace of the one before; one that has
// left but whose children have not gets the same.
func (j *job) await(ctx context.Context, p Process) (int, error) {
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
	signals := []struct {
		signal   syscall.Signal
		patience time.Duration
	}{
		{syscall.SIGINT, j.c.Interrupt},
		{syscall.SIGTERM, j.c.Terminate},
		{syscall.SIGKILL, lastPatience},
	}
	cause := context.Cause(ctx)
	if errors.Is(cause, ErrLost) {
		signals = signals[2:]
	}
	bad := []error{cause}
	for _, s := range signals {
		bad = append(bad, p.Signal(s.signal))
		t := time.NewTimer(s.patience)
		select {
		case e := <-ended:
			t.Stop()
			if s.signal != syscall.SIGKILL {
				// What ignored the signal goes with the command it belongs to.
				bad = append(bad, p.Signal(syscall.SIGKILL))
			}
			return e.code, errors.Join(append(bad, e.err)...)
		case <-t.C:
		}
	}
	// Nothing may write on: the end of the sandbox is the end of everything.
	bad = append(bad, fmt.Errorf("stop step: still running %v after SIGKILL", lastPatience), j.box.Close())
	e := <-ended
	return e.code, errors.Join(append(bad, e.err)...)
}

// lookPath finds a program on a PATH as the worker sees it.
func lookPath(name, path string) (string, error) {
	if all := lookAll(name, path); len(all) > 0 {
		return all[0], nil
	}
	return "", fmt.Errorf("%s is not on PATH %q", name, path)
}

// lookAll finds all programs of a name on a PATH, in order. A step may not be
// allowed to run the first ones.
func lookAll(name, path string) []string {
	var all []string
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		full := filepath.Join(dir, name)
		if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			all = append(all, full)
		}
	}
	return all
}

// coveredTools are the directories of a PATH that an execution's own /tmp
// would cover.
func coveredTools(path string) []string {
	var dirs []string
	for _, dir := range filepath.SplitList(path) {
		if strings.HasPrefix(dir, "/tmp/") || strings.HasPrefix(dir, "/var/tmp/") {
			dirs = append(dirs, filepath.Clean(dir))
		}
	}
	return dirs
}

func upper(s string) string { return strings.ToUpper(s) }
