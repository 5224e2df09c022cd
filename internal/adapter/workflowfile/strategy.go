package workflowfile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// strategy reads jobs.<id>.strategy. A matrix without expressions is multiplied
// out here, so that what is wrong with it has its place.
func (r *reader) strategy(n *yaml.Node) workflow.Strategy {
	s := workflow.Strategy{At: r.at(resolve(n))}
	if resolve(n).Kind == yaml.ScalarNode {
		r.report(s.At, "unsupported-key", "write its keys out; matrix may be an expression", "strategy is a scalar: want a mapping")
		return s
	}
	for _, e := range r.section(n, strategySection) {
		switch e.name {
		case "matrix":
			s.Matrix = r.matrix(e.value)
		case "fail-fast":
			s.FailFast = r.boolean(e.value, workflow.KeyJobStrategy, e.name)
		case "max-parallel":
			s.MaxParallel = r.number(e.value, workflow.KeyJobStrategy, e.name)
		}
	}
	return s
}

func (r *reader) matrix(n *yaml.Node) workflow.Tree {
	before := len(r.findings)
	t := r.tree(n, workflow.KeyJobStrategy)
	if len(r.findings) > before {
		return t
	}
	literal := !slices.ContainsFunc(t.Texts(), func(text workflow.Text) bool { return strings.Contains(text.Source, "${{") })
	switch {
	case t.Kind == workflow.TreeScalar && literal:
		r.report(t.At, "wrong-type", "want a mapping, or one expression", "matrix is a scalar")
	case literal:
		v, err := t.Evaluate(workflow.Env{})
		if err == nil {
			_, err = workflow.Legs(v)
		}
		if err != nil {
			r.report(t.At, "invalid-matrix", "", "%v", err)
		}
	}
	return t
}

// tree reads a value of any shape.
func (r *reader) tree(n *yaml.Node, key workflow.Key) workflow.Tree {
	n = resolve(n)
	t := workflow.Tree{At: r.at(n)}
	switch n.Kind {
	case yaml.MappingNode:
		t.Kind = workflow.TreeMapping
		for _, e := range r.mapping(n, "value") {
			t.Members = append(t.Members, workflow.Branch{Name: e.name, Value: r.tree(e.value, key)})
		}
	case yaml.SequenceNode:
		t.Kind = workflow.TreeList
		for _, item := range n.Content {
			if !r.visit(item) {
				return t
			}
			t.Items = append(t.Items, r.tree(item, key))
		}
	default:
		t.Kind, t.Text = workflow.TreeScalar, r.text(n, key)
	}
	return t
}

// maxGroup is GitHub's limit for the name of a concurrency group, in characters.
const maxGroup = 400

// concurrency reads concurrency: of a workflow or a job.
func (r *reader) concurrency(n *yaml.Node, key workflow.Key) workflow.Concurrency {
	n = resolve(n)
	c := workflow.Concurrency{At: r.at(n)}
	if n.Kind != yaml.MappingNode {
		c.Group = r.group(n, key)
		return c
	}
	for _, e := range r.section(n, concurrencySection) {
		switch e.name {
		case "group":
			c.Group = r.group(e.value, key)
		case "cancel-in-progress":
			c.CancelInProgress = r.boolean(e.value, key, e.name)
		case "queue":
			t := r.text(e.value, workflow.KeyNone)
			switch t.Source {
			case "max":
				c.Queue = t.Source
			case "single":
			default:
				r.report(t.At, "wrong-type", "", "queue is %q: want single or max", t.Source)
			}
		}
	}
	if c.Group.Source == "" && c.Group.At.Line == 0 {
		r.report(c.At, "missing-key", "add group:", "concurrency has no group")
	}
	if c.Queue == "max" && c.CancelInProgress.Source == "true" {
		r.report(c.At, "key-conflict", "keep one of them", "concurrency cannot both keep a queue and cancel what is in progress")
	}
	return c
}

func (r *reader) group(n *yaml.Node, key workflow.Key) workflow.Text {
	t := r.nonEmpty(n, key, "concurrency group")
	if length := len([]rune(t.Source)); !strings.Contains(t.Source, "${{") && length > maxGroup {
		r.report(t.At, "wrong-type", "", "concurrency group has %d characters: want at most %d", length, maxGroup)
	}
	return t
}
