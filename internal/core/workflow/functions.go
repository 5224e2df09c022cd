package workflow

import (
	"slices"
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

// FunctionNames are the functions of the language, as GitHub spells them.
func FunctionNames() []string {
	names := make([]string, len(functions))
	for i, f := range functions {
		names[i] = f.name
	}
	return names
}

func functionNames() string { return strings.Join(FunctionNames(), ", ") }

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

func contains(e *evaluation, n *node) (Value, *ExpressionError) {
	list, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	if list.primitive() {
		return e.compareTexts(n, list, strings.Contains)
	}
	if list.kind != KindArray || len(list.array.items) == 0 {
		return Bool(false), nil
	}
	item, err := e.eval(n.args[1])
	if err != nil {
		return Null(), err
	}
	return Bool(slices.ContainsFunc(list.array.items, func(v Value) bool { return equal(item, v) })), nil
}

func startsWith(e *evaluation, n *node) (Value, *ExpressionError) {
	text, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	return e.compareTexts(n, text, strings.HasPrefix)
}

func endsWith(e *evaluation, n *node) (Value, *ExpressionError) {
	text, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	return e.compareTexts(n, text, strings.HasSuffix)
}

// compareTexts compares a first argument with the second one without case; arrays
// and objects are no texts, and then the second argument is not evaluated.
func (e *evaluation) compareTexts(n *node, text Value, compare func(s, part string) bool) (Value, *ExpressionError) {
	if !text.primitive() {
		return Bool(false), nil
	}
	part, err := e.eval(n.args[1])
	if err != nil {
		return Null(), err
	}
	return Bool(part.primitive() && compare(fold(text.Text()), fold(part.Text()))), nil
}

func join(e *evaluation, n *node) (Value, *ExpressionError) {
	list, err := e.eval(n.args[0])
	if err != nil || list.kind != KindArray {
		return joinOne(list), err
	}
	separator := ","
	if len(n.args) > 1 && len(list.array.items) > 1 {
		s, err := e.eval(n.args[1])
		if err != nil {
			return Null(), err
		}
		if s.primitive() {
			separator = s.Text()
		}
	}
	b := textBuilder{node: n}
	for i, item := range list.array.items {
		if i > 0 {
			if err := b.add(separator); err != nil {
				return Null(), err
			}
		}
		if err := b.add(item.Text()); err != nil {
			return Null(), err
		}
	}
	return String(string(b.text)), nil
}

// joinOne is join of what is no array: a primitive is its text, an object nothing.
func joinOne(v Value) Value {
	if v.primitive() {
		return String(v.Text())
	}
	return String("")
}

func fromJSON(e *evaluation, n *node) (Value, *ExpressionError) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	r := &jsonReader{src: v.Text(), maxDepth: maxJSONDepth, maxValues: maxJSONValues - e.parsed}
	parsed, cause := r.read()
	if cause != nil {
		return Null(), errorAt(n.offset, "evaluate fromJSON: %v", cause)
	}
	e.parsed += r.values
	return parsed, nil
}

// followLinks is the one option that hashFiles has, as its first argument.
const followLinks = "--follow-symbolic-links"

// badOption reports whether a first argument is an option that is not there.
func badOption(text string) bool {
	return strings.HasPrefix(text, "--") && !strings.EqualFold(text, followLinks)
}

func hashFiles(e *evaluation, n *node) (Value, *ExpressionError) {
	var patterns []string
	for i, a := range n.args {
		v, err := e.eval(a)
		if err != nil {
			return Null(), err
		}
		text := v.Text()
		if i == 0 && badOption(text) {
			return Null(), errorAt(a.offset, "evaluate hashFiles: option %q: there is no other option than %s", text, followLinks)
		}
		patterns = append(patterns, text)
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
