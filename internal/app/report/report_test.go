package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/promote"
	"github.com/dc-release/dc-release/internal/app/report"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

var update = flag.Bool("update", false, "write the golden files")

var _ promote.Documents = (*report.Reporter)(nil)

func golden(t *testing.T, name string, f document.Facts) {
	t.Helper()
	got, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (run with -update to accept):\n%s", name, d)
	}
	if err := f.Check(); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// The whole road: documents at each gate, then the finals.
func TestARoadToUseGivesDocumentsAtEachGateAndFinals(t *testing.T) {
	w := newWorld(t)
	w.begin()
	facts := func(name string) document.Facts {
		run, s := w.state()
		f, err := w.reporter.Facts(t.Context(), run, s, name)
		w.must(err)
		return f
	}
	want := []string{"validation-plan", "user-requirements", "functional-specification", "configuration-specification", "risk-assessment", "change-record", "release-note", "source-review", "test-protocol", "test-report-tst", "deviation-log", "traceability"}
	w.check(w.toPreVal(), want, document.StageDraft)
	golden(t, "pre_val", facts(gate.PreVal))

	want = []string{"validation-plan", "user-requirements", "functional-specification", "configuration-specification", "risk-assessment", "change-record", "release-note", "source-review", "test-protocol", "test-report-tst", "test-report-val", "deviation-log", "traceability", "operations-manual", "recovery-procedure", "validation-summary", "audit-trail-review"}
	w.check(w.toApproveToPrd(), want, document.StageDraft)

	want = []string{"validation-plan", "user-requirements", "functional-specification", "configuration-specification", "risk-assessment", "change-record", "release-note", "source-review", "test-protocol", "test-report-tst", "test-report-val", "test-report-prd", "deviation-log", "traceability", "operations-manual", "recovery-procedure", "validation-summary", "installation-report", "audit-trail-review"}
	candidates := w.toForUse()
	w.check(candidates, want, document.StageCandidate)

	w.toFinal()
	if gaps := facts("").Matrix.Gaps; len(gaps) != 0 {
		t.Errorf("the second attempt does not heal the matrix: %+v", gaps)
	}
	golden(t, "final", facts(""))
	run, s := w.state()
	finals, err := w.reporter.Finals(t.Context(), run, s)
	w.must(err)
	w.check(finals, append(want, "certificate"), document.StageFinal)
	for i, c := range candidates {
		candidate, final := w.bytes(c, "json"), w.tree(finals[i])
		if final.Meta.CandidateSHA != canonical.SHA256(candidate) {
			t.Errorf("%s names candidate %q, want %q", c.Name, final.Meta.CandidateSHA, canonical.SHA256(candidate))
		}
		old := w.tree(c)
		if d := cmp.Diff(old.Blocks, final.Blocks[:len(old.Blocks)]); d != "" {
			t.Errorf("%s: the final changes what was signed:\n%s", c.Name, d)
		}
	}
	certificate := string(w.bytes(finals[len(finals)-1], "json"))
	for _, text := range append([]string{"Bob Østergaard", "Cleo Papadopoulou", "Dora Nagy", "Emil Sørensen"}, finals[0].Files["json"]) {
		if !strings.Contains(certificate, text) {
			t.Errorf("the certificate lacks %q", text)
		}
	}
}

