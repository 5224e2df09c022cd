package report_test

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

var (
	runStream     = ledger.RunStream(runID)
	releaseStream = ledger.ReleaseStream(solution, "1.2.0")
	artifact      = deployment.Tree{{Path: "dist/etl.whl", SHA256: strings.Repeat("ab", 32), Size: 48_213}}
	artifact110   = deployment.Tree{{Path: "dist/etl.whl", SHA256: strings.Repeat("cd", 32), Size: 47_001}}
)

func job(key, environment string, kind pipeline.EnvironmentKind, proves ...pipeline.Proof) pipeline.Job {
	return pipeline.Job{Key: key, Environment: environment, Kind: kind, Proves: proves, Body: workflow.Job{ID: key}}
}

func plan(t pipeline.Trigger) pipeline.Plan {
	return pipeline.Plan{
		Schema: "dc-release/plan/v1", Engine: 1, Trigger: t, File: baseline.Workflow,
		Sources: []pipeline.Source{
			{Path: baseline.Workflow, SHA256: strings.Repeat("01", 32), Origin: "commit"},
			{Path: "./.github/workflows/deploy.yaml", SHA256: strings.Repeat("02", 32), Origin: "commit"},
		},
		Jobs: []pipeline.Job{
			job("quality", "", pipeline.NoEnvironment, pipeline.Proof{Verification: "UT"}, pipeline.Proof{Verification: "DT"}),
			job("tst", "tst", pipeline.Place, pipeline.Proof{Verification: "OV", Environment: "tst"}),
			job("pre_val", "pre_val", pipeline.Gate),
			job("val", "val", pipeline.Place, pipeline.Proof{Verification: "OV", Environment: "val"}),
			job("lint", "", pipeline.NoEnvironment),
			job("approve", "approve_to_prd", pipeline.Gate),
			job("prd", "prd", pipeline.Place, pipeline.Proof{Verification: "pOV", Environment: "prd"}),
			job("for_use", "approve_for_use", pipeline.Gate),
		},
	}
}

// begin founds the installation with release 1.1.0 in use and starts 1.2.0.
func (w *world) begin() {
	w.t.Helper()
	w.found()
	stream := ledger.ReleaseStream(solution, "1.1.0")
	w.append(stream, &release.Registered{Solution: solution, Version: "1.1.0", Tag: "v1.1.0", Commit: strings.Repeat("1", 40), Run: before, Profile: "gxp"})
	w.start(before, 1, "1.1.0", pipeline.Trigger{Name: "push", Ref: "refs/tags/v1.1.0", SHA: strings.Repeat("1", 40)})
	w.append(ledger.RunStream(before), &pipeline.ArtifactKept{Execution: before + "/1/tst/1", Tree: artifact110.Digest(), Manifest: w.canonical(artifact110), Files: 1})
	w.append(ledger.EnvironmentStream(solution, "prd"), &deployment.Deployed{Environment: "prd", Version: "1.1.0", Tree: artifact110.Digest(), Target: "localdir", Run: before, Execution: before + "/1/prd/1"})
	w.append(stream, &gate.Consumed{Gate: gate.ApproveForUse, Manifest: strings.Repeat("fe", 32)}, &release.Authorised{}, &release.ForUse{})
	w.append(releaseStream, &release.Registered{
		Solution: solution, Version: "1.2.0", Tag: "v1.2.0", TagObject: strings.Repeat("2", 40), Commit: commit, Files: strings.Repeat("f1", 32),
		Note: w.blob([]byte(w.note)), RequirementsCommit: strings.Repeat("3", 40), Previous: "1.1.0", Run: runID, Profile: "gxp",
		Authors: []release.Author{
			{Person: ada, Identity: strings.Repeat("aa", 32), As: "author"},
			{Person: ada, Identity: strings.Repeat("aa", 32), As: "tagger"},
			{Identity: strings.Repeat("e7", 32), As: "co-author"},
		},
	})
	w.start(runID, 2, "1.2.0", pipeline.Trigger{Name: "push", Ref: "refs/tags/v1.2.0", SHA: commit, Repository: "org/corp-procurement", Actor: "ada"})
}

func (w *world) start(run string, number int64, version string, t pipeline.Trigger) {
	w.t.Helper()
	w.append(ledger.RunStream(run), &pipeline.RunStarted{
		Run: run, Solution: solution, Number: number, Trigger: t, File: baseline.Workflow, Plan: w.json(plan(t)),
		Version: version, Profile: "gxp", Counted: true, Sandbox: "none", Evaluated: true,
	})
}

