package workflow

import (
	"bytes"
	"strings"
)

// function is one function of the language. Arguments come unevaluated, because
// case and format evaluate only those that they need.
type function struct {
	name     string
	min, max int // number of arguments
	status   bool
	eval     func(*evaluation, *node) (Value, *ExpressionError)
}

// maxArguments is GitHub's limit for functions with any number of arguments.
const maxArguments = 255

// functions is the whole list (docs.github.com, "Evaluate expressions",
// functions and status check functions). To add one: an entry here, cases in
// the table of expression_test.go.
var functions = []function{
	{name: "contains", min: 2, max: 2, eval: contains},
	{name: "startsWith", min: 2, max: 2, eval: startsWith},
	{name: "endsWith", min: 2, max: 2, eval: endsWith},
	{name: "format", min: 1, max: maxArguments, eval: format},
	{name: "join", min: 1, max: 2, eval: join},
	{name: "toJSON", min: 1, max: 1, eval: toJSON},
	{name: "fromJSON", min: 1, max: 1, eval: fromJSON},
	{name: "hashFiles", min: 1, max: maxArguments, eval: hashFiles},
	{name: "case", min: 3, max: maxArguments, eval: choose},
	{name: "success", status: true, eval: func(e *evaluation, _ *node) (Value, *ExpressionError) {
		return Bool(e.env.Status.Success), nil
	}},
	{name: "failure", status: true, eval: func(e *evaluation, _ *node) (Value, *ExpressionError) {
		return Bool(e.env.Status.Failure), nil
	}},
	{name: "cancelled", status: true, eval: func(e *evaluation, _ *node) (Value, *ExpressionError) {
		return Bool(e.env.Status.Cancelled), nil
	}},
	{name: "always", status: true, eval: func(*evaluation, *node) (Value, *ExpressionError) {
		return Bool(true), nil
	}},
}

func lookupFunction(name string) *function {
	for i := range functions {
		if strings.EqualFold(functions[i].name, name) {
			return &functions[i]
		}
	}
	return nil
}

