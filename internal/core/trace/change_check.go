package trace

import (
	"github.com/dc-release/dc-release/internal/core/document"
)

// CheckChange holds items against those of the release before (DOC-S03): an id
// that was given out is never taken back and never given out again.
func CheckChange(before, after []Item) []document.Finding {
	was, is := index(before), index(after)
	var out []document.Finding
	for _, c := range Compare(before, after) {
		switch c.What {
		case Reopened:
			out = append(out, finding("DOC-S03", is[c.ID].At, "take a new number; the id stays retired", "%s was retired before and is in force again", c.ID))
		case Withdrawn:
			out = append(out, finding("DOC-S03", was[c.ID].At, "bring it back with - Status: retired", "%s is no longer there; an id is retired and never removed", c.ID))
		}
	}
	return out
}

// CheckReferences names the changed items whose files no pull request touched
// (DOC-S11). By says which pull requests changed a file, as far as commits name
// them.
func CheckReferences(before, after []Item, by func(file string) (touched bool, requests int)) []document.Finding {
	is := index(after)
	var out []document.Finding
	for _, c := range Compare(before, after) {
		item, there := is[c.ID]
		if !there || item.Kind != URS && item.Kind != FS {
			continue
		}
		if touched, requests := by(item.At.File); touched && requests == 0 {
			out = append(out, finding("DOC-S11", item.At, "change requirements by pull request", "%s was %s by commits that name no pull request", c.ID, c.What))
		}
	}
	return out
}
