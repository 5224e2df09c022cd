package component

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is a value of a document with its place in it. What is not there is a
// node without value. Names are exact: encoding/json would take "Runs" for
// "runs", which another reader does not.
type node struct {
	path  string
	value any // map[string]any, []any, string, json.Number, bool, nil
	found *problems
}

// problems is what a document has wrong.
type problems struct {
	list []error
	more int
}

func (p *problems) add(err error) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, err)
}

func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.list, fmt.Errorf("%d more", p.more))...)
	}
	return errors.Join(p.list...)
}

// parse reads a JSON document (RFC 8259) whose names stand once in an object.
func parse(data []byte) (node, error) {
	if len(data) > MaxSize {
		return node{}, fmt.Errorf("%d bytes: want at most %d", len(data), MaxSize)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // tools on Windows write it
	if !utf8.Valid(data) {
		return node{}, errors.New("is not UTF-8: write it again without another encoding")
	}
	d := &decoder{json.NewDecoder(bytes.NewReader(data))}
	d.UseNumber()
	v, err := d.value(0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the document")
		}
	}
	if err != nil {
		return node{}, fmt.Errorf("%s: %w", place(data, d.InputOffset()), err)
	}
	root := node{value: v, found: &problems{}}
	if _, ok := v.(map[string]any); !ok {
		return node{}, errors.New("line 1, column 1: want an object")
	}
	return root, nil
}

// place is where in a text an error was noticed; columns count characters from 1.
func place(data []byte, offset int64) string {
	before := data[:min(offset, int64(len(data)))]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(before, []byte("\n")), 1+utf8.RuneCount(line))
}

type decoder struct{ *json.Decoder }

func (d *decoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("values stand in each other more than %d deep", maxDepth)
	}
	t, err := d.next()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return d.object(depth)
	case json.Delim('['):
		out := []any{}
		for d.More() {
			v, err := d.value(depth + 1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err := d.next()
		return out, err
	}
	return t, nil
}

func (d *decoder) object(depth int) (any, error) {
	out := map[string]any{}
	for d.More() {
		t, err := d.next()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name of an object", t)
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("name %q stands twice in an object", clip(name, maxID))
		}
		if out[name], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := d.next()
	return out, err
}

// next is the next token; the document may not end before it.
func (d *decoder) next() (json.Token, error) {
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

// wrong notes that the node is not as it has to be.
func (n node) wrong(format string, args ...any) {
	where := n.path
	if where == "" {
		where = "the document"
	}
	n.found.add(fmt.Errorf("%s: "+format, append([]any{clip(where, maxText)}, args...)...))
}

// at is a field, without value when it is not there.
func (n node) at(name string) node {
	path := name
	if n.path != "" {
		path = n.path + "." + name
	}
	m, _ := n.value.(map[string]any)
	return node{path: path, value: m[name], found: n.found}
}

func (n node) there() bool { return n.value != nil }

// has reports whether a name is there, be it null.
func (n node) has(name string) bool {
	m, _ := n.value.(map[string]any)
	_, ok := m[name]
	return ok
}

// object wants an object, or nothing.
func (n node) object() node {
	if _, ok := n.value.(map[string]any); !ok && n.there() {
		n.wrong("want an object")
	}
	return n
}

// list wants a list of objects, or nothing.
func (n node) list() []node {
	if !n.there() {
		return nil
	}
	all, ok := n.value.([]any)
	if !ok {
		n.wrong("want a list")
		return nil
	}
	out := make([]node, 0, len(all))
	for i, v := range all {
		one := node{path: n.path + "[" + strconv.Itoa(i) + "]", value: v, found: n.found}
		if _, ok := v.(map[string]any); !ok {
			one.wrong("want an object")
			continue
		}
		out = append(out, one)
	}
	return out
}

// texts wants a list of texts, or nothing.
func (n node) texts() []string {
	all, ok := n.value.([]any)
	if !ok && n.there() {
		n.wrong("want a list of texts")
	}
	var out []string
	for i, v := range all {
		s, ok := v.(string)
		if !ok {
			n.wrong("entry %d: want a text", i)
			continue
		}
		out = append(out, s)
	}
	return out
}

// text wants a text, or nothing.
func (n node) text() string {
	s, ok := n.value.(string)
	if !ok && n.there() {
		n.wrong("want a text")
	}
	return s
}

// name wants a text that is there.
func (n node) name() string {
	s := n.text()
	if _, other := n.value.(string); strings.TrimSpace(s) == "" && (other || !n.there()) {
		n.wrong("is not there: want a text")
	}
	return s
}

// id wants the name of a weakness, short enough to be shown and named in a
// waiver.
func (n node) id() string {
	s := n.name()
	if !isID(s) {
		n.wrong("want one line of at most %d bytes", maxID)
	}
	return clip(s, maxID)
}

func isID(s string) bool { return s != "" && s == clip(s, maxID) && strings.TrimSpace(s) == s }

// decimal is how a score is written: what ParseFloat reads beside it, as 0x1p3,
// is no score of any tool.
var decimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// score is a number of 0 to 10 that some tools write as a text; ok is false for
// nothing.
func (n node) score() (float64, bool) {
	var s string
	switch v := n.value.(type) {
	case nil:
		return 0, false
	case string:
		if s = strings.TrimSpace(v); s == "" {
			return 0, false
		}
	case json.Number:
		s = v.String()
	default:
		n.wrong("want a number")
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f > 10 || !decimal.MatchString(s) {
		n.wrong("%q: want a number of 0 to 10", clip(s, maxID))
		return 0, false
	}
	return f, true
}

// ofScore bands a score: GitHub's documentation of security-severity, which are
// the bands of CVSS 3.1, section 5. A score of 0 says nothing: Trivy and Grype
// write it where they do not know how bad a weakness is.
func ofScore(f float64) Severity {
	switch {
	case f >= 9:
		return Critical
	case f >= 7:
		return High
	case f >= 4:
		return Medium
	case f > 0:
		return Low
	}
	return Unknown
}
