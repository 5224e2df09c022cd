package markdown

import (
	"strings"
	"unicode"

	"github.com/dc-release/dc-release/internal/core/document"
)

// line renders runs for a paragraph or list item, cells for a table cell.
func line(all []document.Run) string  { return start(runs(all, false)) }
func cells(all []document.Run) string { return runs(all, true) }

func runs(all []document.Run, table bool) string {
	var b strings.Builder
	for _, r := range all {
		b.WriteString(run(r, table))
	}
	return strings.TrimSpace(b.String())
}

func run(r document.Run, table bool) string {
	switch r.Style {
	case document.Mono:
		return span(r.Text, table)
	case document.Strong, document.Status:
		return strong(r.Text)
	case document.Link:
		if href, ok := address(r.Href); ok {
			return "[" + inline(r.Text) + "](<" + href + ">)"
		}
		return inline(r.Text)
	case document.Small:
		return "<br>" + inline(r.Text)
	case document.Break:
		return "<br>"
	}
	return keepEnds(r.Text)
}

// keepEnds escapes a run and keeps one space at each end that had white space,
// as runs stand side by side.
func keepEnds(s string) string {
	if strings.TrimSpace(s) == "" {
		if s == "" {
			return ""
		}
		return " "
	}
	out := inline(s)
	if strings.TrimLeft(s, " \t\n\r") != s {
		out = " " + out
	}
	if strings.TrimRight(s, " \t\n\r") != s {
		out += " "
	}
	return out
}

func strong(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "**" + inline(s) + "**"
}

// inline escapes text for one line; a line break in it becomes <br>.
func inline(s string) string {
	s = document.Visible(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")))
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '_':
			if i == 0 || i+1 == len(s) || !isWord(s[i-1]) || !isWord(s[i+1]) { // inside of a word it emphasises nothing
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case '\\', '`', '*', '[', ']', '<', '>', '|', '~', '#', '$', '@', '&':
			b.WriteByte('\\')
			b.WriteByte(c)
		case ':': // emoji names and addresses that would become links
			if i+1 < len(s) && (s[i+1] == '/' || isLetter(s[i+1])) {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case '.': // www.example.org
			if i >= 3 && strings.EqualFold(s[i-3:i], "www") {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case '\n':
			b.WriteString("<br>")
		case '\t':
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }

// start escapes what has a meaning at the beginning of a line only: bullets,
// numbers and underlines. Everything else is escaped wherever it stands.
func start(s string) string {
	if s == "" {
		return s
	}
	if strings.ContainsRune("-+=", rune(s[0])) {
		return `\` + s
	}
	digits := strings.TrimLeft(s, "0123456789")
	if n := len(s) - len(digits); n > 0 && digits != "" && (digits[0] == '.' || digits[0] == ')') && (len(digits) == 1 || digits[1] == ' ') {
		return s[:n] + `\` + digits
	}
	return s
}

// span is a code span whose fence is longer than any inside it. In a table a
// pipe is escaped even there; elsewhere the backslash would be seen.
func span(s string, table bool) string {
	s = document.Visible(strings.Join(strings.Fields(s), " "))
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longest(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	if table {
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	return fence + s + fence
}

// longest is the length of the longest run of a byte.
func longest(s string, c byte) int {
	best, now := 0, 0
	for i := range len(s) {
		if s[i] != c {
			now = 0
			continue
		}
		now++
		best = max(best, now)
	}
	return best
}

// word keeps the letters of a code language.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, s)
}

// address accepts http, https and places in the document, and encodes what
// could end the address.
func address(href string) (string, bool) {
	lower := strings.ToLower(href)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "#") {
		return "", false
	}
	var b strings.Builder
	for _, r := range href {
		switch {
		case r <= ' ' || r == '<' || r == '>' || r == '\\' || r == '|' || r == 0x7f:
			b.WriteString(percent(byte(r)))
		case r > 0x7f && document.Visible(string(r)) != string(r):
			return "", false
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), true
}

func percent(c byte) string {
	const hex = "0123456789ABCDEF"
	return string([]byte{'%', hex[c>>4], hex[c&15]})
}
