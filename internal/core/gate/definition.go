// Package gate decides where promotion waits: what each gate demands, when it
// opens, which signatures count, and whether a place may be entered.
package gate

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// The names of the gates, as they stand under environment: in a workflow.
const (
	PreVal          = "pre_val"
	ApproveToPrd    = "approve_to_prd"
	ApproveForUse   = "approve_for_use"
	ApproveRollback = "approve_rollback"
	CatchUp         = "catch_up" // of an emergency, after it is in use; no workflow names it
)

// Names are the gates in the order of the road.
var Names = []string{PreVal, ApproveToPrd, ApproveForUse, CatchUp, ApproveRollback}

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
	authorCheck    = Check{"authors-known", "every git identity whose work is in the release belongs to a person", authorsKnown}
	failureCheck   = Check{"deviations-disposed", "every failed attempt has a signed disposition that lets it pass", deviationsDisposed}
	emergencyCheck = Check{"emergencies-caught-up", "no emergency change in use is without its verification", emergenciesCaughtUp}
	reviewedCheck  = Check{"audit-trail-reviewed", "the exception list as it stands was reviewed by somebody who did not act in the release", reviewed}
	deployCheck    = Check{"deployment-planned", "what the deployment behind the gate changes is known, and what it deletes is approved", deploymentPlanned}
	rehearsalCheck = Check{"rollback-rehearsed", "going back to the release in use and forth again was rehearsed with the artifact", rollbackRehearsed}
	// what a baseline demands of scans, see Demanded
	componentsCheck = Check{componentsName, "the components of the artifact are listed", componentsListed}
	findingsCheck   = Check{findingsName, "the artifact was scanned, and every finding that the baseline bars is assessed", scanned}
	builtCheck      = Check{builtName, "the artifact is what a job of this run handed in, which the installation states and signs", built}
	rollbackCheck   = Check{"rollback-possible", "the earlier release was for use and its artifact is kept", rollbackPossible}
)

// GxP is the profile's list for normal changes and hotfixes. To add a gate: a
// definition here, its name in pipeline.Gates, a case in
// acceptance/testdata/gate-<name>.txtar.
var GxP = []Definition{
	{
		Name: PreVal, After: "tst", Enters: "val",
		Checks:     []Check{tagCheck, noteCheck, authorCheck, emergencyCheck, unitCheck, documentCheck, installedCheck, operatedCheck, plannedCheck, componentsCheck, findingsCheck, builtCheck, failureCheck, deployCheck},
		Signatures: []signature.Meaning{signature.SMEApproved},
	},
	{
		Name: ApproveToPrd, After: "val", Enters: "prd",
		Checks:     []Check{tagCheck, authorCheck, installedCheck, operatedCheck, acceptedCheck, tracedCheck, artifactCheck, rehearsalCheck, failureCheck, deployCheck},
		Signatures: []signature.Meaning{signature.QCApproved, signature.SMEApproved, signature.AuthorisedToPRD, signature.Accountable},
	},
	{
		Name: ApproveForUse, After: "prd",
		Checks:     []Check{tagCheck, authorCheck, installedCheck, operatedCheck, artifactCheck, driftCheck, failureCheck, reviewedCheck},
		Signatures: []signature.Meaning{signature.QCApproved, signature.ReleasedForUse},
	},
	{
		Name:       ApproveRollback,
		Checks:     []Check{rollbackCheck},
		Signatures: []signature.Meaning{signature.RollbackAuthorised, signature.QCApproved},
	},
}

// standard is the profile's list for standard changes: the checks are those of
// a normal one, what its template's approval said beforehand is not signed again.
var standard = []Definition{
	{Name: PreVal, After: "tst", Enters: "val", Checks: GxP[0].Checks},
	{
		Name: ApproveToPrd, After: "val", Enters: "prd", Checks: GxP[1].Checks,
		Signatures: []signature.Meaning{signature.QCApproved, signature.AuthorisedToPRD},
	},
	GxP[2], GxP[3],
}

// emergency is the profile's list for emergencies: two people let it into
// production when it is installed right, and what is left out then is caught up
// on at a gate of its own.
var emergency = []Definition{
	{Name: PreVal, After: "tst", Enters: "val", Checks: []Check{tagCheck, noteCheck, authorCheck, installedCheck, deployCheck}},
	{
		Name: ApproveToPrd, After: "val", Enters: "prd",
		Checks:     []Check{tagCheck, authorCheck, installedCheck, artifactCheck, deployCheck},
		Signatures: []signature.Meaning{signature.EmergencyAuthorised, signature.QCApproved},
	},
	{
		Name: ApproveForUse, After: "prd",
		Checks:     []Check{tagCheck, authorCheck, installedCheck, operatedCheck, artifactCheck, driftCheck},
		Signatures: []signature.Meaning{signature.QCApproved, signature.ReleasedForUse},
	},
	GxP[3],
	{
		Name: CatchUp, After: "val",
		Checks:     []Check{unitCheck, documentCheck, operatedCheck, acceptedCheck, plannedCheck, tracedCheck, componentsCheck, findingsCheck, builtCheck, failureCheck, reviewedCheck},
		Signatures: []signature.Meaning{signature.SMEApproved, signature.QCApproved, signature.Accountable},
	},
}

// NonGxP is the list of the other profile: one signature before PRD.
var NonGxP = []Definition{
	{Name: ApproveToPrd, After: "tst", Enters: "prd", Checks: []Check{tagCheck, deployCheck}, Signatures: []signature.Meaning{signature.AuthorisedToPRD}},
	{Name: ApproveRollback, Checks: []Check{rollbackCheck}, Signatures: []signature.Meaning{signature.RollbackAuthorised}},
}

// Definitions are the gates of a profile for a type of change, in the order of
// the road.
func Definitions(p policy.Profile, t release.ChangeType) []Definition {
	switch {
	case p == policy.NonGxP:
		return NonGxP
	case t == release.Standard:
		return standard
	case t == release.Emergency:
		return emergency
	}
	return GxP
}

// Find gives the definition of a gate; ok is false for one outside of the
// profile, which opens unsigned.
func Find(p policy.Profile, t release.ChangeType, name string) (Definition, bool) {
	for _, d := range Definitions(p, t) {
		if d.Name == name {
			return d, true
		}
	}
	return Definition{Name: name}, false
}

// Waivable reports whether an exception from a check can be approved. What
// makes signatures and the trail worth something never can.
func Waivable(check string) bool {
	return slices.Contains([]string{unitCheck.Name, operatedCheck.Name, acceptedCheck.Name, plannedCheck.Name, tracedCheck.Name, rehearsalCheck.Name, componentsCheck.Name, findingsCheck.Name, builtCheck.Name}, check)
}

// Missing is everything that keeps the gate closed, in the order of its checks.
func (d Definition) Missing(f Facts) []string {
	var out []string
	for _, c := range d.Checks {
		var open []string
		for _, text := range c.missing(d, f) {
			if !f.waived(c, text) {
				open = append(open, text)
			}
		}
		out = append(out, deployment.Few(open)...) // an event has to hold them
	}
	return out
}
