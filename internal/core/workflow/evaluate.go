package workflow

import "strings"

// Status is what success, failure, cancelled and always look at. For a job it
// is about the jobs that it needs, for a step about the steps before it.
type Status struct {
	Success   bool // nothing failed, was cancelled or skipped
	Failure   bool
	Cancelled bool
}

// Env is what an expression is evaluated in.
type Env struct {
	// Contexts holds the roots by name: github, vars, inputs ... A name that is
	// not there is an error, not null.
	Contexts map[string]Value
	Status   Status
	// HashFiles answers hashFiles: the digest, "" when nothing matches. It is nil
	// where there is no workspace.
	HashFiles func(patterns []string) (string, error)
}

type evaluation struct {
	env    Env
	level  int // of the node that is evaluated
	memory memory
	parsed int // values that fromJSON made
	worked int // bytes of the values that nodes were given
}

func (e *evaluation) eval(n *node) (Value, *ExpressionError) {
	level := e.level
	e.level++
	v, err := e.compute(n)
	e.level = level
	if err != nil {
		return Null(), err
	}
	if !e.memory.hold(level, v, n.reads()) {
		return Null(), tooMuch(n)
	}
	if e.worked += v.work(); e.worked > maxWork {
		return Null(), errorAt(n.offset, "expression goes through more than %d bytes", maxWork)
	}
	return v, nil
}

// reads reports whether the value of the node is one that exists already,
// instead of one that the node makes.
func (n *node) reads() bool {
	return n.kind == nodeContext || n.kind == nodeIndex || n.kind == nodeCall && n.fn.name == "fromJSON"
}

func (e *evaluation) compute(n *node) (Value, *ExpressionError) {
	switch n.kind {
	case nodeLiteral:
		return n.value, nil
	case nodeStar:
		return String("*"), nil
	case nodeContext:
		return e.context(n)
	case nodeCall:
		return n.fn.eval(e, n)
	case nodeIndex:
		return e.index(n)
	case nodeWildcard:
		return e.wildcard(n)
	case nodeNot:
		v, err := e.eval(n.args[0])
		return Bool(!v.Truthy()), err
	case nodeAnd, nodeOr:
		return e.chain(n)
	default:
		return e.compare(n)
	}
}

func (e *evaluation) context(n *node) (Value, *ExpressionError) {
	if v, ok := e.env.Contexts[n.name]; ok {
		return v, nil
	}
	for name, v := range e.env.Contexts {
		if strings.EqualFold(name, n.name) {
			return v, nil
		}
	}
	return Null(), unknownContext(n.offset, n.name)
}

// chain answers with the operand that decides, not with a boolean.
func (e *evaluation) chain(n *node) (Value, *ExpressionError) {
	var v Value
	for _, a := range n.args {
		var err *ExpressionError
		if v, err = e.eval(a); err != nil {
			return Null(), err
		}
		if v.Truthy() == (n.kind == nodeOr) {
			break
		}
	}
	return v, nil
}

func (e *evaluation) compare(n *node) (Value, *ExpressionError) {
	a, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	b, err := e.eval(n.args[1])
	if err != nil {
		return Null(), err
	}
	switch n.name {
	case "==":
		return Bool(equal(a, b)), nil
	case "!=":
		return Bool(!equal(a, b)), nil
	case "<":
		return Bool(less(a, b)), nil
	case "<=":
		return Bool(equal(a, b) || less(a, b)), nil
	case ">":
		return Bool(less(b, a)), nil
	default:
		return Bool(equal(a, b) || less(b, a)), nil
	}
}

// index does not evaluate the key where there is nothing to look it up in.
func (e *evaluation) index(n *node) (Value, *ExpressionError) {
	target, err := e.eval(n.args[0])
	if err != nil || target.primitive() {
		return Null(), err
	}
	key, err := e.eval(n.args[1])
	if err != nil {
		return Null(), err
	}
	if target.kind != KindArray || !target.array.filtered {
		v, _ := at(target, key)
		return v, nil
	}
	var items []Value
	for _, item := range target.array.items {
		if v, ok := at(item, key); ok {
			items = append(items, v)
		}
	}
	return filtered(items), nil
}

// at is one property or element; ok says that it exists.
func at(target, key Value) (Value, bool) {
	switch {
	case target.kind == KindObject && key.primitive():
		return target.object.lookup(key.Text())
	case target.kind == KindArray:
		if i := position(key); i >= 0 && i < len(target.array.items) {
			return target.array.items[i], true
		}
	}
	return Null(), false
}

func (e *evaluation) wildcard(n *node) (Value, *ExpressionError) {
	target, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	if target.kind != KindArray || !target.array.filtered {
		return filtered(spread(target)), nil
	}
	var items []Value
	for _, item := range target.array.items {
		items = append(items, spread(item)...)
	}
	return filtered(items), nil
}

// spread is the elements of an array or the values of an object.
func spread(v Value) []Value {
	switch v.kind {
	case KindArray:
		return v.array.items
	case KindObject:
		items := make([]Value, len(v.object.members))
		for i, m := range v.object.members {
			items[i] = m.Value
		}
		return items
	default:
		return nil
	}
}

func filtered(items []Value) Value {
	return Value{kind: KindArray, array: &array{items: items, filtered: true}}
}
