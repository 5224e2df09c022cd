package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Evidence is one item with the execution it came from. Latest says that no
// later attempt of the same job exists.
type Evidence struct {
	evidence.Item
	Execution string
	Job       string
	Person    string // of a manual test
	Agreed    bool   // a second person signed the protocol of a manual test
	Latest    bool
}

// Facts is what a gate looks at. They are gathered first and decided once.
type Facts struct {
	Commit      string
	TagMoved    string // what was found instead, "" when unmoved
	Note        []string
	Evidence    []Evidence
	Deployments map[string]deployment.Deployed // latest of this release, by place
	Unplanned   []string                       // requirements without a test
	Gaps        []string                       // requirements without a passed test
	Authors     map[string]bool                // person ids
	Drift       []string                       // differences found in the place
	Unreviewed  []string                       // reasons why the audit trail counts as not reviewed
	Rollback    []string                       // reasons why the rollback cannot be
	Opaque      bool                           // deployed by a foreign command; detected, not prevented
	Unmapped    []string                       // git identities that belong to no person
	Deviations  []deviation.Deviation
	Emergencies []string          // versions in use that are not caught up on
	Waivers     []approval.Waiver // granted, not run out
	Plan        *Plan             // of the place that the gate lets into, nil for none
	Rehearsal   *Rehearsal        // of the rollback, nil when there is nothing to go back to
	Scans       policy.Scans      // what the baseline demands of the artifact
	Reports     []Report          // about artifacts, all that this run's jobs handed in
	Earlier     *Earlier          // components of the release before, nil for none; for those who decide
	Kept        string            // tree of the artifact that a job of this run handed in, "" for none
	Files       deployment.Tree   // of it, where they are looked at
	Parts       []deployment.Part // of it, where it is several
}

// Rehearsal is which rollback is to be rehearsed where: to the release that PRD
// holds, and forth again.
type Rehearsal struct {
	Environment string
	To          string // version
	Tree        string // of its artifact
}

// Plan is what the deployment behind a gate will do.
type Plan struct {
	deployment.Planned
	Deletable bool // what it loses is approved
}

// Check is one fact that a gate demands.
type Check struct {
	Name    string                           // for lists: tag-unmoved
	About   string                           // what holds when it is met, a sentence without full stop
	missing func(Definition, Facts) []string // one entry each; nil opens
}

// Incomplete is the error of a gate that cannot open because what it would
// freeze is not complete, for example its documents.
type Incomplete struct{ Missing []string }

// Error joins what is missing.
func (i *Incomplete) Error() string { return strings.Join(i.Missing, "; ") }

func tagUnmoved(_ Definition, f Facts) []string {
	if f.TagMoved == "" {
		return nil
	}
	return []string{"the tag was moved: " + f.TagMoved}
}

func noteValid(_ Definition, f Facts) []string {
	return prefixed("release note: ", f.Note)
}

func unitTested(_ Definition, f Facts) []string { return f.proven(evidence.UT, "") }

func documentsTested(_ Definition, f Facts) []string { return f.proven(evidence.DT, "") }

func installed(d Definition, f Facts) []string {
	if d.After == "prd" {
		return f.proven(evidence.PIV, "prd")
	}
	return f.proven(evidence.IV, d.After)
}

func operational(d Definition, f Facts) []string {
	if d.After == "prd" {
		return f.proven(evidence.POV, "prd")
	}
	return f.proven(evidence.OV, d.After)
}

// accepted wants an acceptance test by a tester who is no author of the release,
// and a second person who read what was typed in step by step.
func accepted(_ Definition, f Facts) []string {
	missing := f.proven(evidence.AV, "val")
	for _, e := range f.Evidence {
		if e.Verification != string(evidence.AV) || !e.Counted {
			continue
		}
		if f.Authors[e.Person] {
			missing = append(missing, "AV in val: the tester is an author of the release")
		}
		if e.Format == evidence.FormatAcceptance && e.Latest && !e.Agreed {
			missing = append(missing, fmt.Sprintf("AV in val: %s is not reviewed by a second person", e.Name))
		}
	}
	return missing
}

func planned(_ Definition, f Facts) []string {
	return prefixed("no test is planned for ", f.Unplanned)
}

func traced(_ Definition, f Facts) []string { return prefixed("traceability: ", f.Gaps) }

// sameArtifact wants the bytes in the place to be those that were verified
// before.
func sameArtifact(d Definition, f Facts) []string {
	here, ok := f.Deployments[d.After]
	if !ok {
		return []string{"nothing is deployed to " + d.After}
	}
	if f.Opaque {
		return nil
	}
	for _, place := range []string{"tst", "val"} {
		before, ok := f.Deployments[place]
		if !ok {
			return []string{"nothing is deployed to " + place}
		}
		if before.Tree != here.Tree {
			return []string{fmt.Sprintf("%s holds artifact %.12s, %s was verified with %.12s", d.After, here.Tree, place, before.Tree)}
		}
		if place == d.After {
			break
		}
	}
	return nil
}

