package workflow

// Decide computes whether the expression is true from what is known: known says
// of a reference, dotted as in Reference.Path, whether the environment holds it.
// Where the answer depends on something unknown, decided is false. A false
// operand of && and a true one of || decide alone.
func (e *Expression) Decide(env Env, known func(path string) bool) (truth, decided bool, err error) {
	if e.root == nil {
		return false, true, nil
	}
	truth, decided, failure := (&evaluation{env: env}).decide(e.root, known)
	if failure != nil {
		return false, false, failure
	}
	return truth, decided, nil
}

func (e *evaluation) decide(n *node, known func(string) bool) (truth, decided bool, err *ExpressionError) {
	switch n.kind {
	case nodeNot:
		truth, decided, err = e.decide(n.args[0], known)
		return !truth, decided, err
	case nodeAnd, nodeOr:
		all := true
		for _, a := range n.args {
			truth, decided, err = e.decide(a, known)
			if err != nil {
				return false, false, err
			}
			if decided && truth == (n.kind == nodeOr) {
				return truth, true, nil
			}
			all = all && decided
		}
		return n.kind == nodeAnd, all, nil
	}
	if !n.isKnown(known) {
		return false, false, nil
	}
	v, err := e.eval(n)
	return v.Truthy(), err == nil, err
}

// isKnown reports whether the node can be evaluated from what is known.
func (n *node) isKnown(known func(string) bool) bool {
	for _, ref := range n.references() {
		if !known(ref.Path) {
			return false
		}
	}
	all := true
	n.visit(func(n *node) { all = all && !(n.kind == nodeCall && n.fn.name == "hashFiles") })
	return all
}

// EvaluateKnown is Template.Evaluate from what is known, see Expression.Decide.
// ok is false where the text depends on something unknown.
func (t *Template) EvaluateKnown(env Env, known func(path string) bool) (v Value, ok bool, err error) {
	if !t.root.isKnown(known) {
		return Null(), false, nil
	}
	v, err = t.Evaluate(env)
	return v, err == nil, err
}
