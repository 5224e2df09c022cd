package report_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// decide lets people decide everything that they can beside the gates.
func (w *world) decide() {
	w.t.Helper()
	w.append(releaseStream, &release.Classified{
		Type: release.Emergency, Declared: release.Declared{Type: release.Emergency, Reference: "INC-2041"},
	})
	w.append(releaseStream, &deviation.Opened{Deviation: "D1", Source: runID + "/1/tst/1", Job: "tst", Text: "test_orders failed"})
	w.as(fine, "seen in the monitoring", releaseStream, &deviation.Opened{Deviation: "D2", Source: "person", Text: "no message was sent"})
	accepted := w.made(cleo, bob, signature.Subject{Type: "deviation", Stage: "D1", Manifest: strings.Repeat("d1", 32)}, signature.DeviationAccepted, "approve")
	w.as(cleo, "the cause is known", releaseStream, accepted,
		&deviation.Disposed{Deviation: "D1", Disposition: deviation.Environment, Cause: "the table was not loaded", Action: "loaded it", Signature: accepted.Signature})
	w.waive("waiver-1")
	w.as(emil, "the source is down", releaseStream, &release.Held{Because: "the source is down"})
	w.as(dora, "it is up again", releaseStream, &release.Resumed{})
}

func (w *world) waive(id string) {
	w.t.Helper()
	w.as(emil, "asks", releaseStream, &approval.Requested{Approval: id, Kind: approval.WaiverKind, Solution: solution, Version: "1.2.0", Waiver: &approval.Waiver{
		Check: "unit-tests", Item: "UT", Risk: "a defect is found late", Control: "the job is watched", Expires: "2026-04-01T00:00:00.000000Z",
	}})
	for _, who := range []string{bob, cleo} {
		m := w.made(who, "", signature.Subject{Type: "approval", Stage: id, Manifest: strings.Repeat("a1", 32)}, signature.Waived, "approve")
		w.as(who, "approves", releaseStream, m, &approval.Signed{Approval: id, Signature: m.Signature, Person: who, Role: m.Role, Meaning: m.Meaning})
	}
	w.append(releaseStream, &approval.Granted{Approval: id})
}

func TestDecisionsBesideTheGatesAreFacts(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.decide()
	w.throughTST()
	w.opening(gate.PreVal, 1)
	w.as(dora, "consulted", releaseStream, &gate.Commented{Gate: gate.PreVal, Manifest: strings.Repeat("c0", 32), Text: "agreed with operations"})
	reviewed := w.made(cleo, "", signature.Subject{Type: "audit-trail", Stage: "audit-trail", Manifest: strings.Repeat("e0", 32)}, signature.AuditTrailReviewed, "review")
	w.as(cleo, "reviews", releaseStream, reviewed)
	before := w.factsNow()
	if s := before.Restriction.Sentence(); !strings.Contains(s, "INC-2041") || !strings.Contains(s, "goes into use under restriction") || !strings.Contains(s, "working day 5") {
		t.Errorf("before it is in use: %q", s)
	}
	w.append(releaseStream, &release.ForUse{})
	now := w.factsNow()
	golden(t, "emergency", now)
	if by := now.Decisions.Deviations[0].Signature.Name(); by != "Cleo Papadopoulou for Bob Østergaard" {
		t.Errorf("the disposition is signed by %q", by)
	}
	for _, kind := range []document.Kind{document.ChangeRecord, document.Traceability, document.TestReport} {
		request := document.Request{Kind: kind, Gate: gate.PreVal, Revision: 1}
		if kind.PerEnvironment {
			request.Environment = "tst"
		}
		d, err := document.MakeDraft(request, now)
		w.must(err)
		if r := d.Tree().Meta.Restriction; !strings.Contains(r, "in use under restriction since 2026-03-04") || !strings.Contains(r, "by 2026-03-11 23:59:59 UTC") {
			t.Errorf("%s says %q", kind.Name, r)
		}
	}
	w.append(releaseStream, &release.CaughtUp{})
	if s := w.factsNow().Restriction.Sentence(); s != "" {
		t.Errorf("after it was caught up on: %q", s)
	}
}

func (w *world) factsNow() document.Facts {
	w.t.Helper()
	run, s := w.state()
	f, err := w.reporter.Facts(w.t.Context(), run, s, "")
	w.must(err)
	return f
}

func TestACheckThatAWaiverHeldForSaysSo(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.throughTST()
	w.waive("waiver-1")
	w.opening(gate.PreVal, 1)
	w.waive("waiver-2") // after the opening: it held for nothing
	for _, c := range w.factsNow().Gates[0].Checks {
		want := 0
		if c.Name == "unit-tests" {
			want = 1
		}
		if len(c.Waived) != want || !c.Met {
			t.Errorf("check %s is %+v", c.Name, c)
		}
	}
}
