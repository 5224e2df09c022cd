package releaselog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Schemas of the release log's own index.json.
const (
	RootSchema = "dc-release/release-log/v1"
	// RotatedRootSchema is the same with the keys beside it, once one was rotated.
	RotatedRootSchema = "dc-release/release-log/v2"
)

// MarkdownFile is the root index for readers.
const MarkdownFile = "INDEX.md"

// Root is the state of all versions. It is replaced by every publication.
type Root struct {
	Schema       string     `json:"schema"`
	Installation string     `json:"installation"`
	Solution     string     `json:"solution"`
	Publication  string     `json:"publication"` // that wrote it
	Releases     []Entry    `json:"releases"`    // the highest version first
	Rollbacks    []Rollback `json:"rollbacks"`   // the latest last
	// Keys is the SHA-256 of the keys.json beside it, which has every rotation; ""
	// when no key was rotated and there is none.
	Keys string `json:"keys,omitempty"`
}

// Entry is one version.
type Entry struct {
	Version string `json:"version"`
	State   string `json:"state"`
	Index   string `json:"index"` // SHA-256 of its folder's index.json, "" before the first publication
	By      string `json:"by"`    // version that superseded it, rollback that re-instated it
}

// Rollback is one finished rollback.
type Rollback struct {
	Rollback    string `json:"rollback"`
	Environment string `json:"environment"`
	From        string `json:"from"`
	To          string `json:"to"`
	Index       string `json:"index"`
}

// The states of the root index beside those of package release.
const StateReinstated = "re-instated"

// NoteText is the text that the root's index.note signs.
func (r Root) NoteText(indexSHA256 string) string {
	return strings.Join([]string{r.schema(), r.Installation, r.Solution, r.Publication, indexSHA256}, "\n") + "\n"
}

func (r Root) schema() string {
	if r.Keys != "" {
		return RotatedRootSchema
	}
	return RootSchema
}

// Encode sorts the versions and gives the canonical bytes.
func (r Root) Encode() ([]byte, error) {
	r.Schema = r.schema()
	r.Releases = slices.Clone(r.Releases)
	slices.SortFunc(r.Releases, func(a, b Entry) int { return -compareVersions(a.Version, b.Version) })
	if r.Releases == nil {
		r.Releases = []Entry{}
	}
	if r.Rollbacks == nil {
		r.Rollbacks = []Rollback{}
	}
	return canonical.Marshal(r)
}

func compareVersions(a, b string) int {
	x, errX := release.ParseVersion(a)
	y, errY := release.ParseVersion(b)
	if errX != nil || errY != nil {
		return strings.Compare(a, b)
	}
	return x.Compare(y)
}

// ParseRoot reads what Encode wrote.
func ParseRoot(data []byte) (Root, error) {
	var r Root
	if err := canonical.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("read root index: %w", err)
	}
	if r.Schema != RootSchema && r.Schema != RotatedRootSchema || r.Schema != r.schema() {
		return r, fmt.Errorf("read root index: schema %q, want %q, or with keys %q", r.Schema, RootSchema, RotatedRootSchema)
	}
	if r.Keys != "" && !IsDigest(r.Keys) {
		return r, fmt.Errorf("read root index: keys %q: want a SHA-256", r.Keys)
	}
	return r, nil
}

// Release finds a version.
func (r Root) Release(version string) (Entry, bool) {
	i := slices.IndexFunc(r.Releases, func(e Entry) bool { return e.Version == version })
	if i < 0 {
		return Entry{}, false
	}
	return r.Releases[i], true
}

// Folder finds the recorded digest of a folder's index.json.
func (r Root) Folder(folder string) (index string, ok bool) {
	if id, is := strings.CutPrefix(folder, "rollbacks/"); is {
		i := slices.IndexFunc(r.Rollbacks, func(b Rollback) bool { return b.Rollback == id })
		if i < 0 {
			return "", false
		}
		return r.Rollbacks[i].Index, true
	}
	e, ok := r.Release(folder)
	return e.Index, ok
}

// Markdown is INDEX.md: the same states for readers, byte for byte a function
// of the root index.
func (r Root) Markdown() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Releases of %s\n\nWritten by dc-release; edits are found by verification.\n\n", r.Solution)
	b.WriteString("| version | state | note | index.json (SHA-256) |\n|---|---|---|---|\n")
	for _, e := range r.Releases {
		name, note, digest := e.Version, "", "-"
		if e.Index != "" {
			name, digest = fmt.Sprintf("[%s](%s/index.json)", e.Version, e.Version), "`"+e.Index+"`"
		}
		if e.By != "" {
			note = "by " + e.By
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, e.State, note, digest)
	}
	if len(r.Rollbacks) > 0 {
		b.WriteString("\n## Rollbacks\n\n| rollback | environment | from | to | index.json (SHA-256) |\n|---|---|---|---|---|\n")
		for _, k := range r.Rollbacks {
			fmt.Fprintf(&b, "| [%s](rollbacks/%s/index.json) | %s | %s | %s | `%s` |\n", k.Rollback, k.Rollback, k.Environment, k.From, k.To, k.Index)
		}
	}
	return []byte(b.String())
}
