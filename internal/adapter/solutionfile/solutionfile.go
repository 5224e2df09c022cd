// Package solutionfile reads dc-release.yaml strictly: every unknown key, wrong
// type, duplicate and unknown value is a finding with its place.
package solutionfile

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Schema is the value of the key schema.
const Schema = "dc-release/solution/v1"

// Read gives what the file says and everything that is wrong with it.
func Read(data []byte) (policy.File, []workflow.Finding) {
	r := reader{file: policy.FileName}
	var doc yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		r.report(&yaml.Node{Line: 1, Column: 1}, "syntax", "write valid YAML", "%v", err)
		return policy.File{}, r.findings
	}
	f := policy.File{Environments: map[string]policy.Environment{}}
	if len(doc.Content) == 0 {
		return f, nil
	}
	schema, profile := "", ""
	r.mapping(doc.Content[0], map[string]func(*yaml.Node){
		"schema":   r.text(&schema, Schema),
		"solution": r.text(&f.Solution),
		"profile":  r.text(&profile, string(policy.GxP), string(policy.NonGxP)),
		"branch":   r.text(&f.Branch),
		"workflow": r.text(&f.Workflow),
		"rebuilds": r.text(&f.Rebuilds, "accepted"),
		"category": r.category(&f.Category),
		"repositories": func(n *yaml.Node) {
			r.mapping(n, map[string]func(*yaml.Node){"requirements": r.text(&f.Requirements), "release-log": r.text(&f.ReleaseLog)})
		},
		"environments": func(n *yaml.Node) { r.places(n, f.Environments, nil) },
	})
	f.Profile = policy.Profile(profile)
	return f, r.findings
}

type reader struct {
	file     string // for findings
	findings []workflow.Finding
}

func (r *reader) report(n *yaml.Node, rule, hint, format string, args ...any) {
	r.findings = append(r.findings, workflow.Finding{
		At: workflow.Position{File: r.file, Line: n.Line, Column: n.Column}, Severity: workflow.Error,
		Rule: rule, Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// mapping calls each key's reader once.
func (r *reader) mapping(n *yaml.Node, keys map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.report(n, "wrong-type", "write key: value lines", "want a mapping")
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if first, twice := seen[key.Value]; twice {
			r.report(key, "duplicate-key", "keep one of them", "key %q stands twice, first in line %d", key.Value, first)
			continue
		}
		seen[key.Value] = key.Line
		read, ok := keys[key.Value]
		if !ok {
			r.report(key, "unknown-key", meant(key.Value, keys), "unknown key %q", key.Value)
			continue
		}
		read(value)
	}
}

// text reads a string, of a closed list when one is given. A number or boolean
// is not taken for a string: 1.20 would have become 1.2.
func (r *reader) text(to *string, allowed ...string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch {
		case n.Kind != yaml.ScalarNode || n.Tag != "!!str":
			r.report(n, "wrong-type", "put it in quotes", "want a text")
		case len(allowed) > 0 && !slices.Contains(allowed, n.Value):
			r.report(n, "unknown-value", "want "+strings.Join(allowed, " or "), "unknown value %q", n.Value)
		default:
			*to = n.Value
		}
	}
}

// places reads places by name; more gives further keys of one.
func (r *reader) places(n *yaml.Node, to map[string]policy.Environment, more func(*policy.Environment) map[string]func(*yaml.Node)) {
	keys := map[string]func(*yaml.Node){}
	for _, place := range policy.Places {
		keys[place] = func(n *yaml.Node) {
			var e policy.Environment
			known := map[string]func(*yaml.Node){
				"target": r.text(&e.Target), "names": r.texts(&e.Names),
				"branches": r.texts(&e.Protection.Branches), "tags": r.texts(&e.Protection.Tags),
				"wait-minutes": r.number(&e.Protection.WaitMinutes),
			}
			if more != nil {
				maps.Copy(known, more(&e))
			}
			r.mapping(n, known)
			to[place] = e
		}
	}
	r.mapping(n, keys)
}

// texts reads a sequence of texts.
func (r *reader) texts(to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.SequenceNode {
			r.report(n, "wrong-type", "write [a, b]", "want a sequence of texts")
			return
		}
		for _, item := range n.Content {
			var text string
			if r.text(&text)(item); text != "" {
				*to = append(*to, text)
			}
		}
	}
}

// category reads one of GAMP 5.
func (r *reader) category(to *int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var v int
		r.number(&v)(n)
		if v != 0 && !slices.Contains(policy.Categories, int64(v)) {
			r.report(n, "unknown-value", "want 1, 3, 4 or 5", "unknown value %q", n.Value)
			return
		}
		*to = int64(v)
	}
}

// number reads a whole number that is not negative.
func (r *reader) number(to *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil || v < 0 {
			r.report(n, "wrong-type", "write it without quotes", "want a whole number that is not negative")
			return
		}
		*to = v
	}
}

// meant suggests the known key that is nearest.
func meant(key string, keys map[string]func(*yaml.Node)) string {
	var names []string
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	best := fault.Nearest(key, names)
	if best == "" {
		return "known keys: " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("did you mean %q?", best)
}
