package itemfile

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// maxBundle is the number of bytes of a file of a bundle; a larger one is no
// configuration.
const maxBundle = 1 << 20

// IsBundle reports whether a path may be part of a Databricks bundle: its root
// file, or a resource.
func IsBundle(name string) bool {
	if name == "databricks.yml" || name == "databricks.yaml" {
		return true
	}
	ext := path.Ext(name)
	return strings.HasPrefix(name, "resources/") && (ext == ".yml" || ext == ".yaml")
}

// Bundle finds every tag "specification" in the files of a bundle, with
// ${bundle.name} and the defaults of variables put in. What cannot be read as
// YAML is left to those who deploy it.
func Bundle(files map[string][]byte) []trace.Claim {
	b := bundle{known: map[string]string{}}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	documents := map[string]*yaml.Node{}
	for _, name := range names {
		var doc yaml.Node
		if len(files[name]) > maxBundle || yaml.NewDecoder(bytes.NewReader(files[name])).Decode(&doc) != nil || len(doc.Content) == 0 {
			continue
		}
		documents[name] = doc.Content[0]
		b.learn(doc.Content[0])
	}
	for _, name := range names {
		if root := documents[name]; root != nil {
			b.walk(name, root, "", 0)
		}
	}
	return b.claims
}

type bundle struct {
	known  map[string]string // bundle.name, var.x
	claims []trace.Claim
}

// learn takes what other values refer to.
func (b *bundle) learn(root *yaml.Node) {
	if name := value(child(root, "bundle"), "name"); name != "" {
		b.known["bundle.name"] = name
	}
	variables := child(root, "variables")
	if variables == nil || variables.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(variables.Content); i += 2 {
		if v := value(variables.Content[i+1], "default"); v != "" {
			b.known["var."+variables.Content[i].Value] = v
		}
	}
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func value(n *yaml.Node, key string) string {
	if v := child(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// maxDepth bounds how deep a file is walked; aliases are not followed.
const maxDepth = 64

func (b *bundle) walk(file string, n *yaml.Node, key string, depth int) {
	if depth > maxDepth {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			if key == "tags" && k.Value == "specification" && v.Kind == yaml.ScalarNode {
				b.claims = append(b.claims, trace.Claim{Value: b.resolve(v.Value), At: document.Position{File: file, Line: v.Line, Column: v.Column}})
				continue
			}
			b.walk(file, v, k.Value, depth+1)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			b.walk(file, c, "", depth+1)
		}
	}
}

var interpolation = regexp.MustCompile(`\$\{([A-Za-z0-9_.-]+)\}`)

func (b *bundle) resolve(s string) string {
	return interpolation.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := b.known[m[2:len(m)-1]]; ok {
			return v
		}
		return m
	})
}
