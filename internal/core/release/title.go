package release

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// shown is foreign text on one line, as it is printed.
func shown(title string) string {
	return strings.Join(strings.Fields(document.Visible(title)), " ")
}

// marks are what Markdown may read as its own inside of a line.
const marks = "\\`*_[]<>&|~{}"

// escaped is foreign text as Markdown of one line that shows the text: no link,
// emphasis, tag or entity of its own. What looks like text of a template is
// hidden from DOC-R12, as it is nobody's to fill in.
func escaped(title string) string {
	var b strings.Builder
	for _, r := range shown(title) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune(marks, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	out := b.String()
	for m := leftovers.FindStringIndex(out); m != nil; m = leftovers.FindStringIndex(out) {
		out = fmt.Sprintf("%s&#%d;%s", out[:m[0]], out[m[0]], out[m[0]+1:])
	}
	return out
}

var entity = regexp.MustCompile(`&(?:lt|gt|amp|#[0-9]{1,7});|\\[!-/:-@\[-` + "`" + `{-~]`)

// unescaped is the text that Markdown of one line shows, as far as escaped makes
// it: backslashes before punctuation and the entities that it writes.
func unescaped(s string) string {
	return entity.ReplaceAllStringFunc(s, func(m string) string {
		switch {
		case m[0] == '\\':
			return m[1:]
		case m == "&lt;":
			return "<"
		case m == "&gt;":
			return ">"
		case m == "&amp;":
			return "&"
		}
		n, _ := strconv.Atoi(m[2 : len(m)-1]) // the pattern holds digits only
		if n < 0x20 || n > 0x7e {
			return m // no other is written
		}
		return string(rune(n))
	})
}

// changeLine is a change as the grammar has it.
func changeLine(number int64, title, repository string) string {
	if title = escaped(title); title == "" {
		title = "no title"
	}
	return fmt.Sprintf("* [#%d - %s](%s/pull/%d)", number, title, repository, number)
}
