package workflow

import (
	"errors"
	"strings"
)

// Template is a parsed scalar that may hold ${{ }} parts.
type Template struct {
	source string
	parts  []part
}

// part is literal text, or an expression when expr is set.
type part struct {
	text   string
	expr   *Expression
	offset int // of the expression within the source
}

// ParseText parses a scalar of a workflow file. Errors are *ExpressionError with
// the byte offset within src; a ${{ without its }} and an empty ${{ }} are
// errors, as on GitHub.
func ParseText(src string) (*Template, error) {
	t := &Template{source: src}
	for rest, at := src, 0; rest != ""; rest = src[at:] {
		start := strings.Index(rest, "${{")
		if start != 0 {
			if start < 0 {
				start = len(rest)
			}
			t.parts = append(t.parts, part{text: rest[:start], offset: at})
			at += start
			continue
		}
		end := closing(rest)
		if end < 0 {
			return nil, errorAt(at, "expression is not closed: ${{ without its }}")
		}
		expr, err := parseAt(rest[3:end], at+3)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, part{expr: expr, offset: at + 3})
		at += end + 2
	}
	return t, nil
}

// closing is the place of the }} that ends the expression which s begins with,
// -1 when there is none; a }} within a string does not count.
func closing(s string) int {
	quoted := false
	for i := 3; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case !quoted && i > 3 && s[i] == '}' && s[i-1] == '}':
			return i - 1
		}
	}
	return -1
}

func parseAt(src string, offset int) (*Expression, *ExpressionError) {
	root, err := parse(src)
	if err != nil {
		return nil, errorAt(err.Offset+offset, "%s", err.Message)
	}
	if root == nil {
		return nil, errorAt(offset, "expression is empty: want one between ${{ and }}")
	}
	return &Expression{source: src, root: root}, nil
}

// Source is the text that was parsed.
func (t *Template) Source() string { return t.source }

// IsLiteral reports that the text has no expression.
func (t *Template) IsLiteral() bool {
	for _, p := range t.parts {
		if p.expr != nil {
			return false
		}
	}
	return true
}

// Evaluate computes the text. One that is exactly one ${{ }} keeps the type of
// its value; anything else is a string.
func (t *Template) Evaluate(env Env) (Value, error) {
	if len(t.parts) == 1 && t.parts[0].expr != nil {
		v, err := t.parts[0].expr.Evaluate(env)
		return v, shift(err, t.parts[0].offset)
	}
	var b strings.Builder
	for _, p := range t.parts {
		text := p.text
		if p.expr != nil {
			v, err := p.expr.Evaluate(env)
			if err != nil {
				return Null(), shift(err, p.offset)
			}
			text = v.Text()
		}
		if b.Len()+len(text) > maxMemory {
			return Null(), errorAt(p.offset, "text needs more than %d bytes of memory", maxMemory)
		}
		b.WriteString(text)
	}
	return String(b.String()), nil
}

// EvaluateText is Evaluate where GitHub wants a string, as in env or with: a
// text that is exactly one ${{ }} with an array or an object is an error.
func (t *Template) EvaluateText(env Env) (string, error) {
	v, err := t.Evaluate(env)
	if err != nil {
		return "", err
	}
	if !v.primitive() {
		return "", errorAt(t.parts[0].offset, "expression gives an %s: want a string", v.kind)
	}
	return v.Text(), nil
}

// shift moves the offset of an expression's error to that of its scalar.
func shift(err error, offset int) error {
	var e *ExpressionError
	if errors.As(err, &e) {
		return errorAt(e.Offset+offset, "%s", e.Message)
	}
	return err
}

// Reads are those of all its expressions, with offsets within the text.
func (t *Template) Reads() []Reference {
	var list []Reference
	for _, p := range t.parts {
		if p.expr == nil {
			continue
		}
		for _, r := range p.expr.Reads() {
			list = append(list, Reference{Path: r.Path, Offset: r.Offset + p.offset})
		}
	}
	return list
}

// References are the paths of Reads without repetition.
func (t *Template) References() []string { return paths(t.Reads()) }

// Functions are those of all its expressions, see Expression.Functions.
func (t *Template) Functions() []string {
	var list []string
	for _, p := range t.parts {
		if p.expr == nil {
			continue
		}
		for _, f := range p.expr.Functions() {
			list = addNew(list, f)
		}
	}
	return list
}
