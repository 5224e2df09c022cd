package trace

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Changed is what happened to an item between two baselines.
type Changed string

// The closed list. An item that is no longer in any file was removed, which
// DOC-S03 refuses: it should have been retired.
const (
	Added     Changed = "added"
	Modified  Changed = "changed"  // its fingerprint
	Relinked  Changed = "relinked" // its links alone
	Retired   Changed = "retired"
	Reopened  Changed = "reopened" // was retired before
	Withdrawn Changed = "removed"
)

// Change is one item that is not what it was.
type Change struct {
	ID   string  `json:"id"`
	What Changed `json:"change"`
}

// Compare names every item that differs between two baselines, in the order of
// ids. Of two items with the same id the first counts.
func Compare(before, after []Item) []Change {
	was, is := index(before), index(after)
	var out []Change
	for id, now := range is {
		then, known := was[id]
		if what := difference(then, now, known); what != "" {
			out = append(out, Change{id, what})
		}
	}
	for id, then := range was {
		if _, there := is[id]; !there && !then.Retired {
			out = append(out, Change{id, Withdrawn})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return evidence.CompareIDs(a.ID, b.ID) })
	return out
}

func difference(then, now *Item, known bool) Changed {
	switch {
	case !known && now.Retired:
		return ""
	case !known:
		return Added
	case now.Retired && !then.Retired:
		return Retired
	case then.Retired && !now.Retired:
		return Reopened
	case now.Retired:
		return ""
	case then.Fingerprint() != now.Fingerprint():
		return Modified
	case !sameLinks(then, now):
		return Relinked
	}
	return ""
}

// sameLinks compares what is linked to, not when the link was reviewed.
func sameLinks(a, b *Item) bool {
	for _, links := range [][2][]Reference{{a.Implements, b.Implements}, {a.Verifies, b.Verifies}, {a.Assesses, b.Assesses}, {a.Mitigations, b.Mitigations}} {
		if !slices.Equal(targets(links[0]), targets(links[1])) {
			return false
		}
	}
	return true
}

func targets(links []Reference) []string {
	var out []string
	for _, l := range links {
		out = append(out, l.ID)
	}
	slices.Sort(out)
	return out
}

func index(items []Item) map[string]*Item {
	out := make(map[string]*Item, len(items))
	for i := range items {
		if _, twice := out[items[i].ID]; !twice {
			out[items[i].ID] = &items[i]
		}
	}
	return out
}
