package git

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/release"
)

// Commits are those of from..to ("" for all up to to), the newest first. None
// is left out, whatever its message.
func (r *Repository) Commits(ctx context.Context, from, to string) ([]release.Commit, error) {
	revs := to
	if from != "" {
		revs = from + ".." + to
	}
	out, err := r.run(ctx, "log", "--topo-order", "--format=%H%x1f%P%x1f%an%x1f%ae%x1f%s%x1f%b%x1e", revs, "--")
	if err != nil {
		return nil, fmt.Errorf("list commits of %s: %w", revs, err)
	}
	var list []release.Commit
	for record := range strings.SplitSeq(string(out), "\x1e\n") {
		f := strings.SplitN(record, "\x1f", 6)
		if len(f) != 6 {
			continue // what follows the last separator
		}
		list = append(list, release.Commit{
			SHA: f[0], Parents: strings.Fields(f[1]), Author: f[2], Email: strings.ToLower(strings.TrimSpace(f[3])), Subject: f[4], Body: strings.TrimSuffix(f[5], "\x1e"),
		})
	}
	return list, nil
}
