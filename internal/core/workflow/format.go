package workflow

import (
	"strconv"
	"strings"
)

// format is format(string, value...): {N} is the value N, {{ and }} are braces.
// The whole string is read first; then a value is evaluated when the string names
// it, once.
func format(e *evaluation, n *node) (Value, *ExpressionError) {
	pattern, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	parts, err := formatParts(n, pattern.Text())
	if err != nil {
		return Null(), err
	}
	known := make([]*string, len(n.args)-1)
	b := textBuilder{node: n}
	for _, part := range parts {
		text := part.text
		if part.argument >= 0 {
			if known[part.argument] == nil {
				v, err := e.eval(n.args[part.argument+1])
				if err != nil {
					return Null(), err
				}
				s := v.Text()
				known[part.argument] = &s
			}
			text = *known[part.argument]
		}
		if part.specifier != "" {
			return Null(), errorAt(n.offset, "the format specifier %q is not valid: want none", part.specifier)
		}
		if text == "" {
			continue
		}
		if err := b.add(text); err != nil {
			return Null(), err
		}
	}
	return String(string(b.text)), nil
}

// formatPart is a piece of a format string: literal text (argument -1) or a
// placeholder.
type formatPart struct {
	text      string
	argument  int
	specifier string // what stands after a colon; GitHub knows none
}

func formatParts(n *node, pattern string) ([]formatPart, *ExpressionError) {
	var parts []formatPart
	bytes := 0 // so that a pattern of nothing but braces is refused in time
	for rest := pattern; rest != ""; {
		part, size, ok := cutFormatPart(rest)
		if !ok {
			return nil, errorAt(n.offset, "the following format string is invalid: %s", pattern)
		}
		if part.argument > len(n.args)-2 {
			return nil, errorAt(n.offset, "the following format string references more arguments than were supplied: %s", pattern)
		}
		if part.argument < 0 {
			if bytes += textSize(part.text); bytes > maxMemory {
				return nil, tooMuch(n)
			}
		}
		parts = append(parts, part)
		rest = rest[size:]
	}
	return parts, nil
}

// cutFormatPart reads the first part of a format string and its size.
func cutFormatPart(s string) (part formatPart, size int, ok bool) {
	brace := strings.IndexAny(s, "{}")
	switch {
	case brace < 0:
		return formatPart{text: s, argument: -1}, len(s), true
	case brace > 0:
		return formatPart{text: s[:brace], argument: -1}, brace, true
	case len(s) > 1 && s[1] == s[0]:
		return formatPart{text: s[:1], argument: -1}, 2, true
	case s[0] == '}':
		return part, 0, false
	}
	digits := 1
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	index, err := strconv.ParseUint(s[1:digits], 10, 8)
	if err != nil {
		return part, 0, false
	}
	specifier, size, ok := cutSpecifier(s[digits:])
	return formatPart{argument: int(index), specifier: specifier}, digits + size, ok
}

// cutSpecifier reads the end of a placeholder: }, or a colon, a specifier in which
// }} is a brace, and }.
func cutSpecifier(s string) (specifier string, size int, ok bool) {
	if strings.HasPrefix(s, "}") {
		return "", 1, true
	}
	if !strings.HasPrefix(s, ":") {
		return "", 0, false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] == '}' {
			if i+1 == len(s) || s[i+1] != '}' {
				return b.String(), i + 1, true
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return "", 0, false
}
