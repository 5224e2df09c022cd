package trace

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Plan says which tests a change asks to be run again, and which it does not.
type Plan struct {
	Again []Planned `json:"again"`
	// Kept are the tests whose results the change does not touch: nothing that
	// they verify changed, nor they themselves.
	Kept []Planned `json:"kept"`
	// Unclaimed are the changed files that no specification claims; whatever they
	// do is unknown, so that every test for machines runs again.
	Unclaimed []string `json:"unclaimed,omitempty"`
}

// Planned is one test with the reasons for it.
type Planned struct {
	Test    string   `json:"test"`
	Title   string   `json:"title,omitempty"`
	Manual  bool     `json:"manual,omitempty"`
	Because []string `json:"because"`
}

// Impact follows a change from the items and files that it touches to the tests
// of them. Files are the paths that changed in the code repository; those in
// documentation/ are read as items and are not looked at again.
func Impact(before, after []Item, files []string) Plan {
	g := newGraph(after, nil, Scope{})
	i := impact{graph: g, why: make([][]string, len(g.nodes))}
	for _, c := range Compare(before, after) {
		if at, ok := g.byID[c.ID]; ok {
			i.touch(at, fmt.Sprintf("%s was %s", c.ID, c.What), true)
			continue
		}
		i.gone(before, c)
	}
	var plan Plan
	for _, f := range files {
		if !i.file(f) {
			plan.Unclaimed = append(plan.Unclaimed, f)
		}
	}
	for at := range g.nodes {
		n := &g.nodes[at]
		if n.item.Kind != TEST {
			continue
		}
		p := Planned{Test: n.item.ID, Title: n.item.Title, Manual: n.item.ByPeople(), Because: i.why[at]}
		if len(plan.Unclaimed) > 0 && !p.Manual {
			p.Because = append(p.Because, unclaimed(plan.Unclaimed))
		}
		if len(p.Because) > 0 {
			plan.Again = append(plan.Again, p)
			continue
		}
		p.Because = []string{"neither the test nor anything that it verifies changed"}
		plan.Kept = append(plan.Kept, p)
	}
	return plan
}

func unclaimed(files []string) string {
	if len(files) == 1 {
		return files[0] + " changed and no specification claims it"
	}
	return fmt.Sprintf("%s and %d more files changed and no specification claims them", files[0], len(files)-1)
}

// impact collects reasons by node.
type impact struct {
	graph *graph
	why   [][]string
}

// touch gives a reason to an item and to everything below it. A risk reaches
// what it is about and what mitigates it.
func (i *impact) touch(at int, reason string, first bool) {
	n := &i.graph.nodes[at]
	if slices.Contains(i.why[at], reason) {
		return
	}
	i.why[at] = append(i.why[at], reason)
	for _, below := range n.down {
		i.touch(below, reason+", "+i.relation(n, below), false)
	}
	if n.item.Kind == RA && first {
		for _, about := range n.up {
			i.touch(about, fmt.Sprintf("%s, a risk of %s", reason, i.graph.nodes[about].item.ID), false)
		}
	}
}

func (i *impact) relation(above *node, below int) string {
	b := i.graph.nodes[below].item
	verb := "verifies"
	switch {
	case above.item.Kind == RA:
		verb = "mitigates"
	case b.Kind == FS:
		verb = "implements"
	}
	return fmt.Sprintf("%s %s %s", b.ID, verb, above.item.ID)
}

// gone touches what still links to an item that is no longer in force.
func (i *impact) gone(before []Item, c Change) {
	at := slices.IndexFunc(before, func(x Item) bool { return x.ID == c.ID })
	if at < 0 {
		return
	}
	for _, links := range [][]Reference{before[at].Implements, before[at].Verifies, before[at].Assesses} {
		for _, r := range links {
			if above, ok := i.graph.byID[r.ID]; ok {
				i.touch(above, fmt.Sprintf("%s, which was below %s, was %s", c.ID, r.ID, c.What), true)
			}
		}
	}
}

// file gives a reason to the specifications that claim a file; false when none
// does and it may matter.
func (i *impact) file(name string) bool {
	if strings.HasPrefix(name, "documentation/") {
		return true
	}
	claimed := false
	for at := range i.graph.nodes {
		n := &i.graph.nodes[at]
		if slices.ContainsFunc(n.item.Files, func(p string) bool { return claims(p, name) }) {
			claimed = true
			i.touch(at, fmt.Sprintf("%s changed, which %s claims", name, n.item.ID), true)
		}
		if n.item.Kind == TEST && n.item.At.File == name {
			claimed = true // what changed in it, the items say
		}
	}
	return claimed
}

// claims matches a path with a pattern: a folder with "/" or "/**" at its end
// claims all below it; otherwise as path.Match.
func claims(pattern, name string) bool {
	if folder, ok := strings.CutSuffix(strings.TrimSuffix(pattern, "**"), "/"); ok {
		return strings.HasPrefix(name, folder+"/")
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// Tests are the ids of the tests to run again, sorted.
func (p Plan) Tests() []string {
	var out []string
	for _, t := range p.Again {
		out = append(out, t.Test)
	}
	slices.SortFunc(out, evidence.CompareIDs)
	return out
}
