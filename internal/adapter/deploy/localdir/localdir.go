// Package localdir deploys into a directory: content-addressed releases below
// releases/ and a link "current" that is switched atomically.
package localdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/adapter/deploy/files"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Target is the kind localdir; its configuration key is dir.
type Target struct{}

// Apply makes the artifact current. Doing it again changes nothing.
func (Target) Apply(ctx context.Context, c *deploy.Call, a deploy.Artifact, _ deployment.Plan) error {
	root, err := dir(c.Place)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	to := filepath.Join(root, "releases", a.Tree.Digest())
	if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
		if err := beside(ctx, to, a); err != nil {
			return fmt.Errorf("deploy to %s: %w", root, err)
		}
	} else if err != nil {
		return err
	}
	return switchTo(root, filepath.Join("releases", a.Tree.Digest()))
}

func dir(place deploy.Place) (string, error) {
	root := place.Config["dir"]
	if !filepath.IsAbs(root) {
		return "", fmt.Errorf("environment %s: config dir %q: want an absolute path", place.Environment, root)
	}
	return root, nil
}

// beside writes all files beside their place and moves them there as one.
func beside(ctx context.Context, to string, a deploy.Artifact) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(to), ".incoming-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := files.Write(ctx, tmp, a.Tree, a.Open); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// switchTo points current to a release in one step.
func switchTo(root, target string) error {
	if now, err := os.Readlink(filepath.Join(root, "current")); err == nil && now == target {
		return nil
	}
	next := filepath.Join(root, ".next")
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	if err := os.Rename(next, filepath.Join(root, "current")); err != nil {
		return err
	}
	return syncDir(root)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Observe reads every file that is current, byte by byte. Nothing deployed is
// an empty state.
func (Target) Observe(_ context.Context, c *deploy.Call) (deployment.State, error) {
	root, err := dir(c.Place)
	if err != nil {
		return nil, err
	}
	now, err := files.Read(filepath.Join(root, "current"))
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", root, err)
	}
	return now, nil
}
