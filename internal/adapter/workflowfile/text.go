package workflowfile

import (
	"errors"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// text reads a scalar that may hold expressions and checks them for a key.
func (r *reader) text(n *yaml.Node, key workflow.Key) workflow.Text {
	t, ok := r.scalar(n)
	if !ok {
		return t
	}
	parsed, err := workflow.ParseText(t.Source)
	if err != nil {
		r.expressionError(n, err)
		return t
	}
	if key == workflow.KeyNone && !parsed.IsLiteral() {
		value, ok := parsed.Constant()
		if !ok || strings.Contains(value, "${{") { // which would be read as another one
			r.report(t.At, "expression-not-available", "write the value out", "GitHub evaluates no expression here")
			return t
		}
		t.Source = value
		return t
	}
	r.misuses(n, parsed.Check(key))
	r.record(n, parsed.Reads())
	return t
}

// nonEmpty is text that must have a value.
func (r *reader) nonEmpty(n *yaml.Node, key workflow.Key, what string) workflow.Text {
	t := r.text(n, key)
	if strings.TrimSpace(t.Source) == "" && resolve(n).Kind == yaml.ScalarNode {
		r.report(t.At, "empty-value", "", "%s is empty", what)
	}
	return t
}

// condition reads an if: value.
func (r *reader) condition(n *yaml.Node, key workflow.Key) workflow.Text {
	t, ok := r.scalar(n)
	if !ok {
		return t
	}
	parsed, err := workflow.Condition(t.Source)
	if err != nil {
		r.expressionError(n, err)
		return t
	}
	r.misuses(n, parsed.Check(key))
	r.record(n, parsed.Reads())
	if parsed.TextAround() {
		r.warn(t.At, "if-always-true", "put the whole condition into one ${{ }}, without a line end or text around it",
			"condition has text around ${{ }} and is always true, as on GitHub")
	}
	return t
}

// number reads minutes: a number above zero or one expression.
func (r *reader) number(n *yaml.Node, key workflow.Key, what string) workflow.Text {
	t := r.text(n, key)
	if !isExpression(t.Source) && (t.Type != "number" || !positive(t.Source)) && resolve(n).Kind == yaml.ScalarNode {
		r.report(t.At, "wrong-type", "", "%s is %q: want a number above zero", what, t.Source)
	}
	return t
}

// boolean reads true, false or one expression.
func (r *reader) boolean(n *yaml.Node, key workflow.Key, what string) workflow.Text {
	t := r.text(n, key)
	if !isExpression(t.Source) && t.Type != "boolean" && resolve(n).Kind == yaml.ScalarNode {
		r.report(t.At, "wrong-type", "", "%s is %q: want true or false", what, t.Source)
	}
	return t
}

func isExpression(s string) bool {
	return strings.HasPrefix(s, "${{") && strings.HasSuffix(s, "}}")
}

// bindings reads a mapping of names to texts, in the file's order.
func (r *reader) bindings(n *yaml.Node, what string, key workflow.Key) []workflow.Binding {
	if isNull(resolve(n)) {
		return nil
	}
	var list []workflow.Binding
	for _, e := range r.mapping(n, what) {
		r.scope.name = e.name
		list = append(list, workflow.Binding{Name: e.name, Value: r.text(e.value, key)})
	}
	r.scope.name = ""
	return list
}

func (r *reader) expressionError(n *yaml.Node, err error) {
	var e *workflow.ExpressionError
	if !errors.As(err, &e) {
		r.report(r.at(resolve(n)), "expression-syntax", "", "%v", err)
		return
	}
	r.report(r.within(n, e.Offset), "expression-syntax", "", "%s", e.Message)
}

func (r *reader) misuses(n *yaml.Node, list []workflow.Misuse) {
	for _, m := range list {
		r.report(r.within(n, m.Offset), m.Rule, m.Hint, "%s", m.Message)
	}
}

// within is the place of a byte of a scalar's text in the file. It is exact for
// literal blocks and for scalars on one line without escapes; otherwise it is
// the place of the expression that the byte belongs to, or of the scalar.
func (r *reader) within(n *yaml.Node, offset int) workflow.Position {
	n = resolve(n)
	at := r.at(n)
	offset = min(offset, len(n.Value))
	if n.Style&yaml.LiteralStyle != 0 {
		return r.inBlock(n, offset)
	}
	line := r.line(at.Line)
	column := byteColumn(line, at.Column)
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		column++
	}
	if column <= len(line) && strings.HasPrefix(line[column:], n.Value) {
		at.Column = utf8.RuneCountInString(line[:column+offset]) + 1
		return at
	}
	return r.sameExpression(n, at, offset)
}

// inBlock counts lines from the block's header; the indentation is that of the
// first line that is not blank.
func (r *reader) inBlock(n *yaml.Node, offset int) workflow.Position {
	before := n.Value[:offset]
	lines := strings.Count(before, "\n")
	inLine := before[strings.LastIndexByte(before, '\n')+1:]
	indent := 0
	for i := n.Line + 1; i <= len(r.lines); i++ {
		if text := r.line(i); strings.TrimSpace(text) != "" {
			indent = len(text) - len(strings.TrimLeft(text, " "))
			break
		}
	}
	return workflow.Position{File: r.file, Line: n.Line + 1 + lines, Column: indent + utf8.RuneCountInString(inLine) + 1}
}

// sameExpression finds the ${{ in the file that has the same number as the one
// before the offset in the text.
func (r *reader) sameExpression(n *yaml.Node, at workflow.Position, offset int) workflow.Position {
	number := strings.Count(n.Value[:offset], "${{")
	from := byteColumn(r.line(at.Line), at.Column)
	for i := at.Line; i <= len(r.lines) && number > 0; i++ {
		text := r.line(i)
		for from < len(text) {
			found := strings.Index(text[from:], "${{")
			if found < 0 {
				break
			}
			from += found
			if number--; number == 0 {
				return workflow.Position{File: r.file, Line: i, Column: utf8.RuneCountInString(text[:from]) + 1}
			}
			from += len("${{")
		}
		from = 0
	}
	return at
}

func (r *reader) line(number int) string {
	if number < 1 || number > len(r.lines) {
		return ""
	}
	return r.lines[number-1]
}

// byteColumn turns a column in characters, from 1, into an index.
func byteColumn(line string, column int) int {
	at := 0
	for i := 1; i < column && at < len(line); i++ {
		_, size := utf8.DecodeRuneInString(line[at:])
		at += size
	}
	return at
}
