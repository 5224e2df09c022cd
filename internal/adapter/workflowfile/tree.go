package workflowfile

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// entry is one key of a mapping.
type entry struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

// resolve follows aliases.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func (r *reader) at(n *yaml.Node) workflow.Position {
	return workflow.Position{File: r.file, Line: max(n.Line, 1), Column: max(n.Column, 1)}
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a sequence"
	default:
		if n.ShortTag() == "!!null" {
			return "empty"
		}
		return "a scalar"
	}
}

func isNull(n *yaml.Node) bool {
	_, kind := scalarText(n)
	return n.Kind == yaml.ScalarNode && kind == "null"
}

// visit counts a node; false when the file has too many.
func (r *reader) visit(n *yaml.Node) bool {
	r.nodes++
	if r.nodes == maxNodes {
		r.report(r.at(n), "file-too-large", "use fewer aliases", "workflow has more than %d values", maxNodes)
	}
	return r.nodes < maxNodes
}

// mapping reads a mapping with any keys. Keys are unique without regard to case,
// as GitHub has them.
func (r *reader) mapping(n *yaml.Node, what string) []entry {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		r.report(r.at(n), "wrong-type", "", "%s is %s: want a mapping", what, kindName(n))
		return nil
	}
	var entries []entry
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		if !r.visit(key) {
			return nil
		}
		name, _ := scalarText(key)
		switch {
		case key.Kind != yaml.ScalarNode || name == "":
			r.report(r.at(key), "wrong-type", "", "key of %s is %s: want a name", what, kindName(key))
			continue
		case name == "<<" && key.Style == 0:
			r.report(r.at(key), "unsupported-key", "repeat the keys", "merge key << in %s: GitHub does not support it", what)
			continue
		case strings.Contains(name, "${{"):
			r.report(r.at(key), "unsupported-key", "write the key out", "key of %s is an expression", what)
			continue
		}
		folded := strings.ToUpper(name)
		if first, ok := seen[folded]; ok {
			r.report(r.at(key), "duplicate-key", "remove one of them", "key %q is already defined in %s at line %d", name, what, first.Line)
			continue
		}
		seen[folded] = key
		entries = append(entries, entry{name: name, key: key, value: value})
	}
	return entries
}

// section reads a mapping whose keys are known; the others are findings.
func (r *reader) section(n *yaml.Node, s Section) []entry {
	return slices.DeleteFunc(r.mapping(n, s.What), func(e entry) bool {
		k, known := s.find(e.name)
		switch {
		case known && k.Refused == "":
			return false
		case known:
			r.report(r.at(e.key), "unsupported-key", k.Refused, "key %q in %s is not executed by this engine", e.name, s.What)
		case !s.Loose:
			names := s.executed()
			hint := "the keys are " + strings.Join(names, ", ")
			if near := fault.Nearest(e.name, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			r.report(r.at(e.key), "unknown-key", hint, "unknown key %q in %s", e.name, s.What)
		}
		return true
	})
}

// sequence reads a sequence that must not be empty.
func (r *reader) sequence(n *yaml.Node, what string) []*yaml.Node {
	n = resolve(n)
	if n.Kind != yaml.SequenceNode {
		r.report(r.at(n), "wrong-type", "", "%s is %s: want a sequence", what, kindName(n))
		return nil
	}
	if len(n.Content) == 0 {
		r.report(r.at(n), "empty-value", "", "%s is empty", what)
	}
	items := make([]*yaml.Node, 0, len(n.Content))
	for _, item := range n.Content {
		if item = resolve(item); !r.visit(item) {
			return nil
		}
		items = append(items, item)
	}
	return items
}

// list reads a scalar or a sequence of scalars; an empty scalar is no items.
func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode {
		return r.sequence(n, what)
	}
	if isNull(n) {
		r.report(r.at(n), "empty-value", "", "%s is empty", what)
		return nil
	}
	return []*yaml.Node{n}
}

// scalar is a scalar's text; anything else is a finding.
func (r *reader) scalar(n *yaml.Node) (workflow.Text, bool) {
	n = resolve(n)
	at := r.at(n)
	if !r.visit(n) {
		return workflow.Text{At: at}, false
	}
	if n.Kind != yaml.ScalarNode {
		r.report(at, "wrong-type", "", "value is %s: want a scalar", kindName(n))
		return workflow.Text{At: at}, false
	}
	if tag := n.ShortTag(); !strings.HasPrefix(tag, "!!") {
		r.report(at, "yaml-tag", "put the value in quotes: a leading ! is a YAML tag", "value has the YAML tag %q", tag)
		return workflow.Text{At: at}, false
	}
	text, kind := scalarText(n)
	if kind == "number" && text != n.Value {
		r.warn(at, "number-as-text", "put the value in quotes if it is text", "%s is a number and becomes %s, as on GitHub", n.Value, text)
	}
	return workflow.Text{Source: text, At: at, Type: kind}, true
}

var (
	coreInteger = regexp.MustCompile(`^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$`)
	coreFloat   = regexp.MustCompile(`^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$`)
)

// scalarText is what GitHub makes of a scalar: one without quotes is resolved by
// the YAML 1.2 core schema, and then written as the expression language does.
func scalarText(n *yaml.Node) (text, kind string) {
	if n.Kind != yaml.ScalarNode || n.Style&^yaml.TaggedStyle != 0 || n.Style == yaml.TaggedStyle && n.Tag == "!!str" {
		return n.Value, ""
	}
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return "", "null"
	case "true", "True", "TRUE":
		return "true", "boolean"
	case "false", "False", "FALSE":
		return "false", "boolean"
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return workflow.Number(math.Inf(1)).Text(), "number"
	case "-.inf", "-.Inf", "-.INF":
		return workflow.Number(math.Inf(-1)).Text(), "number"
	case ".nan", ".NaN", ".NAN":
		return workflow.Number(math.NaN()).Text(), "number"
	}
	if coreInteger.MatchString(n.Value) || coreFloat.MatchString(n.Value) {
		return workflow.Number(workflow.String(n.Value).Float()).Text(), "number"
	}
	return n.Value, ""
}

// positive reads a number of minutes.
func positive(text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && f > 0
}
