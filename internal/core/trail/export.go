package trail

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// ExportSchema of the first line of an export in JSON lines.
const ExportSchema = "dc-release/audit-export/v1"

// Head is the first line of an export: what was asked for, how much of the
// ledger it is, and what it is verified with.
type Head struct {
	Schema     string          `json:"schema"`
	Filter     Filter          `json:"filter"`
	Stated     string          `json:"stated"` // the filter for readers
	Shown      int64           `json:"shown"`
	Size       int64           `json:"size"` // the range is from 1 to here
	Time       string          `json:"time"` // of the export
	Checkpoint string          `json:"checkpoint"`
	Keys       releaselog.Keys `json:"keys"`
}

// Range says in one sentence how much of the ledger is shown.
func (h Head) Range() string {
	return fmt.Sprintf("%d of %d events shown, of the ledger from event 1 to event %d", h.Shown, h.Size, h.Size)
}

// Line is an event of an export: its record with the public part, and the
// proof that it is in the checkpoint.
type Line struct {
	Record    ledger.Record `json:"record"`
	Inclusion []string      `json:"inclusion"`
}
