package workflow

import (
	"strings"
)

// Expression is one parsed expression, without ${{ }}. It holds no state: it may
// be evaluated any number of times and from several goroutines.
type Expression struct {
	source string
	root   *node // nil is null
	around bool
}

// ParseExpression parses what stands between ${{ and }}. Errors are
// *ExpressionError with the byte offset within src. An empty expression is null.
func ParseExpression(src string) (*Expression, error) {
	root, err := parse(src)
	if err != nil {
		return nil, err
	}
	return &Expression{source: src, root: root}, nil
}

// Source is the text that was parsed.
func (e *Expression) Source() string { return e.source }

// Evaluate computes the value. It never panics and never builds more than about
// 10 MB; errors are *ExpressionError.
func (e *Expression) Evaluate(env Env) (Value, error) {
	if e.root == nil {
		return Null(), nil
	}
	v, err := (&evaluation{env: env}).eval(e.root)
	if err != nil {
		return Null(), err
	}
	return v, nil
}

// UsesStatus reports whether the expression calls success, failure, cancelled or
// always.
func (e *Expression) UsesStatus() bool { return e.root.usesStatus() }

// TextAround reports that an if: has text around ${{ }}. GitHub makes a string
// of it, which is true whatever the expression says.
func (e *Expression) TextAround() bool { return e.around }

// References are the contexts that the expression reads, dotted, in order of
// first use without repetition: "github.ref", "secrets.DATABRICKS_TOKEN". Names
// are as written, the first one in lower case. An index that is only known when
// evaluated, or a wildcard, ends the reference with ".*"; a bare context is its
// name alone.
func (e *Expression) References() []string {
	var r references
	r.walk(e.root)
	return r.list
}

// Functions are the functions that the expression calls, as GitHub spells them,
// in order of first use without repetition.
func (e *Expression) Functions() []string {
	var names []string
	e.root.visit(func(n *node) {
		if n.kind == nodeCall {
			names = addNew(names, n.fn.name)
		}
	})
	return names
}

func (n *node) visit(f func(*node)) {
	if n == nil {
		return
	}
	f(n)
	for _, a := range n.args {
		a.visit(f)
	}
}

func (n *node) usesStatus() bool {
	found := false
	n.visit(func(n *node) { found = found || n.kind == nodeCall && n.fn.status })
	return found
}

type references struct{ list []string }

func (r *references) walk(n *node) {
	if n == nil {
		return
	}
	path, ok := r.path(n)
	if ok {
		r.list = addNew(r.list, path)
		return
	}
	for _, a := range n.args {
		r.walk(a)
	}
}

// path is the dotted name of a context access; keys that are expressions of
// their own are walked for their own references.
func (r *references) path(n *node) (string, bool) {
	switch n.kind {
	case nodeContext:
		return strings.ToLower(n.name), true
	case nodeIndex, nodeWildcard:
		path, ok := r.path(n.args[0])
		if !ok {
			return "", false
		}
		if n.kind == nodeIndex && n.args[1].kind == nodeLiteral {
			if !strings.HasSuffix(path, ".*") {
				path += "." + n.args[1].value.Text()
			}
			return path, true
		}
		if n.kind == nodeIndex {
			r.walk(n.args[1])
		}
		if !strings.HasSuffix(path, ".*") {
			path += ".*"
		}
		return path, true
	default:
		return "", false
	}
}

func addNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}
