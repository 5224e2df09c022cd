package canonical

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"
)

// arrange makes canonical bytes of what encoding/json wrote: keys in order,
// escapes as RFC 8785 wants them. False says nothing, as of quick: keys beyond
// plain ASCII, twice the same key, surrogates and other numbers are left to the
// slow way. Documents of megabytes are what makes it worth while.
func arrange(raw []byte) ([]byte, bool) {
	if !utf8.Valid(raw) {
		return nil, false
	}
	a := arranger{scanner: scanner{data: raw}, out: make([]byte, 0, len(raw))}
	if !a.value(0) || a.at != len(raw) {
		return nil, false
	}
	return a.out, true
}

type arranger struct {
	scanner
	out     []byte
	members []member // of the open objects
	scratch []byte
}

// member is a key, and the place of key and value in the output.
type member struct {
	key        []byte
	start, end int
}

func (a *arranger) value(depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch a.next() {
	case '{':
		return a.object(depth)
	case '[':
		return a.array(depth)
	case '"':
		return a.text()
	}
	start := a.at
	if !a.scanner.value(depth) { // a word or an integer
		return false
	}
	a.out = append(a.out, a.data[start:a.at]...)
	return true
}

func (a *arranger) array(depth int) bool {
	a.at++
	a.out = append(a.out, '[')
	for first := true; !a.take(']'); first = false {
		if !first {
			if !a.take(',') {
				return false
			}
			a.out = append(a.out, ',')
		}
		if !a.value(depth + 1) {
			return false
		}
	}
	a.out = append(a.out, ']')
	return true
}

// text takes a string and writes each character in its one form.
func (a *arranger) text() bool {
	a.at++
	a.out = append(a.out, '"')
	for a.at < len(a.data) {
		plain := a.at
		for a.at < len(a.data) && a.data[a.at] != '"' && a.data[a.at] != '\\' && a.data[a.at] >= 0x20 {
			a.at++
		}
		a.out = append(a.out, a.data[plain:a.at]...)
		switch c := a.next(); c {
		case '"':
			a.at++
			a.out = append(a.out, '"')
			return true
		case '\\':
			if !a.escape() {
				return false
			}
		default:
			return false
		}
	}
	return false
}

// escape takes one. Those of one letter are the same in both forms.
func (a *arranger) escape() bool {
	a.at++
	c := a.next()
	a.at++
	if bytes.IndexByte([]byte(`"\bfnrt`), c) >= 0 {
		a.out = append(a.out, '\\', c)
		return true
	}
	if c != 'u' || a.at+4 > len(a.data) {
		return false
	}
	n, err := strconv.ParseUint(string(a.data[a.at:a.at+4]), 16, 16)
	r := rune(n)
	if err != nil || r < 0x20 || r == '"' || r == '\\' || !utf8.ValidRune(r) {
		return false
	}
	a.at += 4
	a.out = utf8.AppendRune(a.out, r)
	return true
}

func (a *arranger) object(depth int) bool {
	a.at++
	a.out = append(a.out, '{')
	first := len(a.members)
	sorted := true
	for !a.take('}') {
		if len(a.members) > first && !a.take(',') {
			return false
		}
		start := len(a.out)
		key, ok := a.scanner.text()
		if !ok || !ascii(key) || !a.take(':') {
			return false
		}
		a.out = append(a.out, '"')
		a.out = append(a.out, key...)
		a.out = append(a.out, '"', ':')
		if n := len(a.members); n > first && bytes.Compare(a.members[n-1].key, key) >= 0 {
			sorted = false
		}
		a.members = append(a.members, member{key: key, start: start})
		at := len(a.members) - 1
		if !a.value(depth + 1) {
			return false
		}
		a.members[at].end = len(a.out)
		a.out = append(a.out, ',')
	}
	ok := sorted || a.sort(a.members[first:])
	a.members = a.members[:first]
	if n := len(a.out) - 1; a.out[n] == ',' {
		a.out = a.out[:n]
	}
	a.out = append(a.out, '}')
	return ok
}

// sort puts the members of an object in order; false is a key that stands
// twice.
func (a *arranger) sort(members []member) bool {
	from := members[0].start
	a.scratch = append(a.scratch[:0], a.out[from:]...)
	slices.SortFunc(members, func(x, y member) int { return bytes.Compare(x.key, y.key) })
	a.out = a.out[:from]
	for i, m := range members {
		if i > 0 && bytes.Equal(members[i-1].key, m.key) {
			return false
		}
		a.out = append(append(a.out, a.scratch[m.start-from:m.end-from]...), ',')
	}
	return true
}
