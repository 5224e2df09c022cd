package component

import (
	"net/url"
	"slices"
	"strings"
)

// purlKey is what names a package in a purl (purl specification, "how to parse a
// purl string"): type, namespace, name and version in one way of writing, and its
// qualifiers. A text that is no purl is its own key.
func purlKey(text string) (key string, qualifiers map[string]string) {
	rest, _, _ := strings.Cut(text, "#")
	rest, query, _ := strings.Cut(rest, "?")
	scheme, rest, _ := strings.Cut(rest, ":")
	kind, rest, ok := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if kind = lower(kind); !ok || lower(scheme) != "pkg" {
		return text, nil
	}
	version := ""
	if at := strings.LastIndex(rest, "@"); at > strings.LastIndex(rest, "/")+1 {
		rest, version = rest[:at], rest[at+1:]
	}
	parts := []string{kind}
	for _, part := range append(strings.Split(rest, "/"), version) {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return text, nil
		}
		parts = append(parts, plain)
	}
	last := len(parts) - 1
	if slices.Contains(caseless, kind) {
		for i := range parts[:last] {
			parts[i] = lower(parts[i])
		}
	}
	if kind == "pypi" {
		parts[last-1] = strings.ReplaceAll(parts[last-1], "_", "-")
	}
	qualifiers = map[string]string{}
	for _, q := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(q, "=")
		if plain, err := url.PathUnescape(value); err == nil && plain != "" {
			qualifiers[lower(name)] = plain
		}
	}
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/"), qualifiers
}

// caseless are the types whose names have no case (purl specification, types).
var caseless = []string{"apk", "bitbucket", "composer", "deb", "github", "pypi"}

// lower is a text with its ASCII letters in lower case.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// samePURL reports whether two purls are of one package: a qualifier that both
// have, as an architecture or a repository, is the same. A subpath is inside of
// the package.
func samePURL(a, b string) bool {
	key, mine := purlKey(a)
	other, theirs := purlKey(b)
	if key != other {
		return false
	}
	for name, value := range mine {
		if v, ok := theirs[name]; ok && v != value {
			return false
		}
	}
	return true
}

// unversioned is a purl without version, qualifiers and subpath.
func unversioned(purl string) string {
	purl, _, _ = strings.Cut(purl, "#")
	purl, _, _ = strings.Cut(purl, "?")
	if at := strings.LastIndex(purl, "@"); at > strings.LastIndex(purl, "/")+1 {
		purl = purl[:at]
	}
	return purl
}
