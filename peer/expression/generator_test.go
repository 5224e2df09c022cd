package expression_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// kind is the type that a generated expression has, as far as it is known.
type kind int

const (
	unknown kind = iota
	null
	boolean
	numeric
	text // a text that is no number, or the digits of one
	list
	object
)

// piece is a generated expression: its text, its kind and the classes that it is
// in. compound says that it needs parentheses as an operand, fails that it cannot
// be evaluated.
type piece struct {
	text     string
	kind     kind
	classes  []class
	compound bool
	fails    bool
}

func (p piece) in(c ...class) piece {
	p.classes = append(slices.Clone(p.classes), c...)
	return p
}

func (p piece) grouped() string {
	if p.compound {
		return "(" + p.text + ")"
	}
	return p.text
}

// of makes a piece of others, and is in all their classes.
func of(k kind, source string, parts ...piece) piece {
	p := piece{text: source, kind: k}
	for _, part := range parts {
		p.classes = append(p.classes, part.classes...)
		if part.fails {
			p.classes = append(p.classes, laziness)
		}
	}
	return p
}

type generator struct{ t *rapid.T }

func pick[T any](g *generator, what string, from ...T) T {
	return rapid.SampledFrom(from).Draw(g.t, what)
}

// leaves are literals and properties of inputs.
var leaves = []piece{
	{text: "null", kind: null},
	{text: "inputs.none", kind: null},
	{text: "inputs.missing", kind: null},
	{text: "inputs['NONE']", kind: null},
	{text: "true", kind: boolean},
	{text: "false", kind: boolean},
	{text: "inputs.yes", kind: boolean},
	{text: "inputs.no", kind: boolean},
	{text: "0", kind: numeric},
	{text: "1", kind: numeric},
	{text: "-2", kind: numeric},
	{text: "2.5", kind: numeric},
	{text: "0x1F", kind: numeric},
	{text: "1e3", kind: numeric},
	{text: "0.125", kind: numeric},
	{text: "inputs.count", kind: numeric},
	{text: "inputs.half", kind: numeric},
	{text: "NaN", kind: numeric},
	{text: "Infinity", kind: numeric},
	{text: ".5", kind: numeric, classes: []class{oddNumbers}},
	{text: "+1", kind: numeric, classes: []class{oddNumbers}},
	{text: "0o17", kind: numeric, classes: []class{oddNumbers}},
	{text: "-Infinity", kind: numeric, classes: []class{oddNumbers}},
	{text: "-0.0", kind: numeric, classes: []class{minusZero}},
	{text: "''", kind: text},
	{text: "'a'", kind: text},
	{text: "'B'", kind: text},
	{text: "'abc'", kind: text},
	{text: "'1'", kind: text},
	{text: "'2.5'", kind: text},
	{text: "'-2'", kind: text},
	{text: "'it''s'", kind: text},
	{text: "inputs.text", kind: text},
	{text: "inputs.word", kind: text},
	{text: "inputs.tree.a.b.c", kind: text},
	{text: "inputs.labels[0].name", kind: text},
	{text: "'ς'", kind: text, classes: []class{oddStrings}},
	{text: "'İ'", kind: text, classes: []class{oddStrings}},
	{text: "' 1 '", kind: unknown},
	{text: "'_'", kind: unknown},
	{text: "'inputs.count'", kind: unknown},
	{text: "inputs.list", kind: list},
	{text: "inputs.numbers", kind: list},
	{text: "inputs.empty", kind: list},
	{text: "inputs.labels.*.name", kind: list},
	{text: "fromJSON('[\"x\", 2, null]')", kind: list},
	{text: "inputs.tree", kind: object},
	{text: "inputs.hollow", kind: object},
	{text: "fromJSON('{\"k\": \"v\"}')", kind: object},
}

func (g *generator) any(depth int) piece {
	if depth == 0 {
		return pick(g, "leaf", leaves...)
	}
	return pick(g, "form", g.leaf, g.compare, g.compare, g.logical, g.logical, g.not, g.index, g.textFunction, g.format, g.join, g.json, g.rare)(depth)
}

func (g *generator) leaf(int) piece { return pick(g, "leaf", leaves...) }

