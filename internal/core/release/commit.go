package release

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Commit is one commit of a range.
type Commit struct {
	SHA     string   `json:"sha"`
	Parents []string `json:"parents"`
	Subject string   `json:"subject"`
	Body    string   `json:"body,omitempty"`
	Author  string   `json:"author"` // name as written
	Email   string   `json:"email"`  // lower case
	// Paths are what it changed, as far as that was asked for.
	Paths []string `json:"paths,omitempty"`
	// NotesOnly says that it changed release notes and nothing else.
	NotesOnly bool `json:"notes_only,omitempty"`
}

// Merge reports whether the commit has more than one parent.
func (c Commit) Merge() bool { return len(c.Parents) > 1 }

// Touched gives a commit all paths that it changed.
func (c *Commit) Touched(paths []string) {
	c.Paths = paths
	c.NotesOnly = len(paths) > 0 && !slices.ContainsFunc(paths, func(p string) bool { return !strings.HasPrefix(p, NotesFolder) })
}

var (
	squashed = regexp.MustCompile(`\(#([1-9][0-9]{0,8})\)\s*$`)
	merged   = regexp.MustCompile(`^Merge pull request #([1-9][0-9]{0,8}) `)
)

// PullRequest is the number of the pull request that the message names: the
// merge commit of a forge, or the suffix of a squashed one; 0 for none.
func (c Commit) PullRequest() int64 {
	for _, re := range []*regexp.Regexp{merged, squashed} {
		if m := re.FindStringSubmatch(c.Subject); m != nil {
			n, _ := strconv.ParseInt(m[1], 10, 64) // the pattern holds digits only
			return n
		}
	}
	return 0
}

// Title is what the commit says of itself: the title of the pull request in a
// merge commit's body, else the subject without the number.
func (c Commit) Title() string {
	if merged.MatchString(c.Subject) {
		first, _, _ := strings.Cut(strings.TrimSpace(c.Body), "\n")
		if first = strings.TrimSpace(first); first != "" {
			return first
		}
	}
	return strings.TrimSpace(squashed.ReplaceAllString(c.Subject, ""))
}
