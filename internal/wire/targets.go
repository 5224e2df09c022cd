package wire

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/contract"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/external"
	"github.com/dc-release/dc-release/internal/adapter/deploy/localdir"
	"github.com/dc-release/dc-release/internal/adapter/deploy/program"
	"github.com/dc-release/dc-release/internal/adapter/deploy/script"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/app/deploy"
)

// targets are the kinds of places that can be deployed to; core/policy has what
// their configuration may hold.
func (o *Owner) targets() map[string]deploy.Target {
	programs := o.programs()
	configured := contract.Host{Programs: programs, Secret: o.secret}
	return map[string]deploy.Target{
		"localdir":      localdir.Target{},
		"script":        script.Target{Host: configured},
		"external":      external.Target{Host: configured},
		databricks.Kind: &databricks.Target{Programs: programs, Secret: o.secret},
	}
}

// programs runs what targets call in the sandbox of this installation, with the
// programs of its PATH and nothing of its data directory.
func (o *Owner) programs() *program.Runner {
	kind := sync.OnceValues(func() (string, error) {
		if o.Config.Sandbox != "" {
			return o.Config.Sandbox, nil
		}
		return StrongestSandbox(context.Background())
	})
	return &program.Runner{
		Dir: filepath.Join(o.Config.Data, "work", "deployments"), Hidden: o.Config.Data, Now: time.Now, Path: cmp.Or(o.Config.Path, os.Getenv("PATH")),
		Open: func(ctx context.Context, p program.Place) (program.Box, error) {
			k, err := kind()
			if err != nil {
				return nil, err
			}
			hide := []string{o.Config.Data}
			for _, name := range privateFiles {
				hide = append(hide, filepath.Join(os.Getenv("HOME"), name))
			}
			return sandbox.Open(ctx, sandbox.Kind(k), sandbox.Config{LockDir: lockDir(), Processes: o.Config.Processes}, sandbox.Spec{
				Execution: p.Name, Keep: p.Keep, Show: p.Show, Hide: hide, Temp: p.Temp, Offline: p.Offline,
			})
		},
	}
}
