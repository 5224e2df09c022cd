package trace

import (
	"regexp"
	"strings"
)

// vague are the words that ISO/IEC/IEEE 29148:2018 (5.2.7) asks to avoid in a
// requirement, as far as they are seldom meant precisely.
var vague = regexp.MustCompile(`(?i)\b(as appropriate|if appropriate|where appropriate|if necessary|as necessary|if possible|as far as possible|as applicable|as soon as possible|but not limited to|user[- ]friendly|easy to use|state of the art|cost[- ]effective|adequate(?:ly)?|reasonabl[ey]|sufficiently|significant(?:ly)?|usually|normally|generally|almost always|and/or)\b|\betc\b\.?`)

var (
	shall = regexp.MustCompile(`(?i)\bshall\b`)
	quote = regexp.MustCompile("`[^`]*`")
)

// statement is the text of an item without code.
func statement(text string) string {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(text) {
		if mark := strings.TrimSpace(line); strings.HasPrefix(mark, "```") || strings.HasPrefix(mark, "~~~") {
			fenced = !fenced
			continue
		}
		if !fenced {
			b.WriteString(quote.ReplaceAllString(line, ""))
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
	if n := len(shall.FindAllStringIndex(text, -1)); n > 1 {
		c.report("DOC-S05", item.At, "split it, so that each can be tested alone", "%s says shall %d times", item.ID, n)
	}
	seen := map[string]bool{}
	for _, w := range vague.FindAllString(text, -1) {
		if w = strings.ToLower(w); !seen[w] {
			seen[w] = true
			c.report("DOC-S05", item.At, "say what can be measured", "%s says %q", item.ID, w)
		}
	}
}
