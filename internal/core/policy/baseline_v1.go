package policy

import "github.com/dc-release/dc-release/internal/core/ledger"

// SolutionAddedV1 recorded a baseline without protection of its places.
type SolutionAddedV1 struct {
	Baseline BaselineV1 `json:"baseline"`
}

// BaselineV1 is the baseline of SolutionAddedV1.
type BaselineV1 struct {
	Solution     string                   `json:"solution"`
	Profile      Profile                  `json:"profile"`
	Code         string                   `json:"code"`
	Requirements string                   `json:"requirements"`
	ReleaseLog   string                   `json:"release_log"`
	Branch       string                   `json:"branch"`
	Workflow     string                   `json:"workflow"`
	Environments map[string]EnvironmentV1 `json:"environments"`
	Evidence     []Selector               `json:"evidence,omitempty"`
	Rebuilds     string                   `json:"rebuilds"`
	Evaluation   bool                     `json:"evaluation"`
}

// EnvironmentV1 is an environment of BaselineV1.
type EnvironmentV1 struct {
	Target string            `json:"target"`
	Config map[string]string `json:"config,omitempty"`
}

// EventType implements ledger.Payload.
func (SolutionAddedV1) EventType() (string, int) { return "solution.added", 1 }

// Upcast gives the event as it would be recorded today.
func (a *SolutionAddedV1) Upcast() ledger.Payload {
	b := a.Baseline
	out := Baseline{
		Solution: b.Solution, Profile: b.Profile, Code: b.Code, Requirements: b.Requirements, ReleaseLog: b.ReleaseLog,
		Branch: b.Branch, Workflow: b.Workflow, Evidence: b.Evidence, Rebuilds: b.Rebuilds, Evaluation: b.Evaluation,
	}
	if b.Environments != nil {
		out.Environments = map[string]Environment{}
	}
	for name, e := range b.Environments {
		out.Environments[name] = Environment{Target: e.Target, Config: e.Config}
	}
	return &SolutionAdded{Baseline: out}
}
