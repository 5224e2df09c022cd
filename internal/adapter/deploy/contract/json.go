// Package contract is what the programs of the targets script and external are
// given and what they answer: see docs/targets.md.
package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// Document is JSON that a program printed; it knows where in it each value stands.
type Document struct {
	name string
	data []byte
	at   map[string]int64 // path to offset
}

// Read reads JSON strictly into a struct: one value, each key once and known, no
// value of another type; null stands for a list or an object that is not there.
// Errors are of the form NAME:LINE:COLUMN: PATH: what is wrong.
func Read[T any](name string, data []byte) (T, *Document, error) {
	var out T
	d := &Document{name: name, data: data, at: map[string]int64{}}
	if i := invalidUTF8(data); i >= 0 {
		return out, d, d.wrong(int64(i), "", "want UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	r := reader{Document: d, dec: dec}
	if err := r.value("", reflect.TypeFor[T]()); err != nil {
		return out, d, err
	}
	if start := r.start(); start < int64(len(data)) {
		return out, d, d.wrong(start, "", "want nothing after the JSON value")
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, d, d.wrong(0, "", "%v", err)
	}
	return out, d, nil
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// Wrong is an error at a value: "changes[2].action".
func (d *Document) Wrong(path, format string, args ...any) error {
	return d.wrong(d.at[path], path, format, args...)
}

func (d *Document) wrong(offset int64, path, format string, args ...any) error {
	before := d.data[:min(offset, int64(len(d.data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	if path != "" {
		path += ": "
	}
	return fault.New(fault.Invalid, "%s:%d:%d: %s%s", d.name, line, column, path, fmt.Sprintf(format, args...)).
		WithHint("docs/targets.md says what a program of a target prints")
}

// reader walks through the tokens beside the type that they are for.
type reader struct {
	*Document
	dec *json.Decoder
}

// start is the offset of the next token.
func (r *reader) start() int64 {
	at := r.dec.InputOffset()
	rest := r.data[at:]
	return at + int64(len(rest)-len(bytes.TrimLeft(rest, " \t\r\n,:")))
}

func (r *reader) token(path string) (json.Token, int64, error) {
	at := r.start()
	t, err := r.dec.Token()
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return t, at, nil
	case errors.As(err, &syntax):
		return nil, at, r.wrong(max(syntax.Offset-1, at), path, "%s", syntax)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, at, r.wrong(int64(len(r.data)), path, "the JSON ends too early")
	}
	return nil, at, r.wrong(at, path, "%v", err)
}

func (r *reader) value(path string, want reflect.Type) error {
	for want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	t, at, err := r.token(path)
	if err != nil {
		return err
	}
	r.at[path] = at
	ok := false
	switch got := t.(type) {
	case json.Delim:
		switch {
		case got == '{' && want.Kind() == reflect.Struct:
			return r.object(path, fields(want))
		case got == '[' && want.Kind() == reflect.Slice:
			return r.list(path, want.Elem())
		}
	case string:
		ok = want.Kind() == reflect.String
	case bool:
		ok = want.Kind() == reflect.Bool
	case json.Number:
		_, err := strconv.ParseInt(got.String(), 10, 64)
		ok = err == nil && want.Kind() == reflect.Int64
	case nil:
		ok = want.Kind() == reflect.Slice || want.Kind() == reflect.Struct && path != ""
	}
	if !ok {
		return r.wrong(at, path, "want %s", kindName(want))
	}
	return nil
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	default:
		return "a whole number"
	}
}

// fields are the keys of a struct with their types.
func fields(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			out[name] = f.Type
		}
	}
	return out
}

func (r *reader) object(path string, known map[string]reflect.Type) error {
	seen := map[string]bool{}
	for r.dec.More() {
		t, at, err := r.token(path)
		if err != nil {
			return err
		}
		key, _ := t.(string) // the decoder lets nothing else through
		to, ok := known[key]
		switch {
		case !ok:
			var names []string
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return r.wrong(at, path, "unknown key %q: want one of %s", key, strings.Join(names, ", "))
		case seen[key]:
			return r.wrong(at, path, "key %q stands twice", key)
		}
		seen[key] = true
		if err := r.value(strings.TrimPrefix(path+"."+key, "."), to); err != nil {
			return err
		}
	}
	_, _, err := r.token(path) // the end
	return err
}

func (r *reader) list(path string, element reflect.Type) error {
	for i := 0; r.dec.More(); i++ {
		if err := r.value(fmt.Sprintf("%s[%d]", path, i), element); err != nil {
			return err
		}
	}
	_, _, err := r.token(path)
	return err
}
