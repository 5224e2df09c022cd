package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
)

// none protects nothing: commands have the worker's uid and see what it sees.
// At its end it kills what is in its control group, or else what still carries
// the sandbox's marker; then a process that cleared its environment and left its
// session gets away.
type none struct {
	direct
}

func openNone(_ context.Context, c Config, s Spec) (Sandbox, error) {
	n := &none{direct{execution: s.Execution, name: randomName()}}
	var err error
	if n.hold, err = newHold(c, n.name, false, 0); err != nil {
		return nil, err
	}
	n.count = func() (int, error) {
		ps, _, err := n.processes()
		return tasks(ps), err
	}
	n.kill = n.killAll
	n.hire()
	n.watch()
	return n, nil
}

// processes lists what carries the sandbox's marker.
func (n *none) processes() ([]proc, bool, error) {
	ps, allSure, err := processes()
	tree := treeOf(ps, 0, func(pid int) bool {
		has, sure := hasEnviron(pid, sandboxMarker(n.name))
		allSure = allSure && sure
		return has
	})
	return tree, allSure, err
}

// killAll ends all processes of the sandbox. Where they could fork meanwhile,
// they are stopped first.
func (n *none) killAll() error {
	if n.group != nil {
		return n.group.kill()
	}
	var stopped []proc
	for {
		ps, _, err := n.processes()
		if err != nil {
			return err
		}
		fresh := slices.DeleteFunc(ps, func(p proc) bool { return slices.Contains(stopped, p) })
		if len(fresh) == 0 {
			return killAllOf(n.processes)
		}
		if err := signalAll(fresh, syscall.SIGSTOP); err != nil {
			return err
		}
		stopped = append(stopped, fresh...)
	}
}

func (n *none) Kind() Kind { return None }

func (n *none) Own(string) error { return nil }

func (n *none) Start(argv, env []string, dir string, stdout, stderr io.Writer) (Process, error) {
	c, err := n.start(argv, env, dir, stdout, stderr)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (n *none) Close() error {
	if !n.shutDown() {
		return nil
	}
	if err := errors.Join(n.dismiss(), n.killAll(), n.end()); err != nil {
		return fmt.Errorf("close sandbox: %w", err)
	}
	return nil
}
