package publishtest

import (
	"context"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Passed is a result file with two passed cases of one requirement.
const Passed = `<?xml version="1.0"?><testsuite name="unit" tests="2" failures="0"><testcase classname="tests.unit" name="one FS-corp-procurement-1"/><testcase classname="tests.unit" name="two"/></testsuite>`

// Mixed is a result file whose cases belong to two verifications.
const Mixed = `<?xml version="1.0"?><testsuites><testsuite name="u" tests="1"><testcase classname="tests.unit.a" name="one"/></testsuite><testsuite name="i" tests="2"><testcase classname="tests.integration.a" name="two"/><testcase classname="tests.integration.a" name="three"><skipped/></testcase></testsuite></testsuites>`

// Deploy puts the release into a place and observes it.
func (r *Release) Deploy(place, execution string) {
	r.s.t.Helper()
	r.s.Append(ledger.Draft{Stream: ledger.EnvironmentStream(Solution, place), Data: &deployment.Deployed{
		Environment: place, Version: r.Version, Commit: r.Commit, Tree: r.Tree, Target: "localdir", Run: r.Run, Execution: execution, Plan: r.plans[place],
	}})
	item := r.Installation(place)
	r.s.Append(ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &evidence.Recorded{Execution: execution, Job: pipeline.JobOf(execution), Items: []evidence.Item{item}}})
	r.remember(execution, []evidence.Item{item})
}

// planned is the plan of the deployment into a place, made up when there is none.
func (r *Release) planned(place, rollback string) *gate.ManifestDeployment {
	r.s.t.Helper()
	there, err := r.s.State.Place(r.s.t.Context(), Solution, place)
	if err != nil {
		r.s.t.Fatal(err)
	}
	if p, ok := there.Planned(r.Run, rollback); ok {
		return &gate.ManifestDeployment{Environment: place, Plan: p.Plan, Summary: p.Summary, Destroys: p.Destroys}
	}
	p := deployment.Plan{
		Schema: deployment.PlanSchema, Solution: Solution, Environment: place, Version: r.Version, Artifact: r.Tree, Target: "localdir",
		Changes:  []deployment.Change{{Resource: "main.py", Action: deployment.Create}},
		Expected: deployment.State{{Path: "main.py", Value: "a"}},
	}
	raw, err := canonical.Marshal(p.Whole())
	if err != nil {
		r.s.t.Fatal(err)
	}
	out := gate.ManifestDeployment{Environment: place, Plan: r.s.Put(string(raw)), Summary: p.Summary(), Destroys: p.Destroys()}
	r.s.Append(ledger.Draft{Stream: ledger.EnvironmentStream(Solution, place), Data: &deployment.Planned{
		Environment: place, Version: r.Version, Run: r.Run, Rollback: rollback, Tree: r.Tree, Plan: out.Plan, Summary: out.Summary, Destroys: out.Destroys,
	}})
	if r.plans == nil {
		r.plans = map[string]string{}
	}
	r.plans[place] = out.Plan
	return &out
}

// Installation is the evidence of an installation verification.
func (r *Release) Installation(place string) evidence.Item {
	r.s.t.Helper()
	record := deploy.Installation{
		About:  r.about(evidence.FormatInstallation, place),
		Checks: []deployment.Difference{{Path: "main.py", Expected: "a", Actual: "a"}},
	}
	return judged(r, record)
}

// TaskRuns is the evidence of tasks that the target ran.
func (r *Release) TaskRuns(place string, runs ...deployment.TaskRun) evidence.Item {
	r.s.t.Helper()
	return judged(r, deploy.TaskRuns{About: r.about(evidence.FormatTaskRuns, place), Call: 1, Jobs: []string{}, Runs: runs})
}

func (r *Release) about(format, place string) deploy.About {
	return deploy.About{Schema: "dc-release/" + format + "/v1", Solution: Solution, Environment: place, Version: r.Version, Commit: r.Commit, Tree: r.Tree}
}

func judged[R deploy.Raw](r *Release, record R) evidence.Item {
	r.s.t.Helper()
	raw, err := canonical.Marshal(record)
	if err != nil {
		r.s.t.Fatal(err)
	}
	return deploy.Judge(record, r.s.Put(string(raw)), int64(len(raw)))
}

