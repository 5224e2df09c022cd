package workspace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxDepth bounds how deep JSON is nested.
const maxDepth = 128

// Tree reads one JSON value with everything that is in it: objects become
// map[string]any, arrays []any, numbers json.Number as they are written (so that
// integers are exact), the others string, bool and nil. What two readers could
// understand differently is refused: a name twice in one object, text that is not
// UTF-8, something after the value; and more than 128 levels.
func Tree(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("JSON that is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("JSON with something after its end")
	}
	return v, nil
}

func value(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("JSON nested more than %d levels deep", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, notJSON(err)
	}
	switch t {
	case json.Delim('{'):
		return object(d, depth)
	case json.Delim('['):
		return array(d, depth)
	}
	return t, nil
}

func object(d *json.Decoder, depth int) (any, error) {
	out := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		name, _ := t.(string) // the decoder takes no other
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("JSON with the name %q twice in one object", name)
		}
		if out[name], err = value(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return out, notJSON(err)
}

func array(d *json.Decoder, depth int) (any, error) {
	out := []any{}
	for d.More() {
		v, err := value(d, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.Token()
	return out, notJSON(err)
}

func notJSON(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("no JSON: %w", err)
}

// fields reads the members of one object of an answer. Names are compared byte
// for byte. What is absent or null is the zero value; what is of another type
// than it should be is the error of the whole answer.
type fields struct {
	of  map[string]any
	bad *error
}

// root gives the object that an answer must be.
func root(raw []byte) (fields, error) {
	v, err := Tree(raw)
	if err != nil {
		return fields{}, err
	}
	of, ok := v.(map[string]any)
	if !ok {
		return fields{}, errors.New("want a JSON object")
	}
	return fields{of: of, bad: new(error)}, nil
}

func (f fields) fail(name, want string) {
	if *f.bad == nil {
		*f.bad = fmt.Errorf("%q: want %s", name, want)
	}
}

func field[T any](f fields, name, want string) (out T) {
	v, there := f.of[name]
	if !there || v == nil {
		return out
	}
	out, ok := v.(T)
	if !ok {
		f.fail(name, want)
	}
	return out
}

func (f fields) text(name string) string { return field[string](f, name, "a text") }
func (f fields) flag(name string) bool   { return field[bool](f, name, "true or false") }
func (f fields) tree(name string) map[string]any {
	return field[map[string]any](f, name, "an object")
}
func (f fields) list(name string) []any { return field[[]any](f, name, "an array") }

// object is a member that is an object.
func (f fields) object(name string) fields { return fields{f.tree(name), f.bad} }

// objects are the members of an array of objects.
func (f fields) objects(name string) []fields {
	var out []fields
	for _, v := range f.list(name) {
		of, ok := v.(map[string]any)
		if !ok {
			f.fail(name, "an array of objects")
			return nil
		}
		out = append(out, fields{of, f.bad})
	}
	return out
}

// texts are the members of an array of texts.
func (f fields) texts(name string) []string {
	var out []string
	for _, v := range f.list(name) {
		s, ok := v.(string)
		if !ok {
			f.fail(name, "an array of texts")
			return nil
		}
		out = append(out, s)
	}
	return out
}

// integer is a member that is a whole number; otherwise absent says what it is
// when it is not there.
func (f fields) integer(name string, absent int64) int64 {
	if v, there := f.of[name]; !there || v == nil {
		return absent
	}
	n, err := strconv.ParseInt(string(field[json.Number](f, name, "a whole number")), 10, 64)
	if err != nil {
		f.fail(name, "a whole number of 64 bits")
	}
	return n
}

// id is a number that must be there and is greater than zero.
func (f fields) id(name string) int64 {
	n := f.integer(name, 0)
	if n <= 0 {
		f.fail(name, "a number greater than zero")
	}
	return n
}

// moment is a time in milliseconds since 1970, the zero time when it is absent.
func (f fields) moment(name string) time.Time {
	ms := f.integer(name, 0)
	if ms < 0 || ms > math.MaxInt64/1000 {
		f.fail(name, "milliseconds since 1970")
		return time.Time{}
	}
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