// execute queues and claims one attempt of a job and lets work happen in it.
func (w *world) execute(key, name string, attempt int, conclusion pipeline.Conclusion, work func(execution string), files map[string]string) string {
	w.t.Helper()
	j, _ := plan(pipeline.Trigger{}).Job(key)
	id := w.claim(j, name, attempt, 1)
	if work != nil {
		work(id)
	}
	o := pipeline.Outcome{Conclusion: conclusion, Steps: []pipeline.StepOutcome{{Name: "Run tests", Conclusion: conclusion, ExitCode: 1}}}
	done := &pipeline.ExecutionFinished{Execution: id, Job: key, Conclusion: conclusion, Outcome: w.canonical(o)}
	rec := &evidence.Recorded{Execution: id, Job: key}
	if raw, item, ok, err := evidence.OfConclusion(evidence.Conclusion{Name: name, Run: runID, Job: key, Conclusion: string(conclusion), Commit: commit}); ok {
		w.must(err)
		w.blob(raw)
		rec.Items = append(rec.Items, item)
	}
	for path, data := range files {
		base := evidence.Item{Name: path, SHA256: w.blob([]byte(data)), Size: int64(len(data)), Commit: commit}
		rec.Items = append(rec.Items, evidence.Items(base, readResult(path, strings.NewReader(data)), state.Origin(j, path), artifact.Digest())...)
	}
	w.append(runStream, done, rec)
	return id
}

// claim queues one try of a job and gives it to a worker.
func (w *world) claim(j pipeline.Job, name string, attempt, try int) string {
	w.t.Helper()
	id := pipeline.ExecutionID(runID, attempt, j.Key, try)
	q := &pipeline.ExecutionQueued{Execution: id, Run: runID, Solution: solution, Job: j.Key, Name: name, Attempt: attempt, Try: try, Pool: "build"}
	if j.Kind == pipeline.Place {
		q.Environment = j.Environment
	}
	w.append(runStream, q)
	w.append(runStream, &pipeline.ExecutionClaimed{Execution: id, Worker: "worker-1"})
	return id
}

// deployed runs a deploying job with its tests and its read-back.
func (w *world) deployed(place string, attempt int, tests string) {
	w.t.Helper()
	id := w.execute(place, "Deploy to "+place, attempt, pipeline.Success, func(id string) {
		if place == "tst" {
			w.append(runStream, &pipeline.ArtifactKept{Execution: id, Tree: artifact.Digest(), Manifest: w.canonical(artifact), Files: 1})
		}
		w.append(ledger.EnvironmentStream(solution, place), &deployment.Deployed{
			Environment: place, Version: "1.2.0", Commit: commit, Tree: artifact.Digest(), Target: "localdir", Run: runID, Execution: id,
		})
		if next := map[string]string{"tst": "val", "val": "prd"}[place]; next != "" {
			w.append(ledger.EnvironmentStream(solution, next), &deployment.Planned{
				Environment: next, Version: "1.2.0", Run: runID, Tree: artifact.Digest(), Plan: strings.Repeat("0", 64), Summary: "1 created", Destroys: []string{},
			})
		}
	}, map[string]string{"results/junit.xml": tests})
	w.readBack(place, id, artifact)
}

func (w *world) readBack(place, execution string, actual deployment.Tree) {
	w.t.Helper()
	r := deploy.Installation{
		About: deploy.About{
			Schema: "dc-release/installation/v1", Solution: solution, Environment: place, Version: "1.2.0", Commit: commit, Tree: artifact.Digest(),
		},
		Checks: deployment.Compare(artifact.State(), actual.State()),
	}
	digest := w.canonical(r)
	w.append(runStream, &evidence.Recorded{Execution: execution, Job: place, Items: []evidence.Item{deploy.Judge(r, digest, 200)}})
}

// opening renders the documents of a gate and opens it.
func (w *world) opening(name string, opening int) []gate.RenderedDocument {
	w.t.Helper()
	run, s := w.state()
	documents, err := w.reporter.Render(w.t.Context(), run, s, name, opening)
	w.must(err)
	manifest := w.canonical(gate.Manifest{Schema: gate.ManifestSchema, Gate: name, Opening: opening, Documents: documents})
	w.append(releaseStream, &gate.Opened{Gate: name, Manifest: manifest, Opening: opening, Documents: documents})
	return documents
}

func (w *world) state() (state.Run, gate.Standing) {
	w.t.Helper()
	run, err := w.reporter.State.Run(w.t.Context(), runID)
	w.must(err)
	s, err := w.reporter.State.Release(w.t.Context(), solution, "1.2.0")
	w.must(err)
	return run, s
}

// consume releases the gate with all its signatures.
func (w *world) consume(name string, signatures ...*signature.Made) {
	w.t.Helper()
	_, s := w.state()
	c := &gate.Consumed{Gate: name, Manifest: s.Gate(name).Opened.Manifest}
	for _, sig := range signatures {
		c.Signatures = append(c.Signatures, sig.Signature)
	}
	if name == gate.ApproveForUse {
		w.append(releaseStream, c, &release.Authorised{Manifest: c.Manifest})
		return
	}
	w.append(releaseStream, c)
}

