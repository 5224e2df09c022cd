package testresult

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of the parts of a JSON text, in bytes.
const (
	maxString = 64 << 10 // what is longer is cut: only embedded files are
	maxWord   = 512      // a number, true, false, null
)

// jsonText passes a JSON text on to a decoder. On the way it knows where each
// token stands, refuses what the decoder would repair in silence (bytes that
// are not UTF-8), and bounds what the decoder has to hold: long strings are cut
// and white space is left out.
type jsonText struct {
	in    io.Reader
	chunk []byte // read and not looked at
	err   error  // why there is no more

	line, column int   // of the next byte
	out          int64 // bytes passed on
	marks        []mark

	quoted  bool
	escape  int    // escapeKind, else the hexadecimal digits that are to come
	length  int    // of the string or word so far
	word    bool   // within a number or name
	spaced  bool   // white space was left out after a word
	rune    []byte // of a character that is not complete
	dropped bool   // of the string: it is beyond its limit
	raw     [2 << 10]byte
}

// escapeKind says that the next byte of a string says which escape it is.
const escapeKind = -1

// mark is where a token of the passed text stands in the file.
type mark struct {
	out int64
	at  place
}

func newJSONText(in io.Reader) *jsonText { return &jsonText{in: in, line: 1, column: 1} }

// Read implements io.Reader for the decoder.
func (t *jsonText) Read(p []byte) (int, error) {
	n := 0
	for n+2 <= len(p) {
		if len(t.chunk) == 0 {
			if n > 0 {
				break
			}
			if t.err != nil {
				return 0, t.err
			}
			var read int
			read, t.err = t.in.Read(t.raw[:])
			t.chunk = t.raw[:read]
			continue
		}
		c := t.chunk[0]
		keep, err := t.next(c)
		if err != nil {
			t.chunk, t.err = nil, err
			continue
		}
		if t.spaced && keep {
			p[n] = ' ' // two words stay two
			n, t.out = n+1, t.out+1
		}
		if keep {
			t.spaced = false
			t.mark(c)
			p[n] = c
			n, t.out = n+1, t.out+1
		}
		t.chunk = t.chunk[1:]
		if c == '\n' {
			t.line, t.column = t.line+1, 1
		} else {
			t.column++
		}
	}
	return n, nil
}

// mark notes the beginning of a token: it is called before the byte is passed.
func (t *jsonText) mark(c byte) {
	first := t.length == 1 && (t.word || t.quoted)
	if first || !t.word && !t.quoted && c != '"' {
		t.marks = append(t.marks, mark{out: t.out, at: place{line: t.line, column: t.column}})
	}
}

// next looks at a byte and says whether it is passed on.
func (t *jsonText) next(c byte) (bool, error) {
	if err := t.text(c); err != nil {
		return false, err
	}
	if t.quoted {
		return t.inString(c)
	}
	switch c {
	case ' ', '\t', '\r', '\n':
		t.spaced = t.spaced || t.word
		t.word = false
		return false, nil
	case '"':
		t.quoted, t.dropped, t.length, t.word = true, false, 1, false
		return true, nil
	case '{', '}', '[', ']', ',', ':':
		t.word, t.length = false, 0
		return true, nil
	}
	if !t.word {
		t.word, t.length = true, 0
	}
	if t.length++; t.length > maxWord {
		return false, flawed(t.here(), "a number or word has more than %d bytes", maxWord)
	}
	return true, nil
}

// inString looks at a byte of a string after its opening quote. It follows the
// escapes, because what is cut never reaches the decoder.
func (t *jsonText) inString(c byte) (bool, error) {
	t.length++
	if c < ' ' {
		return false, flawed(t.here(), "a string holds the control character 0x%02x, want it escaped", c)
	}
	whole := t.escape == 0 && utf8.RuneStart(c) // not within an escape or a character
	t.dropped = t.dropped || whole && c != '"' && t.length > maxString
	switch {
	case t.escape == escapeKind:
		if !strings.ContainsRune(`"\\/bfnrtu`, rune(c)) {
			return false, flawed(t.here(), "a string holds the escape \\%c, which there is not", c)
		}
		t.escape = 0
		if c == 'u' {
			t.escape = 4
		}
	case t.escape > 0:
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false, flawed(t.here(), "a string holds an escape \\u without four hexadecimal digits")
		}
		t.escape--
	case c == '\\':
		t.escape = escapeKind
	case c == '"':
		t.quoted = false
		return true, nil
	}
	return !t.dropped, nil
}

// text checks that the bytes are UTF-8.
func (t *jsonText) text(c byte) error {
	if c < utf8.RuneSelf && len(t.rune) == 0 {
		return nil
	}
	t.rune = append(t.rune, c)
	if !utf8.FullRune(t.rune) {
		return nil
	}
	if r, size := utf8.DecodeRune(t.rune); r == utf8.RuneError && size == 1 {
		return flawed(t.here(), "bytes that are not UTF-8")
	}
	t.rune = t.rune[:0]
	return nil
}

func (t *jsonText) here() place { return place{line: t.line, column: t.column} }

// at is where the last token before an offset of the passed text stands.
// Offsets never decrease from call to call.
func (t *jsonText) at(offset int64) place {
	n := 0
	for n+1 < len(t.marks) && t.marks[n+1].out < offset {
		n++
	}
	t.marks = t.marks[n:]
	if len(t.marks) == 0 {
		return t.here()
	}
	return t.marks[0].at
}
