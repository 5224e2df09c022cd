package release

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
)

// CheckApproved holds documents against those of the release before (DOC-S10): a
// file that is not what was approved must have been changed by a commit since.
// Otherwise the commit lost a change that was approved, as when a branch began
// before it. The name is what findings call a path.
func CheckApproved(before, after []File, commits []Commit, name func(path string) string) []document.Finding {
	touched := map[string]bool{}
	for _, c := range commits {
		for _, p := range c.Paths {
			touched[p] = true
		}
	}
	was := map[string]File{}
	for _, f := range before {
		was[f.Path] = f
	}
	var out []document.Finding
	report := func(path, what string) {
		if !touched[path] {
			out = append(out, finding("DOC-S10", document.Position{File: name(path), Line: 1, Column: 1}, "merge the release before, or change the document in a commit of this one", "%s %s with the release before, and no commit since changed it", name(path), what))
		}
	}
	for _, f := range after {
		then, known := was[f.Path]
		delete(was, f.Path)
		if known && then.Object != f.Object {
			report(f.Path, "is not what was approved")
		}
	}
	gone := make([]string, 0, len(was))
	for path := range was {
		gone = append(gone, path)
	}
	slices.Sort(gone)
	for _, path := range gone {
		report(path, "is not there, it was approved")
	}
	return out
}
