package workflow

import "strings"

// Condition parses the value of an if: key, with or without ${{ }}. Where no
// status function is called, success() && is put before it; an empty one is
// success(). Text around ${{ }} is kept as GitHub has it, a string that is never
// empty: TextAround reports it. Errors are *ExpressionError with the byte offset
// within src.
func Condition(src string) (*Expression, error) {
	root, length, around, err := conditionRoot(src)
	if err != nil {
		return nil, err
	}
	success := &node{kind: nodeCall, depth: 1, name: "success", fn: lookupFunction("success")}
	switch {
	case root == nil:
		root = success
	case !root.usesStatus():
		if length+len("success() && ()") > maxLength {
			return nil, errorAt(0, "condition with success() before it has more than %d characters", maxLength)
		}
		all := &node{kind: nodeAnd, offset: root.offset, name: "&&"}
		all.join(success)
		all.join(root)
		if err := made(all).checkDepth(); err != nil {
			return nil, err
		}
		root = all
	}
	return &Expression{source: src, root: root, around: around}, nil
}

// conditionRoot is the tree of a condition and the length of its expression.
func conditionRoot(src string) (root *node, length int, around bool, err error) {
	if !strings.Contains(src, opening) {
		root, err = parseBare(src)
		return root, utf16Length(src), false, err
	}
	t, err := ParseText(src)
	if err != nil {
		return nil, 0, false, err
	}
	if t.root.kind == nodeCall && t.root.name == "" {
		return t.root, utf16Length(src), true, nil
	}
	if inner := strings.TrimSpace(strings.TrimPrefix(src, opening)); t.root.kind == nodeLiteral && strings.HasPrefix(inner, "'") {
		root, err = reread(t.root)
		return root, utf16Length(t.root.value.text), false, err
	}
	return t.root, utf16Length(src), false, nil
}

// reread parses what a string says: for GitHub ${{ 'a' }} is the text a, and the
// text of a condition is an expression.
func reread(literal *node) (*node, error) {
	n, err := parseBare(literal.value.text)
	if err != nil {
		return nil, errorAt(literal.offset, "the string is read as an expression: %v", err)
	}
	n.visit(func(n *node) { n.offset = literal.offset })
	return n, nil
}

// parseBare is parse with an error of the interface type.
func parseBare(src string) (*node, error) {
	n, err := parse(src, nil)
	if err != nil {
		return nil, err
	}
	return n, nil
}
