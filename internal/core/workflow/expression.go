package workflow

import "strings"

// Expression is one parsed expression, without ${{ }}. It holds no state: it may
// be evaluated any number of times and from several goroutines.
type Expression struct {
	source string
	root   *node // nil is null
	around bool
}

// ParseExpression parses what stands between ${{ and }}. Errors are
// *ExpressionError with the byte offset within src, where GitHub has it: that of
// the token it stops at, of the function when the number of parameters is wrong,
// of the last token when the end is not expected. An empty expression is null.
func ParseExpression(src string) (*Expression, error) { return ParseExpressionOf(src, nil) }

// ParseExpressionOf is ParseExpression where only some contexts exist, as it is
// on GitHub: any other name is an error, also where it would not be evaluated.
// known is asked with lower-case names.
func ParseExpressionOf(src string, known func(context string) bool) (*Expression, error) {
	root, err := parse(src, known)
	if err != nil {
		return nil, err
	}
	return &Expression{source: src, root: root}, nil
}

// Source is the text that was parsed.
func (e *Expression) Source() string { return e.source }

// Evaluate computes the value. It never panics and holds no more than 10 MB as
// the runner counts them, beside what fromJSON reads; errors are *ExpressionError.
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

// Reference is one reading of a context.
type Reference struct {
	// Path is dotted: "github.ref", "secrets.DATABRICKS_TOKEN". Names are as
	// written, the first one in lower case. An index that is only known when
	// evaluated, or a wildcard, ends the path with ".*"; a bare context is its name
	// alone.
	Path   string
	Offset int // byte offset of the context's name within the source
}

// Reads are the contexts that the expression reads, in the order of the source.
func (e *Expression) Reads() []Reference { return e.root.references() }

func (n *node) references() []Reference {
	var r reading
	r.walk(n)
	return r.list
}

// References are the paths of Reads without repetition.
func (e *Expression) References() []string { return paths(e.Reads()) }

func paths(reads []Reference) []string {
	var list []string
	for _, r := range reads {
		list = addNew(list, r.Path)
	}
	return list
}

// Functions are the functions that the expression calls, as GitHub spells them,
// in order of first use without repetition.
func (e *Expression) Functions() []string { return e.root.functions() }

// functions leaves out the format that a text with several parts is made with.
func (n *node) functions() []string {
	var names []string
	n.visit(func(n *node) {
		if n.kind == nodeCall && n.name != "" {
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

type reading struct{ list []Reference }

func (r *reading) walk(n *node) {
	if n == nil {
		return
	}
	if path, root := r.path(n); root != nil {
		r.list = append(r.list, Reference{Path: path, Offset: root.offset})
		return
	}
	for _, a := range n.args {
		r.walk(a)
	}
}

// path is the dotted name of a context access and its context; keys that are
// expressions of their own are walked for their own references.
func (r *reading) path(n *node) (string, *node) {
	if n.kind == nodeContext {
		return strings.ToLower(n.name), n
	}
	if n.kind != nodeIndex && n.kind != nodeWildcard {
		return "", nil
	}
	path, root := r.path(n.args[0])
	if root == nil {
		return "", nil
	}
	key := Null()
	literal := n.kind == nodeIndex && n.args[1].kind == nodeLiteral
	if literal {
		key = n.args[1].value
	} else if n.kind == nodeIndex {
		r.walk(n.args[1])
	}
	switch {
	case strings.HasSuffix(path, ".*"):
		return path, root
	case literal:
		return path + "." + key.Text(), root
	default:
		return path + ".*", root
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