// Open freezes a gate's manifest.
func (r *Release) Open(name string) string {
	r.s.t.Helper()
	documents := []gate.RenderedDocument{{Kind: "change-record", Number: "CR-" + name, Name: "change-record", Files: map[string]string{
		"md": r.s.Put("draft of " + name + "\n"), "json": r.s.Put(`{"draft":"` + name + `"}`),
	}}}
	run, err := r.s.State.Run(r.s.t.Context(), r.Run)
	if err != nil {
		r.s.t.Fatal(err)
	}
	standing, err := r.s.State.Standing(r.s.t.Context(), r.Stream())
	if err != nil {
		r.s.t.Fatal(err)
	}
	position := max(standing.Seq, run.Events[len(run.Events)-1].Seq)
	m := gate.Manifest{
		Schema: gate.ManifestSchema, Gate: name, Opening: 1, Solution: Solution, Version: r.Version,
		Sources: []gate.ManifestSource{{Repository: "corp/procurement", Tag: "v" + r.Version, TagObject: r.Commit, Commit: r.Commit, Files: canonical.SHA256(nil)}},
		Note:    r.s.Put("# Release " + r.Version + "\n\nFS-corp-procurement-1\n"), Workflows: []pipeline.Source{}, Plan: r.plan, Policy: r.s.policy,
		Builds: []string{"test"}, Artifacts: []gate.ManifestArtifact{{Tree: r.Tree, Environments: []string{"tst"}, Parts: r.Parts}}, Evidence: r.Items,
		Deviations: []string{}, Change: standing.Change, Waivers: approval.Effective(standing.Approvals, ""), Documents: documents, PreviousGate: r.gates, Reports: r.reports,
	}
	for _, d := range standing.Deviations {
		m.Deviations = append(m.Deviations, d.Summary())
	}
	if def, ok := standing.Definition(policy.GxP, name); ok && def.Enters != "" {
		m.Deployment = r.planned(def.Enters, "")
	}
	raw, err := canonical.Marshal(m)
	if err != nil {
		r.s.t.Fatal(err)
	}
	digest := r.s.Put(string(raw))
	r.s.Append(ledger.Draft{Stream: r.Stream(), Data: &gate.Opened{Gate: name, Manifest: digest, Position: position, Opening: 1, Documents: documents}})
	return digest
}

// Pass opens a gate, lets everybody sign, consumes it and claims its job.
func (r *Release) Pass(name string) (execution string, fence int64) {
	r.s.t.Helper()
	manifest := r.Open(name)
	def, _ := gate.Find(policy.GxP, release.Normal, name)
	d := &gate.Consumed{Gate: name, Manifest: manifest}
	for _, m := range def.Signatures {
		d.Signatures = append(d.Signatures, r.Sign(r.Stream(), "release", name, manifest, signerOf[m], m))
	}
	events := []ledger.Draft{{Stream: r.Stream(), Data: d}}
	if name == gate.ApproveForUse {
		events = append(events, ledger.Draft{Stream: r.Stream(), Data: &release.Authorised{Manifest: manifest}})
	}
	r.s.Append(events...)
	r.gates = manifest
	return r.Execute(name, "", name)
}

var signerOf = map[signature.Meaning]string{
	signature.SMEApproved: "bob", signature.QCApproved: "cleo", signature.AuthorisedToPRD: "dan", signature.Accountable: "eve",
	signature.ReleasedForUse: "eve", signature.RollbackAuthorised: "dan",
}

// Step plays the road up to a gate and through it.
func (r *Release) Step(name string) (execution string, fence int64) {
	r.s.t.Helper()
	place := map[string]string{gate.PreVal: "tst", gate.ApproveToPrd: "val", gate.ApproveForUse: "prd"}[name]
	if name == gate.PreVal {
		x, fence := r.Execute("unit", "", "")
		r.Finish(x, fence, r.JUnit("reports/unit.xml", "", Passed, evidence.UT)...)
	}
	x, fence := r.Execute(place, place, "")
	if place == "tst" {
		r.Keep(x)
		r.describe(x)
	}
	v := evidence.OV
	if place == "prd" {
		v = evidence.POV
	}
	r.Finish(x, fence, r.JUnit("reports/mixed.xml", place, Mixed, v)...)
	r.Deploy(place, x)
	if place == "val" {
		accept := r.Accept
		if r.Accepting != nil {
			accept = r.Accepting
		}
		accept()
	}
	return r.Pass(name)
}

// Accept records the acceptance test of a person.
func (r *Release) Accept() {
	r.s.t.Helper()
	xml := strings.ReplaceAll(Passed, "unit", "acceptance")
	digest := r.s.Put(xml)
	id := r.Sign(r.Stream(), "evidence", "val", digest, "tess", signature.TestExecuted)
	item := evidence.Item{
		Name: "acceptance.xml", SHA256: digest, Size: int64(len(xml)), Format: "junit", Verification: "AV", Environment: "val",
		Commit: r.Commit, Tree: r.Tree, Passed: 2, Verdict: evidence.VerdictPassed, Counted: true,
	}
	r.Record("tess", id, item)
}

