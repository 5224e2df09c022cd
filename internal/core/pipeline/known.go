package pipeline

import (
	"maps"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// known is what expressions can be evaluated with before a run: the event, the
// variables and those inputs that do not depend on a result.
type known struct {
	github workflow.Value
	vars   workflow.Value
	inputs map[string]workflow.Value
	// later names inputs whose value is known only when the call starts, in lower
	// case.
	later map[string]bool
	// matrix is the combination of a leg; legs says that there is one, which may
	// not be known yet.
	matrix *Leg
	legs   bool
}

func rootKnown(req ExpandRequest) known {
	return known{github: event(req.Trigger), vars: workflow.FromStrings(req.Vars)}
}

// inside is what is known in a called workflow.
func (k known) inside(inputs map[string]workflow.Value, later map[string]bool) known {
	k.inputs, k.later = inputs, later
	return k.leg(nil, false)
}

// leg is what is known in a leg of a group; nil is one that is made later.
func (k known) leg(l *Leg, legs bool) known {
	k.matrix, k.legs = l, legs
	return k
}

func (k known) env(status workflow.Status) workflow.Env {
	var inputs []workflow.Member
	for name, v := range k.inputs {
		inputs = append(inputs, workflow.Member{Name: name, Value: v})
	}
	values := workflow.Null()
	if k.matrix != nil {
		values = k.matrix.Values
	}
	return workflow.Env{Status: status, Contexts: map[string]workflow.Value{
		"github": k.github, "vars": k.vars, "inputs": workflow.Object(inputs...), "matrix": values,
	}}
}

// has reports whether a reference is known: of github only what the event
// holds, because a run has more.
func (k known) has(path string) bool {
	root, rest, _ := strings.Cut(path, ".")
	switch root {
	case "vars":
		return true
	case "matrix":
		return !k.legs || k.matrix != nil
	case "inputs":
		if rest == "" || rest == "*" {
			return len(k.later) == 0
		}
		name, _, _ := strings.Cut(rest, ".")
		return !k.later[strings.ToLower(name)]
	case "github":
		v := k.github
		for rest != "" {
			var name string
			name, rest, _ = strings.Cut(rest, ".")
			if !v.Has(name) {
				return false
			}
			v = v.Property(name)
		}
		return v.Kind() != workflow.KindObject
	default:
		return false
	}
}

// text evaluates a text; ok is false when it depends on something unknown or
// cannot be parsed, which the reader has reported.
func (k known) text(t workflow.Text) (v workflow.Value, ok bool, err error) {
	return t.EvaluateKnown(k.env(workflow.Status{}), k.has)
}

// condition decides an if; ok is false when it depends on something unknown.
func (k known) condition(t workflow.Text, success bool) (truth, ok bool) {
	e, err := workflow.Condition(t.Source)
	if err != nil {
		return false, false
	}
	truth, ok, err = e.Decide(k.env(workflow.Status{Success: success}), k.has)
	return truth, ok && err == nil
}

// event is the part of the github context that the event alone gives.
func event(t Trigger) workflow.Value {
	owner, name, _ := strings.Cut(t.Repository, "/")
	refName, refType := t.Ref, "branch"
	for prefix, kind := range map[string]string{"refs/heads/": "branch", "refs/tags/": "tag", "refs/pull/": "branch"} {
		if short, ok := strings.CutPrefix(t.Ref, prefix); ok {
			refName, refType = short, kind
		}
	}
	fields := map[string]string{
		"ref": t.Ref, "ref_name": refName, "ref_type": refType, "sha": t.SHA, "event_name": t.Name,
		"repository": t.Repository, "repository_owner": owner, "actor": t.Actor,
		"base_ref": t.BaseRef, "head_ref": t.HeadRef,
	}
	repository := workflow.FromStrings(map[string]string{"name": name, "full_name": t.Repository})
	members := []workflow.Member{{Name: "event", Value: workflow.Object(
		workflow.Member{Name: "repository", Value: repository},
	)}}
	for field, text := range maps.All(fields) {
		members = append(members, workflow.Member{Name: field, Value: workflow.String(text)})
	}
	return workflow.Object(members...)
}