func (g *generator) compare(depth int) piece {
	a, b := g.any(depth-1), g.any(depth-1)
	op := pick(g, "operator", "==", "!=", "<", "<=", ">", ">=")
	p := of(boolean, a.grouped()+" "+op+" "+b.grouped(), a, b)
	p.compound = true
	kinds := []kind{a.kind, b.kind}
	ordered := op != "==" && op != "!="
	switch {
	case slices.Contains(kinds, list) || slices.Contains(kinds, object):
		return p.in(comparedLists)
	case slices.Contains(kinds, unknown):
		return p.in(coercedText, comparedLists, comparedNulls, foldedOrder)
	case a.kind == null && b.kind == null && (ordered || op == "!="):
		return p.in(comparedNulls)
	}
	return p
}

func (g *generator) logical(depth int) piece {
	a, b := g.any(depth-1), g.any(depth-1)
	p := of(unknown, a.grouped()+pick(g, "operator", " && ", " || ", "||", "\n&&\t")+b.grouped(), a, b)
	if a.kind == b.kind {
		p.kind = a.kind
	}
	p.compound = true
	return p
}

func (g *generator) not(depth int) piece {
	a := g.any(depth - 1)
	return of(boolean, "!"+a.grouped(), a)
}

func (g *generator) index(depth int) piece {
	switch pick(g, "index", 0, 1, 2, 3) {
	case 0:
		return piece{text: fmt.Sprintf("inputs.list[%d]", rapid.IntRange(-1, 6).Draw(g.t, "position"))}
	case 1:
		key := g.any(depth - 1)
		return of(unknown, "inputs.list["+key.text+"]", key).in(oddIndexes)
	case 2:
		return piece{text: pick(g, "path", "inputs.tree.a['b']", "inputs['tree']['A'].b.C", "fromJSON('{\"a\": [1, {\"b\": 2}]}').a[1].b", "inputs.labels[1]['NAME']")}
	default:
		target := g.any(depth - 1)
		p := of(unknown, "("+target.text+").name", target)
		if target.kind == list || target.kind == unknown {
			return p.in(listProperties)
		}
		return p
	}
}

// textFunction is contains, startsWith or endsWith.
func (g *generator) textFunction(depth int) piece {
	name := pick(g, "function", "contains", "StartsWith", "endswith")
	a, b := g.any(depth-1), g.any(depth-1)
	p := of(boolean, name+"("+a.text+", "+b.text+")", a, b)
	switch {
	case a.kind == unknown || b.kind == unknown || b.kind == list || b.kind == object:
		return p.in(listsAsText, comparedLists, coercedText)
	case name == "contains":
		return p
	case a.kind == list || a.kind == object:
		return p.in(listsAsText)
	}
	return p
}

func (g *generator) format(depth int) piece {
	a, b := g.any(depth-1), g.any(depth-1)
	pattern := pick(g, "pattern", "{0}", "{1}{0}", "a {0} b", "{{{0}}}", "{{}}", "{00}", "it''s {1}", "{+0}", "{2}", "{", "}{")
	p := of(unknown, "format('"+pattern+"', "+a.text+", "+b.text+")", a, b)
	p.fails = slices.Contains([]string{"{2}", "{", "}{"}, pattern)
	if pattern == "{+0}" {
		return p.in(badFormats)
	}
	return p
}

func (g *generator) join(depth int) piece {
	a, b := g.any(depth-1), g.any(depth-1)
	p := of(unknown, "join("+a.text+", "+b.text+")", a, b)
	if a.kind == object || a.kind == unknown || b.kind == list || b.kind == object || b.kind == unknown {
		return p.in(listsAsText)
	}
	return p
}

func (g *generator) json(depth int) piece {
	a := g.any(depth - 1)
	p := of(unknown, "toJSON("+a.text+")", a)
	if a.kind == numeric || a.kind == unknown {
		return p.in(jsonMarkup)
	}
	return p
}

// rare is what act lacks altogether.
func (g *generator) rare(depth int) piece {
	a := g.any(depth - 1)
	switch pick(g, "rarity", 0, 1, 2, 3, 4) {
	case 0:
		return of(unknown, "case("+a.text+", 1, 2)", a).in(caseFunction)
	case 1:
		return of(unknown, "fromJSON("+a.text+")", a).in(jsonDialect)
	case 2:
		return of(list, "("+a.text+")[*]", a).in(starBrackets)
	case 3:
		return of(list, "("+a.text+").*.*", a).in(filters)
	default:
		return of(boolean, a.grouped()+" == 1 == true", a).in(comparedChains)
	}
}
