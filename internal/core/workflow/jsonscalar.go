package workflow

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonWords are the values that are words; a blank or punctuation must follow.
var jsonWords = []struct {
	word  string
	value Value
}{
	{"null", Null()},
	{"true", Bool(true)},
	{"false", Bool(false)},
	{"NaN", Number(math.NaN())},
	{"Infinity", Number(math.Inf(1))},
	{"-Infinity", Number(math.Inf(-1))},
	{"undefined", String("")},
}

func (r *jsonReader) scalar() (Value, error) {
	if isDigit(r.peek()) {
		return r.number()
	}
	for _, w := range jsonWords {
		if after, ok := strings.CutPrefix(r.rest(), w.word); ok && endsWord(after) {
			r.at += len(w.word)
			return w.value, nil
		}
	}
	if c := r.peek(); c == '-' || c == '.' {
		return r.number()
	}
	return Null(), r.unexpected("a value")
}

func endsWord(after string) bool {
	c, _ := utf8.DecodeRuneInString(after)
	return after == "" || isJSONBlank(c) || strings.ContainsRune("}],", c) ||
		strings.HasPrefix(after, "//") || strings.HasPrefix(after, "/*")
}

// maxBigDigits bounds an integer that does not fit into 64 bits.
const maxBigDigits = 380

func (r *jsonReader) number() (Value, error) {
	rest := r.rest()
	end := 0
	for end < len(rest) && (isHexDigit(rest[end]) || strings.IndexByte("+-.xX", rest[end]) >= 0) {
		end++
	}
	if c, _ := utf8.DecodeRuneInString(rest[end:]); end < len(rest) && !strings.ContainsRune(",}])/", c) && !unicode.IsSpace(c) {
		r.at += end
		return Null(), r.unexpected("a digit or the end of a number")
	}
	s := rest[:end]
	f, ok := readJSONNumber(s)
	if !ok {
		return Null(), fmt.Errorf("%.40q: want a number", s)
	}
	r.at += end
	return Number(f), nil
}

// readJSONNumber reads a whole number: one with more digits behind a zero is
// hexadecimal after 0x and octal otherwise, both with 64 bits.
func readJSONNumber(s string) (float64, bool) {
	if len(s) > 1 && s[0] == '0' && strings.IndexByte(".eE", s[1]) < 0 {
		digits, base := s, 8
		if s[1] == 'x' || s[1] == 'X' {
			digits, base = s[2:], 16
		}
		bits, err := strconv.ParseUint(digits, base, 64)
		return float64(int64(bits)), err == nil
	}
	if !isDecimal(s) || s[0] == '+' {
		return 0, false
	}
	if len(s) > maxBigDigits && !strings.ContainsAny(s, ".eE") {
		return 0, false
	}
	f, _ := strconv.ParseFloat(s, 64) // out of range is an infinity or zero
	return f, true
}

// jsonEscapes are the characters that one letter stands for behind a backslash.
var jsonEscapes = map[byte]string{
	'b': "\b", 't': "\t", 'n': "\n", 'f': "\f", 'r': "\r", '\\': "\\", '"': "\"", '\'': "'", '/': "/",
}

// text reads a quoted string; a line may end within.
func (r *jsonReader) text() (string, error) {
	quote := r.peek()
	r.at++
	var b strings.Builder
	for r.at < len(r.src) {
		c := r.src[r.at]
		r.at++
		switch c {
		case quote:
			return b.String(), nil
		case '\\':
			if err := r.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("string is not closed: want %q at its end", string(quote))
}

// escape reads what stands behind a backslash. Half of a surrogate pair becomes
// U+FFFD.
func (r *jsonReader) escape(b *strings.Builder) error {
	if s, ok := jsonEscapes[r.peek()]; ok {
		r.at++
		b.WriteString(s)
		return nil
	}
	c, err := r.unit()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(c) {
		before := r.at
		if second, err := r.pairUnit(); err == nil && utf16.DecodeRune(c, second) != utf8.RuneError {
			c = utf16.DecodeRune(c, second)
		} else {
			c, r.at = utf8.RuneError, before
		}
	}
	b.WriteRune(c)
	return nil
}

// pairUnit reads a second escape that follows a first one at once.
func (r *jsonReader) pairUnit() (rune, error) {
	if !r.accept('\\') {
		return 0, r.unexpected("a backslash")
	}
	return r.unit()
}

// unit reads uXXXX.
func (r *jsonReader) unit() (rune, error) {
	if !r.accept('u') {
		return 0, r.unexpected("an escape: one of b f n r t u / \\ \" '")
	}
	digits := r.rest()[:min(4, len(r.rest()))]
	c, err := strconv.ParseUint(digits, 16, 16)
	if err != nil || len(digits) < 4 {
		return 0, fmt.Errorf("escape \\u%s: want four hexadecimal digits", digits)
	}
	r.at += 4
	return rune(c), nil
}
