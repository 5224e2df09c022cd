package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Checkout puts exactly a commit into an empty directory as a detached, shallow
// clone of its own, without git's sample hooks and with its objects in one pack:
// each file of it is one in every job. It can be made again at any time and is not
// synced to disk.
func (r *Repository) Checkout(ctx context.Context, commit, dir string) error {
	if !isObject(commit) {
		return fmt.Errorf("check out %q: no object id", commit)
	}
	if err := r.checkout(ctx, commit, dir); err != nil {
		return fmt.Errorf("check out %s: %w", commit, err)
	}
	return nil
}

// unsynced is the option for what can be made again.
var unsynced = []string{"-c", "core.fsync=none"}

func (r *Repository) checkout(ctx context.Context, commit, dir string) error {
	format := "sha1"
	if len(commit) == 64 {
		format = "sha256"
	}
	git := func(args ...string) error {
		_, err := command(ctx, dir, nil, nil, append(unsynced, args...)...)
		return err
	}
	if err := git("init", "--quiet", "--template=", "--object-format="+format, "."); err != nil {
		return err
	}
	for _, name := range []string{"hooks", "info"} { // tools put files there
		if err := os.MkdirAll(filepath.Join(dir, ".git", name), 0o755); err != nil {
			return err
		}
	}
	found, err := r.objects(ctx, commit)
	if err != nil {
		return err
	}
	if found[0].kind != "commit" {
		return errors.New("it is not in the repository")
	}
	if head, _, _ := bytes.Cut(found[0].data, []byte("\n\n")); bytes.Contains(head, []byte("\nparent ")) {
		if err := os.WriteFile(filepath.Join(dir, ".git", "shallow"), []byte(commit+"\n"), 0o644); err != nil {
			return err
		}
	}
	if err := r.copyCommit(ctx, commit, dir); err != nil {
		return err
	}
	return git("checkout", "--quiet", "--detach", commit)
}

// copyCommit puts a commit with all its files, and without its parents, into the
// repository of a work tree. That computes each object's name from its content:
// an object that is not what its name says does not arrive under it, and is missed.
func (r *Repository) copyCommit(ctx context.Context, commit, dir string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from := prepare(ctx, r.dir, nil, "--git-dir="+r.dir, "pack-objects", "--revs", "--shallow", "--stdout", "--quiet", "--delta-base-offset")
	from.Stdin = strings.NewReader("--shallow " + commit + "\n" + commit + "\n")
	to := prepare(ctx, dir, nil, append(unsynced, "index-pack", "--stdin", "--check-self-contained-and-connected")...)
	var said, answered bytes.Buffer
	from.Stderr, to.Stderr = &said, &answered
	pipe, err := from.StdoutPipe()
	if err != nil {
		return err
	}
	to.Stdin = pipe
	if err := from.Start(); err != nil {
		return err
	}
	err = to.Run()
	cancelled := ctx.Err()
	if err != nil {
		cancel() // nobody takes the rest
		err = fmt.Errorf("git index-pack: %w: %s", err, strings.TrimSpace(answered.String()))
	}
	if sent := from.Wait(); sent != nil && err == nil {
		err = fmt.Errorf("git pack-objects: %w: %s", sent, strings.TrimSpace(said.String()))
	}
	return errors.Join(cancelled, err)
}
