// Package release knows what a release is called and what its note must say:
// the version, and the file documentation/releases/X.Y.Z.md that is part of the
// tagged commit.
package release

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxDigits bounds each number of a version, so that it fits an int everywhere.
const maxDigits = 9

// Version is X.Y.Z. The zero value is no version; ParseVersion is the only way
// to make another one.
type Version struct {
	major, minor, patch int
	valid               bool
}

// ParseVersion reads "1.2.0" or "v1.2.0". Everything else is refused (leading
// zeros, a suffix, white space), because the version becomes a folder name in
// the release log and is never used twice.
func ParseVersion(s string) (Version, error) {
	parts := strings.Split(strings.TrimPrefix(s, "v"), ".")
	if len(parts) != 3 {
		return Version{}, fmt.Errorf("read version %q: want X.Y.Z or vX.Y.Z", s)
	}
	var n [3]int
	for i, p := range parts {
		v, err := number(p)
		if err != nil {
			return Version{}, fmt.Errorf("read version %q: part %q %w", s, p, err)
		}
		n[i] = v
	}
	return Version{major: n[0], minor: n[1], patch: n[2], valid: true}, nil
}

func number(p string) (int, error) {
	if p == "" || strings.Trim(p, "0123456789") != "" {
		return 0, errors.New("is not a number, want X.Y.Z")
	}
	if len(p) > 1 && p[0] == '0' {
		return 0, errors.New("has a leading zero")
	}
	if len(p) > maxDigits {
		return 0, fmt.Errorf("has more than %d digits", maxDigits)
	}
	return strconv.Atoi(p)
}

// String is the normalised form without v, "1.2.0", and "" for the zero value.
func (v Version) String() string {
	if !v.valid {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
}

// IsZero reports whether v was never parsed.
func (v Version) IsZero() bool { return !v.valid }

// Compare is -1, 0 or 1 as v is lower than, equal to or higher than other. The
// zero value is lower than every version.
func (v Version) Compare(other Version) int {
	switch {
	case v.valid != other.valid && v.valid:
		return 1
	case v.valid != other.valid:
		return -1
	}
	return cmp.Or(cmp.Compare(v.major, other.major), cmp.Compare(v.minor, other.minor), cmp.Compare(v.patch, other.patch))
}

// NotePath is where the release note of the version lives in the repository.
func (v Version) NotePath() string { return "documentation/releases/" + v.String() + ".md" }

// MarshalText writes the normalised form.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what ParseVersion accepts; "" is the zero value.
func (v *Version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*v = Version{}
		return nil
	}
	parsed, err := ParseVersion(string(text))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}
