package wire

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/contract"
	"github.com/dc-release/dc-release/internal/adapter/deploy/program"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
)

// newPrograms runs the programs of targets in this process's sandboxes.
func newPrograms(c Config) *program.Runner {
	return &program.Runner{
		Dir: filepath.Join(c.Data, "work", "deployments"), Hidden: c.Data, Path: cmp.Or(c.Path, os.Getenv("PATH")), Now: time.Now,
		Open: func(ctx context.Context, p program.Place) (program.Box, error) {
			spec, err := confined(c.Data, sandbox.Spec{Execution: p.Name, Keep: p.Keep, Show: p.Show, Temp: p.Temp, Offline: p.Offline})
			if err != nil {
				return nil, err
			}
			kind := sandbox.Kind(cmp.Or(c.Sandbox, string(sandbox.Namespace)))
			return sandbox.Open(ctx, kind, sandbox.Config{LockDir: lockDir(), Processes: c.Processes}, spec)
		},
	}
}

// host gives targets what they run their programs with.
func (o *Owner) host() contract.Host {
	return contract.Host{Programs: o.programs, Secret: o.secret}
}

// confined hides the data directory and the owner's credentials from what runs in
// a sandbox.
func confined(data string, s sandbox.Spec) (sandbox.Spec, error) {
	exe, err := os.Executable()
	if err != nil {
		return s, err
	}
	s.Hide = append(slices.Clone(s.Hide), data)
	for _, name := range privateFiles {
		s.Hide = append(s.Hide, filepath.Join(os.Getenv("HOME"), name))
	}
	s.Show = append(slices.Clone(s.Show), exe)
	return s, nil
}
