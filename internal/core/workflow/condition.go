package workflow

import "strings"

// Condition parses the value of an if: key, with or without ${{ }}. Where no
// status function is called, success() && is put before it; an empty one is
// success(). Text around ${{ }} is kept as GitHub has it, a string that is never
// empty: TextAround reports it. Errors are *ExpressionError with the byte offset
// within src.
func Condition(src string) (*Expression, error) {
	root, around, err := conditionRoot(src)
	if err != nil {
		return nil, err
	}
	success := &node{kind: nodeCall, depth: 1, name: "success", fn: lookupFunction("success")}
	switch {
	case root == nil:
		root = success
	case !root.usesStatus():
		all := &node{kind: nodeAnd, name: "&&", depth: root.depth + 1}
		all.join(success)
		all.join(root)
		root = all
	}
	return &Expression{source: src, root: root, around: around}, nil
}

func conditionRoot(src string) (root *node, around bool, err error) {
	if !strings.Contains(src, "${{") {
		n, err := parse(src)
		if err != nil {
			return nil, false, err
		}
		return n, false, nil
	}
	t, err := ParseText(src)
	if err != nil {
		return nil, false, err
	}
	if len(t.parts) == 1 {
		return t.parts[0].expr.moved(t.parts[0].offset), false, nil
	}
	return t.concatenation(), true, nil
}

// concatenation is the call of format that GitHub makes of a text with several
// parts.
func (t *Template) concatenation() *node {
	n := &node{kind: nodeCall, name: "format", fn: lookupFunction("format"), depth: 2}
	var pattern strings.Builder
	n.args = []*node{nil}
	for _, p := range t.parts {
		if p.expr == nil {
			pattern.WriteString(strings.NewReplacer("{", "{{", "}", "}}").Replace(p.text))
			continue
		}
		pattern.WriteString("{" + formatNumber(float64(len(n.args)-1)) + "}")
		n.args = append(n.args, p.expr.moved(p.offset))
		n.depth = max(n.depth, p.expr.root.depth+1)
	}
	n.args[0] = &node{kind: nodeLiteral, depth: 1, value: String(pattern.String())}
	return n
}

// moved is the tree with its offsets moved from the expression to its scalar.
func (e *Expression) moved(offset int) *node {
	e.root.visit(func(n *node) { n.offset += offset })
	return e.root
}
