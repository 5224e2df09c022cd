package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The limits of what is read. Aliases count as if they were written out.
const (
	maxBytes = 4 << 20
	maxDepth = 100
	maxNodes = 200_000
)

// reader makes values of YAML and JSON files.
type reader struct {
	*findings
	fsys   fs.FS
	file   string
	nodes  int
	failed bool
}

// read is nil when the file cannot be read, which is a finding.
func (r *reader) read(file string) (v *Value) {
	r.file, r.failed = file, false
	at := Place{File: file}
	defer func() { // the YAML library must not take the process down
		if p := recover(); p != nil {
			r.refuse(at, "write valid YAML", "read YAML: %v", p)
			v = nil
		}
	}()
	data, err := readFile(r.fsys, file)
	if err != nil {
		r.refuse(at, "", "read %s: %v", file, err)
		return nil
	}
	var document, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&document); errors.Is(err, io.EOF) {
		return mapping(Place{file, 1, 1})
	} else if err != nil {
		r.syntax(err)
		return nil
	}
	if err := d.Decode(&more); err == nil {
		r.refuse(r.at(&more), "keep one document in the file", "the file has more than one YAML document")
		return nil
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
		return nil
	}
	v = r.value(document.Content[0], 0)
	if !r.failed && v.Kind == Null {
		v = mapping(v.Place)
	}
	if !r.failed && v.Kind != Map {
		r.fail(document.Content[0], "begin with keys such as bundle, resources, targets", "the file is no mapping")
	}
	if r.failed {
		return nil
	}
	return v
}

func readFile(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(data) > maxBytes {
		err = errors.New("larger than 4 MiB")
	}
	return data, err
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

func (r *reader) syntax(err error) {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = strings.Replace(message, m[0], "", 1)
	}
	r.refuse(Place{r.file, max(line, 1), 1}, "write valid YAML", "read YAML: %s", strings.ToValidUTF8(message, "\uFFFD"))
}

func (r *reader) at(n *yaml.Node) Place { return Place{r.file, max(n.Line, 1), max(n.Column, 1)} }

func (r *reader) fail(n *yaml.Node, fix, format string, args ...any) *Value {
	if !r.failed {
		r.failed = true
		r.refuse(r.at(n), fix, format, args...)
	}
	return &Value{}
}

func (r *reader) value(n *yaml.Node, depth int) *Value {
	r.nodes++
	switch {
	case r.failed:
		return &Value{}
	case depth > maxDepth:
		return r.fail(n, "nest less", "values are nested deeper than %d", maxDepth)
	case r.nodes > maxNodes:
		return r.fail(n, "split the bundle, or use fewer aliases", "the bundle has more than %d values", maxNodes)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		v := &Value{Kind: List, Place: r.at(n)}
		for _, c := range n.Content {
			v.items = append(v.items, r.value(c, depth+1))
		}
		return v
	case yaml.MappingNode:
		return r.mapping(n, depth)
	}
	return r.scalar(n)
}

func (r *reader) scalar(n *yaml.Node) *Value {
	v := &Value{Kind: Text, Text: strings.ToValidUTF8(n.Value, "\uFFFD"), Place: r.at(n)}
	kind := Text
	switch n.ShortTag() {
	case "!!null":
		return &Value{Place: v.Place}
	case "!!bool":
		kind = Bool
	case "!!int", "!!float":
		kind = Number
	}
	if kind == Text {
		return v
	}
	var plain any
	if err := n.Decode(&plain); err != nil {
		return r.fail(n, "quote it when it is a text", "%q cannot be read: %v", n.Value, err)
	}
	encoded, err := json.Marshal(plain)
	if err != nil {
		return r.fail(n, "quote it when it is a text", "%q is no number of JSON", n.Value)
	}
	v.Kind, v.Text = kind, string(encoded)
	return v
}

func (r *reader) mapping(n *yaml.Node, depth int) *Value {
	v := mapping(r.at(n))
	seen := make(map[string]bool, len(n.Content)/2)
	var merged []*Value
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return r.fail(key, "write a name before the colon", "a key is no name")
		}
		inner := r.value(n.Content[i+1], depth+1)
		if key.ShortTag() == "!!merge" {
			merged = append(merged, inner)
			continue
		}
		name := strings.ToValidUTF8(key.Value, "\uFFFD")
		if seen[name] {
			r.refuse(r.at(key), "keep one of them", "key %q stands twice", name)
			continue
		}
		seen[name] = true
		v.pairs = append(v.pairs, pair{name, r.at(key), inner})
	}
	for _, m := range merged { // what is written out counts more than what is merged
		for _, from := range append([]*Value{m}, m.items...) {
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
