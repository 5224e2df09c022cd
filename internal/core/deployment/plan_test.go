package deployment_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/deployment"
)

func TestAPlanSaysWhatItDoesInALine(t *testing.T) {
	change := func(a deployment.Action, resource, loses string) deployment.Change {
		return deployment.Change{Resource: resource, Action: a, Loses: loses}
	}
	p := deployment.Plan{Changes: []deployment.Change{
		change(deployment.Delete, "jobs.old", "its identity"), change(deployment.Create, "jobs.new", ""),
		change(deployment.Update, "jobs.main", ""), change(deployment.Create, "a.py", ""), change(deployment.Recreate, "jobs.x", "its history"),
	}}
	if got, want := p.Summary(), "2 created, 1 updated, 1 recreated, 1 deleted"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if d := cmp.Diff([]string{"delete jobs.old: its identity", "recreate jobs.x: its history"}, p.Destroys()); d != "" {
		t.Error(d)
	}
	if got := (deployment.Plan{}).Summary(); got != "nothing changes" {
		t.Error(got)
	}
	if got := (deployment.Plan{Unknown: true}).Summary(); !strings.Contains(got, "cannot tell") {
		t.Error(got)
	}
}

func TestFewKeepsAnEventSmall(t *testing.T) {
	long := slices.Repeat([]string{"delete x: y"}, 130)
	if got := deployment.Few(long); len(got) != 101 || got[100] != "30 more" {
		t.Errorf("%d entries, the last %q", len(got), got[len(got)-1])
	}
	if got := deployment.Few(long[:100]); len(got) != 100 {
		t.Errorf("%d entries", len(got))
	}
}

func states() *rapid.Generator[deployment.State] {
	return rapid.Custom(func(t *rapid.T) deployment.State {
		facts := rapid.MapOfN(rapid.StringMatching(`[a-c](/[a-c])?`), rapid.StringMatching(`[xyz]`), 0, 6).Draw(t, "facts")
		var list []deployment.Fact
		for path, value := range facts {
			list = append(list, deployment.Fact{Path: path, Value: value})
		}
		s, err := deployment.NewState(list)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestChangesCoverEveryStateOnTheWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := states().Draw(t, "from"), states().Draw(t, "to")
		p := deployment.Plan{Changes: deployment.Changes(from, to), Expected: to}
		if !p.Covers(from) || !p.Covers(to) {
			t.Fatalf("changes %v cover neither end", p.Changes)
		}
		if same := slices.Equal(from, to); same != (len(p.Changes) == 0) || same != (from.Digest() == to.Digest()) {
			t.Fatalf("%v to %v: changes %v", from, to, p.Changes)
		}
		stray := append(slices.Clone(to), deployment.Fact{Path: "stray", Value: "x"})
		if p.Covers(stray) {
			t.Fatal("covers what it does not change")
		}
	})
}

// TestATreeAndItsStateNameAFileAlike also where its name cannot be printed.
func TestATreeAndItsStateNameAFileAlike(t *testing.T) {
	tree, err := deployment.NewTree([]deployment.TreeFile{{Path: "!", SHA256: "1"}, {Path: "a\u202e", SHA256: "2"}, {Path: "b", SHA256: "3"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := deployment.NewState(tree.State())
	want := deployment.State{{Path: "!", Value: "1"}, {Path: `"a\u202e"`, Value: "2"}, {Path: "b", Value: "3"}}
	if d := cmp.Diff(want, s); d != "" || err != nil {
		t.Error(err, d)
	}
	if d := cmp.Diff(want, tree.State()); d != "" {
		t.Error(d)
	}
}

func TestAPathOfAStateStandsOnce(t *testing.T) {
	for _, list := range [][]deployment.Fact{{{Path: "a"}, {Path: "a"}}, {{Path: ""}}} {
		if _, err := deployment.NewState(list); err == nil {
			t.Errorf("%v was accepted", list)
		}
	}
}

// TestAValueIsReadAsWhatItIs: no two values become one, and none hides a line.
func TestAValueIsReadAsWhatItIs(t *testing.T) {
	value := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", deployment.Absent, `""`, `"absent"`, "a\nb", `a\nb`, `"a\nb"`, "\x1b[2K", "\u202e", "\xff", "\ufffd"}))
	told := func(t *rapid.T, v string) string {
		s, err := deployment.NewState([]deployment.Fact{{Path: "p", Value: v}})
		if err != nil {
			t.Fatal(err)
		}
		return s[0].Value
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		x, y := told(t, a), told(t, b)
		if (a == b) != (x == y) || x == "" || x == deployment.Absent || strings.ContainsFunc(x, unicode.IsControl) {
			t.Fatalf("%q is told as %q, %q as %q", a, x, b, y)
		}
	})
}
