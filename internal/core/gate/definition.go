// Package gate decides where promotion waits: what each gate demands, when it
// opens, which signatures count, and whether a place may be entered.
package gate

import (
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// The names of the gates, as they stand under environment: in a workflow.
const (
	PreVal          = "pre_val"
	ApproveToPrd    = "approve_to_prd"
	ApproveForUse   = "approve_for_use"
	ApproveRollback = "approve_rollback"
)

// Definition is what a gate demands in a profile.
type Definition struct {
	Name       string
	After      string // the place whose evidence it looks at
	Enters     string // the place that it lets into, "" for none
	Checks     []Check
	Signatures []signature.Meaning // one each, by different people
}

// GxP is the profile's list. To add a gate: a definition here, its name in
// pipeline.Gates, a case in acceptance/testdata/gate-<name>.txtar.
var GxP = []Definition{
	{
		Name: PreVal, After: "tst", Enters: "val",
		Checks:     []Check{tagUnmoved, noteValid, unitTested, documentsTested, installed, operational, planned},
		Signatures: []signature.Meaning{signature.SMEApproved},
	},
	{
		Name: ApproveToPrd, After: "val", Enters: "prd",
		Checks:     []Check{tagUnmoved, installed, operational, accepted, traced, sameArtifact},
		Signatures: []signature.Meaning{signature.QCApproved, signature.SMEApproved, signature.AuthorisedToPRD, signature.Accountable},
	},
	{
		Name: ApproveForUse, After: "prd",
		Checks:     []Check{tagUnmoved, installed, operational, sameArtifact, notDrifted},
		Signatures: []signature.Meaning{signature.QCApproved, signature.ReleasedForUse},
	},
	{
		Name:       ApproveRollback,
		Checks:     []Check{rollbackPossible},
		Signatures: []signature.Meaning{signature.RollbackAuthorised, signature.QCApproved},
	},
}

// NonGxP is the list of the other profile: one signature before PRD.
var NonGxP = []Definition{
	{Name: ApproveToPrd, After: "tst", Enters: "prd", Checks: []Check{tagUnmoved}, Signatures: []signature.Meaning{signature.AuthorisedToPRD}},
	{Name: ApproveRollback, Checks: []Check{rollbackPossible}, Signatures: []signature.Meaning{signature.RollbackAuthorised}},
}

// Find gives a profile's definition; ok is false for a gate outside of the
// profile, which opens unsigned.
func Find(p policy.Profile, name string) (Definition, bool) {
	list := GxP
	if p == policy.NonGxP {
		list = NonGxP
	}
	for _, d := range list {
		if d.Name == name {
			return d, true
		}
	}
	return Definition{Name: name}, false
}

// Missing is everything that keeps the gate closed, in the order of its checks.
func (d Definition) Missing(f Facts) []string {
	var out []string
	for _, c := range d.Checks {
		out = append(out, c(d, f)...)
	}
	return out
}
