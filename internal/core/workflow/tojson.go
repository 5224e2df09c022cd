package workflow

import "bytes"

// toJSON writes a value with two spaces a level; numbers are as Value.Text has
// them, NaN and infinities included, as on GitHub.
func toJSON(e *evaluation, n *node) (Value, *ExpressionError) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return Null(), err
	}
	b := textBuilder{node: n}
	if err := b.json(v, "", ""); err != nil {
		return Null(), err
	}
	return String(string(b.text)), nil
}

// json adds a value behind a prefix; indent is that of its level.
func (b *textBuilder) json(v Value, prefix, indent string) *ExpressionError {
	switch {
	case v.kind == KindArray && len(v.array.items) > 0:
		return b.jsonList(prefix+"[", "]", indent, len(v.array.items), func(i int, before, inner string) *ExpressionError {
			return b.json(v.array.items[i], before, inner)
		})
	case v.kind == KindObject && len(v.object.members) > 0:
		return b.jsonList(prefix+"{", "}", indent, len(v.object.members), func(i int, before, inner string) *ExpressionError {
			if err := b.add(before + quoted(v.object.members[i].Name)); err != nil {
				return err
			}
			return b.json(v.object.members[i].Value, ": ", inner)
		})
	default:
		return b.add(prefix + leafJSON(v))
	}
}

func (b *textBuilder) jsonList(open, closing, indent string, count int, item func(i int, before, inner string) *ExpressionError) *ExpressionError {
	if err := b.add(open); err != nil {
		return err
	}
	inner := indent + "  "
	before := "\n" + inner
	for i := range count {
		if err := item(i, before, inner); err != nil {
			return err
		}
		before = ",\n" + inner
	}
	return b.add("\n" + indent + closing)
}

// leafJSON is a value without elements.
func leafJSON(v Value) string {
	switch v.kind {
	case KindNull:
		return "null"
	case KindString:
		return quoted(v.text)
	case KindArray:
		return "[]"
	case KindObject:
		return "{}"
	default:
		return v.Text()
	}
}

func quoted(s string) string {
	var b bytes.Buffer
	writeQuoted(&b, s)
	return b.String()
}
