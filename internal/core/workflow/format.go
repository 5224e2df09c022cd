package workflow

import (
	"strconv"
	"strings"
)

// format is format(string, value...): {N} is the value N, {{ and }} are braces.
// A value is evaluated when the string names it, once.
func format(e *evaluation, n *node) (Value, *ExpressionError) {
	pattern, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	text := pattern.Text()
	known := make([]*string, len(n.args)-1)
	var b strings.Builder
	for rest := text; rest != ""; {
		part, argument, size, ok := formatPart(rest)
		if !ok {
			return Null(), errorAt(n.offset, "the following format string is invalid: %s", text)
		}
		rest = rest[size:]
		if argument >= len(known) {
			return Null(), errorAt(n.offset, "the following format string references more arguments than were supplied: %s", text)
		}
		if argument >= 0 {
			if known[argument] == nil {
				v, err := e.eval(n.args[argument+1])
				if err != nil {
					return Null(), err
				}
				s := v.Text()
				known[argument] = &s
			}
			part = *known[argument]
		}
		if err := e.use(n, len(part)); err != nil {
			return Null(), err
		}
		b.WriteString(part)
	}
	return String(b.String()), nil
}

// formatPart takes the first part off a format string: literal text (argument
// -1) or a placeholder.
func formatPart(s string) (text string, argument, size int, ok bool) {
	brace := strings.IndexAny(s, "{}")
	switch {
	case brace < 0:
		return s, -1, len(s), true
	case brace > 0:
		return s[:brace], -1, brace, true
	case len(s) > 1 && s[1] == s[0]:
		return s[:1], -1, 2, true
	case s[0] == '}':
		return "", -1, 0, false
	}
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return "", -1, 0, false
	}
	for _, c := range []byte(s[1:end]) {
		if !isDigit(c) {
			return "", -1, 0, false
		}
	}
	index, err := strconv.ParseUint(s[1:end], 10, 8)
	return "", int(index), end + 1, err == nil
}
