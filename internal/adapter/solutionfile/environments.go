package solutionfile

import (
	"errors"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// ReadEnvironments reads the whole map of places of a baseline, and everything
// that is wrong with it. Beside what dc-release.yaml may say of a place it has the
// configuration of its target.
func ReadEnvironments(name string, data []byte) (map[string]policy.Environment, []workflow.Finding) {
	r := reader{file: name}
	var doc yaml.Node
	if err := yaml.NewDecoder(strings.NewReader(string(data))).Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		r.report(&yaml.Node{Line: 1, Column: 1}, "syntax", "write valid YAML", "%v", err)
		return nil, r.findings
	}
	out := map[string]policy.Environment{}
	if len(doc.Content) == 0 {
		r.report(&yaml.Node{Line: 1, Column: 1}, "empty", "name dev, tst, val and prd with their targets", "there is no place")
		return out, r.findings
	}
	r.places(doc.Content[0], out, func(e *policy.Environment) map[string]func(*yaml.Node) {
		return map[string]func(*yaml.Node){"config": r.config(&e.Config)}
	})
	if places := doc.Content[0]; places.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(places.Content); i += 2 {
			r.target(places.Content[i], places.Content[i+1], out)
		}
	}
	return out, r.findings
}

// config reads texts by name.
func (r *reader) config(to *map[string]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*to = map[string]string{}
		keys := map[string]func(*yaml.Node){}
		if n.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(n.Content); i += 2 {
				key := n.Content[i].Value
				keys[key] = func(n *yaml.Node) {
					var value string
					r.text(&value)(n)
					(*to)[key] = value
				}
			}
		}
		r.mapping(n, keys)
	}
}

// target holds the configuration of a place against what its target takes.
func (r *reader) target(key, value *yaml.Node, all map[string]policy.Environment) {
	e, ok := all[key.Value]
	if !ok || value.Kind != yaml.MappingNode {
		return // said already
	}
	kind, ok := policy.TargetNamed(e.Target)
	if !ok {
		at := child(value, "target")
		if at == nil {
			r.report(key, "missing-key", "add target: "+strings.Join(policy.TargetNames(), " or "), "place %s has no target", key.Value)
		} else if e.Target != "" { // else it was no text
			r.report(at, "unknown-value", meantOf(e.Target, policy.TargetNames()), "unknown target %q", e.Target)
		}
		return
	}
	config := child(value, "config")
	for _, missing := range kind.Missing(e.Config) {
		at := config
		if at == nil {
			at = key
		}
		r.report(at, "missing-key", "add it below config", "target %s needs %q", kind.Name, missing)
	}
	if config == nil || config.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(config.Content); i += 2 {
		k, v := config.Content[i], config.Content[i+1]
		switch known := slices.Contains(kind.Keys, k.Value); {
		case !known && !kind.Any:
			r.report(k, "unknown-key", meantOf(k.Value, kind.Keys), "target %s has no configuration %q", kind.Name, k.Value)
		case known && v.Kind == yaml.ScalarNode && v.Tag == "!!str":
			if err := kind.CheckValue(k.Value, v.Value); err != nil {
				r.report(v, "wrong-value", "docs/targets.md says what it may be", "%s %v", k.Value, err)
			}
		}
	}
}

// child is the value of a key, nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func meantOf(name string, known []string) string {
	keys := map[string]func(*yaml.Node){}
	for _, k := range known {
		keys[k] = nil
	}
	return meant(name, keys)
}
