package mask

import "strings"

// A secret may be broken over lines: by a program that folds its output, or that
// encodes in lines. It is looked for in the text without any white space.

// Unwrap gives s without the secrets that are broken over its lines.
func (m *Masker) Unwrap(s string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return hide(s, ordered(m.broken(s)))
}

// broken finds secrets that go over the end of a line.
func (m *Masker) broken(s string) []span {
	flat, at := solid(s)
	var spans []span
	for i := range len(flat) {
		for _, f := range m.byFirst[flat[i]] {
			if !strings.HasPrefix(flat[i:], f.text) {
				continue
			}
			whole := span{at[i], at[i+len(f.text)-1] + 1}
			if strings.Contains(s[whole.start:whole.end], "\n") {
				spans = append(spans, f.spread(s, whole))
			}
		}
	}
	return spans
}

// solid is s without white space; at gives the place in s of each byte.
func solid(s string) (flat string, at []int) {
	var b strings.Builder
	for i := range len(s) {
		if !blank(s[i]) {
			b.WriteByte(s[i])
			at = append(at, i)
		}
	}
	return b.String(), at
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// shortest is how many characters of a secret at the end of a line make it worth
// waiting for the next one.
const shortest = 3

// Opens reports whether the lines may end with the beginning of a secret.
func (m *Masker) Opens(lines string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	end := solidEnd(lines, shortest)
	if len(end) < shortest || !m.inner[[shortest]byte([]byte(end))] {
		return false // as nearly always
	}
	flat := solidEnd(lines, m.longest)
	for i := 0; i <= len(flat)-shortest; i++ {
		for _, f := range m.byFirst[flat[i]] {
			if len(f.text) > len(flat)-i && strings.HasPrefix(f.text, flat[i:]) {
				return true
			}
		}
	}
	return false
}

// Tail is the end of lines that Continued wants to know: what is too short for
// Opens to wait for the next line.
func Tail(lines string) string { return solidEnd(lines, shortest-1) }

// solidEnd is the last n bytes of s that are no white space.
func solidEnd(s string, n int) string {
	end := make([]byte, min(n, len(s)))
	at := len(end)
	for i := len(s) - 1; i >= 0 && at > 0; i-- {
		if !blank(s[i]) {
			at--
			end[at] = s[i]
		}
	}
	return string(end[at:])
}

// Continued is how much of the beginning of a line is the rest of a secret of
// which only the Tail of the lines before is the beginning.
func (m *Masker) Continued(before, line string) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	text := strings.TrimLeft(line, " \t")
	for n := min(shortest-1, len(before)); n > 0; n-- {
		begin := before[len(before)-n:]
		for _, f := range m.byFirst[begin[0]] {
			if rest, ok := strings.CutPrefix(f.text, begin); ok && len(rest) > shortCode && strings.HasPrefix(text, rest) {
				return len(line) - len(text) + len(rest)
			}
		}
	}
	return 0
}
