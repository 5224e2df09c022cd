package trace

import (
	"regexp"
	"slices"
	"strings"
)

// vague are the words that ISO/IEC/IEEE 29148:2018 (5.2.7) asks to avoid in a
// requirement, as far as they are seldom meant precisely.
var vague = regexp.MustCompile(`(?i)\b(as appropriate|if appropriate|where appropriate|if necessary|as necessary|if possible|as far as possible|as applicable|as soon as possible|but not limited to|user[- ]friendly|easy to use|state of the art|cost[- ]effective|adequate(?:ly)?|reasonabl[ey]|sufficiently|significant(?:ly)?|usually|normally|generally|almost always|and/or)\b|\betc\b\.?`)

// stems are what every vague word has one of.
var stems = []string{
	"appropriate", "necessary", "possible", "applicable", "not limited to", "friendly", "easy to use", "state of the art", "effective", "adequate", "reasonabl",
	"sufficiently", "significant", "usually", "normally", "generally", "almost always", "and/or", "etc",
}

var (
	shall = regexp.MustCompile(`(?i)\bshall\b`)
	quote = regexp.MustCompile("`[^`]*`")
)

// statement is the text of an item without code.
func statement(text string) string {
	if !strings.ContainsAny(text, "`~") {
		return text
	}
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(text) {
		if mark := strings.TrimSpace(line); strings.HasPrefix(mark, "```") || strings.HasPrefix(mark, "~~~") {
			fenced = !fenced
			continue
		}
		if !fenced {
			if strings.Contains(line, "`") {
				line = quote.ReplaceAllString(line, "")
			}
			b.WriteString(line)
		}
	}
	return b.String()
}

// wording reports what a requirement or specification says loosely (DOC-S05).
func (c *checker) wording(item *Item) {
	if item.Retired || item.Kind != URS && item.Kind != FS {
		return
	}
	text := statement(item.Text)
	said := looseWords(text)
	if said.shall > 1 {
		c.report("DOC-S05", item.At, "split it, so that each can be tested alone", "%s says shall %d times", item.ID, said.shall)
	}
	seen := map[string]bool{}
	for _, w := range said.vague {
		if w = strings.ToLower(w); !seen[w] {
			seen[w] = true
			c.report("DOC-S05", item.At, "say what can be measured", "%s says %q", item.ID, w)
		}
	}
}

type loose struct {
	shall int
	vague []string // as they are written
}

// looseWords asks the expressions only where a text may hold what they look for:
// they are slow. The long s is a letter that they take for an s.
func looseWords(text string) (l loose) {
	lower := strings.ToLower(text)
	long := strings.Contains(text, "\u017f")
	if l.shall = strings.Count(lower, "shall"); l.shall > 1 || long {
		l.shall = len(shall.FindAllStringIndex(text, -1))
	}
	if long || slices.ContainsFunc(stems, func(s string) bool { return strings.Contains(lower, s) }) {
		l.vague = vague.FindAllString(text, -1)
	}
	return l
}
