package workflow

import "strings"

// Template is a parsed scalar that may hold ${{ }} parts.
type Template struct {
	source  string
	root    *node // a string, one expression, or the format of several parts
	literal bool
}

// ParseText parses a scalar of a workflow file. Errors are *ExpressionError with
// the byte offset within src; a ${{ without its }} and an empty ${{ }} are
// errors, as on GitHub. There a text with several parts becomes one call of
// format, so that the limits of an expression hold for all of it.
func ParseText(src string) (*Template, error) { return ParseTextOf(src, nil) }

// ParseTextOf is ParseText where only some contexts exist, see ParseExpressionOf.
func ParseTextOf(src string, known func(context string) bool) (*Template, error) {
	parts, err := split(src, known)
	if err != nil {
		return nil, err
	}
	root, err := assemble(parts)
	if err != nil {
		return nil, err
	}
	return &Template{source: src, root: root, literal: !strings.Contains(src, opening)}, nil
}

const opening = "${{"

// part is literal text, or an expression when root is set.
type part struct {
	text string // the expression's is without the blanks around it
	root *node  // its offsets are within the scalar
}

func split(src string, known func(string) bool) ([]part, *ExpressionError) {
	var parts []part
	for at := 0; at < len(src); {
		rest := src[at:]
		start := strings.Index(rest, opening)
		if start != 0 {
			if start < 0 {
				start = len(rest)
			}
			parts = append(parts, part{text: rest[:start]})
			at += start
			continue
		}
		end := closing(rest)
		if end < 0 {
			return nil, errorAt(at, "expression is not closed: ${{ without its }}")
		}
		p, err := parsePart(rest[len(opening):end], at+len(opening), known)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		at += end + 2
	}
	return parts, nil
}

// closing is the place of the }} that ends the expression which s begins with,
// -1 when there is none; a }} within a string does not count.
func closing(s string) int {
	quoted := false
	for i := len(opening); i < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case !quoted && s[i] == '}' && s[i-1] == '}':
			return i - 1
		}
	}
	return -1
}

func parsePart(src string, offset int, known func(string) bool) (part, *ExpressionError) {
	offset += blanks(src)
	src = strings.TrimSpace(src)
	root, err := parse(src, known)
	if err != nil {
		return part{}, errorAt(err.Offset+offset, "%s", err.Message)
	}
	if root == nil {
		return part{}, errorAt(offset, "expression is empty: want one between ${{ and }}")
	}
	root.visit(func(n *node) { n.offset += offset })
	return part{text: src, root: root}, nil
}

// assemble makes one tree of the parts.
func assemble(parts []part) (*node, *ExpressionError) {
	switch len(parts) {
	case 0:
		return &node{kind: nodeLiteral, depth: 1, value: String("")}, nil
	case 1:
		if parts[0].root != nil {
			return parts[0].root, nil
		}
		return &node{kind: nodeLiteral, depth: 1, value: String(parts[0].text)}, nil
	}
	n := &node{kind: nodeCall, fn: lookupFunction("format"), args: []*node{nil}}
	var pattern strings.Builder
	length := len("format('')")
	for _, p := range parts {
		text := strings.NewReplacer("{", "{{", "}", "}}").Replace(p.text)
		if p.root != nil {
			text = "{" + formatNumber(float64(len(n.args)-1)) + "}"
			length += len(", ") + utf16Length(p.text)
			n.args = append(n.args, p.root)
		}
		pattern.WriteString(text)
		length += utf16Length(text) + strings.Count(text, "'")
	}
	n.args[0] = &node{kind: nodeLiteral, depth: 1, value: String(pattern.String())}
	if length > maxLength {
		return nil, errorAt(0, "text with its expressions is one expression for GitHub, and that has more than %d characters", maxLength)
	}
	if len(n.args) > maxArguments {
		return nil, errorAt(0, "text has %d expressions: GitHub takes at most %d", len(n.args)-1, maxArguments-1)
	}
	return made(n), n.checkDepth()
}

// Source is the text that was parsed.
func (t *Template) Source() string { return t.source }

// IsLiteral reports that the text has no expression.
func (t *Template) IsLiteral() bool { return t.literal }

// Constant is the value of a text that is exactly one ${{ }} with a string in it.
// GitHub reads that as the string, also where there are no expressions
// (TemplateReader.ParseScalar in actions/runner: "can convert to a literal").
func (t *Template) Constant() (value string, ok bool) {
	if t.literal || t.root.kind != nodeLiteral || t.root.value.Kind() != KindString {
		return "", false
	}
	return t.root.value.Text(), true
}

// Evaluate computes the text. One that is exactly one ${{ }} keeps the type of
// its value; anything else is a string.
func (t *Template) Evaluate(env Env) (Value, error) {
	if t.literal {
		return t.root.value, nil
	}
	return (&Expression{root: t.root}).Evaluate(env)
}

// EvaluateText is Evaluate where GitHub wants a string, as in env or with: a
// text that is exactly one ${{ }} with an array or an object is an error.
func (t *Template) EvaluateText(env Env) (string, error) {
	v, err := t.Evaluate(env)
	if err != nil {
		return "", err
	}
	if !v.primitive() {
		return "", errorAt(t.root.offset, "expression gives an %s: want a string", v.kind)
	}
	return v.Text(), nil
}

// Reads are those of all its expressions, with offsets within the text.
func (t *Template) Reads() []Reference { return t.root.references() }

// References are the paths of Reads without repetition.
func (t *Template) References() []string { return paths(t.Reads()) }

// Functions are those of all its expressions, see Expression.Functions.
func (t *Template) Functions() []string { return t.root.functions() }
