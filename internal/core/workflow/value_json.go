package workflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxJSONDepth bounds the nesting of JSON that becomes a Value.
const maxJSONDepth = 128

// MarshalJSON writes the value as JSON, members in order. NaN and infinities
// have no JSON form and are an error.
func (v Value) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	if err := v.write(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (v Value) write(b *bytes.Buffer) error {
	switch v.kind {
	case KindBool:
		b.WriteString(v.Text())
	case KindNumber:
		if math.IsNaN(v.number) || math.IsInf(v.number, 0) {
			return fmt.Errorf("write value as JSON: %s has no JSON form", v.Text())
		}
		b.Write(strconv.AppendFloat(nil, v.number+0, 'g', -1, 64))
	case KindString:
		writeQuoted(b, v.text)
	case KindArray:
		return writeList(b, '[', ']', len(v.array.items), func(i int) error { return v.array.items[i].write(b) })
	case KindObject:
		return writeList(b, '{', '}', len(v.object.members), func(i int) error {
			writeQuoted(b, v.object.members[i].Name)
			b.WriteByte(':')
			return v.object.members[i].Value.write(b)
		})
	default:
		b.WriteString("null")
	}
	return nil
}

func writeList(b *bytes.Buffer, open, closing byte, n int, item func(int) error) error {
	b.WriteByte(open)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := item(i); err != nil {
			return err
		}
	}
	b.WriteByte(closing)
	return nil
}

// writeQuoted escapes as GitHub's toJSON: quote, backslash, control characters,
// U+0085, U+2028 and U+2029; everything else stays as it is.
func writeQuoted(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20 || r == 0x85 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// UnmarshalJSON reads any JSON value. Member order is kept; a name that comes
// twice, in whatever case, keeps its first place and its last value.
func (v *Value) UnmarshalJSON(data []byte) error {
	parsed, err := parseJSON(string(data))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}

func parseJSON(s string) (Value, error) {
	if strings.TrimSpace(s) == "" {
		return Null(), errors.New("read JSON: empty text, want a JSON value")
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	v, err := readJSON(d, 0)
	if err != nil {
		return Null(), fmt.Errorf("read JSON: %w", err)
	}
	if strings.TrimLeft(s[d.InputOffset():], " \t\r\n") != "" {
		return Null(), errors.New("read JSON: text after the value")
	}
	return v, nil
}

func readJSON(d *json.Decoder, depth int) (Value, error) {
	if depth > maxJSONDepth {
		return Null(), fmt.Errorf("nested deeper than %d", maxJSONDepth)
	}
	token, err := d.Token()
	if err != nil {
		return Null(), err
	}
	switch t := token.(type) {
	case bool:
		return Bool(t), nil
	case string:
		return String(t), nil
	case json.Number:
		return Number(parseNumber(t.String())), nil
	case json.Delim:
		if t == '[' {
			return readArray(d, depth)
		}
		return readObject(d, depth)
	default:
		return Null(), nil
	}
}

func readArray(d *json.Decoder, depth int) (Value, error) {
	var items []Value
	for d.More() {
		item, err := readJSON(d, depth+1)
		if err != nil {
			return Null(), err
		}
		items = append(items, item)
	}
	_, err := d.Token()
	return Value{kind: KindArray, array: &array{items: items}}, err
}

func readObject(d *json.Decoder, depth int) (Value, error) {
	var members []Member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return Null(), err
		}
		text, ok := name.(string)
		if !ok {
			return Null(), fmt.Errorf("member name %v: want a string", name)
		}
		item, err := readJSON(d, depth+1)
		if err != nil {
			return Null(), err
		}
		members = append(members, Member{Name: text, Value: item})
	}
	_, err := d.Token()
	return Object(members...), err
}