func functionNames() string {
	names := make([]string, len(functions))
	for i, f := range functions {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

func (f *function) checkArity(n *node) *ExpressionError {
	switch {
	case len(n.args) < f.min:
		return errorAt(n.offset, "too few parameters supplied to %s: have %d, want at least %d", f.name, len(n.args), f.min)
	case len(n.args) > f.max:
		return errorAt(n.offset, "too many parameters supplied to %s: have %d, want at most %d", f.name, len(n.args), f.max)
	case f.name == "case" && len(n.args)%2 == 0:
		return errorAt(n.offset, "even number of parameters supplied to case: have %d, want pairs and a default", len(n.args))
	default:
		return nil
	}
}

// pair evaluates the two arguments of a text function; ok says that both are
// primitive.
func (e *evaluation) pair(n *node) (a, b Value, ok bool, err *ExpressionError) {
	if a, err = e.eval(n.args[0]); err != nil {
		return a, b, false, err
	}
	b, err = e.eval(n.args[1])
	return a, b, a.primitive() && b.primitive(), err
}

func contains(e *evaluation, n *node) (Value, *ExpressionError) {
	a, b, ok, err := e.pair(n)
	if err != nil {
		return Null(), err
	}
	if ok {
		return Bool(strings.Contains(fold(a.Text()), fold(b.Text()))), nil
	}
	if a.kind == KindArray {
		for _, item := range a.array.items {
			if equal(b, item) {
				return Bool(true), nil
			}
		}
	}
	return Bool(false), nil
}

func startsWith(e *evaluation, n *node) (Value, *ExpressionError) {
	a, b, ok, err := e.pair(n)
	return Bool(ok && strings.HasPrefix(fold(a.Text()), fold(b.Text()))), err
}

func endsWith(e *evaluation, n *node) (Value, *ExpressionError) {
	a, b, ok, err := e.pair(n)
	return Bool(ok && strings.HasSuffix(fold(a.Text()), fold(b.Text()))), err
}

func join(e *evaluation, n *node) (Value, *ExpressionError) {
	list, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	separator := ","
	if len(n.args) > 1 {
		s, err := e.eval(n.args[1])
		if err != nil {
			return Null(), err
		}
		if s.primitive() {
			separator = s.Text()
		}
	}
	if list.primitive() {
		return String(list.Text()), nil
	}
	var b strings.Builder
	if list.kind == KindArray {
		for i, item := range list.array.items {
			text := item.Text()
			if i > 0 {
				text = separator + text
			}
			if err := e.use(n, len(text)); err != nil {
				return Null(), err
			}
			b.WriteString(text)
		}
	}
	return String(b.String()), nil
}

func fromJSON(e *evaluation, n *node) (Value, *ExpressionError) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	text := v.Text()
	if err := e.use(n, len(text)); err != nil {
		return Null(), err
	}
	parsed, cause := parseJSON(text)
	if cause != nil {
		return Null(), errorAt(n.offset, "evaluate fromJSON: %v", cause)
	}
	return parsed, nil
}

func hashFiles(e *evaluation, n *node) (Value, *ExpressionError) {
	var patterns []string
	for _, a := range n.args {
		v, err := e.eval(a)
		if err != nil {
			return Null(), err
		}
		patterns = append(patterns, v.Text())
	}
	if e.env.HashFiles == nil {
		return Null(), errorAt(n.offset, "evaluate hashFiles: there is no workspace here, it works in steps only")
	}
	digest, cause := e.env.HashFiles(patterns)
	if cause != nil {
		return Null(), errorAt(n.offset, "evaluate hashFiles: %v", cause)
	}
	return String(digest), nil
}

// choose is case(predicate, value, ..., default).
func choose(e *evaluation, n *node) (Value, *ExpressionError) {
	for i := 0; i+1 < len(n.args); i += 2 {
		predicate, err := e.eval(n.args[i])
		if err != nil {
			return Null(), err
		}
		if predicate.kind != KindBool {
			return Null(), errorAt(n.args[i].offset, "case predicate must evaluate to a boolean value: have %s", predicate.kind)
		}
		if predicate.truth {
			return e.eval(n.args[i+1])
		}
	}
	return e.eval(n.args[len(n.args)-1])
}

func toJSON(e *evaluation, n *node) (Value, *ExpressionError) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	var b bytes.Buffer
	if err := e.indent(n, &b, v, 0); err != nil {
		return Null(), err
	}
	return String(b.String()), nil
}

// indent writes JSON with two spaces a level; numbers are as Value.Text has
// them, NaN and infinities included, as on GitHub.
func (e *evaluation) indent(n *node, b *bytes.Buffer, v Value, level int) *ExpressionError {
	before := b.Len()
	switch v.kind {
	case KindNull:
		b.WriteString("null")
	case KindString:
		writeQuoted(b, v.text)
	case KindArray:
		return e.indentList(n, b, "[", "]", level, len(v.array.items), func(i int) Value { return v.array.items[i] })
	case KindObject:
		return e.indentList(n, b, "{", "}", level, len(v.object.members), func(i int) Value {
			writeQuoted(b, v.object.members[i].Name)
			b.WriteString(": ")
			return v.object.members[i].Value
		})
	default:
		b.WriteString(v.Text())
	}
	return e.use(n, b.Len()-before)
}

func (e *evaluation) indentList(n *node, b *bytes.Buffer, open, closing string, level, count int, item func(int) Value) *ExpressionError {
	b.WriteString(open)
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.WriteString(strings.Repeat("  ", level+1))
		if err := e.use(n, 2*level+4); err != nil {
			return err
		}
		if err := e.indent(n, b, item(i), level+1); err != nil {
			return err
		}
	}
	if count > 0 {
		b.WriteByte('\n')
		b.WriteString(strings.Repeat("  ", level))
	}
	b.WriteString(closing)
	return nil
}