// junit is a result file; each case is "name verification outcome", the
// verification "-" for none of its own.
func junit(cases ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<testsuite name="tests" tests="%d">`, len(cases))
	for _, c := range cases {
		part := strings.Fields(c)
		fmt.Fprintf(&b, `<testcase name="%s" classname="tests.orders" time="0.25">`, part[0])
		if part[1] != "-" {
			fmt.Fprintf(&b, `<properties><property name="verification" value="%s"/></properties>`, part[1])
		}
		if part[2] == "failed" {
			b.WriteString(`<failure message="41 rows, want 42"/>`)
		}
		b.WriteString(`</testcase>`)
	}
	b.WriteString(`</testsuite>`)
	return b.String()
}

const loads = "test_orders[TEST-corp-procurement-2] - passed"

// toPreVal is the road up to the opening of pre_val.
func (w *world) toPreVal() []gate.RenderedDocument {
	w.t.Helper()
	w.throughTST()
	return w.opening(gate.PreVal, 1)
}

// throughTST runs the jobs before pre_val, with everything that can go wrong.
func (w *world) throughTST() {
	w.t.Helper()
	quality, _ := plan(pipeline.Trigger{}).Job("quality")
	id := w.claim(quality, "TEST-corp-procurement-1", 1, 1)
	w.as(emil, "the machine is gone", runStream, &pipeline.ExecutionGivenUp{Execution: id, Job: "quality", Reason: "declared lost", Retry: true})
	w.append(runStream, &pipeline.LateResult{Execution: id, Conclusion: pipeline.Success, Outcome: strings.Repeat("0d", 32)})
	w.execute("quality", "TEST-corp-procurement-1", 2, pipeline.Success, nil, map[string]string{
		"unit.xml": junit("test_totals UT passed", "test_note DT passed", "test_guess AV passed"),
	})
	w.execute("tst", "Deploy to tst", 1, pipeline.Failure, nil, map[string]string{"results/junit.xml": junit("test_orders[TEST-corp-procurement-2] - failed")})
	w.deployed("tst", 2, junit(loads))
	w.as(emil, "refused: gate is closed", ledger.Installation, &ledger.Refused{Operation: "gate.sign", Subject: string(releaseStream), Kind: "forbidden", Message: "gate pre_val is closed"})
	w.as(emil, "refused: other", ledger.Installation, &ledger.Refused{Operation: "gate.sign", Subject: "release/other/9.9.9", Kind: "forbidden", Message: "of another release"})
}

// toApproveToPrd voids pre_val once, opens it again and goes on to approve_to_prd.
func (w *world) toApproveToPrd() []gate.RenderedDocument {
	w.t.Helper()
	_, s := w.state()
	w.sign(bob, gate.PreVal, signature.SMEApproved, "approve")
	w.append(releaseStream, &gate.Voided{Gate: gate.PreVal, Manifest: s.Gate(gate.PreVal).Opened.Manifest, Because: "the policy of the solution changed"})
	w.opening(gate.PreVal, 2)
	w.consume(gate.PreVal, w.sign(bob, gate.PreVal, signature.SMEApproved, "approve"))
	w.execute("pre_val", "gate", 1, pipeline.Success, nil, nil)
	w.deployed("val", 1, junit(loads))
	w.append(runStream, &pipeline.JobConcluded{Job: "lint", Name: "Lint", Conclusion: pipeline.Skipped, Reason: "if: false"})
	file := junit("test_accept[TEST-corp-procurement-2] - passed")
	base := evidence.Item{Name: "acceptance.xml", SHA256: w.blob([]byte(file)), Size: int64(len(file)), Commit: commit}
	w.as(fine, "executed acceptance tests", runStream, &evidence.Recorded{
		Person: fine, Items: evidence.Items(base, readResult("acceptance.xml", strings.NewReader(file)), evidence.Tested("acceptance.xml", evidence.AV, "val"), artifact.Digest()),
	})
	return w.opening(gate.ApproveToPrd, 1)
}

// toForUse withdraws a signature once and goes on to approve_for_use.
func (w *world) toForUse() []gate.RenderedDocument {
	w.t.Helper()
	qc := w.sign(cleo, gate.ApproveToPrd, signature.QCApproved, "approve")
	by := w.sign(cleo, gate.ApproveToPrd, signature.WithdrawnMeaning, "withdraw")
	w.as(cleo, "signed too early", releaseStream, &signature.Withdrawn{Signature: qc.Signature, By: by.Signature})
	w.consume(
		gate.ApproveToPrd, w.sign(cleo, gate.ApproveToPrd, signature.QCApproved, "approve"), w.sign(bob, gate.ApproveToPrd, signature.SMEApproved, "approve"),
		w.sign(emil, gate.ApproveToPrd, signature.AuthorisedToPRD, "approve"), w.sign(dora, gate.ApproveToPrd, signature.Accountable, "approve"),
	)
	w.execute("approve", "approve", 1, pipeline.Success, nil, nil)
	w.deployed("prd", 1, junit(loads))
	return w.opening(gate.ApproveForUse, 1)
}

// toFinal consumes the last gate.
func (w *world) toFinal() {
	w.t.Helper()
	w.consume(gate.ApproveForUse, w.sign(cleo, gate.ApproveForUse, signature.QCApproved, "approve"), w.sign(dora, gate.ApproveForUse, signature.ReleasedForUse, "approve"))
}
