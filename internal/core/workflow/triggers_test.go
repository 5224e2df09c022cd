package workflow_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestPatterns(t *testing.T) {
	cases := []struct {
		name, pattern, text string
		want                bool
	}{
		{"a plain name matches itself", "main", "main", true},
		{"a plain name matches no longer one", "main", "main2", false},
		{"names are case-sensitive", "main", "Main", false},
		{"a star matches characters", "*", "main", true},
		{"a star does not match a slash", "*", "feature/a", false},
		{"a star matches nothing too", "v*", "v", true},
		{"a star in the middle", "feature/*/x", "feature/a/x", true},
		{"two stars match everything", "**", "all/the/branches", true},
		{"two stars at the end match levels", "releases/**", "releases/beta/3", true},
		{"two stars and a slash match no level", "**/docs", "docs", true},
		{"two stars and a slash match levels", "**/docs", "a/b/docs", true},
		{"two stars within a name", "**feature", "my/feature", true},
		{"a question mark makes the character optional", "v1?", "v", true},
		{"a question mark takes one at most", "v1?", "v11", false},
		{"a plus repeats the character", "ab+", "abbb", true},
		{"a plus wants one", "ab+", "a", false},
		{"a class is one character", "v[12].0", "v2.0", true},
		{"a class is not two", "v[12].0", "v12.0", false},
		{"a range is one character", "v[0-9]", "v7", true},
		{"a class repeats", "v[12].[0-9]+.[0-9]+", "v2.10.1", true},
		{"a dot is a dot", "v1.0", "v1x0", false},
		{"a backslash escapes", `a\*`, "a*", true},
		{"an escaped star is no star", `a\*`, "ab", false},
		{"a dollar is a dollar", "a$", "a$", true},
		{"a class may hold a caret", "[^a]", "^", true},
		{"a caret does not negate a class", "[^a]", "b", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := workflow.CheckPattern(c.pattern); err != nil {
				t.Fatal(err)
			}
			if got := workflow.MatchPatterns([]string{c.pattern}, c.text); got != c.want {
				t.Errorf("pattern %q on %q = %v", c.pattern, c.text, got)
			}
		})
	}
}

