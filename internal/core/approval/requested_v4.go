package approval

import (
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// RequestedV4 asked for a baseline without rules for rollback and scans.
type RequestedV4 struct {
	Approval string             `json:"approval"`
	Kind     Kind               `json:"kind"`
	Solution string             `json:"solution"`
	Version  string             `json:"version"`
	Waiver   *Waiver            `json:"waiver,omitempty"`
	Template *Template          `json:"template,omitempty"`
	Baseline *policy.BaselineV5 `json:"baseline,omitempty"`
	Review   *Review            `json:"review,omitempty"`
	Deletion *Deletion          `json:"deletion,omitempty"`
	Lost     []string           `json:"lost,omitempty"`
}

// EventType implements ledger.Payload.
func (RequestedV4) EventType() (string, int) { return "approval.requested", 4 }

// Upcast gives the event as it would be recorded today.
func (r *RequestedV4) Upcast() ledger.Payload {
	out := &Requested{
		Approval: r.Approval, Kind: r.Kind, Solution: r.Solution, Version: r.Version,
		Waiver: r.Waiver, Template: r.Template, Review: r.Review, Deletion: r.Deletion, Lost: r.Lost,
	}
	if r.Baseline != nil {
		b := r.Baseline.Today()
		out.Baseline = &b
	}
	return out
}
