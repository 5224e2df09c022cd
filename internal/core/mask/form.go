package mask

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
)

// shortLine is the length up to which a line of a secret of several lines is
// no secret by itself: "{" or "]," of a JSON document would mask half the log.
const shortLine = 3

// shortCode is the length up to which a base64 fragment says nothing.
const shortCode = 5

// base64Alphabet are the characters of both base64 alphabets.
var base64Alphabet = func() *[256]bool {
	var t [256]bool
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		t[c] = true
	}
	return &t
}()

// formsOf gives the spellings of a secret: itself, its lines, and each of these
// escaped for JSON, URLs, XML, shells and expressions, in hex and in base64 at
// any position of a longer text.
func formsOf(secret string) []form {
	var forms []form
	for _, text := range parts(secret) {
		for _, f := range plainForms(text) {
			if f != "" {
				forms = append(forms, form{text: f})
			}
		}
		for _, f := range base64Forms(text) {
			forms = append(forms, form{text: f, within: base64Alphabet})
		}
	}
	return forms
}

// parts are the secret, the secret without the white space around it, and its
// lines.
func parts(secret string) []string {
	trimmed := strings.TrimSpace(secret)
	if trimmed == "" {
		return nil
	}
	list := append([]string{secret, trimmed, strings.ToValidUTF8(secret, "\uFFFD")}, sections(trimmed)...)
	if flat, _ := solid(trimmed); len(flat) > shortLine {
		list = append(list, flat) // as it is looked for where lines are broken
	}
	if !strings.ContainsAny(trimmed, "\r\n") {
		return list
	}
	list = append(list, strings.ReplaceAll(secret, "\r\n", "\n"))
	for line := range strings.FieldsFuncSeq(trimmed, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimSpace(line); len(line) > shortLine {
			list = append(list, line)
		}
	}
	return list
}

// sections are the parts in which a secret is shown by PowerShell, which colours
// what stands before and after the last ampersand by itself, and a secret without
// the quotes around it; as GitHub's runner has them, none that is short.
func sections(secret string) []string {
	const long = 6
	var list []string
	if inner, ok := strings.CutPrefix(secret, `"`); ok && len(secret) > 8 && strings.HasSuffix(inner, `"`) {
		list = append(list, strings.TrimSuffix(inner, `"`))
	}
	before, after := "", ""
	if i := strings.Index(secret, "&+"); i >= 0 {
		before, after = secret[:i+2], secret[min(i+3, len(secret)):]
	} else if i := strings.LastIndex(secret, "&"); i >= 0 {
		before, after = secret[:i+1], secret[i+1:]
	}
	for _, s := range []string{before, after} {
		if len(s) >= long {
			list = append(list, s)
		}
	}
	return list
}

func plainForms(s string) []string {
	query := url.QueryEscape(s)
	path := strings.ReplaceAll(query, "+", "%20")
	return []string{
		s,
		jsonForm(s, true), jsonForm(s, false),
		query, lowerEscapes(query), path, lowerEscapes(path), url.PathEscape(s), minimalEscape(s),
		strings.ReplaceAll(path, "%2F", "/"), componentEscapes.Replace(path),
		html.EscapeString(s), strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(s),
		strings.ReplaceAll(s, "'", `'\''`), strings.ReplaceAll(s, "'", "''"), strings.ReplaceAll(s, "'", `'"'"'`),
		strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s),
		strings.ReplaceAll(s, "\n", `\n`),
		hexForm(s, false), hexForm(s, true),
	}
}

// jsonForm is s within a JSON string; escaped says whether <, > and & are too.
func jsonForm(s string, escaped bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escaped)
	if err := e.Encode(s); err != nil {
		return ""
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

// hexForm leaves out what is too short to be told from any other number.
func hexForm(s string, upper bool) string {
	if len(s) <= shortLine {
		return ""
	}
	if h := hex.EncodeToString([]byte(s)); !upper {
		return h
	}
	return strings.ToUpper(hex.EncodeToString([]byte(s)))
}

// lowerEscapes spells %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
			i += 2
		}
	}
	return string(b)
}

// componentEscapes undoes what encodeURIComponent of JavaScript does not do.
var componentEscapes = strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")

// minimalEscape is what encodeURI and git credential helpers leave: only
// blanks, quotes and the percent sign are escaped.
func minimalEscape(s string) string {
	return strings.NewReplacer("%", "%25", " ", "%20", `"`, "%22", "\n", "%0A", "\r", "%0D").Replace(s)
}

// base64Forms are what is always there when s is encoded within a longer text:
// for each of the three positions that s may have in a group of three bytes,
// the characters that depend on s alone, in both alphabets; and the lines of
// 76 and 64 characters that tools break a long text into.
func base64Forms(s string) []string {
	var forms []string
	add := func(f string) {
		if len(f) > shortCode {
			forms = append(forms, f)
		}
	}
	for shift := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			add(certain(enc, s, shift))
		}
	}
	whole := base64.StdEncoding.EncodeToString([]byte(s))
	for _, width := range []int{76, 64} {
		for rest := whole; len(whole) > width && rest != ""; {
			n := min(width, len(rest))
			add(rest[:n])
			rest = rest[n:]
		}
	}
	if len(whole) > 0 && len(whole) <= shortCode {
		forms = append(forms, whole) // of one to three bytes: as it stands
	}
	return forms
}

// certain is the encoding of s after shift other bytes, without the characters
// at both ends that hold bits of its neighbours.
func certain(enc *base64.Encoding, s string, shift int) string {
	code := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + s))
	// Bits before s end within character 8*shift/6, those of s within the last.
	first := (8*shift + 5) / 6
	last := (8 * (shift + len(s))) / 6
	if first >= last {
		return ""
	}
	return code[first:last]
}
