package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// defaultActivities are the pull_request activities that start a workflow
// without types:.
var defaultActivities = []string{"opened", "synchronize", "reopened"}

// Match reports whether an event starts the workflow, and why. The ref is the
// full one (refs/heads/main, refs/tags/v1.2.0), baseRef the branch that a pull
// request wants to change, action its activity; "" stands for any activity that
// starts a workflow by default. Filters by path need the changed files and are
// refused when the workflow is read, they are not looked at here.
func (t Triggers) Match(event, ref, baseRef, action string) (bool, string) {
	switch event {
	case "push":
		if t.Push == nil {
			return false, "on has no push"
		}
		return t.Push.matchPush(ref)
	case "pull_request":
		if t.PullRequest == nil {
			return false, "on has no pull_request"
		}
		return t.PullRequest.matchPullRequest(baseRef, action)
	case "workflow_call":
		if !t.Call {
			return false, "on has no workflow_call"
		}
		return true, "on workflow_call"
	default:
		if slices.Contains(t.Other, event) {
			return true, "on " + event
		}
		return false, "on has no " + event
	}
}

func (f *Filter) matchPush(ref string) (bool, string) {
	branches := f.Branches != nil || f.BranchesIgnore != nil
	tags := f.Tags != nil || f.TagsIgnore != nil
	switch {
	case strings.HasPrefix(ref, "refs/heads/"):
		if !branches && tags {
			return false, fmt.Sprintf("%s is a branch and push has filters for tags only", ref)
		}
		return matchNames("branches", f.Branches, f.BranchesIgnore, strings.TrimPrefix(ref, "refs/heads/"))
	case strings.HasPrefix(ref, "refs/tags/"):
		if !tags && branches {
			return false, fmt.Sprintf("%s is a tag and push has filters for branches only", ref)
		}
		return matchNames("tags", f.Tags, f.TagsIgnore, strings.TrimPrefix(ref, "refs/tags/"))
	default:
		return false, fmt.Sprintf("%q is neither a branch nor a tag", ref)
	}
}

func (f *Filter) matchPullRequest(base, action string) (bool, string) {
	types := f.Types
	if len(types) == 0 {
		types = defaultActivities
	}
	if action == "" && !slices.ContainsFunc(types, func(s string) bool { return slices.Contains(defaultActivities, s) }) {
		return false, fmt.Sprintf("pull_request has only the types %s", strings.Join(types, ", "))
	}
	if action != "" && !slices.Contains(types, action) {
		return false, fmt.Sprintf("activity %q is not among the types %s", action, strings.Join(types, ", "))
	}
	return matchNames("branches", f.Branches, f.BranchesIgnore, strings.TrimPrefix(base, "refs/heads/"))
}

func matchNames(key string, include, ignore []string, name string) (bool, string) {
	if include != nil && !MatchPatterns(include, name) {
		return false, fmt.Sprintf("%q is not matched by %s [%s]", name, key, strings.Join(include, ", "))
	}
	if ignore != nil && MatchPatterns(ignore, name) {
		return false, fmt.Sprintf("%q is matched by %s-ignore [%s]", name, key, strings.Join(ignore, ", "))
	}
	if include == nil && ignore == nil {
		return true, "no filter for " + key
	}
	return true, fmt.Sprintf("%q passes the filter for %s", name, key)
}
