// Package mask hides secrets in text: a secret itself, and the spellings in which
// one usually leaves a program (JSON, URLs, XML, shells, hex, base64 at any place
// of a longer text), also where it is broken over lines.
package mask

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// Text stands in the place of a secret.
const Text = "***"

// Masker knows secrets and replaces them. It may be used by several goroutines.
type Masker struct {
	mu      sync.RWMutex
	seen    map[string]bool
	byFirst [256][]form // longest first
	longest int
	bytes   int                     // of all forms
	inner   map[[shortest]byte]bool // all that stands in forms before their last character
}

// form is one spelling of a secret.
type form struct {
	text string
	// within is the alphabet of the encoding: where a form of it is found, all
	// around it is masked too, because the neighbouring characters hold bits
	// of the secret. Nil for a plain text.
	within *[256]bool
}

// New makes a masker that knows some secrets. Blank ones are left out.
func New(secrets ...string) *Masker {
	m := &Masker{seen: map[string]bool{}, inner: map[[shortest]byte]bool{}}
	for _, s := range secrets {
		m.Add(s)
	}
	return m
}

// Add makes the masker know a secret in all its forms.
func (m *Masker) Add(secret string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range formsOf(secret) {
		if m.seen[f.text] {
			continue
		}
		m.seen[f.text] = true
		bucket := m.byFirst[f.text[0]]
		at, _ := slices.BinarySearchFunc(bucket, f, func(a, b form) int { return cmp.Compare(len(b.text), len(a.text)) })
		m.byFirst[f.text[0]] = slices.Insert(bucket, at, f)
		m.longest = max(m.longest, len(f.text))
		m.bytes += len(f.text)
		for i := range len(f.text) - shortest {
			m.inner[[shortest]byte([]byte(f.text[i:i+shortest]))] = true
		}
	}
}

// Size is the length of all forms together.
func (m *Masker) Size() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.bytes
}

// span is a part of a text, from start up to end.
type span struct{ start, end int }

// find gives the parts of s that must not be seen, in order, without overlap: a
// secret, also one that is broken over lines.
func (m *Masker) find(s string) []span {
	m.mu.RLock()
	defer m.mu.RUnlock()
	spans := m.plain(s)
	if strings.Contains(s, "\n") {
		spans = ordered(append(spans, m.broken(s)...))
	}
	return spans
}

// ordered sorts spans and makes one of those that touch or overlap.
func ordered(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var all []span
	for _, p := range spans {
		all = merge(all, p)
	}
	return all
}

// plain is find without regard to lines.
func (m *Masker) plain(s string) []span {
	var spans []span
	for i := range len(s) {
		for _, f := range m.byFirst[s[i]] {
			if !strings.HasPrefix(s[i:], f.text) {
				continue
			}
			if n := len(spans); n > 0 && i+len(f.text) <= spans[n-1].end {
				continue // a part of what is masked already
			}
			spans = merge(spans, f.spread(s, span{i, i + len(f.text)}))
			if f.within == nil {
				break // the others at this place are shorter
			}
		}
	}
	return spans
}

// spread widens what was found of an encoding to the whole word.
func (f form) spread(s string, p span) span {
	if f.within == nil {
		return p
	}
	for p.start > 0 && f.within[s[p.start-1]] {
		p.start--
	}
	for p.end < len(s) && f.within[s[p.end]] {
		p.end++
	}
	for p.end < len(s) && s[p.end] == '=' {
		p.end++ // padding
	}
	return p
}

// merge adds a span; spans that touch or overlap become one.
func merge(spans []span, p span) []span {
	for len(spans) > 0 && spans[len(spans)-1].end >= p.start {
		last := spans[len(spans)-1]
		p = span{min(last.start, p.start), max(last.end, p.end)}
		spans = spans[:len(spans)-1]
	}
	return append(spans, p)
}

// Mask gives s without secrets.
func (m *Masker) Mask(s string) string { return hide(s, m.find(s)) }

// hide puts something else in the place of spans; the lines of s stay.
func hide(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, p := range spans {
		b.WriteString(s[at:p.start])
		b.WriteString(Text + strings.Repeat("\n"+Text, strings.Count(s[p.start:p.end], "\n")))
		at = p.end
	}
	b.WriteString(s[at:])
	return b.String()
}

// Holds reports whether s contains a secret.
func (m *Masker) Holds(s string) bool { return len(m.find(s)) > 0 }

// Reach is the length of the longest form.
func (m *Masker) Reach() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.longest
}

// Beyond is the first place of s from at on where it can be cut in two without
// cutting a secret.
func (m *Masker) Beyond(s string, at int) int {
	for _, p := range m.find(s) {
		if p.start < at && p.end > at {
			at = p.end
		}
	}
	return at
}
