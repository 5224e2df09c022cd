package deployment

import "github.com/dc-release/dc-release/internal/core/ledger"

// DeployedV1 recorded a deployment that nobody had planned.
type DeployedV1 struct {
	Environment string `json:"environment"`
	Version     string `json:"version"`
	Commit      string `json:"commit"`
	Tree        string `json:"tree"`
	Target      string `json:"target"`
	Run         string `json:"run"`
	Execution   string `json:"execution"`
	Rollback    string `json:"rollback"`
}

// EventType implements ledger.Payload.
func (DeployedV1) EventType() (string, int) { return "environment.deployed", 1 }

// Upcast gives the event as it would be recorded today.
func (d *DeployedV1) Upcast() ledger.Payload {
	return &Deployed{
		Environment: d.Environment, Version: d.Version, Commit: d.Commit, Tree: d.Tree, Target: d.Target,
		Run: d.Run, Execution: d.Execution, Rollback: d.Rollback,
	}
}

// PlannedV1 recorded a plan without what the target did to make it.
type PlannedV1 struct {
	Environment string   `json:"environment"`
	Version     string   `json:"version"`
	Run         string   `json:"run"`
	Rollback    string   `json:"rollback"`
	Tree        string   `json:"tree"`
	Plan        string   `json:"plan"`
	Summary     string   `json:"summary"`
	Destroys    []string `json:"destroys"`
}

// EventType implements ledger.Payload.
func (PlannedV1) EventType() (string, int) { return "environment.planned", 1 }

// Upcast gives the event as it would be recorded today.
func (p *PlannedV1) Upcast() ledger.Payload {
	return &Planned{
		Environment: p.Environment, Version: p.Version, Run: p.Run, Rollback: p.Rollback, Tree: p.Tree,
		Plan: p.Plan, Summary: p.Summary, Destroys: p.Destroys,
	}
}