func TestInvalidPatterns(t *testing.T) {
	cases := []struct{ name, pattern, want string }{
		{"an empty pattern", "", "empty"},
		{"a negation of nothing", "!", "empty"},
		{"a question mark at the beginning", "?a", "must follow"},
		{"a plus after a star", "*+", "must follow"},
		{"a plus after a plus", "a++", "must follow"},
		{"a class without its end", "[abc", "not closed"},
		{"an empty class", "[]", "not closed or empty"},
		{"a range the wrong way round", "[9-0]", "want a-z"},
		{"a range over two kinds", "[A-z]", "want a-z"},
		{"a backslash at the end", `a\`, "followed"},
		{"a pattern without end", strings.Repeat("a", 1025), "more than 1024"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := workflow.CheckPattern(c.pattern)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("CheckPattern(%q) = %v, want %q", c.pattern, err, c.want)
			}
			if workflow.MatchPatterns([]string{c.pattern}, "a") {
				t.Error("an invalid pattern matches")
			}
		})
	}
}

func TestPatternsApplyInOrder(t *testing.T) {
	list := []string{"releases/**", "!releases/**-alpha", "releases/9-alpha"}
	for name, want := range map[string]bool{
		"releases/10":      true,
		"releases/8-alpha": false,
		"releases/9-alpha": true,
		"main":             false,
	} {
		if got := workflow.MatchPatterns(list, name); got != want {
			t.Errorf("%q = %v, want %v", name, got, want)
		}
	}
	if workflow.MatchPatterns([]string{"!main"}, "dev") {
		t.Error("negated patterns alone include something")
	}
}

func TestTriggersMatch(t *testing.T) {
	guide := workflow.Triggers{
		Push:        &workflow.Filter{Branches: []string{"main"}, Tags: []string{"*"}},
		PullRequest: &workflow.Filter{Branches: []string{"**"}},
		Other:       []string{"workflow_dispatch"},
	}
	plain := workflow.Triggers{Push: &workflow.Filter{}, PullRequest: &workflow.Filter{}}
	onlyTags := workflow.Triggers{Push: &workflow.Filter{TagsIgnore: []string{"beta*"}}}
	onlyBranches := workflow.Triggers{Push: &workflow.Filter{BranchesIgnore: []string{"wip/**"}}}
	types := workflow.Triggers{PullRequest: &workflow.Filter{Types: []string{"closed"}}}
	cases := []struct {
		name                     string
		on                       workflow.Triggers
		event, ref, base, action string
		want                     bool
	}{
		{"a push to main starts the guide's workflow", guide, "push", "refs/heads/main", "", "", true},
		{"a push to another branch does not", guide, "push", "refs/heads/dev", "", "", false},
		{"a tag starts it", guide, "push", "refs/tags/v1.2.0", "", "", true},
		{"a tag with a slash does not match a star", guide, "push", "refs/tags/a/1", "", "", false},
		{"a pull request to any branch starts it", guide, "pull_request", "refs/pull/7/merge", "release/1", "", true},
		{"a listed other event starts it", guide, "workflow_dispatch", "refs/heads/main", "", "", true},
		{"an event that is not listed does not", guide, "schedule", "refs/heads/main", "", "", false},
		{"a call needs workflow_call", guide, "workflow_call", "", "", "", false},
		{"push without filters takes branches", plain, "push", "refs/heads/x/y", "", "", true},
		{"push without filters takes tags", plain, "push", "refs/tags/1", "", "", true},
		{"push takes nothing but branches and tags", plain, "push", "refs/pull/7/head", "", "", false},
		{"filters for tags alone leave branches out", onlyTags, "push", "refs/heads/main", "", "", false},
		{"an ignored tag is left out", onlyTags, "push", "refs/tags/beta1", "", "", false},
		{"a tag that is not ignored starts it", onlyTags, "push", "refs/tags/1.0.0", "", "", true},
		{"filters for branches alone leave tags out", onlyBranches, "push", "refs/tags/1.0.0", "", "", false},
		{"an ignored branch is left out", onlyBranches, "push", "refs/heads/wip/a/b", "", "", false},
		{"a synchronize starts a pull request by default", plain, "pull_request", "refs/pull/7/merge", "main", "synchronize", true},
		{"a label does not by default", plain, "pull_request", "refs/pull/7/merge", "main", "labeled", false},
		{"types replace the default", types, "pull_request", "refs/pull/7/merge", "main", "closed", true},
		{"an unnamed activity is a default one", types, "pull_request", "refs/pull/7/merge", "main", "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, reason := c.on.Match(c.event, c.ref, c.base, c.action)
			if got != c.want || reason == "" {
				t.Errorf("Match = %v, %q", got, reason)
			}
		})
	}
}

func TestActionsAreFoundByNameAndRef(t *testing.T) {
	for uses, want := range map[string]bool{
		"actions/checkout@v4":        true,
		"Actions/Checkout@4f2a":      true,
		"databricks/setup-cli@main":  true,
		"actions/checkout":           false,
		"actions/checkout@":          false,
		"actions/checkout/sub@v4":    false,
		"actions/cache@v4":           true,
		"actions/Cache/restore@v4":   true,
		"actions/cache/save@v4":      true,
		"actions/cache/other@v4":     false,
		"./.github/actions/checkout": false,
		"docker://alpine@3":          false,
	} {
		if _, ok := workflow.LookupNative(uses); ok != want {
			t.Errorf("LookupNative(%q) = %v", uses, ok)
		}
	}
	checkout, _ := workflow.LookupNative("actions/checkout@v4")
	lfs, ok := checkout.Input("LFS")
	if !ok || !lfs.Honours("False") || lfs.Honours("true") {
		t.Errorf("lfs = %+v, %v", lfs, ok)
	}
	if depth, _ := checkout.Input("fetch-depth"); !depth.Honours("0") {
		t.Error("fetch-depth 0 is not honoured")
	}
	if _, ok := checkout.Input("ssh-key"); ok {
		t.Error("ssh-key is known")
	}
}
