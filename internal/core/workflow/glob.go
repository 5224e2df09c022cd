package workflow

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// glob is one compiled filter pattern (docs.github.com, "Workflow syntax",
// filter pattern cheat sheet).
type glob struct {
	negative bool
	match    *regexp.Regexp
}

// maxPattern bounds a filter pattern, in bytes; a match takes time in proportion
// to pattern times name.
const maxPattern = 1024

// compileGlob reads a pattern: * is anything but "/", ** is anything, ? and +
// repeat the character before, [] is a class, \ escapes, a leading ! negates.
// The result runs in linear time.
func compileGlob(pattern string) (glob, error) {
	g := glob{}
	rest := pattern
	if strings.HasPrefix(rest, "!") {
		g.negative, rest = true, rest[1:]
	}
	if rest == "" {
		return g, fmt.Errorf("filter pattern %q is empty", pattern)
	}
	if len(rest) > maxPattern {
		return g, fmt.Errorf("filter pattern %.20q... has more than %d bytes", pattern, maxPattern)
	}
	var b strings.Builder
	b.WriteString(`\A(?s:`)
	for begin, repeatable := true, false; rest != ""; begin = false {
		expr, size, atom, err := globPart(rest, begin || strings.HasSuffix(b.String(), "/"))
		if err != nil {
			return g, fmt.Errorf("filter pattern %q: %w", pattern, err)
		}
		if (rest[0] == '?' || rest[0] == '+') && !repeatable {
			return g, fmt.Errorf("filter pattern %q: %q must follow a character or a class", pattern, rest[:1])
		}
		b.WriteString(expr)
		rest, repeatable = rest[size:], atom
	}
	b.WriteString(`)\z`)
	var err error
	if g.match, err = regexp.Compile(b.String()); err != nil {
		return g, fmt.Errorf("filter pattern %q: %w", pattern, err)
	}
	return g, nil
}

// globPart translates the first part of a pattern; atom says that ? or + may
// follow it. At the beginning of a segment **/ also stands for no directory.
func globPart(s string, segment bool) (expr string, size int, atom bool, err error) {
	switch s[0] {
	case '*':
		if segment && strings.HasPrefix(s, "**/") {
			return `(?:.*/)?`, 3, false, nil
		}
		if strings.HasPrefix(s, "**") {
			return `.*`, 2, false, nil
		}
		return `[^/]*`, 1, false, nil
	case '?', '+':
		return s[:1], 1, false, nil
	case '[':
		end := strings.IndexByte(s, ']')
		if end < 2 {
			return "", 0, false, fmt.Errorf("%q is not closed or empty", "[")
		}
		expr, err := globClass(s[1:end])
		return expr, end + 1, true, err
	case '\\':
		if len(s) < 2 {
			return "", 0, false, fmt.Errorf("%q must be followed by a character", `\`)
		}
		_, n := utf8.DecodeRuneInString(s[1:])
		return regexp.QuoteMeta(s[1 : 1+n]), 1 + n, true, nil
	default:
		_, n := utf8.DecodeRuneInString(s)
		return regexp.QuoteMeta(s[:n]), n, true, nil
	}
}

// globClass translates what stands between [ and ]: letters, digits and ranges
// of them.
func globClass(s string) (string, error) {
	var b strings.Builder
	b.WriteByte('[')
	for i := 0; i < len(s); i++ {
		if i+2 < len(s) && s[i+1] == '-' {
			if classOf(s[i]) == 0 || classOf(s[i]) != classOf(s[i+2]) || s[i] > s[i+2] {
				return "", fmt.Errorf("range %q: want a-z, A-Z or 0-9", s[i:i+3])
			}
			b.WriteString(s[i : i+3])
			i += 2
			continue
		}
		if s[i] >= utf8.RuneSelf {
			return "", fmt.Errorf("class %q: want ASCII characters", s)
		}
		b.WriteString(`\x{` + fmt.Sprintf("%x", s[i]) + `}`)
	}
	return b.String() + "]", nil
}

func classOf(c byte) byte {
	switch {
	case isDigit(c):
		return '0'
	case c >= 'a' && c <= 'z':
		return 'a'
	case c >= 'A' && c <= 'Z':
		return 'A'
	default:
		return 0
	}
}

// CheckPattern says what is wrong with a filter pattern of branches, tags or
// paths, nil when nothing is.
func CheckPattern(pattern string) error {
	_, err := compileGlob(pattern)
	return err
}

// MatchPatterns reports whether a name is included by patterns in their order:
// a match includes it, a later match of a negated pattern excludes it again, and
// so on. An invalid pattern matches nothing; CheckPattern finds it first.
func MatchPatterns(patterns []string, name string) bool {
	included := false
	for _, p := range patterns {
		g, err := compileGlob(p)
		if err == nil && g.match.MatchString(name) {
			included = !g.negative
		}
	}
	return included
}
