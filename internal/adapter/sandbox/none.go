package sandbox

import (
	"context"
	"fmt"
	"io"
	"syscall"
)

// none protects nothing: commands have the worker's uid and see what it sees.
// At its end it kills what still carries the sandbox's marker; a process
// that cleared its environment and left its session gets away.
type none struct {
	direct
}

func openNone(_ context.Context, _ Config, s Spec) (Sandbox, error) {
	return &none{direct{execution: s.Execution, name: randomName(), spawner: newSpawner(nil)}}, nil
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
	n.spawner.close()
	if err := signalTree(0, syscall.SIGKILL, sandboxMarker(n.name)); err != nil {
		return fmt.Errorf("close sandbox: %w", err)
	}
	return nil
}
