package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Protection says which refs may be deployed to a place, and how long a job
// waits before it may; the zero value lets everything in at once. Patterns are
// those of workflow filters (docs.github.com, "Managing environments for
// deployment").
type Protection struct {
	Branches    []string `json:"branches,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	WaitMinutes int      `json:"wait_minutes,omitempty"`
}

// maxWait is GitHub's limit of a wait timer, 30 days.
const maxWait = 43200

func (p Protection) check(place string) []error {
	var out []error
	for _, patterns := range [][]string{p.Branches, p.Tags} {
		for _, pattern := range patterns {
			if err := workflow.CheckPattern(pattern); err != nil {
				out = append(out, fmt.Errorf("environment %q: %w", place, err))
			}
		}
	}
	if p.WaitMinutes < 0 || p.WaitMinutes > maxWait {
		out = append(out, fmt.Errorf("environment %q: wait of %d minutes: want 0 to %d", place, p.WaitMinutes, maxWait))
	}
	return out
}

// Wait is the wait timer.
func (p Protection) Wait() time.Duration { return time.Duration(p.WaitMinutes) * time.Minute }

// Allows reports whether what a full ref names may be deployed to a place, and
// why not. Where there are patterns for branches or tags, everything else stays
// out, pull requests too.
func (p Protection) Allows(place, ref string) (bool, string) {
	if len(p.Branches) == 0 && len(p.Tags) == 0 {
		return true, ""
	}
	if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok && workflow.MatchPatterns(p.Branches, name) {
		return true, ""
	}
	if name, ok := strings.CutPrefix(ref, "refs/tags/"); ok && workflow.MatchPatterns(p.Tags, name) {
		return true, ""
	}
	var allowed []string
	for _, list := range []struct {
		what     string
		patterns []string
	}{{"branches", p.Branches}, {"tags", p.Tags}} {
		if len(list.patterns) > 0 {
			allowed = append(allowed, list.what+" "+strings.Join(list.patterns, ", "))
		}
	}
	return false, fmt.Sprintf("%s may not be entered: it is protected for %s, the ref is %s", place, strings.Join(allowed, " and "), ref)
}
