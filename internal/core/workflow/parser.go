package workflow

// node is one node of an expression's tree. depth counts it and its deepest
// child, as GitHub's limit does: parentheses are no node, a chain of && or || is
// one.
type node struct {
	kind   nodeKind
	offset int
	depth  int
	value  Value     // literal
	name   string    // context: as written; operator: its symbol
	fn     *function // call
	args   []*node   // operands, arguments; of an index the target and the key
}

type nodeKind uint8

const (
	nodeLiteral nodeKind = iota
	nodeContext
	nodeCall
	nodeIndex    // args: target, key
	nodeWildcard // args: target
	nodeNot
	nodeAnd
	nodeOr
	nodeCompare // == != < <= > >=
)

type parser struct {
	tokens []token
	at     int
}

// parse builds the tree of one expression; nil for an empty one.
func parse(src string) (*node, *ExpressionError) {
	tokens, err := lex(src)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	if p.peek().kind == tokenEnd {
		return nil, nil
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.unexpected("the end of the expression or an operator")
	}
	return n, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *parser) accept(kind tokenKind) bool {
	if p.peek().kind != kind {
		return false
	}
	p.next()
	return true
}

func (p *parser) operator(symbols ...string) (token, bool) {
	t := p.peek()
	if t.kind != tokenOperator {
		return t, false
	}
	for _, s := range symbols {
		if t.text == s {
			return p.next(), true
		}
	}
	return t, false
}

func (p *parser) unexpected(want string) *ExpressionError {
	t := p.peek()
	if t.kind == tokenEnd {
		return errorAt(t.offset, "unexpected end of expression: want %s", want)
	}
	return errorAt(t.offset, "unexpected symbol %q: want %s", t.text, want)
}

// made closes a node: it sets its depth and refuses a tree that is too deep.
func made(n *node) (*node, *ExpressionError) {
	for _, a := range n.args {
		n.depth = max(n.depth, a.depth)
	}
	n.depth++
	if n.depth > maxDepth {
		return nil, errorAt(n.offset, "expression is nested deeper than %d levels", maxDepth)
	}
	return n, nil
}

func (p *parser) or() (*node, *ExpressionError) { return p.chain(nodeOr, "||", (*parser).and) }

func (p *parser) and() (*node, *ExpressionError) { return p.chain(nodeAnd, "&&", (*parser).equality) }

func (p *parser) chain(kind nodeKind, symbol string, operand func(*parser) (*node, *ExpressionError)) (*node, *ExpressionError) {
	first, err := operand(p)
	if err != nil || p.peek().kind != tokenOperator || p.peek().text != symbol {
		return first, err
	}
	n := &node{kind: kind, offset: first.offset, name: symbol}
	n.join(first)
	for {
		if _, ok := p.operator(symbol); !ok {
			return made(n)
		}
		more, err := operand(p)
		if err != nil {
			return nil, err
		}
		n.join(more)
	}
}

// join adds an operand to a chain; a chain of the same kind is merged.
func (n *node) join(operand *node) {
	if operand.kind == n.kind {
		n.args = append(n.args, operand.args...)
		return
	}
	n.args = append(n.args, operand)
}

func (p *parser) equality() (*node, *ExpressionError) {
	return p.binary((*parser).comparison, "==", "!=")
}

func (p *parser) comparison() (*node, *ExpressionError) {
	return p.binary((*parser).unary, "<", "<=", ">", ">=")
}

func (p *parser) binary(operand func(*parser) (*node, *ExpressionError), symbols ...string) (*node, *ExpressionError) {
	left, err := operand(p)
	for err == nil {
		op, ok := p.operator(symbols...)
		if !ok {
			return left, nil
		}
		var right *node
		if right, err = operand(p); err != nil {
			break
		}
		left, err = made(&node{kind: nodeCompare, offset: op.offset, name: op.text, args: []*node{left, right}})
	}
	return nil, err
}

func (p *parser) unary() (*node, *ExpressionError) {
	var bangs []token
	for {
		t, ok := p.operator("!")
		if !ok {
			break
		}
		if bangs = append(bangs, t); len(bangs) > maxDepth {
			return nil, errorAt(t.offset, "expression is nested deeper than %d levels", maxDepth)
		}
	}
	n, err := p.postfix()
	for i := len(bangs) - 1; i >= 0 && err == nil; i-- {
		n, err = made(&node{kind: nodeNot, offset: bangs[i].offset, name: "!", args: []*node{n}})
	}
	return n, err
}

func (p *parser) postfix() (*node, *ExpressionError) {
	indexable := p.peek().kind != tokenLiteral
	n, err := p.primary()
	for err == nil && indexable {
		switch {
		case p.accept(tokenDot):
			n, err = p.property(n)
		case p.accept(tokenOpenIndex):
			n, err = p.index(n)
		default:
			return n, nil
		}
	}
	return n, err
}

func (p *parser) property(target *node) (*node, *ExpressionError) {
	t := p.peek()
	switch t.kind {
	case tokenStar:
		p.next()
		return made(&node{kind: nodeWildcard, offset: t.offset, args: []*node{target}})
	case tokenName:
		p.next()
		key := &node{kind: nodeLiteral, offset: t.offset, depth: 1, value: String(t.text)}
		return made(&node{kind: nodeIndex, offset: t.offset, args: []*node{target, key}})
	default:
		return nil, p.unexpected("a property name or *")
	}
}

func (p *parser) index(target *node) (*node, *ExpressionError) {
	t := p.peek()
	n := &node{kind: nodeWildcard, offset: t.offset, args: []*node{target}}
	if !p.accept(tokenStar) {
		key, err := p.or()
		if err != nil {
			return nil, err
		}
		n.kind, n.args = nodeIndex, append(n.args, key)
	}
	if !p.accept(tokenCloseIndex) {
		return nil, p.unexpected(`"]"`)
	}
	return made(n)
}

func (p *parser) primary() (*node, *ExpressionError) {
	t := p.peek()
	switch t.kind {
	case tokenLiteral:
		p.next()
		return made(&node{kind: nodeLiteral, offset: t.offset, value: t.value})
	case tokenName:
		p.next()
		if p.accept(tokenOpen) {
			return p.call(t)
		}
		return made(&node{kind: nodeContext, offset: t.offset, name: t.text})
	case tokenOpen:
		p.next()
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.accept(tokenClose) {
			return nil, p.unexpected(`")"`)
		}
		return n, nil
	default:
		return nil, p.unexpected("a value, a name or a function")
	}
}

// call reads the arguments of a function whose "(" is consumed.
func (p *parser) call(name token) (*node, *ExpressionError) {
	fn := lookupFunction(name.text)
	if fn == nil {
		return nil, errorAt(name.offset, "unknown function %q: want one of %s", name.text, functionNames())
	}
	n := &node{kind: nodeCall, offset: name.offset, name: name.text, fn: fn}
	if !p.accept(tokenClose) {
		for {
			arg, err := p.or()
			if err != nil {
				return nil, err
			}
			n.args = append(n.args, arg)
			if p.accept(tokenComma) {
				continue
			}
			if p.accept(tokenClose) {
				break
			}
			return nil, p.unexpected(`"," or ")"`)
		}
	}
	if err := fn.checkArity(n); err != nil {
		return nil, err
	}
	return made(n)
}
