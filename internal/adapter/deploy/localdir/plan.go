package localdir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Describe says what a directory can do.
func (Target) Describe(context.Context, *deploy.Call) (deployment.Description, error) {
	return deployment.Description{
		Name: "localdir", Tools: []deployment.Tool{},
		Can: []deployment.Capability{deployment.CanPlan, deployment.CanObserve, deployment.CanDestroy},
	}, nil
}

// Check finds a directory that is not configured or cannot be written.
func (Target) Check(_ context.Context, c *deploy.Call, _ deploy.Artifact) ([]deployment.Finding, error) {
	where := "environments." + c.Environment + ".config.dir"
	root, err := dir(c.Place)
	if err != nil {
		return []deployment.Finding{{Severity: deployment.Error, Rule: "directory", Where: where, What: err.Error(), Fix: "say an absolute path"}}, nil
	}
	for at := root; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at) {
			continue
		}
		if err != nil || !info.IsDir() {
			return []deployment.Finding{{Severity: deployment.Error, Rule: "directory", Where: where, What: at + " is no directory", Fix: "say another path"}}, nil
		}
		return nil, nil
	}
}

// Plan lists the files that will be others. Earlier releases stay beside it, so
// nothing is lost.
func (t Target) Plan(ctx context.Context, c *deploy.Call, a deploy.Artifact) (deployment.Plan, error) {
	now, err := t.Observe(ctx, c)
	if err != nil {
		return deployment.Plan{}, err
	}
	to := a.Tree.State()
	return deployment.Plan{Changes: deployment.Changes(now, to), Expected: to}, nil
}

// Run refuses: files in a directory do not run by themselves.
func (Target) Run(context.Context, *deploy.Call, deploy.Artifact, []string) ([]deployment.TaskRun, error) {
	return nil, deploy.Unsupported("localdir", "run what it deployed")
}

// Destroy takes the link "current" away; the releases stay.
func (Target) Destroy(_ context.Context, c *deploy.Call, _ deploy.Artifact) error {
	root, err := dir(c.Place)
	if err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(root, "current")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
