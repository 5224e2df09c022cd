package deployment

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fact is one thing that can be read back from a place: a file with its digest,
// an attribute of a job with its value.
type Fact struct {
	Path  string `json:"path"` // unique within a place; how it is built is the target's
	Value string `json:"value"`
}

// State is what is, or should be, in a place: facts sorted by path. Nothing
// deployed is an empty state.
type State []Fact

// NewState sorts facts and refuses a path that stands twice. A value that would not be
// read as what it is, because it holds what cannot be printed, is empty or says that
// nothing is there, is quoted as Go quotes, and likewise a path; no two become one.
func NewState(facts []Fact) (State, error) {
	s := State(slices.Clone(facts))
	for i := range s {
		s[i].Path = Line(s[i].Path)
		if v := s[i].Value; v == "" || v == Absent || v[0] == '"' {
			s[i].Value = strconv.Quote(v)
		} else {
			s[i].Value = Line(v)
		}
	}
	s.sort()
	for i, f := range s {
		if f.Path == "" || i > 0 && s[i-1].Path == f.Path {
			return nil, fmt.Errorf("state: path %q stands twice or is empty", f.Path)
		}
	}
	return s, nil
}

// Line is a text of a place as it can be printed: quoted where it holds something else
// than printable characters, so that it moves nothing on a screen.
func Line(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}

// State is what a place holds when it holds the files and nothing else.
func (t Tree) State() State {
	out := make(State, 0, len(t))
	for _, f := range t {
		out = append(out, Fact{Path: Line(f.Path), Value: f.describe()})
	}
	out.sort()
	return out
}

func (s State) sort() {
	slices.SortFunc(s, func(a, b Fact) int { return cmp.Compare(a.Path, b.Path) })
}

// Digest is the SHA-256 over the quoted path and value of every fact in order, "" of
// an empty state.
func (s State) Digest() string {
	if len(s) == 0 {
		return ""
	}
	h := sha256.New()
	for _, f := range s {
		fmt.Fprintf(h, "%q %q\n", f.Path, f.Value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Unread is the value of what is deployed and cannot be read back by its target. It
// is expected where people decided to verify it by other means, and never verified.
const Unread = "not read back"

// Absent is what a difference says of a side where the path is not.
const Absent = "absent"

// Difference is one path with what should be there and what is; equal sides
// are no difference.
type Difference struct {
	Path     string `json:"path"`
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
}

// Same reports whether what is there is what should be.
func (d Difference) Same() bool { return d.Expected == d.Actual }

// Unread reports whether nobody can say if what is there is what should be, and none
// was to be said.
func (d Difference) Unread() bool { return d.Same() && d.Actual == Unread }

// String says what differs, in one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: expected %s, is %s", d.Path, d.Expected, d.Actual)
}

// Compare lists every path of either state with both sides: the expected ones
// first, then what should not be there.
func Compare(expected, actual State) []Difference {
	there := map[string]string{}
	for _, f := range actual {
		there[f.Path] = f.Value
	}
	var out []Difference
	for _, f := range expected {
		d := Difference{Path: f.Path, Expected: f.Value, Actual: Absent}
		if a, ok := there[f.Path]; ok {
			d.Actual = a
			delete(there, f.Path)
		}
		out = append(out, d)
	}
	for _, f := range actual {
		if _, extra := there[f.Path]; extra {
			out = append(out, Difference{Path: f.Path, Expected: Absent, Actual: f.Value})
		}
	}
	return out
}

// Drifted are those of Compare that differ.
func Drifted(expected, actual State) []Difference {
	return slices.DeleteFunc(Compare(expected, actual), Difference.Same)
}
