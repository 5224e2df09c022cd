package git

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/dc-release/dc-release/internal/app/publish"
)

// seen is the reference that remembers a commit of a branch.
func seen(branch string) string { return "refs/seen/" + branch }

// Saw implements publish.ReleaseLog.
func (l *ReleaseLog) Saw(ctx context.Context, branch, commit string) error {
	_, err := l.repo.run(ctx, "update-ref", seen(branch), commit)
	return err
}

// Moved implements publish.ReleaseLog. A commit is ours when it was committed
// by the publisher and carries an id; what is in it is judged by its content.
func (l *ReleaseLog) Moved(ctx context.Context, branch string) (publish.Movement, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	head, err := l.head(ctx, branch)
	if err != nil {
		return publish.Movement{}, err
	}
	last, _, err := l.repo.Resolve(ctx, seen(branch))
	m := publish.Movement{Last: last.Commit, Head: head}
	if err != nil || head == m.Last {
		return m, err
	}
	if m.Last != "" {
		within, err := l.contains(ctx, head, m.Last)
		if err != nil {
			return m, err
		}
		m.Gone = !within
	}
	if head == "" {
		return m, nil
	}
	args := []string{"log", "--format=%H%x1f%cn <%ce>%x1f%(trailers:key=" + trailer + ",valueonly,separator=%x2c)%x1e", head}
	if m.Last != "" {
		args = append(args, "^"+m.Last)
	}
	out, err := l.repo.run(ctx, append(args, "--")...)
	if err != nil {
		return m, fmt.Errorf("look at branch %q: %w", branch, err)
	}
	for record := range strings.SplitSeq(string(out), "\x1e") {
		f := strings.Split(strings.TrimSpace(record), "\x1f")
		if len(f) == 3 && (f[1] != publisher || strings.TrimSpace(f[2]) == "") {
			m.Foreign = append(m.Foreign, f[0])
		}
	}
	return m, nil
}

// contains reports whether a commit is an ancestor of a head, or the head; ""
// contains nothing.
func (l *ReleaseLog) contains(ctx context.Context, head, commit string) (bool, error) {
	if head == "" {
		return false, nil
	}
	_, err := l.repo.run(ctx, "merge-base", "--is-ancestor", commit, head)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return false, nil
	}
	return err == nil, err
}
