package release

import (
	"regexp"
	"slices"
	"strings"
)

// History is what lies between a release and the one before.
type History struct {
	// Previous is the release before; zero for the first one.
	Previous Version
	// Commits are all of the range, the newest first; the first is the release's.
	Commits []Commit
}

// PullRequest is one merged pull request with every commit that it brought.
type PullRequest struct {
	Number   int64
	Title    string
	Commits  []Commit // the one that merged it first
	Breaking bool
	Kind     string // conventional type in lower case, "" for none
	// Notes says that its commits change release notes only.
	Notes bool
}

// Changes folds the commits of a range into pull requests, the oldest first, and
// the commits that no pull request brought. Every commit is in exactly one of
// the two: a commit on the first-parent chain that names a pull request has all
// that its merge brought; one that names none is alone, and what it merged is
// looked at the same way.
func (h History) Changes() (requests []PullRequest, alone []Commit) {
	f := fold{at: make(map[string]int, len(h.Commits)), commits: h.Commits, taken: make([]bool, len(h.Commits)), byNumber: map[int64]int{}}
	for i, c := range h.Commits {
		f.at[c.SHA] = i
	}
	for i := range h.Commits { // the head, and what no parent leads to
		f.walk(i)
	}
	return f.requests, f.alone
}

type fold struct {
	at       map[string]int
	commits  []Commit
	taken    []bool
	requests []PullRequest
	alone    []Commit
	byNumber map[int64]int
}

// chain is the first-parent chain from a commit, as far as it is in the range
// and not taken yet, the oldest first.
func (f *fold) chain(from int) []int {
	var out []int
	for at, ok := from, true; ok && !f.taken[at]; {
		f.taken[at] = true
		out = append(out, at)
		if len(f.commits[at].Parents) == 0 {
			break
		}
		at, ok = f.at[f.commits[at].Parents[0]]
	}
	slices.Reverse(out)
	return out
}

// walk folds everything that a commit leads to. The work to do is a stack of
// its own, as histories may be deeper than calls.
func (f *fold) walk(from int) {
	stack := f.chain(from)
	slices.Reverse(stack)
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		c := f.commits[at]
		if number := c.PullRequest(); number != 0 {
			f.request(number, c, f.brought(at))
			continue
		}
		f.alone = append(f.alone, c)
		for _, p := range others(c) {
			if parent, ok := f.at[p]; ok {
				sub := f.chain(parent)
				slices.Reverse(sub)
				stack = append(stack, sub...)
			}
		}
	}
}

func others(c Commit) []string {
	if len(c.Parents) < 2 {
		return nil
	}
	return c.Parents[1:]
}

// brought takes every commit that the other parents of a merge lead to. It is
// called for the oldest of a chain first, so that what is older is taken
// already.
func (f *fold) brought(merge int) []Commit {
	var out []Commit
	var open []int
	push := func(parents []string) {
		for _, p := range parents {
			if at, ok := f.at[p]; ok && !f.taken[at] {
				f.taken[at] = true
				open = append(open, at)
			}
		}
	}
	push(others(f.commits[merge]))
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		out = append(out, f.commits[at])
		push(f.commits[at].Parents)
	}
	return out
}

func (f *fold) request(number int64, c Commit, brought []Commit) {
	at, known := f.byNumber[number]
	if !known {
		at = len(f.requests)
		f.byNumber[number] = at
		f.requests = append(f.requests, PullRequest{Number: number})
	}
	r := &f.requests[at]
	r.Title = c.Title()
	kind, breaking := conventional(r.Title)
	r.Kind, r.Breaking = kind, r.Breaking || breaking
	r.Commits = append(append(r.Commits, c), brought...)
	for _, b := range append(brought, c) {
		_, breaking := conventional(b.Subject)
		r.Breaking = r.Breaking || breaking || breakingFooter.MatchString(b.Body)
	}
	other := func(c Commit) bool { return !c.NotesOnly && !c.Merge() }
	r.Notes = slices.ContainsFunc(r.Commits, func(c Commit) bool { return c.NotesOnly }) && !slices.ContainsFunc(r.Commits, other)
}

var (
	conventionalForm = regexp.MustCompile(`^([A-Za-z]+)(?:\([^()]*\))?(!)?: `)
	breakingFooter   = regexp.MustCompile(`(?m)^BREAKING[ -]CHANGE: `)
)

// conventional reads the type of a subject (conventionalcommits.org 1.0.0).
func conventional(subject string) (kind string, breaking bool) {
	m := conventionalForm.FindStringSubmatch(subject)
	if m == nil {
		return "", false
	}
	return strings.ToLower(m[1]), m[2] == "!"
}

// Bump is how much a version has to rise.
type Bump string

// The bumps in rising order.
const (
	Patch Bump = "patch"
	Minor Bump = "minor"
	Major Bump = "major"
)

// Suggest is the least bump that the types of the changes ask for; it decides
// nothing. Below 1.0.0 what breaks is a minor.
func (h History) Suggest() Bump {
	requests, alone := h.Changes()
	bump := Patch
	raise := func(kind string, breaking bool) {
		switch {
		case breaking && (h.Previous.IsZero() || h.Previous.major > 0):
			bump = Major
		case (breaking || kind == "feat" || kind == "feature") && bump == Patch:
			bump = Minor
		}
	}
	for _, r := range requests {
		raise(r.Kind, r.Breaking)
	}
	for _, c := range alone {
		kind, breaking := conventional(c.Subject)
		raise(kind, breaking || breakingFooter.MatchString(c.Body))
	}
	return bump
}

// Next is the lowest version that a bump leads to.
func (v Version) Next(b Bump) Version {
	switch b {
	case Major:
		return Version{major: v.major + 1, valid: true}
	case Minor:
		return Version{major: v.major, minor: v.minor + 1, valid: true}
	}
	return Version{major: v.major, minor: v.minor, patch: v.patch + 1, valid: true}
}
