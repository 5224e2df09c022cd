package release_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/release"
)

// histories are random ranges of commits in a topological order, the newest
// first, with merges of forges, squashed commits, plain merges and parents that
// are outside of the range.
func histories(t *rapid.T) release.History {
	n := rapid.IntRange(0, 40).Draw(t, "commits")
	var commits []release.Commit // the oldest first
	for i := range n {
		c := release.Commit{SHA: fmt.Sprintf("%040x", i+1)}
		for range rapid.IntRange(0, min(3, i)).Draw(t, "parents") {
			p := fmt.Sprintf("%040x", rapid.IntRange(max(1, i-6), i+1).Draw(t, "parent"))
			if p != c.SHA && !slices.Contains(c.Parents, p) {
				c.Parents = append(c.Parents, p)
			}
		}
		if rapid.Bool().Draw(t, "outside") {
			c.Parents = append(c.Parents, "ffff")
		}
		number := rapid.IntRange(1, 12).Draw(t, "number")
		c.Subject = rapid.SampledFrom([]string{
			"", "Plain", "fix: x", fmt.Sprintf("feat(a)!: y (#%d)", number), fmt.Sprintf("Merge pull request #%d from o/b", number), "Merge branch 'b'",
		}).Draw(t, "subject")
		c.NotesOnly = rapid.Bool().Draw(t, "notes")
		commits = append(commits, c)
	}
	slices.Reverse(commits)
	return release.History{Commits: commits}
}

func TestEveryCommitIsInExactlyOneList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories(t)
		requests, alone := h.Changes()
		seen := map[string]int{}
		numbers := map[int64]bool{}
		for _, c := range alone {
			seen[c.SHA]++
			if c.PullRequest() != 0 {
				t.Errorf("%s names a pull request and is alone", c.SHA)
			}
		}
		for _, r := range requests {
			if numbers[r.Number] {
				t.Errorf("#%d stands twice", r.Number)
			}
			numbers[r.Number] = true
			for _, c := range r.Commits {
				seen[c.SHA]++
			}
		}
		for _, c := range h.Commits {
			if seen[c.SHA] != 1 {
				t.Errorf("%s is counted %d times", c.SHA, seen[c.SHA])
			}
		}
		if len(seen) != len(h.Commits) {
			t.Errorf("%d commits of %d", len(seen), len(h.Commits))
		}
		d, err := release.Draft{Version: mustVersion(t, "1.0.0"), History: h, Repository: repository}.Write()
		if err != nil {
			t.Fatal(err)
		}
		if d.Commits() != len(h.Commits) {
			t.Errorf("the draft counts %d of %d", d.Commits(), len(h.Commits))
		}
		for _, c := range h.Commits {
			if !strings.Contains(string(d.Text), c.SHA[:12]) {
				t.Errorf("%s is not in the draft", c.SHA)
			}
		}
	})
}

const repository = "https://github.com/org/repo"

func commit(sha, subject string, parents ...string) release.Commit {
	return release.Commit{SHA: sha, Subject: subject, Parents: parents}
}

func TestChangesFoldWhatAMergeBrought(t *testing.T) {
	h := release.History{Commits: []release.Commit{
		commit("g", "Merge branch 'develop'", "d", "f"),
		commit("f", "fix: rounding (#7)", "e"),
		commit("e", "work on develop", "z"),
		commit("d", "chore: no request", "c"),
		commit("c", "Merge pull request #5 from o/side", "a", "b"),
		commit("b", "Merge pull request #4 from o/deeper", "b1", "b2"),
		commit("b2", "deeper", "b1"),
		commit("b1", "side\n", "a"),
		commit("a", "feat: sums (#3)", "z"),
	}}
	requests, alone := h.Changes()
	got := map[string]string{}
	for _, r := range requests {
		for _, c := range r.Commits {
			got[c.SHA] = fmt.Sprint("#", r.Number)
		}
	}
	for _, c := range alone {
		got[c.SHA] = "alone"
	}
	want := map[string]string{"a": "#3", "c": "#5", "b": "#5", "b1": "#5", "b2": "#5", "d": "alone", "e": "alone", "f": "#7", "g": "alone"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if requests[0].Number != 3 || requests[1].Number != 5 || requests[2].Number != 7 {
		t.Errorf("the order is %d, %d, %d", requests[0].Number, requests[1].Number, requests[2].Number)
	}
}

func TestTheSuggestedBumpFollowsTheTypes(t *testing.T) {
	for name, c := range map[string]struct {
		previous, subject, body string
		want                    release.Bump
	}{
		"a fix":                         {"1.2.3", "fix: a (#1)", "", release.Patch},
		"no type":                       {"1.2.3", "Something", "", release.Patch},
		"a feature":                     {"1.2.3", "feat(ui): a (#1)", "", release.Minor},
		"a break":                       {"1.2.3", "fix!: a (#1)", "", release.Major},
		"a break in the footer":         {"1.2.3", "fix: a (#1)", "x\n\nBREAKING CHANGE: y\n", release.Major},
		"a break in a commit alone":     {"1.2.3", "fix: a", "BREAKING-CHANGE: y", release.Major},
		"a break below 1.0.0":           {"0.2.3", "feat!: a (#1)", "", release.Minor},
		"a word that is no footer":      {"1.2.3", "fix: a (#1)", "no BREAKING CHANGE: y", release.Patch},
		"a type without space after it": {"1.2.3", "feat:a (#1)", "", release.Patch},
	} {
		h := release.History{Previous: mustVersion(t, c.previous), Commits: []release.Commit{{SHA: "a", Subject: c.subject, Body: c.body}}}
		if got := h.Suggest(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
