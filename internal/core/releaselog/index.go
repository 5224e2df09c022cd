// Package releaselog is the format of what is published: the index of a
// folder, the index of all versions, the public keys, and the part of the
// ledger that stands beside the documents. Formats are normative in
// docs/release-log-format.md and never change for folders that exist.
package releaselog

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// IndexSchema of a folder's index.json.
const IndexSchema = "dc-release/release-index/v1"

// MaxStored is the size in bytes above which an evidence file is named with
// its digest and not stored.
const MaxStored = 5 << 20

// The files of a folder that are replaced before its final publication; every
// other file is written once.
const (
	IndexFile = "index.json"
	NoteFile  = "index.note"
	KeysFile  = "keys.json"
)

// Index lists every file of a published folder. The release log has one folder
// for each version and one for each rollback.
type Index struct {
	Schema       string     `json:"schema"`
	Installation string     `json:"installation"`
	Solution     string     `json:"solution"`
	Folder       string     `json:"folder"`      // 1.2.0, rollbacks/prd-1
	Version      string     `json:"version"`     // of a rollback: the version gone back to
	Publication  string     `json:"publication"` // Publication-Id of the commit
	Gate         string     `json:"gate"`        // whose job published
	State        string     `json:"state"`       // StateDraft, StateAuthorised
	Previous     string     `json:"previous"`    // SHA-256 of the index.json before, "" for the first
	Ledger       Position   `json:"ledger"`
	Files        []File     `json:"files"`     // sorted by path, without index.json and index.note
	Externals    []External `json:"externals"` // sorted by name
}

// Before its final publication a folder is a draft; afterwards the release is
// authorised, and effective when the root index says so.
const (
	StateDraft      = "draft"
	StateAuthorised = "authorised"
)

// Position is where in the ledger a publication was made.
type Position struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Part   string `json:"part"` // folder of its ledger part: ledger/pre_val-1
}

// File is one stored file.
type File struct {
	Path   string `json:"path"` // relative to the folder
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// External is a file that belongs to the release and is kept elsewhere.
type External struct {
	Name     string `json:"name"`
	SHA256   string `json:"sha256"`
	Size     int64  `json:"size"`
	External bool   `json:"external"` // true
	Why      string `json:"why"`      // log, artifact, size
}

// Encode sorts the lists and gives the canonical bytes of the index.
func (x Index) Encode() ([]byte, error) {
	x.Schema = IndexSchema
	x.Files, x.Externals = slices.Clone(x.Files), slices.Clone(x.Externals)
	slices.SortFunc(x.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(x.Externals, func(a, b External) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.SHA256, b.SHA256))
	})
	if x.Files == nil {
		x.Files = []File{}
	}
	if x.Externals == nil {
		x.Externals = []External{}
	}
	return canonical.Marshal(x)
}

// ParseIndex reads what Encode wrote and nothing else.
func ParseIndex(data []byte) (Index, error) {
	var x Index
	if err := canonical.Unmarshal(data, &x); err != nil {
		return x, fmt.Errorf("read index: %w", err)
	}
	if x.Schema != IndexSchema {
		return x, fmt.Errorf("read index: schema %q, want %q", x.Schema, IndexSchema)
	}
	for _, f := range x.Files {
		if err := CheckPath(f.Path); err != nil {
			return x, fmt.Errorf("read index: %w", err)
		}
		if !IsDigest(f.SHA256) || f.Size < 0 {
			return x, fmt.Errorf("read index: file %q has no digest and size", f.Path)
		}
	}
	again, err := x.Encode()
	if err != nil {
		return x, err
	}
	if string(again) != string(data) {
		return x, errors.New("read index: its lists are not sorted, or null")
	}
	return x, nil
}

// File finds a stored file by its path.
func (x Index) File(path string) (File, bool) {
	i, ok := slices.BinarySearchFunc(x.Files, path, func(f File, p string) int { return strings.Compare(f.Path, p) })
	if !ok {
		return File{}, false
	}
	return x.Files[i], true
}

// NoteText is the text that index.note signs: five lines that bind the digest
// of index.json to its place.
func NoteText(installation, solution, folder, publication, indexSHA256 string) string {
	return strings.Join([]string{IndexSchema, installation, solution + "/" + folder, publication, indexSHA256}, "\n") + "\n"
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// IsDigest reports whether s is a SHA-256 in lower-case hexadecimal.
func IsDigest(s string) bool { return digestForm.MatchString(s) }

// CheckPath accepts a clean relative path that every file system and git can
// hold: at most 400 bytes, printable, no .git and no trailing dot or space in
// any element.
func CheckPath(path string) error {
	if !fs.ValidPath(path) || path == "." || len(path) > 400 {
		return fmt.Errorf("path %q: want a clean relative path of at most 400 bytes", path)
	}
	for _, r := range path {
		if r < 0x20 || r == 0x7f || strings.ContainsRune(`\:*?"<>|`, r) || (r >= 0x80 && r < 0xa0) || (r >= 0x200b && r <= 0x202f) || (r >= 0x2060 && r <= 0x206f) || r == 0xfeff || r == 0xfffd {
			return fmt.Errorf("path %q: character %U is not portable", path, r)
		}
	}
	for element := range strings.SplitSeq(path, "/") {
		if strings.HasSuffix(element, ".") || strings.HasSuffix(element, " ") || strings.HasPrefix(strings.ToLower(element), ".git") {
			return fmt.Errorf("path %q: element %q is not portable", path, element)
		}
	}
	return nil
}
