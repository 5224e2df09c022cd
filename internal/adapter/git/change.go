package git

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Changed lists the paths that differ between two commits, both sides of a
// rename; from "" lists every file of to.
func (r *Repository) Changed(ctx context.Context, from, to string) ([]string, error) {
	args := []string{"diff-tree", "-r", "-z", "--no-renames", "--name-only", from, to, "--"}
	if from == "" {
		args = []string{"ls-tree", "-r", "-z", "--name-only", "--full-tree", to}
	}
	out, err := r.run(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("list changes from %.12s to %.12s: %w", from, to, err)
	}
	var paths []string
	for p := range strings.SplitSeq(string(out), "\x00") {
		if p != "" {
			paths = append(paths, p)
		}
	}
	return paths, nil
}

// Contains reports whether a commit is in the history of another.
func (r *Repository) Contains(ctx context.Context, history, commit string) (bool, error) {
	_, err := r.run(ctx, "merge-base", "--is-ancestor", commit, history)
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == 1 || exit.ExitCode() == 128) {
		return false, nil // 128: a commit that is not here is in no history
	}
	return err == nil, err
}

// automatic reports whether a merge commit holds exactly what merging its two
// parents gives by itself: nobody wrote anything in it. Where git cannot say so
// (before 2.38, or after a conflict), somebody may have.
func (r *Repository) automatic(ctx context.Context, commit string, parents []string) (bool, error) {
	if len(parents) != 2 {
		return false, nil
	}
	out, err := r.run(ctx, "merge-tree", "--write-tree", "--no-messages", parents[0], parents[1])
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	tree, ok, err := r.object(ctx, commit+"^{tree}")
	return ok && strings.TrimSpace(string(out)) == tree, err
}
