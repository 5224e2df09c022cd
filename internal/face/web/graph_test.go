package web

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/app/inspect"
)

// columns prints a graph: its columns from left to right, and its lines.
func columns(g graph) string {
	var out []string
	for _, n := range g.Nodes {
		for len(out) <= n.X/(nodeWidth+gapX) {
			out = append(out, "")
		}
		out[n.X/(nodeWidth+gapX)] += n.Key + " "
	}
	return strings.Join(out, "| ") + fmt.Sprint(len(g.Edges))
}

func TestJobsStandBehindWhatTheyNeed(t *testing.T) {
	for name, c := range map[string]struct {
		jobs []inspect.Job
		want string
	}{
		"nothing": {nil, "0"},
		"a chain with a shortcut, whose line is left out": {[]inspect.Job{
			{Key: "a"}, {Key: "b", Needs: []string{"a"}}, {Key: "c", Needs: []string{"a", "b"}},
		}, "a | b | c 2"},
		"two that one waits for": {[]inspect.Job{
			{Key: "a"}, {Key: "b"}, {Key: "c", Needs: []string{"a", "b"}},
		}, "a b | c 2"},
		"what is in a call waits for what the call needs, and who needs the call for its ends": {[]inspect.Job{
			{Key: "unit"},
			{Key: "tst", Needs: []string{"unit"}},
			{Key: "tst/deploy", Scope: "tst"},
			{Key: "tst/test", Scope: "tst", Needs: []string{"tst/deploy"}},
			{Key: "gate", Needs: []string{"tst"}},
		}, "unit | tst/deploy | tst/test | gate 3"},
		"the legs of a matrix": {[]inspect.Job{
			{Key: "build"}, {Key: "build#1", Group: "build"}, {Key: "build#2", Group: "build"}, {Key: "pack", Needs: []string{"build"}},
		}, "build#1 build#2 | pack 2"},
		"a call that was not entered": {[]inspect.Job{
			{Key: "a"}, {Key: "call", Call: true, Needs: []string{"a"}}, {Key: "z", Needs: []string{"call"}},
		}, "a | call | z 2"},
		"a circle, which no plan has": {[]inspect.Job{
			{Key: "a", Needs: []string{"b"}}, {Key: "b", Needs: []string{"a"}},
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := columns(draw(c.jobs)); got != c.want && c.want != "" {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestAGraphIsRightWhateverItIsOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var jobs []inspect.Job
		for i := range rapid.IntRange(0, 2*maxNodes).Draw(t, "jobs") {
			j := inspect.Job{Key: fmt.Sprint("j", i)}
			for k := range i {
				if rapid.IntRange(0, 9).Draw(t, "need") == 0 {
					j.Needs = append(j.Needs, fmt.Sprint("j", k))
				}
			}
			jobs = append(jobs, j)
		}
		g := draw(jobs)
		if want := len(jobs); want <= maxNodes && len(g.Nodes) != want || want > maxNodes && len(g.Nodes) > 0 {
			t.Fatalf("%d of %d jobs are drawn", len(g.Nodes), want)
		}
		at, taken := map[string]node{}, map[string]bool{}
		for _, n := range g.Nodes {
			at[n.Key] = n
			place := fmt.Sprint(n.X, n.Y)
			if taken[place] || n.X+nodeWidth > g.Width || n.Y+nodeHeight > g.Height {
				t.Errorf("%s stands on another or outside", n.Key)
			}
			taken[place] = true
		}
		for _, n := range g.Nodes {
			for _, need := range n.Needs {
				if at[need].X >= n.X {
					t.Errorf("%s stands before %s, which it needs", n.Key, need)
				}
			}
		}
	})
}
