package itemfile

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// aliases says what is done with the anchors of a YAML file.
type aliases bool

const (
	refused  aliases = false // of files that are written for this program
	followed aliases = true  // of files of other programs, counted as if written out
)

// yaml reads one YAML document; nil is one that could not be read, which is a
// finding. An empty file is an empty value.
func (f *file) yaml(data []byte, a aliases) (root *value) {
	defer func() { // the YAML library must not take the process down
		if p := recover(); p != nil {
			f.report("DOC-S12", start, "", "read YAML: %v", p)
			root = nil
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return &value{place: start}
	case err != nil:
		f.syntax(err)
		return nil
	}
	if err := d.Decode(&more); err == nil {
		f.report("DOC-S12", placeOf(&more), "keep one document in the file", "the file has more than one YAML document")
		return nil
	} else if !errors.Is(err, io.EOF) {
		f.syntax(err)
		return nil
	}
	b := builder{file: f, aliases: a}
	if root = b.value(document.Content[0], 0); b.failed {
		return nil
	}
	return root
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

func (f *file) syntax(err error) {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = strings.Replace(message, m[0], "", 1)
	}
	f.report("DOC-S12", place{line, 1}, "write valid YAML", "read YAML: %s", strings.ToValidUTF8(message, "\uFFFD"))
}

func placeOf(n *yaml.Node) place { return place{max(n.Line, 1), max(n.Column, 1)} }

// builder makes values of nodes and counts them.
type builder struct {
	file    *file
	aliases aliases
	nodes   int
	failed  bool
}

func (b *builder) fail(n *yaml.Node, hint, format string, args ...any) *value {
	if !b.failed {
		b.failed = true
		b.file.report("DOC-S12", placeOf(n), hint, format, args...)
	}
	return nothing
}

func (b *builder) value(n *yaml.Node, depth int) *value {
	b.nodes++
	switch {
	case b.failed:
		return nothing
	case depth > maxDepth:
		return b.fail(n, "nest less", "values are nested deeper than %d", maxDepth)
	case b.nodes > maxNodes:
		return b.fail(n, "split the file, or use fewer aliases", "the file has more than %d values", maxNodes)
	case b.aliases == refused && (n.Kind == yaml.AliasNode || n.Anchor != ""):
		return b.fail(n, "write the value out", "anchors and aliases are not read here")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return b.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		v := &value{kind: sequence, place: placeOf(n), items: make([]*value, 0, len(n.Content))}
		for _, c := range n.Content {
			v.items = append(v.items, b.value(c, depth+1))
		}
		return v
	case yaml.MappingNode:
		return b.mapping(n, depth)
	}
	return b.scalar(n)
}

func (b *builder) scalar(n *yaml.Node) *value {
	v := &value{kind: text, text: n.Value, place: placeOf(n)}
	if !utf8.ValidString(v.text) {
		v.text = strings.ToValidUTF8(v.text, "\uFFFD")
	}
	switch n.ShortTag() {
	case "!!null":
		v.kind, v.text = null, ""
	case "!!bool":
		v.kind = boolean
	case "!!int", "!!float":
		v.kind = number
	}
	return v
}

func (b *builder) mapping(n *yaml.Node, depth int) *value {
	v := &value{kind: mapping, place: placeOf(n), pairs: make([]pair, 0, len(n.Content)/2)}
	seen := make(map[string]bool, len(n.Content)/2)
	var merged []*value
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		for key.Kind == yaml.AliasNode && b.aliases == followed {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return b.fail(key, "write a name before the colon", "a key is no name")
		}
		inner := b.value(n.Content[i+1], depth+1)
		if key.ShortTag() == "!!merge" && b.aliases == followed {
			merged = append(merged, inner)
			continue
		}
		if seen[key.Value] {
			b.file.report("DOC-S12", placeOf(key), "keep one of them", "key %q stands twice", key.Value)
			continue
		}
		seen[key.Value] = true
		v.pairs = append(v.pairs, pair{key: strings.ToValidUTF8(key.Value, "\uFFFD"), place: placeOf(key), value: inner})
	}
	for _, m := range merged { // what is written out counts more than what is merged
		for _, from := range append(slices.Clone(m.items), m) {
			for _, p := range from.pairs {
				if !seen[p.key] {
					seen[p.key] = true
					v.pairs = append(v.pairs, p)
				}
			}
		}
	}
	return v
}

// names are keys in their order, for hints.
func names[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
