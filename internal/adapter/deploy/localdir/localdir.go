// Package localdir deploys into a directory: content-addressed releases below
// releases/ and a link "current" that is switched atomically.
package localdir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/adapter/deploy/unpack"
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
	if err := unpack.Into(ctx, tmp, a); err != nil {
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
	current, err := filepath.EvalSymlinks(filepath.Join(root, "current"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", root, err)
	}
	var tree deployment.Tree
	err = filepath.WalkDir(current, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := observe(current, path, d)
		tree = append(tree, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", root, err)
	}
	return deployment.NewState(tree.State())
}

func observe(root, path string, d fs.DirEntry) (deployment.TreeFile, error) {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return deployment.TreeFile{}, err
	}
	out := deployment.TreeFile{Path: filepath.ToSlash(rel)}
	if !d.Type().IsRegular() {
		out.SHA256 = "not a regular file"
		return out, nil
	}
	info, err := d.Info()
	if err != nil {
		return out, err
	}
	out.Executable, out.Size = info.Mode()&0o111 != 0, info.Size()
	f, err := os.Open(path)
	if err != nil {
		return out, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
	return out, err
}
