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

// The checks of this version. To add one: a line here with a function in
// facts.go, and its name in a definition below.
var (
	tagCheck       = Check{"tag-unmoved", "the tag points to the object that was registered", tagUnmoved}
	noteCheck      = Check{"release-note-valid", "the release note has no error", noteValid}
	unitCheck      = Check{"unit-tests", "UT of this run is there and passed", unitTested}
	documentCheck  = Check{"document-tests", "DT of this run is there and passed", documentsTested}
	installedCheck = Check{"installation-verification", "the place was read back after the deployment and equals the artifact", installed}
	operatedCheck  = Check{"operational-verification", "operational verification in the place is there and passed", operational}
	acceptedCheck  = Check{"acceptance-verification", "AV by a tester who is no author is there and passed", accepted}
	plannedCheck   = Check{"tests-planned", "a test is planned for every requirement", planned}
	tracedCheck    = Check{"matrix-without-gaps", "every requirement has a passed test", traced}
	artifactCheck  = Check{"same-artifact", "the artifact is the one that the places before were verified with", sameArtifact}
	driftCheck     = Check{"no-drift", "the place holds what was deployed", notDrifted}
	reviewedCheck  = Check{"audit-trail-reviewed", "the exception list as it stands was reviewed by somebody who did not act in the release", reviewed}
	rollbackCheck  = Check{"rollback-possible", "the earlier release was for use and its artifact is kept", rollbackPossible}
)

// GxP is the profile's list. To add a gate: a definition here, its name in
// pipeline.Gates, a case in acceptance/testdata/gate-<name>.txtar.
var GxP = []Definition{
	{
		Name: PreVal, After: "tst", Enters: "val",
		Checks:     []Check{tagCheck, noteCheck, unitCheck, documentCheck, installedCheck, operatedCheck, plannedCheck},
		Signatures: []signature.Meaning{signature.SMEApproved},
	},
	{
		Name: ApproveToPrd, After: "val", Enters: "prd",
		Checks:     []Check{tagCheck, installedCheck, operatedCheck, acceptedCheck, tracedCheck, artifactCheck},
		Signatures: []signature.Meaning{signature.QCApproved, signature.SMEApproved, signature.AuthorisedToPRD, signature.Accountable},
	},
	{
		Name: ApproveForUse, After: "prd",
		Checks:     []Check{tagCheck, installedCheck, operatedCheck, artifactCheck, driftCheck, reviewedCheck},
		Signatures: []signature.Meaning{signature.QCApproved, signature.ReleasedForUse},
	},
	{
		Name:       ApproveRollback,
		Checks:     []Check{rollbackCheck},
		Signatures: []signature.Meaning{signature.RollbackAuthorised, signature.QCApproved},
	},
}

// NonGxP is the list of the other profile: one signature before PRD.
var NonGxP = []Definition{
	{Name: ApproveToPrd, After: "tst", Enters: "prd", Checks: []Check{tagCheck}, Signatures: []signature.Meaning{signature.AuthorisedToPRD}},
	{Name: ApproveRollback, Checks: []Check{rollbackCheck}, Signatures: []signature.Meaning{signature.RollbackAuthorised}},
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
		out = append(out, c.missing(d, f)...)
	}
	return out
}
