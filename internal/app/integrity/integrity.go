// Package integrity decides whether the ledger extends every checkpoint that is
// known of it. When it does not, it was cut, rewritten, restored or begun again
// without a record, and the installation is held: it answers and changes
// nothing.
package integrity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Anchor is a checkpoint that is known, with where it was found.
type Anchor struct {
	Where string
	Note  []byte
	// Own says that nobody else can put it there: when it cannot be verified,
	// that is a reason for a hold too. What others can write is not believed.
	Own bool
}

// Hashes reads stored hashes of the ledger; valid within do.
type Hashes func(ctx context.Context, do func(size int64, r ledger.HashReader) error) error

// Hold is why an installation changes nothing; it is the error of everything
// that would.
type Hold struct{ Reasons []string }

// Error gives all reasons.
func (h *Hold) Error() string { return "integrity hold: " + strings.Join(h.Reasons, "; ") }

// Unwrap makes it fault.Unverified, with what to do.
func (h *Hold) Unwrap() error {
	return fault.New(fault.Unverified, "%s", h.Error()).WithHint("nothing is changed until the ledger extends every known checkpoint again; look what is wrong with: dc-release audit verify")
}

// Check compares the ledger with every anchor that a key of its epoch signed; nil when
// it extends them all. A ledger that cannot be read is held when there is
// anything to compare it with.
func Check(ctx context.Context, hashes Hashes, keys ledger.Keychain, anchors []Anchor) *Hold {
	var reasons []string
	var known []found
	for _, a := range anchors {
		c, _, err := keys.OpenCheckpoint(a.Note)
		switch {
		case err != nil && a.Own:
			reasons = append(reasons, fmt.Sprintf("%s: %v", a.Where, err))
		case err == nil && c.Size > 0:
			known = append(known, found{c, a.Where})
		}
	}
	if len(known) > 0 {
		err := hashes(ctx, func(size int64, r ledger.HashReader) error {
			for _, c := range known {
				if why := differs(c.Checkpoint, size, r); why != "" {
					reasons = append(reasons, c.where+": "+why)
				}
			}
			return nil
		})
		if err != nil {
			reasons = append(reasons, fmt.Sprintf("the ledger cannot be read: %v", err))
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	slices.Sort(reasons)
	return &Hold{Reasons: slices.Compact(reasons)}
}

// found is a checkpoint with where it was found.
type found struct {
	ledger.Checkpoint
	where string
}

// differs says why a ledger of a size does not extend a checkpoint, "" when it
// does.
func differs(c ledger.Checkpoint, size int64, r ledger.HashReader) string {
	if size < c.Size {
		return fmt.Sprintf("the ledger has %d events, the checkpoint %d", size, c.Size)
	}
	root, err := ledger.Root(c.Size, r)
	if err != nil {
		return fmt.Sprintf("the ledger has no hashes up to size %d: %v", c.Size, err)
	}
	if root != c.Root {
		return fmt.Sprintf("the ledger differs from the checkpoint of size %d", c.Size)
	}
	return ""
}