// Record records what a person tested and signed.
func (r *Release) Record(login, signature string, item evidence.Item) {
	r.s.t.Helper()
	r.s.Append(ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &evidence.Recorded{Person: Person(login), Signature: signature, Items: []evidence.Item{item}}})
	r.remember("", []evidence.Item{item})
}

// Publish asks for a gate's publication and carries it out, as job and effect
// do.
func (r *Release) Publish(ctx context.Context, name string, effects func() [][]byte) (publication, commit string, err error) {
	execution, fence := r.Step(name)
	return r.Await(ctx, execution, fence, name, effects)
}

// Await asks for a publication and carries it out while the job waits.
func (r *Release) Await(ctx context.Context, execution string, fence int64, name string, effects func() [][]byte) (publication, commit string, err error) {
	type answer struct {
		publication, commit string
		err                 error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan answer, 1)
	go func() {
		publication, commit, err := r.s.Publisher.Publish(ctx, execution, fence, name)
		done <- answer{publication, commit, err}
	}()
	for {
		changed := r.s.Store.Changed()
		for _, args := range effects() {
			if err := r.s.Publisher.Carry(ctx, args); err != nil {
				return "", "", err
			}
		}
		select {
		case a := <-done:
			if a.err == nil {
				r.Finish(execution, fence)
			}
			return a.publication, a.commit, a.err
		case <-changed:
		}
	}
}

// Road publishes all three gates.
func (r *Release) Road(ctx context.Context, effects func() [][]byte) error {
	for _, name := range []string{gate.PreVal, gate.ApproveToPrd, gate.ApproveForUse} {
		if _, _, err := r.Publish(ctx, name, effects); err != nil {
			return err
		}
	}
	return nil
}

// Rollback requests and approves going back in PRD from a release to this one,
// up to the verification after the redeployment.
func (r *Release) Rollback(from string) deployment.RollbackRequested {
	r.s.t.Helper()
	stream := ledger.EnvironmentStream(Solution, "prd")
	there, err := r.s.State.Place(r.s.t.Context(), Solution, "prd")
	if err != nil {
		r.s.t.Fatal(err)
	}
	q := deployment.RollbackRequested{Rollback: "prd-1", Environment: "prd", From: from, To: r.Version, Tree: r.Tree}
	if len(there.Rollbacks) > 0 {
		q.Rollback = "prd-2"
	}
	standing, err := r.s.State.Standing(r.s.t.Context(), stream)
	if err != nil {
		r.s.t.Fatal(err)
	}
	opening := standing.Gate(gate.ApproveRollback).Openings + 1
	r.s.appendBy(ledger.Actor{Kind: ledger.Person, ID: Person("dan"), Authentication: "local"}, ledger.Draft{Stream: stream, Data: &q})
	plan := r.planned("prd", q.Rollback)
	raw, err := canonical.Marshal(gate.Manifest{
		Schema: gate.ManifestSchema, Gate: gate.ApproveRollback, Opening: opening, Solution: Solution, Version: q.To, Policy: r.s.policy,
		Artifacts:  []gate.ManifestArtifact{{Tree: q.Tree, Environments: []string{"prd"}}},
		Rollback:   &gate.ManifestRollback{Rollback: q.Rollback, Environment: "prd", From: q.From, To: q.To, Tree: q.Tree},
		Deployment: plan,
	})
	if err != nil {
		r.s.t.Fatal(err)
	}
	manifest := r.s.Put(string(raw))
	r.s.Append(ledger.Draft{Stream: stream, Data: &gate.Opened{Gate: gate.ApproveRollback, Manifest: manifest, Opening: opening, Documents: []gate.RenderedDocument{}}})
	d := &gate.Consumed{Gate: gate.ApproveRollback, Manifest: manifest}
	for _, m := range []signature.Meaning{signature.RollbackAuthorised, signature.QCApproved} {
		d.Signatures = append(d.Signatures, r.Sign(stream, "rollback", gate.ApproveRollback, manifest, signerOf[m], m))
	}
	r.s.Append(ledger.Draft{Stream: stream, Data: d})
	r.s.Append(ledger.Draft{Stream: stream, Data: &deployment.Deployed{
		Environment: "prd", Version: r.Version, Commit: r.Commit, Tree: r.Tree, Target: "localdir", Run: r.Run, Rollback: q.Rollback, Plan: plan.Plan,
	}})
	r.s.Append(ledger.Draft{Stream: stream, Data: &evidence.Recorded{Items: []evidence.Item{r.Installation("prd")}}})
	return q
}
