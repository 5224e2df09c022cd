package verify

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/gate"
)

// opening is the subject of a gate when its manifest was frozen.
type opening struct {
	standing gate.Standing
	time     string
}

// change compares what the manifest says of the change with the ledger: its
// type, the deviations with what was decided about them, and the waivers that
// held then.
func (o opening) change(m gate.Manifest) []string {
	var out []string
	s := o.standing
	if m.Change.Type != s.Change.Type || m.Change.Declared != s.Change.Declared || !slices.Equal(m.Change.Because, s.Change.Because) {
		out = append(out, fmt.Sprintf("change type is %q, the ledger says %q", m.Change.Type, s.Change.Type))
	}
	var deviations []string
	for _, d := range s.Deviations {
		deviations = append(deviations, d.Summary())
	}
	if !slices.Equal(m.Deviations, deviations) {
		out = append(out, fmt.Sprintf("deviations are %q, the ledger says %q", m.Deviations, deviations))
	}
	if waivers := approval.Effective(s.Approvals, o.time); !slices.Equal(m.Waivers, waivers) {
		out = append(out, fmt.Sprintf("waivers are %v, the ledger says %v", m.Waivers, waivers))
	}
	return out
}
