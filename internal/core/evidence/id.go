package evidence

import (
	"fmt"
	"slices"
	"strings"
)

// Prefixes is the closed list of id kinds.
var Prefixes = []string{"URS", "FS", "RA", "TEST", "DEV"}

// ID is a parsed KIND-<project>-<n>. The project may hold hyphens; the number
// is the last segment and is never used again.
type ID struct {
	Kind    string `json:"kind"`
	Project string `json:"project"`
	Number  string `json:"number"` // digits, no leading zero, no limit
}

// String is the id as it is written.
func (i ID) String() string { return i.Kind + "-" + i.Project + "-" + i.Number }

// ParseID reads an id of the grammar
// ^(URS|FS|RA|TEST|DEV)-[a-z0-9]+(-[a-z0-9]+)*-[1-9][0-9]*$.
func ParseID(s string) (ID, error) {
	id, ok := splitID(s)
	if !ok {
		return ID{}, fmt.Errorf("read id %q: want KIND-<project>-<n> with KIND one of %s, project of a-z, 0-9 and single hyphens, n from 1 without leading zero", s, strings.Join(Prefixes, ", "))
	}
	return id, nil
}

// IsID reports whether a text is an id as a whole. It is ParseID for texts that
// mostly are none: it writes no error.
func IsID(s string) bool {
	_, ok := splitID(s)
	return ok
}

func splitID(s string) (ID, bool) {
	kind, rest, ok := strings.Cut(s, "-")
	cut := strings.LastIndexByte(rest, '-')
	if !ok || cut < 0 || !slices.Contains(Prefixes, kind) || !isProject(rest[:cut]) || !isNumber(rest[cut+1:]) {
		return ID{}, false
	}
	return ID{Kind: kind, Project: rest[:cut], Number: rest[cut+1:]}, true
}

func isProject(s string) bool {
	for part := range strings.SplitSeq(s, "-") {
		if part == "" {
			return false
		}
		for i := range len(part) {
			if !isLower(part[i]) && !isDigit(part[i]) {
				return false
			}
		}
	}
	return true
}

func isNumber(s string) bool {
	if s == "" || s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// JobNameID is the test id that a job's name is, as the guide writes it
// ("TEST-your-project-1"). The whole name must be the id.
func JobNameID(name string) (string, bool) {
	id, err := ParseID(name)
	if err != nil || id.Kind != "TEST" {
		return "", false
	}
	return name, true
}

// FindIDs are the ids inside a text, sorted and without repetition. An id ends
// where the grammar ends and must not touch another letter, digit or hyphen.
func FindIDs(text string) []string {
	var found []string
	for start := 0; start < len(text); {
		if !isIDByte(text[start]) {
			start++
			continue
		}
		end := start
		for end < len(text) && isIDByte(text[end]) {
			end++
		}
		if IsID(text[start:end]) {
			found = append(found, text[start:end])
		}
		start = end
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func isIDByte(c byte) bool {
	return isLower(c) || isDigit(c) || c == '-' || c >= 'A' && c <= 'Z'
}
