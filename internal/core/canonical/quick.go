package canonical

import (
	"bytes"
	"unicode/utf8"
)

// quick reports whether the bytes are plainly canonical: no white space, no
// escapes, keys of ASCII in strict order, small integers. False says nothing;
// the slow way decides then. It is what makes reading a million events quick.
func quick(data []byte) bool {
	if !utf8.Valid(data) {
		return false
	}
	s := scanner{data: data}
	return s.value(0) && s.at == len(data)
}

type scanner struct {
	data []byte
	at   int
}

func (s *scanner) next() byte {
	if s.at >= len(s.data) {
		return 0
	}
	return s.data[s.at]
}

func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) value(depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch c := s.next(); {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.array(depth)
	case c == '"':
		_, ok := s.text()
		return ok
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.integer()
}

func (s *scanner) word(w string) bool {
	if !bytes.HasPrefix(s.data[s.at:], []byte(w)) {
		return false
	}
	s.at += len(w)
	return true
}

// integer takes at most 15 digits, which are below 2^53.
func (s *scanner) integer() bool {
	start := s.at
	negative := s.take('-')
	first := s.at
	for c := s.next(); c >= '0' && c <= '9'; c = s.next() {
		s.at++
	}
	digits := s.at - first
	if digits == 0 || digits > 15 || (s.data[first] == '0' && (digits > 1 || negative)) {
		s.at = start
		return false
	}
	return true
}

// text takes a string without escapes and gives its content.
func (s *scanner) text() ([]byte, bool) {
	if !s.take('"') {
		return nil, false
	}
	start := s.at
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return s.data[start : s.at-1], true
		case c == '\\' || c < 0x20:
			return nil, false
		}
		s.at++
	}
	return nil, false
}

func (s *scanner) array(depth int) bool {
	s.at++
	if s.take(']') {
		return true
	}
	for s.value(depth + 1) {
		if s.take(']') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
	return false
}

func (s *scanner) object(depth int) bool {
	s.at++
	if s.take('}') {
		return true
	}
	var before []byte
	for first := true; ; first = false {
		key, ok := s.text()
		if !ok || !ascii(key) || (!first && bytes.Compare(before, key) >= 0) || !s.take(':') || !s.value(depth+1) {
			return false
		}
		before = key
		if s.take('}') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
