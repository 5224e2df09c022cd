package workflow

// maxMemory bounds what an evaluation holds, in bytes as the runner counts them.
const maxMemory = 10 << 20

// Sizes that the runner counts with: of anything, of a string beside two bytes a
// character, of an element of a filtered array.
const (
	objectSize  = 24
	stringSize  = 26
	elementSize = 8
)

// memory is the runner's account of one evaluation. It has a sum for each level
// of the tree; a node that has made a primitive value forgets what the levels
// below it held.
type memory struct {
	levels []int
	total  int
}

// hold counts the value of a node; read says that the value existed already. It
// answers false above the limit.
func (m *memory) hold(level int, v Value, read bool) bool {
	made := v.kind == KindNull || v.primitive() && !read
	if made {
		for len(m.levels) > level+1 {
			last := len(m.levels) - 1
			m.total -= m.levels[last]
			m.levels = m.levels[:last]
		}
	}
	for len(m.levels) <= level {
		m.levels = append(m.levels, 0)
	}
	bytes := v.size()
	if v.primitive() && !made {
		bytes += objectSize
	}
	m.levels[level] += bytes
	m.total += bytes
	return m.total <= maxMemory
}

func (v Value) size() int {
	switch {
	case v.kind == KindString:
		return textSize(v.text)
	case v.kind == KindArray && v.array.filtered:
		return objectSize + elementSize*len(v.array.items)
	default:
		return objectSize
	}
}

// maxWork bounds what an evaluation goes through, in bytes: a limit of ours, for a
// long expression that compares long texts again and again.
const maxWork = 1 << 27

// work is what it costs to go through a value once; an element of an array counts
// for a short text.
func (v Value) work() int {
	if v.kind == KindArray {
		return 16 * len(v.array.items)
	}
	return len(v.text)
}

func textSize(s string) int { return stringSize + 2*utf16Length(s) }

// textBuilder is a text that one function makes piece by piece.
type textBuilder struct {
	node  *node
	text  []byte
	bytes int // counted
}

func (b *textBuilder) add(s string) *ExpressionError {
	if b.bytes += textSize(s); b.bytes > maxMemory {
		return tooMuch(b.node)
	}
	b.text = append(b.text, s...)
	return nil
}

func tooMuch(n *node) *ExpressionError {
	return errorAt(n.offset, "expression needs more than %d bytes of memory", maxMemory)
}
