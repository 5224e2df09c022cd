package trace

import (
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Claim is an id that something outside of the items names as its
// specification: the tag specification of a bundle.
type Claim struct {
	Value string // with what could not be resolved left in it: ${var.x}
	At    document.Position
}

// CheckClaims holds claims against the items (DOC-S08).
func CheckClaims(items []Item, claims []Claim) []document.Finding {
	is := index(items)
	var out []document.Finding
	for _, c := range claims {
		item, there := is[c.Value]
		switch {
		case strings.Contains(c.Value, "${"):
			out = append(out, finding("DOC-S08", c.At, "write the id, or ${bundle.name} in it", "the specification %q cannot be told from the files of the bundle", document.Visible(c.Value)))
		case !there || item.Kind != FS:
			out = append(out, finding("DOC-S08", c.At, "name a specification such as FS-corp-procurement-1", "the specification %q is not there", document.Visible(c.Value)))
		case item.Retired:
			out = append(out, finding("DOC-S08", c.At, "name the one that took its place", "the specification %s is retired", c.Value))
		}
	}
	return out
}
