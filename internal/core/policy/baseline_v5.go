package policy

import "github.com/dc-release/dc-release/internal/core/ledger"

// BaselineV5 is the baseline before it said how a solution goes back, and what
// is demanded of scans.
type BaselineV5 struct {
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
	Templates    map[string]string      `json:"templates,omitempty"`
}

// Today is the baseline as it would be recorded today.
func (b BaselineV5) Today() Baseline {
	return Baseline{
		Solution: b.Solution, Profile: b.Profile, Code: b.Code, Requirements: b.Requirements, ReleaseLog: b.ReleaseLog, Branch: b.Branch, Workflow: b.Workflow,
		Environments: b.Environments, Evidence: b.Evidence, Rebuilds: b.Rebuilds, Evaluation: b.Evaluation, RACI: b.RACI, Category: b.Category, Templates: b.Templates,
	}
}

// SolutionAddedV5 recorded a baseline without rules for rollback and scans.
type SolutionAddedV5 struct {
	Baseline BaselineV5 `json:"baseline"`
}

// EventType implements ledger.Payload.
func (SolutionAddedV5) EventType() (string, int) { return "solution.added", 5 }

// Upcast gives the event as it would be recorded today.
func (a *SolutionAddedV5) Upcast() ledger.Payload {
	return &SolutionAdded{Baseline: a.Baseline.Today()}
}

// SolutionRevisedV3 recorded a baseline without rules for rollback and scans.
type SolutionRevisedV3 struct {
	Baseline BaselineV5 `json:"baseline"`
	Approval string     `json:"approval"`
}

// EventType implements ledger.Payload.
func (SolutionRevisedV3) EventType() (string, int) { return "solution.revised", 3 }

// Upcast gives the event as it would be recorded today.
func (r *SolutionRevisedV3) Upcast() ledger.Payload {
	return &SolutionRevised{Baseline: r.Baseline.Today(), Approval: r.Approval}
}
