package trace

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Coverage counts the items of one kind: all of them, those of one risk class,
// or the tests with a result or an expectation in one environment. Covered are
// those that are OK; Waived are apart and never among them.
type Coverage struct {
	Kind        Kind   `json:"kind"`
	Risk        Class  `json:"risk,omitempty"`
	Environment string `json:"environment,omitempty"`
	Covered     int64  `json:"covered"`
	Waived      int64  `json:"waived,omitempty"`
	Total       int64  `json:"total"`
}

// Document is the count as documents hold it.
func (c Coverage) Document() document.Coverage {
	return document.Coverage{Kind: string(c.Kind), Risk: string(c.Risk), Environment: c.Environment, Covered: c.Covered, Waived: c.Waived, Total: c.Total}
}

func (c *Coverage) add(s State) {
	c.Total++
	switch s {
	case OK:
		c.Covered++
	case Justified:
		c.Waived++
	}
}

// Coverage is one entry for each kind (RA only where there is a risk), then one for each kind and risk class
// and one for each environment that has tests.
func (m Matrix) Coverage() []Coverage {
	kinds := []Kind{URS, FS, RA, TEST}
	byKind := make([]Coverage, len(kinds))
	byClass := make([]Coverage, len(kinds)*len(Classes))
	for k, kind := range kinds {
		byKind[k].Kind = kind
		for c := range Classes {
			byClass[k*len(Classes)+c] = Coverage{Kind: kind, Risk: Classes[len(Classes)-1-c]} // the highest first
		}
	}
	for i := range m.graph.nodes {
		n := &m.graph.nodes[i]
		if n.direct() {
			continue
		}
		k := rank[n.item.Kind] - 1
		byKind[k].add(n.state)
		for c := range Classes {
			if at := &byClass[k*len(Classes)+c]; at.Risk == n.class {
				at.add(n.state)
			}
		}
	}
	if ra := rank[RA] - 1; byKind[ra].Total == 0 {
		byKind = slices.Delete(byKind, ra, ra+1)
	}
	return slices.Concat(byKind, filled(byClass), filled(m.byEnvironment()))
}

// filled leaves out what nothing was counted in.
func filled(all []Coverage) []Coverage {
	var out []Coverage
	for _, c := range all {
		if c.Total > 0 {
			out = append(out, c)
		}
	}
	return out
}

// byEnvironment counts each test once in each environment: it is covered when
// all of its cells there are OK.
func (m Matrix) byEnvironment() []Coverage {
	out := make([]Coverage, len(environments))
	for e, name := range environments {
		if name == "" {
			continue
		}
		out[e] = Coverage{Kind: TEST, Environment: name}
		for i := range m.graph.nodes {
			n := &m.graph.nodes[i]
			if n.item.Kind != TEST || n.direct() {
				continue
			}
			if s := m.in(n, name); s != "" {
				out[e].add(s)
			}
		}
	}
	return out
}

// in is the state of a test in an environment: OK when every cell with a state
// is, "" without any.
func (m Matrix) in(n *node, environment string) State {
	var s State
	for at, c := range n.cells {
		switch {
		case m.Columns[at].Environment != environment || c.State == "" || s != "" && s != OK:
		default:
			s = c.State
		}
	}
	if s != "" && s != OK && n.state == Justified {
		return Justified
	}
	return s
}
