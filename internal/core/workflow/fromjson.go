package workflow

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what fromJSON reads.
const (
	maxJSONDepth  = 64      // of the reader that the runner uses
	maxJSONValues = 1 << 19 // in one evaluation; a text of a megabyte has fewer
)

// jsonReader reads JSON as GitHub's fromJSON does, which is Newtonsoft's
// JsonTextReader: beyond JSON it takes comments, single quotes, names without
// quotes, a comma before an end, an element that is missing, NaN, infinities,
// hexadecimal and octal numbers, and it does not look at what follows the value.
// What JavaScript calls undefined is the empty string. Its constructors are the
// one thing that is refused here.
type jsonReader struct {
	src       string
	at        int
	depth     int
	values    int // made so far
	maxDepth  int
	maxValues int
}

var errJSONEnd = errors.New("unexpected end")

// read reads the first value. A comment before it is a string, as on GitHub.
func (r *jsonReader) read() (Value, error) {
	r.skipBlanks()
	if r.at == len(r.src) {
		return Null(), errors.New("read JSON: empty text, want a JSON value")
	}
	var v Value
	var err error
	if r.src[r.at] == '/' {
		var comment string
		comment, err = r.comment()
		v = String(comment)
	} else {
		v, err = r.value()
	}
	if err != nil {
		return Null(), fmt.Errorf("read JSON at byte %d: %w", r.at, err)
	}
	return v, nil
}

func (r *jsonReader) rest() string { return r.src[r.at:] }

// peek is the next byte, 0 at the end.
func (r *jsonReader) peek() byte {
	if r.at == len(r.src) {
		return 0
	}
	return r.src[r.at]
}

func (r *jsonReader) accept(c byte) bool {
	if r.peek() != c || r.at == len(r.src) {
		return false
	}
	r.at++
	return true
}

func isJSONBlank(c rune) bool { return c == 0 || unicode.IsSpace(c) }

func (r *jsonReader) skipBlanks() {
	if c := r.peek(); c > ' ' && c < utf8.RuneSelf {
		return
	}
	r.at += len(r.rest()) - len(strings.TrimLeftFunc(r.rest(), isJSONBlank))
}

// skip passes blanks and comments, and refuses the end.
func (r *jsonReader) skip() error {
	for {
		r.skipBlanks()
		if r.at == len(r.src) {
			return errJSONEnd
		}
		if r.src[r.at] != '/' {
			return nil
		}
		if _, err := r.comment(); err != nil {
			return err
		}
	}
}

func (r *jsonReader) comment() (string, error) {
	rest := r.rest()
	if text, ok := strings.CutPrefix(rest, "//"); ok {
		if end := strings.IndexAny(text, "\r\n"); end >= 0 {
			text = text[:end]
		}
		r.at += len("//") + len(text)
		return text, nil
	}
	if text, ok := strings.CutPrefix(rest, "/*"); ok {
		text, _, closed := strings.Cut(text, "*/")
		if !closed {
			return "", errJSONEnd
		}
		r.at += len("/**/") + len(text)
		return text, nil
	}
	return "", r.unexpected("a value")
}

func (r *jsonReader) unexpected(want string) error {
	if r.at == len(r.src) {
		return errJSONEnd
	}
	c, _ := utf8.DecodeRuneInString(r.rest())
	return fmt.Errorf("unexpected %q: want %s", c, want)
}

// value reads a value; an array or object is entered.
func (r *jsonReader) value() (Value, error) {
	if err := r.skip(); err != nil {
		return Null(), err
	}
	if r.values++; r.values > r.maxValues {
		return Null(), fmt.Errorf("more than %d values in one expression", maxJSONValues)
	}
	switch c := r.peek(); c {
	case '{', '[':
		if r.depth++; r.depth > r.maxDepth {
			return Null(), fmt.Errorf("nested deeper than %d", r.maxDepth)
		}
		r.at++
		read := r.array
		if c == '{' {
			read = r.object
		}
		v, err := read()
		r.depth--
		return v, err
	case '"', '\'':
		s, err := r.text()
		return String(s), err
	case ',': // a value that is missing; the comma is the separator
		return String(""), nil
	default:
		return r.scalar()
	}
}

func (r *jsonReader) array() (Value, error) {
	items := []Value{}
	for {
		if err := r.skip(); err != nil {
			return Null(), err
		}
		if r.accept(']') {
			return Value{kind: KindArray, array: &array{items: items}}, nil
		}
		item, err := r.value()
		if err != nil {
			return Null(), err
		}
		items = append(items, item)
		if err := r.separator(']'); err != nil {
			return Null(), err
		}
	}
}

func (r *jsonReader) object() (Value, error) {
	var members []Member
	for {
		if err := r.skip(); err != nil {
			return Null(), err
		}
		if r.accept('}') {
			return Object(members...), nil
		}
		name, err := r.name()
		if err != nil {
			return Null(), err
		}
		item, err := r.value()
		if err != nil {
			return Null(), err
		}
		members = append(members, Member{Name: name, Value: item})
		if err := r.separator('}'); err != nil {
			return Null(), err
		}
	}
}

// separator passes the comma after an element; the end is left to be read.
func (r *jsonReader) separator(end byte) error {
	if err := r.skip(); err != nil {
		return err
	}
	if !r.accept(',') && r.peek() != end {
		return r.unexpected(fmt.Sprintf("a comma or %q", string(end)))
	}
	return nil
}

// name reads the name of a member and the colon.
func (r *jsonReader) name() (string, error) {
	var name string
	if c := r.peek(); c == '"' || c == '\'' {
		var err error
		if name, err = r.text(); err != nil {
			return "", err
		}
	} else {
		rest := r.rest()
		name = rest[:len(rest)-len(strings.TrimLeftFunc(rest, isIdentifier))]
		if name == "" {
			return "", r.unexpected("the name of a member")
		}
		r.at += len(name)
	}
	r.skipBlanks()
	if !r.accept(':') {
		return "", r.unexpected("a colon")
	}
	return name, nil
}

func isIdentifier(c rune) bool {
	return c == '_' || c == '$' || unicode.IsLetter(c) || unicode.IsDigit(c)
}
