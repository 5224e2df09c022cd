package runner

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// pattern is one line of a path input, as GitHub's toolkit reads it (package
// @actions/glob): "!" excludes, "**" is any number of directories, a pattern
// with "/" at its end means directories alone. Braces are no wildcards.
type pattern struct {
	exclude bool
	folders bool     // directories alone
	parts   []string // of an absolute path, escaped
	glob    string   // the parts joined
	base    string   // the part without wildcards, absolute
}

// globs is how patterns are read.
type globs struct {
	workspace, home string
	// alias leads to where a directory of the steps' view really is.
	alias func(path string) string
}

// parse reads lines of patterns; "#" begins a comment.
func (g globs) parse(text string) ([]pattern, error) {
	var list []pattern
	var bad []error
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p, err := g.pattern(line)
		if err != nil {
			bad = append(bad, fmt.Errorf("path %q: %w", line, err))
			continue
		}
		list = append(list, p)
	}
	return list, errors.Join(bad...)
}

func (g globs) pattern(line string) (pattern, error) {
	var p pattern
	for strings.HasPrefix(line, "!") {
		p.exclude = !p.exclude
		line = strings.TrimSpace(line[1:])
	}
	if line == "" {
		return p, errors.New("want a pattern")
	}
	p.folders = strings.HasSuffix(line, "/")
	var parts []string
	for part := range strings.SplitSeq(line, "/") {
		if part != "" {
			parts = append(parts, wellFormed(part))
		}
	}
	switch {
	case strings.HasPrefix(line, "/"):
	case parts[0] == "~":
		parts = append(escaped(g.home), parts[1:]...)
	case parts[0] == ".":
		parts = append(escaped(g.workspace), parts[1:]...)
	default:
		parts = append(escaped(g.workspace), parts...)
	}
	base := "/"
	n := 0
	for ; n < len(parts); n++ {
		text, ok := literal(parts[n])
		if !ok {
			break
		}
		base = filepath.Join(base, text)
	}
	for _, part := range parts {
		if text, ok := literal(part); ok && (text == "." || text == "..") {
			return p, errors.New("invalid pattern: relative pathing '.' and '..' is not allowed")
		}
	}
	p.base = g.alias(base)
	p = p.of(append(escaped(p.base), parts[n:]...))
	if !doublestar.ValidatePattern(p.glob) {
		return p, errors.New("malformed pattern")
	}
	return p, nil
}

// of is p with other parts.
func (p pattern) of(parts []string) pattern {
	p.parts, p.glob = parts, "/"+strings.Join(parts, "/")
	return p
}

// below is the same pattern for all that is in what it matches.
func (p pattern) below() (pattern, bool) {
	if len(p.parts) > 0 && p.parts[len(p.parts)-1] == "**" && !p.folders {
		return pattern{}, false
	}
	all := pattern{exclude: p.exclude, base: p.base}
	return all.of(append(p.parts[:len(p.parts):len(p.parts)], "**", "*")), true
}

// withDescendants gives patterns for which a directory stands for all below it.
func withDescendants(patterns []pattern) []pattern {
	var list []pattern
	for _, p := range patterns {
		list = append(list, p)
		if below, ok := p.below(); ok {
			list = append(list, below)
		}
	}
	return list
}

// selected reports whether patterns select a path: the last one that matches
// decides.
func selected(patterns []pattern, path string, folder bool) bool {
	in := false
	for _, p := range patterns {
		if p.folders && !folder {
			continue
		}
		if ok, _ := doublestar.Match(p.glob, path); ok { // validated
			in = !p.exclude
		}
	}
	return in
}

// searchPaths are where to look, in the order of the patterns and without those
// that lie below another.
func searchPaths(patterns []pattern) []string {
	var list []string
	for _, p := range patterns {
		if p.exclude || contains(list, p.base) {
			continue
		}
		inner := false
		for _, o := range patterns {
			inner = inner || !o.exclude && o.base != p.base && isBelow(p.base, o.base)
		}
		if !inner {
			list = append(list, p.base)
		}
	}
	return list
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// isBelow reports whether a path is a directory's or within it.
func isBelow(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}

// literal is the text of a part of a pattern that has no wildcard.
func literal(part string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		switch c := part[i]; {
		case c == '\\' && i+1 < len(part):
			i++
			b.WriteByte(part[i])
		case c == '*', c == '?':
			return "", false
		case c == '[':
			set, n := class(part[i:])
			if len(set) != 1 {
				return "", false
			}
			b.WriteString(set)
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// class reads "[...]" at the beginning of s: what stands in it, and its length,
// 0 where it is not closed.
func class(s string) (set string, n int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == ']':
			return b.String(), i + 1
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0
}

// wellFormed escapes what is a wildcard for one library and none for the other:
// braces, and brackets that are not closed or empty.
func wellFormed(part string) string {
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		switch c := part[i]; {
		case c == '\\' && i+1 < len(part):
			b.WriteString(part[i : i+2])
			i++
		case c == '{', c == '}', c == '\\':
			b.WriteString(`\` + string(c))
		case c == '[':
			open := 1
			if strings.HasPrefix(part[i:], "[]") {
				open = 2 // a bracket that closes nothing is one of the class
			}
			_, n := class(part[i+open-1:])
			if n == 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString("[" + strings.Repeat(`\]`, open-1) + part[i+open:i+open-1+n])
			i += open + n - 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// escaped gives the parts of an absolute path as a pattern.
func escaped(path string) []string {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if part != "" {
			parts = append(parts, escapes.Replace(part))
		}
	}
	return parts
}

var escapes = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`, "}", `\}`)
