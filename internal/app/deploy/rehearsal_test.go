package deploy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

var two = map[string]string{"a.py": "2", "c.py": "2"}

// successor is a release in TST whose predecessor is in PRD.
func successor(t *testing.T, w *world) (before, r *publishtest.Release) {
	t.Helper()
	before = w.Register("1.0.0", "")
	_, err := w.deploy(before, "tst", w.tree(one))
	must(t, err)
	_, err = w.deploy(before, "prd", nil)
	must(t, err)
	r = w.Register("1.1.0", "1.0.0")
	_, err = w.deploy(r, "tst", w.tree(two))
	must(t, err)
	return before, r
}

func (w *world) rehearse(r *publishtest.Release, try int) error {
	w.t.Helper()
	args, err := json.Marshal(deploy.RehearsalArgs{Run: r.Run, Try: try})
	must(w.t, err)
	return w.Rehearse(w.t.Context(), args)
}

// rehearsed are the verdicts of the rehearsals by the names of their records.
func (w *world) rehearsed(r *publishtest.Release) map[string]string {
	w.t.Helper()
	run, err := w.Scenario.State.Run(w.t.Context(), r.Run)
	must(w.t, err)
	out := map[string]string{}
	for _, rec := range run.Evidence {
		for _, i := range rec.Items {
			if i.Verification == string(evidence.RR) {
				if _, twice := out[i.Name]; twice {
					w.t.Errorf("%s is recorded twice", i.Name)
				}
				out[i.Name] = i.Verdict
			}
		}
	}
	return out
}

func TestARehearsalGoesBackAndForthAgain(t *testing.T) {
	w := begin(t)
	_, r := successor(t, w)
	// The effect may be carried out again after a crash.
	must(t, w.rehearse(r, 1))
	must(t, w.rehearse(r, 1))
	got := w.rehearsed(r)
	if len(got) != 2 || got["rehearsal-1.1.0-1-back.json"] != "passed" || got["rehearsal-1.1.0-1-forth.json"] != "passed" {
		t.Errorf("recorded %v", got)
	}
	there, err := w.Scenario.State.Place(t.Context(), publishtest.Solution, "tst")
	must(t, err)
	var versions []string
	for _, d := range there.Deployments {
		versions = append(versions, d.Version+" "+d.Rollback)
	}
	if got, want := strings.Join(versions, ", "), "1.0.0 , 1.1.0 , 1.0.0 rehearsal-1.1.0-1-back, 1.1.0 rehearsal-1.1.0-1-forth"; got != want {
		t.Errorf("tst held %s, want %s", got, want)
	}
	found, err := w.Drift(t.Context(), publishtest.Solution, "tst")
	if err != nil || len(found) > 0 {
		t.Errorf("drift %v, %v", found, err)
	}
}

func TestAWayBackThatFailsIsEvidenceAndThePlaceIsLedForthAgain(t *testing.T) {
	w := begin(t)
	_, r := successor(t, w)
	w.shelf.dies = func(p deployment.Plan) (deployment.State, bool) {
		return deployment.State{{Path: "a.py", Value: "x"}}, p.Version == "1.0.0"
	}
	must(t, w.rehearse(r, 1))
	got := w.rehearsed(r)
	if got["rehearsal-1.1.0-1-back.json"] != "failed" || got["rehearsal-1.1.0-1-forth.json"] != "passed" {
		t.Errorf("recorded %v", got)
	}
	if !strings.Contains(w.types("tst"), "environment.failed") {
		t.Errorf("nothing tells of the failure: %s", w.types("tst"))
	}
	found, err := w.Drift(t.Context(), publishtest.Solution, "tst")
	if err != nil || len(found) > 0 {
		t.Errorf("drift %v, %v", found, err)
	}
	w.shelf.dies = nil
	items, err := w.RehearseRelease(t.Context(), ledger.Actor{Kind: ledger.Person, ID: publishtest.Person("dan")}, publishtest.Solution, "1.1.0", "the shelf was mended")
	must(t, err)
	if got := w.rehearsed(r); len(items) != 2 || got["rehearsal-1.1.0-2-back.json"] != "passed" {
		t.Errorf("again: %v, %v", items, got)
	}
}

func TestARehearsalIsRefusedOverAnotherRelease(t *testing.T) {
	w := begin(t)
	_, r := successor(t, w)
	next := w.Register("1.2.0", "1.1.0")
	_, err := w.deploy(next, "tst", w.tree(one))
	must(t, err)
	before := w.types("tst")
	must(t, w.rehearse(r, 1)) // the effect is done: trying again would not help
	if said := w.refusals(t.Context()); len(said) != 1 || !strings.Contains(said[0], "tst holds version 1.2.0") {
		t.Errorf("refused %q", said)
	}
	by := ledger.Actor{Kind: ledger.Person, ID: publishtest.Person("dan")}
	if _, err := w.RehearseRelease(t.Context(), by, publishtest.Solution, "1.1.0", "now it must go"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a person is told %v", err)
	}
	if w.types("tst") != before || len(w.rehearsed(r)) > 0 {
		t.Errorf("something was done: %s", w.types("tst"))
	}
}

func TestARehearsalInVALLosesNothing(t *testing.T) {
	w := begin(t)
	w.Revise(func(b *policy.Baseline) { b.Rollback.Rehearse = "val" })
	_, r := successor(t, w)
	_, err := w.deploy(r, "val", nil)
	must(t, err)
	must(t, w.rehearse(r, 1))
	if got := w.rehearsed(r); got["rehearsal-1.1.0-1-back.json"] != "failed" || got["rehearsal-1.1.0-1-forth.json"] != "passed" {
		t.Errorf("recorded %v", got)
	}
}

func TestThereIsNothingToRehearseBeforeTheFirstRelease(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	_, err := w.deploy(r, "tst", w.tree(one))
	must(t, err)
	must(t, w.rehearse(r, 1))
	if said := w.refusals(t.Context()); len(said) != 1 || !strings.Contains(said[0], "holds no release") {
		t.Errorf("refused %q", said)
	}
}
