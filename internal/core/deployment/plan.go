package deployment

import (
	"fmt"
	"slices"
	"strings"
)

// PlanSchema of a stored plan.
const PlanSchema = "dc-release/deployment-plan/v1"

// Action is what happens to a resource.
type Action string

// The actions.
const (
	Create   Action = "create"
	Update   Action = "update"
	Delete   Action = "delete"
	Recreate Action = "recreate"
)

// Change is what a deployment will do to one resource.
type Change struct {
	Resource string  `json:"resource"` // jobs.main, src/etl.py
	Action   Action  `json:"action"`
	Fields   []Field `json:"fields,omitempty"`
	// Loses is what is gone for good: the identity of a job and the history of
	// its runs. It is "" for what can be had back by deploying again.
	Loses string `json:"loses,omitempty"`
}

// Field is one value that an update changes.
type Field struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Tool is a program that a target calls, as evidence of what deployed.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"` // as it says itself
	SHA256  string `json:"sha256"`
}

// Plan is what a deployment will do to a place: it is made first, shown where
// people decide, and exactly it is carried out.
type Plan struct {
	Schema      string   `json:"schema"`
	Solution    string   `json:"solution"`
	Environment string   `json:"environment"`
	Version     string   `json:"version"`
	Artifact    string   `json:"artifact"` // digest of the tree
	Target      string   `json:"target"`
	Tools       []Tool   `json:"tools"`
	Changes     []Change `json:"changes"`
	// Unknown says that the target cannot tell its changes beforehand.
	Unknown bool `json:"unknown"`
	// Base is the digest of the state that the plan was made against; a place
	// with another one has changed since and the plan is stale.
	Base string `json:"base"`
	// Expected is what the place holds afterwards.
	Expected State `json:"expected"`
	// Kept is what the deployment leaves behind or cannot bring back, for those
	// who decide: data, tables, the identity of removed jobs.
	Kept []string `json:"kept"`
	// Own is the plan in the words of the target's own tool, "" for none.
	Own string `json:"own"`
}

// Whole is the plan with nothing left out, as it is stored.
func (p Plan) Whole() Plan {
	if p.Tools == nil {
		p.Tools = []Tool{}
	}
	if p.Changes == nil {
		p.Changes = []Change{}
	}
	if p.Expected == nil {
		p.Expected = State{}
	}
	if p.Kept == nil {
		p.Kept = []string{}
	}
	return p
}

// Covers reports whether a place that is on the way from Base to Expected may
// hold what it does: it differs from Expected in nothing but what the plan
// changes.
func (p Plan) Covers(now State) bool {
	for _, d := range Drifted(p.Expected, now) {
		if !slices.ContainsFunc(p.Changes, func(c Change) bool {
			rest, ok := strings.CutPrefix(d.Path, c.Resource)
			return ok && (rest == "" || rest[0] == '/' || rest[0] == '.')
		}) {
			return false
		}
	}
	return true
}

// Destroys are the changes that lose something: "delete jobs.main: its identity
// and the history of its runs".
func (p Plan) Destroys() []string {
	out := []string{}
	for _, c := range p.Changes {
		if c.Loses != "" {
			out = append(out, fmt.Sprintf("%s %s: %s", c.Action, c.Resource, c.Loses))
		}
	}
	return out
}

// Few is a list as an event or a manifest holds it: at most a hundred entries
// and how many more there are; the plan itself has all.
func Few(list []string) []string {
	const most = 100
	if len(list) <= most {
		return list
	}
	return append(list[:most:most], fmt.Sprintf("%d more", len(list)-most))
}

// Summary is the plan in a line: "2 created, 1 updated, 1 deleted".
func (p Plan) Summary() string {
	if p.Unknown {
		return "the target cannot tell its changes beforehand"
	}
	n := map[Action]int{}
	for _, c := range p.Changes {
		n[c.Action]++
	}
	var out []string
	for _, a := range []struct {
		action Action
		past   string
	}{{Create, "created"}, {Update, "updated"}, {Recreate, "recreated"}, {Delete, "deleted"}} {
		if n[a.action] > 0 {
			out = append(out, fmt.Sprintf("%d %s", n[a.action], a.past))
		}
	}
	if len(out) == 0 {
		return "nothing changes"
	}
	return strings.Join(out, ", ")
}

// Changes are what turns one state of files into another, each path a resource.
func Changes(from, to State) []Change {
	out := []Change{}
	for _, d := range Drifted(to, from) {
		c := Change{Resource: d.Path, Action: Update}
		switch {
		case d.Actual == Absent:
			c.Action = Create
		case d.Expected == Absent:
			c.Action = Delete
		default:
			c.Fields = []Field{{Path: "content", Old: d.Actual, New: d.Expected}}
		}
		out = append(out, c)
	}
	return out
}
