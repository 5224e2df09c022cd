package git

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/release"
)

// Commits are those of from..to ("" for all up to to), the newest first. None
// is left out, whatever its message.
func (r *Repository) Commits(ctx context.Context, from, to string) ([]release.Commit, error) {
	// A message holds no NUL, so that no message can be taken for two commits.
	out, err := r.run(ctx, "log", "-z", "--topo-order", "--format=%H%x1f%P%x1f%an%x1f%ae%x1f%s%x1f%b", between(from, to), "--")
	if err != nil {
		return nil, fmt.Errorf("list commits of %s: %w", between(from, to), err)
	}
	var list []release.Commit
	for record := range strings.SplitSeq(string(out), "\x00") {
		f := strings.SplitN(record, "\x1f", 6)
		if len(f) != 6 {
			continue // what follows the last separator
		}
		list = append(list, release.Commit{
			SHA: f[0], Parents: strings.Fields(f[1]), Author: f[2], Email: strings.ToLower(strings.TrimSpace(f[3])), Subject: f[4], Body: f[5],
		})
	}
	return list, nil
}

func between(from, to string) string {
	if from == "" {
		return to
	}
	return from + ".." + to
}

// History are the commits of from..to with the paths that each changed, as far
// as it touched a folder ("" for every one). A merge has none: what it brought,
// its commits have.
func (r *Repository) History(ctx context.Context, from, to, folder string) ([]release.Commit, error) {
	list, err := r.Commits(ctx, from, to)
	if err != nil {
		return nil, err
	}
	args := []string{"-c", "core.quotePath=true", "log", "--no-merges", "--no-renames", "--full-diff", "--name-only", "--format=%x00%H", between(from, to), "--"}
	if folder != "" {
		args = append(args, folder)
	}
	out, err := r.run(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("list changes of %s: %w", between(from, to), err)
	}
	paths := map[string][]string{}
	for record := range strings.SplitSeq(string(out), "\x00") {
		sha, names, _ := strings.Cut(record, "\n")
		for name := range strings.Lines(names) {
			if name = unquoted(strings.TrimSuffix(name, "\n")); name != "" {
				paths[sha] = append(paths[sha], name)
			}
		}
	}
	for i := range list {
		list[i].Touched(paths[list[i].SHA])
	}
	return list, nil
}

// unquoted is a path as git prints it: in quotes when it holds what a line
// cannot.
func unquoted(name string) string {
	if plain, err := strconv.Unquote(name); err == nil && strings.HasPrefix(name, `"`) {
		return plain
	}
	return name
}

// VersionTags are the tags that are versions and point into the history of a
// commit, by the commit that each points to.
func (r *Repository) VersionTags(ctx context.Context, commit string) (map[release.Version]string, error) {
	out, err := r.run(ctx, "for-each-ref", "--merged="+commit, "--format=%(refname:lstrip=2) %(objectname) %(*objectname)", "refs/tags")
	if err != nil {
		return nil, fmt.Errorf("list tags of %.12s: %w", commit, err)
	}
	tags := map[release.Version]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if v, err := release.ParseVersion(f[0]); err == nil {
			tags[v] = f[len(f)-1] // of an annotated tag, what it points to
		}
	}
	return tags, nil
}

// FolderChange is what one commit did to files of a folder that were there
// before it; paths are relative to the folder.
type FolderChange struct {
	Commit           string
	Changed, Removed []string
}

// FolderChanges are the commits up to one that touched a folder, the oldest
// first. A merge is compared with its first parent.
func (r *Repository) FolderChanges(ctx context.Context, to, folder string) ([]FolderChange, error) {
	out, err := r.run(ctx, "-c", "core.quotePath=true", "log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--no-renames", "--name-status", "--format=%x00%H", to, "--", folder)
	if err != nil {
		return nil, fmt.Errorf("list changes of %q: %w", folder, err)
	}
	var list []FolderChange
	for record := range strings.SplitSeq(strings.TrimPrefix(string(out), "\x00"), "\x00") {
		sha, names, _ := strings.Cut(record, "\n")
		if !isObject(sha) {
			continue
		}
		c := FolderChange{Commit: sha}
		for line := range strings.Lines(names) {
			status, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			name = strings.TrimPrefix(unquoted(name), folder+"/")
			switch {
			case !ok || status == "A":
			case status == "D":
				c.Removed = append(c.Removed, name)
			default:
				c.Changed = append(c.Changed, name)
			}
		}
		list = append(list, c)
	}
	return list, nil
}
