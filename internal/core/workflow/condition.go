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
		return parseCondition(src)
	}
	t, err := ParseText(src)
	if err != nil {
		return nil, 0, false, err
	}
	if t.root.kind == nodeCall && t.root.name == "" {
		return t.root, utf16Length(src), true, nil
	}
	// For GitHub ${{ 'a' }} is the text a, and the text of a condition is an
	// expression.
	if t.root.kind == nodeLiteral && t.root.value.kind == KindString {
		root, length, around, err = parseCondition(t.root.value.text)
		if err != nil {
			err = errorAt(t.root.offset, "the text of the condition is read as an expression: %v", err)
		}
		root.visit(func(n *node) { n.offset = t.root.offset })
		return root, length, around, err
	}
	return t.root, utf16Length(src), false, nil
}

func parseCondition(src string) (root *node, length int, around bool, err error) {
	n, failure := parse(src, nil)
	if failure != nil {
		return nil, 0, false, failure
	}
	return n, utf16Length(src), false, nil
}
