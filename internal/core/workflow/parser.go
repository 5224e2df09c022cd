package workflow

import "strings"

// node is one node of an expression's tree. depth counts it and its deepest
// child, as GitHub's limit does: parentheses are no node, a chain of && or || is
// one.
type node struct {
	kind   nodeKind
	offset int
	depth  int
	value  Value     // literal
	name   string    // context, function: as written; operator: its symbol
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
	nodeStar     // a * that begins an index but is not all of it
	nodeNot
	nodeAnd
	nodeOr
	nodeCompare // == != < <= > >=
)

type parser struct {
	lexer  lexer
	known  func(context string) bool // nil: every name is
	ahead  token
	peeked bool
	last   token // the one that was consumed last
}

// parse builds the tree of one expression; nil for an empty one. known says of a
// name in lower case whether it is a context; nil accepts any.
func parse(src string, known func(string) bool) (*node, *ExpressionError) {
	if utf16Length(src) > maxLength {
		return nil, errorAt(0, "expression has more than %d characters", maxLength)
	}
	p := &parser{lexer: lexer{src: src}, known: known}
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
	return n, n.checkDepth()
}

// checkDepth refuses a tree that is too deep; the place is its first node below
// the limit.
func (n *node) checkDepth() *ExpressionError {
	if n.depth <= maxDepth {
		return nil
	}
	for range maxDepth {
		deepest := n.args[0]
		for _, a := range n.args {
			if a.depth > deepest.depth {
				deepest = a
			}
		}
		n = deepest
	}
	return errorAt(n.offset, "expression is nested deeper than %d levels", maxDepth)
}

func (p *parser) peek() token {
	if !p.peeked {
		p.ahead, p.peeked = p.lexer.next(), true
	}
	return p.ahead
}

func (p *parser) next() token {
	p.last = p.peek()
	p.peeked = false
	return p.last
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

// unexpected is the error of the next token. At the end of the expression GitHub
// names the last one.
func (p *parser) unexpected(want string) *ExpressionError {
	t := p.peek()
	switch t.kind {
	case tokenEnd:
		return errorAt(p.last.offset, "unexpected end of expression after %q: want %s", p.last.text, want)
	case tokenInvalid:
		return errorAt(t.offset, "%s", t.why)
	default:
		return errorAt(t.offset, "unexpected symbol %q: want %s", t.text, want)
	}
}

// made closes a node: it sets its depth.
func made(n *node) *node {
	for _, a := range n.args {
		n.depth = max(n.depth, a.depth)
	}
	n.depth++
	return n
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
			return made(n), nil
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
		left = made(&node{kind: nodeCompare, offset: op.offset, name: op.text, args: []*node{left, right}})
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
		bangs = append(bangs, t)
	}
	n, err := p.postfix()
	if err != nil {
		return nil, err
	}
	for i := len(bangs) - 1; i >= 0; i-- {
		n = made(&node{kind: nodeNot, offset: bangs[i].offset, name: "!", args: []*node{n}})
	}
	return n, nil
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
		return made(&node{kind: nodeWildcard, offset: t.offset, args: []*node{target}}), nil
	case tokenProperty:
		p.next()
		key := &node{kind: nodeLiteral, offset: t.offset, depth: 1, value: String(t.text)}
		return made(&node{kind: nodeIndex, offset: t.offset, args: []*node{target, key}}), nil
	default:
		return nil, p.unexpected("a property name or *")
	}
}

func (p *parser) index(target *node) (*node, *ExpressionError) {
	n := &node{kind: nodeIndex, offset: p.peek().offset, args: []*node{target}}
	key, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.accept(tokenCloseIndex) {
		return nil, p.unexpected(`"]"`)
	}
	if key.kind == nodeStar {
		n.kind = nodeWildcard
	} else {
		n.args = append(n.args, key)
	}
	return made(n), nil
}

func (p *parser) primary() (*node, *ExpressionError) {
	t := p.peek()
	switch {
	case t.kind == tokenLiteral:
		p.next()
		return made(&node{kind: nodeLiteral, offset: t.offset, value: t.value}), nil
	case t.kind == tokenStar && p.last.kind == tokenOpenIndex:
		p.next()
		return made(&node{kind: nodeStar, offset: t.offset}), nil
	case t.kind == tokenContext:
		p.next()
		if p.known != nil && !p.known(strings.ToLower(t.text)) {
			return nil, unknownContext(t.offset, t.text)
		}
		return made(&node{kind: nodeContext, offset: t.offset, name: t.text}), nil
	case t.kind == tokenFunction:
		p.next()
		return p.call(t)
	case t.kind == tokenOpen:
		p.next()
		n, err := p.or()
		if err == nil && !p.accept(tokenClose) {
			err = p.unexpected(`")"`)
		}
		return n, err
	default:
		return nil, p.unexpected("a value, a name or a function")
	}
}

func unknownContext(offset int, name string) *ExpressionError {
	return errorAt(offset, "unrecognized context %q: it is not available here", name)
}

// call reads the arguments of a function whose "(" comes next.
func (p *parser) call(name token) (*node, *ExpressionError) {
	fn := lookupFunction(name.text)
	if fn == nil {
		return nil, errorAt(name.offset, "unknown function %q: want one of %s", name.text, functionNames())
	}
	n := &node{kind: nodeCall, offset: name.offset, name: name.text, fn: fn}
	p.accept(tokenOpen)
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
	return made(n), fn.checkArity(n)
}
