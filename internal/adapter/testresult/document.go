package testresult

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// document reads one JSON text as a stream. It refuses what another reader may
// understand differently: a key that stands twice, text after the end, bytes
// that are not UTF-8. Errors are flaws with their place.
type document struct {
	text    *jsonText
	decoder *json.Decoder
	depth   int
	last    place // of the last token
}

func newDocument(r io.Reader) *document {
	text := newJSONText(r)
	d := &document{text: text, decoder: json.NewDecoder(text)}
	d.decoder.UseNumber()
	return d
}

// readJSON makes a report of one JSON text.
func readJSON(r io.Reader, read func(*document, *gathering) error) evidence.Report {
	d, g := newDocument(r), newGathering()
	err := read(d, g)
	if err == nil {
		err = d.end()
	}
	if err != nil {
		g.stop(err)
	}
	return g.report()
}

func (d *document) token() (json.Token, error) {
	token, err := d.decoder.Token()
	if err == nil {
		d.last = d.text.at(d.decoder.InputOffset())
		return token, nil
	}
	var own *flaw
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &own):
		return nil, own
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, flawed(d.text.here(), "the file ends too early")
	case errors.As(err, &syntax):
		return nil, flawed(d.text.at(d.decoder.InputOffset()+1), "%v", syntax)
	}
	return nil, flawed(d.text.here(), "%v", err)
}

// end wants nothing but white space.
func (d *document) end() error {
	_, err := d.decoder.Token()
	if errors.Is(err, io.EOF) {
		return nil
	}
	var own *flaw
	if errors.As(err, &own) {
		return own
	}
	return flawed(d.text.at(d.decoder.InputOffset()+1), "the file goes on after its end")
}

// object reads an object: each reads the value of a key to its end. It gives
// the place of the object. Null is an object without keys.
func (d *document) object(each func(key string) error) (place, error) {
	token, err := d.token()
	at := d.last
	switch {
	case err != nil || token == nil:
		return at, err
	case token != json.Delim('{'):
		return at, flawed(at, "%s, want an object", kindOf(token))
	}
	return at, d.members(each)
}

// array reads an array: each reads an element to its end. Null is an array
// without elements.
func (d *document) array(each func() error) error {
	token, err := d.token()
	switch {
	case err != nil || token == nil:
		return err
	case token != json.Delim('['):
		return flawed(d.last, "%s, want an array", kindOf(token))
	}
	return d.elements(each)
}

// members reads an object after its beginning.
func (d *document) members(each func(key string) error) error {
	keys := map[string]bool{}
	return d.elements(func() error {
		token, err := d.token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return flawed(d.last, "%s, want a key", kindOf(token))
		}
		if keys[key] {
			return flawed(d.last, "key %q stands twice in an object", cut(key, 200))
		}
		keys[key] = true
		return each(key)
	})
}

// elements reads an array, or the keys of an object, after its beginning.
func (d *document) elements(each func() error) error {
	if d.depth++; d.depth > MaxDepth {
		return flawed(d.last, "objects and arrays are nested deeper than %d", MaxDepth)
	}
	for d.decoder.More() {
		if err := each(); err != nil {
			return err
		}
	}
	d.depth--
	_, err := d.token()
	return err
}

// skip passes over one value, which is looked at like any other.
func (d *document) skip() error {
	token, err := d.token()
	if err != nil {
		return err
	}
	return d.rest(token)
}

// rest passes over what a token begins.
func (d *document) rest(token json.Token) error {
	switch token {
	case json.Delim('{'):
		return d.members(func(string) error { return d.skip() })
	case json.Delim('['):
		return d.elements(d.skip)
	}
	return nil
}

// string reads a text; null is "".
func (d *document) string() (string, error) {
	token, err := d.token()
	if err != nil || token == nil {
		return "", err
	}
	s, ok := token.(string)
	if !ok {
		return "", flawed(d.last, "%s, want a text", kindOf(token))
	}
	return s, nil
}

// strings reads a text or an array of texts; other elements are passed over.
func (d *document) strings() ([]string, error) {
	token, err := d.token()
	if err != nil || token == nil {
		return nil, err
	}
	if s, ok := token.(string); ok {
		return []string{s}, nil
	}
	if token != json.Delim('[') {
		return nil, d.rest(token)
	}
	var out []string
	err = d.elements(func() error {
		element, err := d.token()
		if err != nil {
			return err
		}
		if s, ok := element.(string); ok {
			out = append(out, s)
		}
		return d.rest(element)
	})
	return out, err
}

// bool reads true or false; null is false.
func (d *document) bool() (bool, error) {
	token, err := d.token()
	if err != nil || token == nil {
		return false, err
	}
	b, ok := token.(bool)
	if !ok {
		return false, flawed(d.last, "%s, want true or false", kindOf(token))
	}
	return b, nil
}

// count reads a number from 0; null and fractions are 0 and claim nothing.
func (d *document) count() (int64, error) {
	token, err := d.token()
	if err != nil || token == nil {
		return 0, err
	}
	n, ok := token.(json.Number)
	if !ok {
		return 0, flawed(d.last, "%s, want a number", kindOf(token))
	}
	return count(n.String()), nil
}

// duration reads a time in units of so many microseconds, like 1e6 for seconds.
// What is no time is 0 and the second answer; null is 0.
func (d *document) duration(unit float64) (us int64, wrong, err error) {
	token, err := d.token()
	if err != nil || token == nil {
		return 0, nil, err
	}
	n, ok := token.(json.Number)
	if !ok {
		return 0, nil, flawed(d.last, "%s, want a number", kindOf(token))
	}
	const year = 366 * 24 * 3600 * 1e6
	f, err := strconv.ParseFloat(n.String(), 64)
	if f *= unit; err != nil || f < 0 || f > year {
		return 0, fmt.Errorf("time %s: want a number from 0 to a year", cut(n.String(), 40)), nil
	}
	return int64(math.Round(f)), nil, nil
}

func kindOf(token json.Token) string {
	switch t := token.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case json.Number:
		return "a number"
	case string:
		return "a text"
	case json.Delim:
		if t == '{' {
			return "an object"
		}
		if t == '[' {
			return "an array"
		}
		return "a " + t.String()
	}
	return "something else"
}
