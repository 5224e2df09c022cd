package policy

import "github.com/dc-release/dc-release/internal/core/ledger"

// BaselineV3 is the baseline before it had a category.
type BaselineV3 struct {
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
	RACI         []Activity             `json:"raci,omitempty"`
}

// Today is the baseline as it would be recorded today.
func (b BaselineV3) Today() Baseline {
	return Baseline{
		Solution: b.Solution, Profile: b.Profile, Code: b.Code, Requirements: b.Requirements, ReleaseLog: b.ReleaseLog,
		Branch: b.Branch, Workflow: b.Workflow, Environments: b.Environments, Evidence: b.Evidence, Rebuilds: b.Rebuilds, Evaluation: b.Evaluation, RACI: b.RACI,
	}
}

// SolutionAddedV3 recorded a baseline without a category.
type SolutionAddedV3 struct {
	Baseline BaselineV3 `json:"baseline"`
}

// EventType implements ledger.Payload.
func (SolutionAddedV3) EventType() (string, int) { return "solution.added", 3 }

// Upcast gives the event as it would be recorded today.
func (a *SolutionAddedV3) Upcast() ledger.Payload {
	return &SolutionAdded{Baseline: a.Baseline.Today()}
}

// SolutionRevisedV1 recorded a baseline without a category.
type SolutionRevisedV1 struct {
	Baseline BaselineV3 `json:"baseline"`
	Approval string     `json:"approval"`
}

// EventType implements ledger.Payload.
func (SolutionRevisedV1) EventType() (string, int) { return "solution.revised", 1 }

// Upcast gives the event as it would be recorded today.
func (r *SolutionRevisedV1) Upcast() ledger.Payload {
	return &SolutionRevised{Baseline: r.Baseline.Today(), Approval: r.Approval}
}
