package release_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/release"
)

func TestTheNumberAndTitleOfACommit(t *testing.T) {
	for _, c := range []struct {
		subject, body, title string
		number               int64
	}{
		{"Add a report (#12)", "", "Add a report", 12},
		{"Merge pull request #7 from org/branch", "Add a report\n\nmore", "Add a report", 7},
		{"Merge pull request #7 from org/branch", "", "Merge pull request #7 from org/branch", 7},
		{"Fix #3 for good", "", "Fix #3 for good", 0},
		{"Revert \"Add (#1)\" (#2)", "", "Revert \"Add (#1)\"", 2},
		{"Add (#0)", "", "Add (#0)", 0},
		{"", "", "", 0},
	} {
		got := release.Commit{Subject: c.subject, Body: c.body}
		if got.PullRequest() != c.number || got.Title() != c.title {
			t.Errorf("%q: %d %q, want %d %q", c.subject, got.PullRequest(), got.Title(), c.number, c.title)
		}
	}
}
