package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// maxDocumentDepth bounds the nesting of JSON documents that become a Value.
const maxDocumentDepth = 128

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
	if !json.Valid(data) {
		return json.Unmarshal(data, new(any)) // says what is wrong with it
	}
	r := &jsonReader{src: string(data), maxDepth: maxDocumentDepth, maxValues: math.MaxInt}
	parsed, err := r.read()
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}
