package workflowfile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Started are the events that start runs by themselves.
var Started = []string{"push", "pull_request"}

// NotStarted are GitHub's events that this engine does not start runs for; a
// workflow may have them.
var NotStarted = []string{
	"branch_protection_rule", "check_run", "check_suite", "create", "delete", "deployment", "deployment_status",
	"discussion", "discussion_comment", "fork", "gollum", "image_version", "issue_comment", "issues", "label",
	"merge_group", "milestone", "page_build", "project", "project_card", "project_column", "public",
	"pull_request_comment", "pull_request_review", "pull_request_review_comment", "pull_request_target",
	"registry_package", "release", "repository_dispatch", "schedule", "status", "watch", "workflow_dispatch",
	"workflow_run",
}

// activities are the types of pull_request.
var activities = []string{
	"assigned", "unassigned", "labeled", "unlabeled", "opened", "edited", "closed", "reopened", "synchronize",
	"converted_to_draft", "locked", "unlocked", "enqueued", "dequeued", "milestoned", "demilestoned",
	"ready_for_review", "review_requested", "review_request_removed", "auto_merge_enabled", "auto_merge_disabled",
}

// triggers reads on: an event, a sequence of events or a mapping of them.
func (r *reader) triggers(n *yaml.Node) (workflow.Triggers, *workflow.Interface) {
	var t workflow.Triggers
	var call *workflow.Interface
	n = resolve(n)
	if n.Kind == yaml.MappingNode {
		for _, e := range r.mapping(n, "on") {
			if c := r.trigger(&t, e.name, e.key, e.value); c != nil {
				call = c
			}
		}
	} else {
		for _, item := range r.list(n, "on") {
			if name, ok := r.scalar(item); ok {
				if c := r.trigger(&t, name.Source, item, nil); c != nil {
					call = c
				}
			}
		}
	}
	return t, call
}

// trigger reads one event; value is nil where the event has no configuration.
func (r *reader) trigger(t *workflow.Triggers, name string, key, value *yaml.Node) *workflow.Interface {
	if value != nil && isNull(value) {
		value = nil
	}
	switch name {
	case "push":
		t.Push = r.filter(value, pushSection)
	case "pull_request":
		t.PullRequest = r.filter(value, pullRequestSection)
	case "workflow_call":
		t.Call = true
		return r.callee(value)
	default:
		if !slices.Contains(NotStarted, name) {
			hint := "see GitHub's list of events that trigger workflows"
			if near := fault.Nearest(name, slices.Concat(Started, []string{"workflow_call"}, NotStarted)); near != "" {
				hint = "did you mean " + near + "?"
			}
			r.report(r.at(key), "unknown-event", hint, "unknown event %q", name)
			return nil
		}
		t.Other = append(t.Other, name)
		r.warn(r.at(key), "event-not-started", "push and pull_request start runs by themselves",
			"event %q does not start a run on this engine", name)
	}
	return nil
}

func (r *reader) filter(n *yaml.Node, s Section) *workflow.Filter {
	f := &workflow.Filter{}
	if n == nil {
		return f
	}
	at := map[string]*yaml.Node{}
	for _, e := range r.section(n, s) {
		at[e.name] = e.key
		what := s.What + "." + e.name
		switch e.name {
		case "types":
			f.Types = r.types(e.value, what)
		case "branches":
			f.Branches = r.patterns(e.value, what, true)
		case "branches-ignore":
			f.BranchesIgnore = r.patterns(e.value, what, false)
		case "tags":
			f.Tags = r.patterns(e.value, what, true)
		case "tags-ignore":
			f.TagsIgnore = r.patterns(e.value, what, false)
		}
	}
	for _, name := range []string{"branches", "tags"} {
		if ignore := at[name+"-ignore"]; ignore != nil && at[name] != nil {
			r.report(r.at(ignore), "filter-conflict", "keep "+name+" and negate patterns with a leading !",
				"%s and %s-ignore are both in %s", name, name, s.What)
		}
	}
	return f
}

// patterns reads the patterns of a filter; one that includes needs at least one
// that is not negated.
func (r *reader) patterns(n *yaml.Node, what string, includes bool) []string {
	list := []string{}
	positive := false
	for _, item := range r.list(n, what) {
		text := r.text(item, workflow.KeyNone)
		if err := workflow.CheckPattern(text.Source); err != nil {
			r.report(text.At, "filter-pattern", "", "%v", err)
			continue
		}
		positive = positive || !strings.HasPrefix(text.Source, "!")
		list = append(list, text.Source)
	}
	if includes && !positive && len(list) > 0 {
		r.report(r.at(resolve(n)), "filter-pattern", "add a pattern without !, such as '**'", "%s has only negated patterns and never matches", what)
	}
	return list
}

func (r *reader) types(n *yaml.Node, what string) []string {
	var list []string
	for _, item := range r.list(n, what) {
		text := r.text(item, workflow.KeyNone)
		if !slices.Contains(activities, text.Source) {
			r.report(text.At, "unknown-type", "the types are "+strings.Join(activities, ", "), "unknown activity %q of pull_request", text.Source)
			continue
		}
		list = append(list, text.Source)
	}
	return list
}
