package policy

import "github.com/dc-release/dc-release/internal/core/ledger"

// BaselineV4 is the baseline before it had templates of documents.
type BaselineV4 struct {
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
	Category     int64                  `json:"category,omitempty"`
}

// Today is the baseline as it would be recorded today.
func (b BaselineV4) Today() Baseline {
	return Baseline{
		Solution: b.Solution, Profile: b.Profile, Code: b.Code, Requirements: b.Requirements, ReleaseLog: b.ReleaseLog,
		Branch: b.Branch, Workflow: b.Workflow, Environments: b.Environments, Evidence: b.Evidence, Rebuilds: b.Rebuilds, Evaluation: b.Evaluation, RACI: b.RACI, Category: b.Category,
	}
}

// SolutionAddedV4 recorded a baseline without templates of documents.
type SolutionAddedV4 struct {
	Baseline BaselineV4 `json:"baseline"`
}

// EventType implements ledger.Payload.
func (SolutionAddedV4) EventType() (string, int) { return "solution.added", 4 }

// Upcast gives the event as it would be recorded today.
func (a *SolutionAddedV4) Upcast() ledger.Payload {
	return &SolutionAdded{Baseline: a.Baseline.Today()}
}

// SolutionRevisedV2 recorded a baseline without templates of documents.
type SolutionRevisedV2 struct {
	Baseline BaselineV4 `json:"baseline"`
	Approval string     `json:"approval"`
}

// EventType implements ledger.Payload.
func (SolutionRevisedV2) EventType() (string, int) { return "solution.revised", 2 }

// Upcast gives the event as it would be recorded today.
func (r *SolutionRevisedV2) Upcast() ledger.Payload {
	return &SolutionRevised{Baseline: r.Baseline.Today(), Approval: r.Approval}
}
