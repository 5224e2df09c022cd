package runner

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// checkout puts the assignment's commit into the workspace: exactly it, and
// nothing of any work tree. There is no token to use or to leave behind.
func (j *job) checkout(ctx context.Context, s *step) error {
	github := j.static["github"]
	if repo := s.with["repository"]; repo != "" && !strings.EqualFold(repo, github.Property("repository").Text()) {
		return fmt.Errorf("check out %q: want %q, the repository that the run is for", repo, github.Property("repository").Text())
	}
	same := []string{"", j.a.Commit}
	for _, p := range []string{"sha", "ref", "ref_name"} {
		same = append(same, github.Property(p).Text())
	}
	if ref := s.with["ref"]; !slices.Contains(same, ref) {
		return fmt.Errorf("check out ref %q: want %q, the commit that the run is for", ref, j.a.Commit)
	}
	to, err := j.workspacePath(s.with["path"])
	if err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	dir, err := j.area.staged()
	if err != nil {
		return err
	}
	if err := j.h.Checkout(ctx, dir); err != nil {
		return fmt.Errorf("check out %s: %w", j.a.Commit, err)
	}
	if err := j.deliver(dir, to, s.is("clean", true)); err != nil {
		return err
	}
	s.commands.setOutputValue("ref", github.Property("ref").Text())
	s.commands.setOutputValue("commit", j.a.Commit)
	j.say(s.number, "checked out "+j.a.Commit)
	return nil
}

// workspacePath gives a directory in the workspace, relative to the area.
func (j *job) workspacePath(path string) (string, error) {
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(j.area.workspace(), path)
	}
	rest, err := filepath.Rel(j.area.workspace(), full)
	if err != nil || !filepath.IsLocal(rest) {
		return "", fmt.Errorf("path %q: want one within %q", path, j.area.workspace())
	}
	return filepath.Rel(j.area.top.path, full)
}

// deliver gives a staged directory to the steps and moves its content to a
// directory of theirs.
func (j *job) deliver(staged, to string, clean bool) error {
	if err := j.box.Own(staged); err != nil {
		return err
	}
	if err := j.makeDir(to); err != nil {
		return err
	}
	return j.area.place(staged, to, clean)
}

// makeDir makes a directory of the steps' tree, with its parents, theirs.
func (j *job) makeDir(name string) error {
	at := "."
	for part := range strings.SplitSeq(filepath.ToSlash(name), "/") {
		at = filepath.Join(at, part)
		if _, err := j.area.top.root.Lstat(at); err == nil {
			continue
		}
		if err := j.area.top.root.Mkdir(at, 0o755); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
		if err := j.box.Own(filepath.Join(j.area.top.path, at)); err != nil {
			return err
		}
	}
	return nil
}
