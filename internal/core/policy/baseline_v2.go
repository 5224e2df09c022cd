package policy

import "github.com/dc-release/dc-release/internal/core/ledger"

// SolutionAddedV2 recorded a baseline without a RACI matrix of its own.
type SolutionAddedV2 struct {
	Baseline BaselineV2 `json:"baseline"`
}

// BaselineV2 is the baseline of SolutionAddedV2.
type BaselineV2 struct {
	Solution     string                 `json:"solution"`
	Profile      Profile                `json:"profile"`
	Code         string                 `json:"code"`
	Requirements string                 `json:"requirements"`
	ReleaseLog   string                 `json:"release_log"`
	Branch       string                 `json:"branch"`
	Workflow     string                 `json:"workflow"`
	Environments map[string]Environment `json:"environments"`
	Evidence     []Selector             `json:"evidence,omitempty"`
	Rebuilds     string                 `json:"rebuilds"`
	Evaluation   bool                   `json:"evaluation"`
}

// EventType implements ledger.Payload.
func (SolutionAddedV2) EventType() (string, int) { return "solution.added", 2 }

// Upcast gives the event as it would be recorded today.
func (a *SolutionAddedV2) Upcast() ledger.Payload {
	b := a.Baseline
	return &SolutionAdded{Baseline: Baseline{
		Solution: b.Solution, Profile: b.Profile, Code: b.Code, Requirements: b.Requirements, ReleaseLog: b.ReleaseLog,
		Branch: b.Branch, Workflow: b.Workflow, Environments: b.Environments, Evidence: b.Evidence, Rebuilds: b.Rebuilds, Evaluation: b.Evaluation,
	}}
}
