// Package deployment is what is put into a place and what is read back from it:
// the artifact, the plan of a change, the state of a place and how two differ.
package deployment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
)

// TreeFile is one file of an artifact.
type TreeFile struct {
	Path       string `json:"path"` // relative, with slashes
	Executable bool   `json:"executable"`
	SHA256     string `json:"sha256"`
	Size       int64  `json:"size"`
}

// Tree is an artifact: its files sorted by path.
type Tree []TreeFile

// NewTree sorts and checks files.
func NewTree(files []TreeFile) (Tree, error) {
	t := slices.Clone(files)
	slices.SortFunc(t, func(a, b TreeFile) int { return strings.Compare(a.Path, b.Path) })
	if len(t) == 0 {
		return nil, fmt.Errorf("artifact: no files")
	}
	for i, f := range t {
		if f.Path == "" || path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path || f.Path == ".." || strings.HasPrefix(f.Path, "../") || strings.ContainsAny(f.Path, "\x00\n\\") {
			return nil, fmt.Errorf("artifact: path %q: want a clean relative path", f.Path)
		}
		if i > 0 && (t[i-1].Path == f.Path || strings.HasPrefix(f.Path, t[i-1].Path+"/")) {
			return nil, fmt.Errorf("artifact: path %q stands twice", f.Path)
		}
	}
	return t, nil
}

// Digest is the SHA-256 over "path NUL x|- NUL sha256 LF" of every file in
// order; it identifies the artifact whatever packed it.
func (t Tree) Digest() string {
	h := sha256.New()
	for _, f := range t {
		mode := "-"
		if f.Executable {
			mode = "x"
		}
		fmt.Fprintf(h, "%s\x00%s\x00%s\n", f.Path, mode, f.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// describe is what the file is read back as.
func (f TreeFile) describe() string {
	if f.Executable {
		return f.SHA256 + " executable"
	}
	return f.SHA256
}
