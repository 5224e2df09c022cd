package trace

import (
	"fmt"
	"slices"
	"strings"
)

// judgeParent joins the states of the children of a requirement or
// specification with its own defects.
func (g *graph) judgeParent(n *node) {
	missing := "no test verifies it"
	children := n.down
	if n.item.Kind == URS {
		missing = "no specification implements it"
		if !slices.ContainsFunc(children, func(c int) bool { return g.nodes[c].item.Kind == FS }) {
			children = nil
		}
	}
	if len(children) == 0 {
		n.verdict = verdict{Missing, missing, true}
		return
	}
	n.verdict = g.join(children)
	if n.state != OK && n.state != Justified && n.state != Suspect {
		return
	}
	switch lacking := g.lacking(n); {
	case len(lacking) > 0:
		n.verdict = verdict{Partial, fmt.Sprintf("risk class %s wants %s", n.class, strings.Join(lacking, ", ")), true}
	case n.item.Kind == FS && len(n.up) == 0:
		n.verdict = verdict{Partial, "implements no requirement", true}
	}
}

// judgeRisk is OK when everything that mitigates the risk is. A Low risk needs
// nothing.
func (g *graph) judgeRisk(n *node) {
	a := n.item.Assessment
	switch {
	case len(n.up) == 0:
		n.verdict = verdict{Missing, "assesses no item that is there", true}
	case a == nil || a.Class() == "":
		n.verdict = verdict{Missing, "severity, occurrence or detection is not given", true}
	case len(n.down) == 0 && a.Class() != Low:
		n.verdict = verdict{Missing, fmt.Sprintf("nothing mitigates a risk of class %s", a.Class()), true}
	case len(n.down) == 0:
		n.verdict = verdict{OK, "", true}
	default:
		n.verdict = g.join(n.down)
	}
}

// settle is what stands beside the children of any item: broken and suspect
// links, and what people excepted.
func (g *graph) settle(n *node) {
	if n.state == OK && len(n.broken) > 0 {
		n.verdict = verdict{Partial, "links to " + strings.Join(n.broken, ", ") + ", which is not there", true}
	}
	if n.state == OK && len(n.suspect) > 0 {
		n.verdict = verdict{Suspect, strings.Join(n.suspect, ", ") + " changed since the link was reviewed", true}
	}
	if by, ok := g.scope.Waived[n.item.ID]; ok && n.state != OK && n.own {
		n.verdict = verdict{Justified, strings.ToLower(string(n.state)) + ", excepted by " + by + ": " + n.reason, true}
	}
}

// lacking are the columns of the least evidence for the item's class that the
// scope expects by now and no result of its tests fills. A requirement gets its
// evidence through its specifications.
func (g *graph) lacking(n *node) []string {
	if n.item.Kind != FS {
		return nil
	}
	var out []string
	for _, c := range g.scope.Minimum[n.class] {
		if at, expected := g.column[c]; expected && slices.Contains(g.scope.Columns, c) && !g.filled(n, at) {
			out = append(out, c.String())
		}
	}
	return out
}

// filled reports whether a test of the item passed in a column, or was excepted
// from it.
func (g *graph) filled(n *node, at int) bool {
	return slices.ContainsFunc(n.down, func(t int) bool {
		return g.nodes[t].cells[at].State == OK || g.nodes[t].state == Justified
	})
}

// join is the verdict of a parent from its children; it is the parent's own
// when results that name the parent itself are what is wrong.
func (g *graph) join(children []int) verdict {
	count := map[State]int{}
	var why []string
	own := false
	for _, c := range children {
		child := &g.nodes[c]
		count[child.state]++
		switch {
		case child.state == OK:
		case child.direct():
			own = true
			why = append(why, child.reason)
		default:
			why = append(why, child.item.ID+" is "+string(child.state))
		}
	}
	if len(why) > 3 {
		why = append(why[:3], fmt.Sprintf("and %d more", len(why)-3))
	}
	reason := strings.Join(why, ", ")
	good := count[OK] + count[Justified] + count[Suspect]
	switch {
	case count[Failed] > 0:
		return verdict{Failed, reason, own}
	case count[OK] == len(children):
		return verdict{OK, "", true}
	case good == len(children) && count[Suspect] > 0:
		return verdict{Suspect, reason, own}
	case good == len(children):
		return verdict{Justified, reason, own}
	case good+count[Partial] > 0:
		return verdict{Partial, reason, own}
	case count[Stale] > 0:
		return verdict{Stale, reason, own}
	}
	return verdict{Missing, reason, own}
}
