package evidence

import (
	"bytes"
	"regexp"
	"strconv"
	"sync"
)

// Leak is something in a file that must not be published: a secret, or data of a
// person. The value itself is never in it.
type Leak struct {
	What         string
	Line, Column int // 1-based, in bytes
}

// pattern is one thing to look for. Mark is a text that every match holds; a file
// without it is not searched.
type pattern struct {
	what  string
	mark  string
	form  *regexp.Regexp
	holds func(match string) bool // nil for always
}

// patterns are those whose form alone is proof enough, or whose check digits
// are right: a false alarm costs more trust than it brings. They are compiled at
// the first search: few commands search.
var patterns = sync.OnceValue(func() []pattern {
	return []pattern{
		{"a private key", "PRIVATE KEY-----", regexp.MustCompile(`-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----`), nil},
		{"an access key of AWS", "A", regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`), noExample},
		{"a token of GitHub", "gh", regexp.MustCompile(`\bgh[pousr]_[0-9A-Za-z]{36,255}\b`), nil},
		{"a token of GitHub", "github_pat_", regexp.MustCompile(`\bgithub_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}\b`), nil},
		{"a token of GitLab", "glpat-", regexp.MustCompile(`\bglpat-[0-9A-Za-z_-]{20,}`), nil},
		{"a token of Databricks", "dapi", regexp.MustCompile(`\bdapi[0-9a-f]{32}(?:-[0-9]+)?\b`), varied},
		{"a secret of Databricks", "dose", regexp.MustCompile(`\bdose[0-9a-f]{32}\b`), varied},
		{"a token of Slack", "xox", regexp.MustCompile(`\bxox[abeprs]-[0-9A-Za-z-]{20,}`), nil},
		{"a key of Google", "AIza", regexp.MustCompile(`\bAIza[0-9A-Za-z_-]{35}\b`), nil},
		{"a key of an Azure storage account", "AccountKey=", regexp.MustCompile(`\bAccountKey=[0-9A-Za-z+/]{86}==`), nil},
		{"a signature of an Azure address", "sig=", regexp.MustCompile(`[?&]sig=[0-9A-Za-z%+/]{43,}%3[Dd]`), nil},
		{"a JSON web token", "eyJ", regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{20,}`), nil},
		{"a password in an address", "://", regexp.MustCompile(`\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@"'<>*$]{1,64}:[^\s/:@"'<>*${}\[\]]{3,64}@[A-Za-z0-9.-]+`), realPassword},
		{"a Danish civil registration number", "-", regexp.MustCompile(`\b[0-3][0-9][01][0-9]{3}-[0-9]{4}\b`), civil},
		{"an IBAN", "", regexp.MustCompile(`\b[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?\b`), iban},
		{"a payment card", "", regexp.MustCompile(`\b(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2})([ -])[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}\b`), card},
	}
})

// Leaks finds secrets and data of persons in a file of any kind.
func Leaks(data []byte) []Leak {
	var out []Leak
	for _, p := range patterns() {
		if !bytes.Contains(data, []byte(p.mark)) {
			continue
		}
		for _, m := range p.form.FindAllIndex(data, -1) {
			if p.holds != nil && !p.holds(string(data[m[0]:m[1]])) {
				continue
			}
			before := data[:m[0]]
			out = append(out, Leak{What: p.what, Line: bytes.Count(before, []byte("\n")) + 1, Column: m[0] - bytes.LastIndexByte(before, '\n')})
		}
	}
	return out
}

// noExample leaves the keys of AWS's own documentation out.
func noExample(s string) bool { return !bytes.HasSuffix([]byte(s), []byte("EXAMPLE")) }

// varied leaves placeholders out: one digit again and again, or 0123456789.
func varied(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s[4:] {
		seen[r] = true
	}
	return len(seen) > 6 && !bytes.Contains([]byte(s), []byte("0123456789"))
}

var placeholder = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i):(?:\*+|x{3,}|password|passwd|secret|token|pass|pwd|redacted|changeme|example|your[-_].*)@`)
})

func realPassword(s string) bool { return !placeholder().MatchString(s) }

// civil checks day, month and the check digit (modulus 11). Numbers given out
// since 2007 may have none; those are let pass.
func civil(s string) bool {
	day, _ := strconv.Atoi(s[0:2])
	month, _ := strconv.Atoi(s[2:4])
	if day < 1 || day > 31 || month < 1 || month > 12 {
		return false
	}
	digits := s[:6] + s[7:]
	sum := 0
	for i, weight := range []int{4, 3, 2, 7, 6, 5, 4, 3, 2, 1} {
		sum += weight * int(digits[i]-'0')
	}
	return sum%11 == 0 && digits[6:] != "0000"
}

// iban checks the two digits after the country (ISO 7064, modulus 97).
func iban(s string) bool {
	compact := bytes.ReplaceAll([]byte(s), []byte(" "), nil)
	if len(compact) < 15 || len(compact) > 34 {
		return false
	}
	rest := 0
	for _, c := range append(compact[4:len(compact):len(compact)], compact[:4]...) {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
			continue
		}
		rest = (rest*10 + int(c-'0')) % 97
	}
	return rest == 1
}

// card checks the last digit (Luhn) and that the groups are parted alike.
func card(s string) bool {
	if s[4] != s[9] || s[4] != s[14] {
		return false
	}
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		d := int(s[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}