// check compares names and stage, that each format is there, and that a second
// reader of the same ledger renders the same.
func (w *world) check(documents []gate.RenderedDocument, want []string, stage document.Stage) {
	w.t.Helper()
	var got []string
	for _, d := range documents {
		got = append(got, d.Name)
		for _, extension := range []string{"json", "md", "html"} {
			if len(w.bytes(d, extension)) == 0 {
				w.t.Errorf("%s has no %s", d.Name, extension)
			}
		}
		if m := w.tree(d).Meta; m.Stage != stage || m.Number != d.Number || m.Kind != d.Kind {
			w.t.Errorf("%s is %+v, want a %s with number %s", d.Name, m, stage, d.Number)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		w.t.Errorf("%s: %s", stage, d)
	}
}

func (w *world) bytes(d gate.RenderedDocument, extension string) []byte {
	w.t.Helper()
	data, err := w.blobs.Bytes(w.t.Context(), d.Files[extension])
	w.must(err)
	return data
}

func (w *world) tree(d gate.RenderedDocument) document.Tree {
	w.t.Helper()
	t, err := document.ParseTree(w.bytes(d, "json"))
	w.must(err)
	return t
}

func TestTheSameLedgerGivesTheSameBytes(t *testing.T) {
	w := newWorld(t)
	w.begin()
	first := w.toPreVal() // rendered before the gate opened: state and run are one event older now
	w.toApproveToPrd()
	run, err := w.reporter.State.Run(t.Context(), runID)
	w.must(err)
	at := func(size int64) []gate.RenderedDocument {
		r := w.newReporter()
		old, _, err := r.State.RunAt(t.Context(), runID, size)
		w.must(err)
		s, _, err := r.State.StandingAt(t.Context(), releaseStream, size)
		w.must(err)
		again, err := r.Render(t.Context(), old, s, gate.PreVal, 1)
		w.must(err)
		return again
	}
	if d := cmp.Diff(first, at(w.tree(first[0]).Meta.LedgerSize)); d != "" {
		t.Errorf("rendering the same position later differs:\n%s", d)
	}
	if len(run.Events) == 0 {
		t.Fatal("the run has no events")
	}

	w.toForUse()
	w.toFinal()
	run, s := w.state()
	finals, err := w.reporter.Finals(t.Context(), run, s)
	w.must(err)
	// What comes later does not reach into the finals: the gate's job runs, the
	// signer leaves, the release becomes effective, the old one superseded.
	w.execute("for_use", "approve", 1, pipeline.Success, nil, nil)
	w.append(ledger.PersonStream(cleo), &policy.PersonDisabled{Person: cleo})
	w.append(releaseStream, &release.ForUse{Publication: "1.2.0"})
	w.append(ledger.ReleaseStream(solution, "1.1.0"), &release.Superseded{By: "1.2.0"})
	later := baseline
	later.Code = "org/moved"
	w.append(ledger.SolutionStream(solution), &policy.SolutionAdded{Baseline: later})
	run, s = w.state()
	again, err := w.newReporter().Finals(t.Context(), run, s)
	w.must(err)
	if d := cmp.Diff(finals, again); d != "" {
		t.Errorf("finals differ later:\n%s", d)
	}
}

func TestFinalsWaitForTheLastGate(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.toPreVal()
	run, s := w.state()
	if _, err := w.reporter.Finals(t.Context(), run, s); err == nil || !strings.Contains(err.Error(), "gate approve_for_use is closed") {
		t.Errorf("got %v, want that the gate is closed", err)
	}
}

func TestAGateThatDemandsNoDocumentsGetsNone(t *testing.T) {
	w := newWorld(t)
	w.begin()
	run, s := w.state()
	if got, err := w.reporter.Render(t.Context(), run, s, gate.ApproveRollback, 1); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestIncompleteDocumentsNameAllThatIsMissing(t *testing.T) {
	w := newWorld(t)
	w.note = ""
	w.begin()
	run, s := w.state()
	_, err := w.reporter.Render(t.Context(), run, s, gate.PreVal, 1)
	var incomplete *gate.Incomplete
	if !errors.As(err, &incomplete) {
		t.Fatalf("got %v, want a *gate.Incomplete", err)
	}
	want := []string{"documents: the release note documentation/releases/1.2.0.md is empty", "documents: nothing is recorded of environment tst"}
	if d := cmp.Diff(want, incomplete.Missing); d != "" {
		t.Error(d)
	}
}

func TestARunForNoReleaseIsRefused(t *testing.T) {
	w := newWorld(t)
	w.begin()
	run, _ := w.state()
	if _, err := w.reporter.Facts(t.Context(), run, gate.Standing{}, gate.PreVal); err == nil || !strings.Contains(err.Error(), "is for no release") {
		t.Errorf("got %v", err)
	}
}

func TestGXP056_ExceptionsAreThoseOfThisReleaseInOrder(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.toPreVal()
	w.toApproveToPrd()
	w.toForUse()
	run, s := w.state()
	f, err := w.reporter.Facts(t.Context(), run, s, "")
	w.must(err)
	var got []string
	for i, x := range f.Exceptions {
		got = append(got, x.Kind)
		if i > 0 && x.Seq <= f.Exceptions[i-1].Seq {
			t.Errorf("exception %d stands before %d", f.Exceptions[i-1].Seq, x.Seq)
		}
		if strings.Contains(x.Text, "another release") {
			t.Errorf("%+v is of another release", x)
		}
	}
	want := []string{"lost attempt", "late result", "re-run", "failed attempt", "failed evidence", "re-run", "refused operation", "voided gate", "manual entry", "withdrawn signature"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if x := f.Exceptions[0]; x.Text != "declared lost, by Emil Sørensen" || x.Disposition != "the machine is gone" {
		t.Errorf("got %+v", x)
	}
	if x := f.Exceptions[3]; x.Text != "step 1 (Run tests): ended with exit code 1" || !strings.Contains(x.Disposition, "/2/tst/1: success") {
		t.Errorf("got %+v", x)
	}
}

// TestTasksOfWhichNobodyKnowsAreAnException when their execution ended
// without evidence of them, and not while they run.
func TestTasksOfWhichNobodyKnowsAreAnException(t *testing.T) {
	w := newWorld(t)
	w.begin()
	unknown := func() (out []string) {
		run, s := w.state()
		f, err := w.reporter.Facts(t.Context(), run, s, "")
		w.must(err)
		for _, x := range f.Exceptions {
			if x.Kind == "unknown tasks" {
				out = append(out, x.Subject+": "+x.Text)
			}
		}
		return out
	}
	quality, _ := plan(pipeline.Trigger{}).Job("quality")
	id := w.claim(quality, "TEST-corp-procurement-1", 1, 1)
	for call := range 2 {
		w.append(runStream, &deployment.TasksStarted{Execution: id, Call: call + 1, Environment: "tst", Target: "script"})
	}
	r := deploy.TaskRuns{About: deploy.About{Schema: "dc-release/task-runs/v1", Solution: solution, Environment: "tst", Version: "1.2.0", Commit: commit}, Call: 1}
	w.append(runStream, &evidence.Recorded{Execution: id, Job: "quality", Items: []evidence.Item{deploy.Judge(r, w.canonical(r), 100)}})
	if got := unknown(); len(got) > 0 {
		t.Errorf("while they ran: %v", got)
	}
	w.append(runStream, &pipeline.ExecutionGivenUp{Execution: id, Job: "quality", Reason: "its worker is gone", Retry: true})
	if d := cmp.Diff([]string{id + ": call 2 let the target script run tasks in tst, and nobody knows which ran or how they ended"}, unknown()); d != "" {
		t.Error(d)
	}
}

func TestSignaturesThatDoNotCountSayWhy(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.toPreVal()
	w.toApproveToPrd()
	w.toForUse()
	run, s := w.state()
	f, err := w.reporter.Facts(t.Context(), run, s, "")
	w.must(err)
	got := map[string]string{}
	for _, g := range f.Gates {
		for _, sig := range g.Signatures {
			if sig.Effective != (sig.Ineffective == "") {
				t.Errorf("%s: effective %v with %q", sig.ID, sig.Effective, sig.Ineffective)
			}
			got[g.Name] += sig.Signer.Login + " " + sig.Decision + ": " + sig.Ineffective + "\n"
		}
	}
	want := map[string]string{
		"pre_val": "bob approve: it was given over a manifest that is void\nbob approve: \n",
		"approve_to_prd": "cleo approve: it was withdrawn\ncleo withdraw: \ncleo approve: \nbob approve: \nemil approve: \n" +
			"dora approve: \n",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAPayloadOfAnotherSignatureIsRefused(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.toPreVal()
	made := *w.sign(bob, gate.PreVal, "sme-approved", "approve")
	made.Signature = w.id()
	w.as(bob, "approve", releaseStream, &made)
	run, s := w.state()
	if _, err := w.reporter.Facts(t.Context(), run, s, ""); err == nil || !strings.Contains(err.Error(), "different signatures") {
		t.Errorf("got %v", err)
	}
}

func TestEachCaseOfAMixedFileIsCountedOnce(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.toPreVal()
	run, s := w.state()
	f, err := w.reporter.Facts(t.Context(), run, s, gate.PreVal)
	w.must(err)
	got := map[string]int64{}
	for _, e := range f.Evidence {
		if e.Name == "unit.xml" {
			got[e.Verification] = e.Counted.Cases
			if len(e.Cases) != 1 || e.Totals.Cases != 1 {
				t.Errorf("%s has %d cases, totals %+v", e.Verification, len(e.Cases), e.Totals)
			}
		}
	}
	if d := cmp.Diff(map[string]int64{"UT": 1, "DT": 1, "AV": 0}, got); d != "" {
		t.Error(d)
	}
}

func TestGXP068_HostileNamesSurvive(t *testing.T) {
	w := newWorld(t)
	all := strings.ToValidUTF8(strings.Join(documenttest.Attacks, " "), "")
	for id, name := range w.names {
		w.names[id] = name + " " + all
	}
	w.note = strings.ReplaceAll(note, "Add customer lifecycle segmentation", strings.ReplaceAll(all, "\n", " "))
	w.begin()
	w.toPreVal()
	w.toApproveToPrd()
	w.toForUse()
	w.toFinal()
	run, s := w.state()
	finals, err := w.reporter.Finals(t.Context(), run, s)
	w.must(err)
	for _, d := range finals {
		page := w.bytes(d, "html")
		for _, tag := range []string{"<script>alert", "<img src=x", "</code></pre><h1>out"} {
			if bytes.Contains(page, []byte(tag)) {
				t.Errorf("%s holds the markup %s", d.Name, tag)
			}
		}
	}
	f, err := w.reporter.Facts(t.Context(), run, s, "")
	w.must(err)
	if f.Authors[0].Name != w.names[ada] || f.Gates[0].Signatures[0].Signer.Name != w.names[bob] {
		t.Errorf("the facts change names: %q, %q", f.Authors[0].Name, f.Gates[0].Signatures[0].Signer.Name)
	}
}

func TestAReadBackThatDiffersIsShownFileByFile(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.toPreVal()
	changed := deployment.Tree{{Path: "dist/etl.whl", SHA256: strings.Repeat("00", 32)}, {Path: "extra.txt", SHA256: strings.Repeat("99", 32)}}
	w.readBack("tst", runID+"/2/tst/1", changed)
	run, s := w.state()
	f, err := w.reporter.Facts(t.Context(), run, s, gate.PreVal)
	w.must(err)
	iv := f.Environments[0].Deployments[0].IV
	if iv.State != evidence.VerdictFailed || len(iv.Differences) != 2 || iv.Compared != 2 {
		t.Errorf("got %+v", iv)
	}
	last := f.Evidence[len(f.Evidence)-1]
	if last.Passed || len(last.Cases) != 2 || last.Cases[0].Outcome != "failed" {
		t.Errorf("got %+v", last)
	}
}
