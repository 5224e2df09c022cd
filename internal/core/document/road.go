package document

import "strings"

// places are the environments in the order of the road.
var places = []struct{ name, gate string }{{"dev", ""}, {"tst", "pre_val"}, {"val", "approve_to_prd"}, {"prd", "approve_for_use"}}

// road draws the environments and gates that a release passes, with what became
// of each.
func (a *author) road() {
	s := Scene{Title: "The road of the release"}
	for _, p := range places {
		if n, ok := a.place(p.name); ok {
			s.Nodes = append(s.Nodes, n)
		}
		for _, g := range a.facts.Gates {
			if g.Name == p.gate {
				s.Nodes = append(s.Nodes, NodeOf(gateTitle(g.Name), "gate", g.State))
			}
		}
	}
	for i := 1; i < len(s.Nodes); i++ {
		s.Edges = append(s.Edges, SceneEdge{From: i - 1, To: i})
	}
	a.add(Block{Scene: &s})
}

// place is an environment with its last deployment. One that the release was not
// in yet is shown where the profile demands it.
func (a *author) place(name string) (SceneNode, bool) {
	for _, e := range a.facts.Environments {
		if e.Name != name {
			continue
		}
		n := NodeOf(strings.ToUpper(name), "", "not reached")
		if k := len(e.Deployments); k > 0 {
			d := e.Deployments[k-1]
			n = NodeOf(strings.ToUpper(name), "IV "+orDash(d.IV.State), d.Outcome)
		}
		return n, true
	}
	return NodeOf(strings.ToUpper(name), "", "not reached"), a.facts.Policy.Profile != "non-gxp" && name != "dev"
}