func authorsKnown(_ Definition, f Facts) []string {
	return prefixed("a git identity belongs to no person: ", f.Unmapped)
}

func deviationsDisposed(_ Definition, f Facts) []string { return deviation.Missing(f.Deviations) }

func emergenciesCaughtUp(_ Definition, f Facts) []string {
	return prefixed("an emergency change is not caught up on: ", f.Emergencies)
}

// waived reports whether an approved exception covers what a check misses. The
// checks of reports look at exceptions themselves.
func (f Facts) waived(c Check, missing string) bool {
	return Waivable(c.Name) && !ofReports(c.Name) && slices.ContainsFunc(f.Waivers, func(w approval.Waiver) bool { return w.Covers(c.Name, missing) })
}

func notDrifted(d Definition, f Facts) []string {
	return prefixed("drift in "+d.After+": ", f.Drift)
}

// deploymentPlanned wants to know beforehand what will happen behind the gate. A
// release that this program does not deploy has nothing to plan.
func deploymentPlanned(d Definition, f Facts) []string {
	here, native := f.Deployments[d.After]
	switch {
	case !native || f.Opaque:
		return nil
	case f.Plan == nil || f.Plan.Tree != here.Tree:
		return []string{"the deployment to " + d.Enters + " is not planned yet"}
	case f.Plan.Deletable:
		return nil
	}
	return prefixed("a deletion in "+d.Enters+" is not approved: ", f.Plan.Destroys)
}

// rollbackRehearsed wants the last rehearsal to have gone back and forth again. A
// release that this program does not deploy is not gone back from by it.
func rollbackRehearsed(_ Definition, f Facts) []string {
	r := f.Rehearsal
	if r == nil || f.Opaque {
		return nil
	}
	here, native := f.Deployments[r.Environment]
	if !native {
		return nil
	}
	last := map[string]Evidence{} // by what the place was to hold
	for _, e := range f.Evidence {
		if e.Verification == string(evidence.RR) && e.Environment == r.Environment && e.Counted {
			last[e.Tree] = e
		}
	}
	var out []string
	for _, tree := range slices.Compact([]string{r.Tree, here.Tree}) {
		switch e, ok := last[tree]; {
		case !ok:
			return []string{fmt.Sprintf("the rollback to %s is not rehearsed in %s", r.To, r.Environment)}
		case e.Verdict != evidence.VerdictPassed:
			out = append(out, fmt.Sprintf("the rehearsal of the rollback to %s in %s: %s is %s", r.To, r.Environment, e.Name, e.Verdict))
		}
	}
	return out
}

// Rehearsable reports whether the rollback is to be rehearsed now, by itself: it
// was not tried yet, and everything else that the gate behind the place demands
// is there. A road without that gate does it at the latest before PRD.
func (d Definition) Rehearsable(f Facts) bool {
	own := rollbackRehearsed(d, f)
	tried := slices.ContainsFunc(f.Evidence, func(e Evidence) bool { return e.Verification == string(evidence.RR) })
	if tried || len(own) == 0 || f.waived(rehearsalCheck, own[0]) {
		return false
	}
	if f.Rehearsal.Environment != d.After {
		return d.Name == ApproveToPrd
	}
	return !slices.ContainsFunc(d.Missing(f), func(m string) bool { return m != own[0] })
}

// Rehearses reports whether the road of a profile and a type of change demands
// the rehearsal of the rollback.
func Rehearses(p policy.Profile, t release.ChangeType) bool {
	def, _ := Find(p, t, ApproveToPrd)
	return slices.ContainsFunc(def.Checks, func(c Check) bool { return c.Name == rehearsalCheck.Name })
}

func rollbackPossible(_ Definition, f Facts) []string { return f.Rollback }

func reviewed(_ Definition, f Facts) []string { return prefixed("audit trail: ", f.Unreviewed) }

// proven wants at least one counted item of the verification in the place, all
// of the latest attempt passed, on the commit and the deployment that counts.
func (f Facts) proven(v evidence.Verification, place string) []string {
	name := string(v)
	if place != "" {
		name += " in " + place
	}
	var missing []string
	found := false
	for _, e := range f.Evidence {
		if e.Verification != string(v) || e.Environment != place || !e.Counted || !e.Latest {
			continue
		}
		switch {
		case e.Commit != f.Commit:
			missing = append(missing, fmt.Sprintf("%s: %s is evidence of commit %.12s", name, e.Name, e.Commit))
		case place != "" && e.Tree != f.Deployments[place].Tree:
			missing = append(missing, fmt.Sprintf("%s: %s was made on another deployment", name, e.Name))
		case e.Verdict != evidence.VerdictPassed:
			missing = append(missing, fmt.Sprintf("%s: %s is %s", name, e.Name, e.Verdict))
		default:
			found = true
		}
	}
	if !found && len(missing) == 0 {
		missing = append(missing, name+": no evidence")
	}
	return missing
}

func prefixed(prefix string, list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, prefix+s)
	}
	return out
}
