// Package secret says what a secret of a solution is: its name, its scope, the
// events of its changes, and what its sealed value is bound to. A value is
// never here, nor anything that is computed from one.
package secret

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// Limits, those of GitHub (docs.github.com, "Using secrets in GitHub Actions").
const (
	MaxValue = 48 * 1024 // bytes of a value
	MaxScope = 100       // secrets of one scope
	MaxName  = 255       // characters of a name
)

// Scope is where a secret is given: in jobs of one environment, or, when that is
// "", in all jobs of the solution, unless their environment has one of the name.
type Scope struct {
	Solution    string `json:"solution"`
	Environment string `json:"environment"`
}

// String names the scope for people.
func (s Scope) String() string {
	if s.Environment == "" {
		return "solution " + s.Solution
	}
	return "environment " + s.Environment + " of " + s.Solution
}

var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ParseName gives a name as it is kept, in upper case. What is not one is an
// error that does not repeat it: it may be a value in the wrong place.
func ParseName(text string) (string, error) {
	upper := strings.ToUpper(text)
	switch {
	case len(text) > MaxName || !name.MatchString(text):
		return "", fault.New(fault.Invalid, "name of a secret: want letters without accents, digits and underscores, no digit first, at most %d", MaxName).
			WithHint("the value is never an argument: it comes from standard input, --from-env VAR or --from-file FILE")
	case strings.HasPrefix(upper, "GITHUB_"):
		return "", fault.New(fault.Invalid, "name of a secret: GITHUB_ begins only names that a workflow has anyway")
	}
	return upper, nil
}

// CheckValue refuses what no step could be given or what cannot be masked. The
// error never repeats it.
func CheckValue(value string) error {
	switch {
	case len(value) > MaxValue:
		return fault.New(fault.Invalid, "the value has %d bytes, want at most %d", len(value), MaxValue).
			WithHint("keep a larger file encrypted in the repository and its passphrase as the secret")
	case strings.TrimSpace(value) == "":
		return fault.New(fault.Invalid, "the value is empty or white space").WithHint("dc-release secret remove takes a secret away")
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		return fault.New(fault.Invalid, "the value is no text: want UTF-8 without the character NUL").WithHint("encode bytes: base64 -w 0 FILE | dc-release secret set NAME ...")
	}
	return nil
}

// bound is what a sealed value belongs to.
type bound struct {
	Schema      string `json:"schema"`
	Solution    string `json:"solution"`
	Environment string `json:"environment"`
	Name        string `json:"name"`
	Version     int64  `json:"version"`
}

// Bound is the associated data of a sealed value: one that is put into the place
// of another secret, scope or version does not open.
func Bound(s Scope, name string, version int64) ([]byte, error) {
	raw, err := canonical.Marshal(bound{Schema: "dc-release/secret/v1", Solution: s.Solution, Environment: s.Environment, Name: name, Version: version})
	if err != nil {
		return nil, fmt.Errorf("bind secret %s of %s: %w", name, s, err)
	}
	return raw, nil
}
