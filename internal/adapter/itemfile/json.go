package itemfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// json reads one JSON value; nil is one that could not be read, which is a
// finding.
func (f *file) json(data []byte) *value {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	j := &jsonReader{data: data, at: start}
	if !utf8.Valid(data) {
		f.report("DOC-S12", start, "export the file as UTF-8", "the file is not UTF-8")
		return nil
	}
	j.decoder = json.NewDecoder(bytes.NewReader(data))
	j.decoder.UseNumber()
	v, err := j.value(0)
	if err == nil {
		if _, err = j.decoder.Token(); errors.Is(err, io.EOF) {
			return v
		}
		j.moveTo(int(j.decoder.InputOffset()))
		err = errors.New("something follows the value")
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("the file ends before its value does")
		j.moveTo(len(data))
	}
	var wrong *json.SyntaxError
	if errors.As(err, &wrong) {
		j.moveTo(int(max(wrong.Offset-1, 0)))
	}
	f.report("DOC-S12", j.at, "export the file again", "read JSON: %v", err)
	return nil
}

// jsonReader makes values of the tokens of a text and knows where they stand.
type jsonReader struct {
	decoder *json.Decoder
	data    []byte
	offset  int // of at
	at      place
	nodes   int
}

// moveTo counts lines up to an offset.
func (j *jsonReader) moveTo(offset int) {
	for offset = min(offset, len(j.data)); j.offset < offset; j.offset++ {
		j.at.column++
		if j.data[j.offset] == '\n' {
			j.at = place{j.at.line + 1, 1}
		}
	}
}

// next is the next token with its place.
func (j *jsonReader) next() (json.Token, place, error) {
	from := int(j.decoder.InputOffset())
	for from < len(j.data) && bytes.IndexByte([]byte(" \t\r\n:,"), j.data[from]) >= 0 {
		from++
	}
	j.moveTo(from)
	at := j.at
	token, err := j.decoder.Token()
	return token, at, err
}

func (j *jsonReader) value(depth int) (*value, error) {
	token, at, err := j.next()
	if err != nil {
		return nil, err
	}
	return j.from(token, at, depth)
}

func (j *jsonReader) from(token json.Token, at place, depth int) (*value, error) {
	if j.nodes++; j.nodes > maxNodes {
		return nil, fmt.Errorf("the file has more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("values are nested deeper than %d", maxDepth)
	}
	v := &value{place: at}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return v, j.object(v, depth)
		}
		return v, j.array(v, depth)
	case string:
		v.kind, v.text = text, t
	case json.Number:
		v.kind, v.text = number, t.String()
	case bool:
		v.kind, v.text = boolean, fmt.Sprint(t)
	}
	return v, nil
}

func (j *jsonReader) object(v *value, depth int) error {
	v.kind, v.pairs = mapping, make([]pair, 0, 8)
	seen := make(map[string]bool, cap(v.pairs))
	for {
		token, at, err := j.next()
		if err != nil || token == json.Delim('}') {
			return err
		}
		key, _ := token.(string)
		if seen[key] {
			return fmt.Errorf("key %q stands twice", key)
		}
		seen[key] = true
		inner, err := j.value(depth + 1)
		if err != nil {
			return err
		}
		v.pairs = append(v.pairs, pair{key: key, place: at, value: inner})
	}
}

func (j *jsonReader) array(v *value, depth int) error {
	v.kind = sequence
	for {
		token, at, err := j.next()
		if err != nil || token == json.Delim(']') {
			return err
		}
		inner, err := j.from(token, at, depth+1)
		if err != nil {
			return err
		}
		v.items = append(v.items, inner)
	}
}
