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
