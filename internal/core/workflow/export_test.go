package workflow

// Lex gives the tokens of an expression up to the first invalid one, which is
// included, and the offset of each.
func Lex(src string) (texts []string, offsets []int) {
	l := lexer{src: src}
	for {
		t := l.next()
		if t.kind == tokenEnd {
			return texts, offsets
		}
		texts, offsets = append(texts, t.text), append(offsets, t.offset)
		if t.kind == tokenInvalid {
			return texts, offsets
		}
	}
}
