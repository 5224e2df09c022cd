package report_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/promote"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// outside is a world without surprises: every check of a gate is met as far as
// the ledger does not say otherwise.
type outside struct{}

func (outside) TagObject(context.Context, string, string) (string, error) {
	return strings.Repeat("2", 40), nil
}

func (outside) NoteFindings(context.Context, string, []byte) []string { return nil }

func (outside) Trace(context.Context, state.Run, gate.Standing, string, string) (unplanned, gaps []string, err error) {
	return nil, nil, nil
}

func (outside) Drift(context.Context, string, string) ([]string, error) { return nil, nil }

func (w *world) evaluate(name string) gate.State {
	w.t.Helper()
	g := &promote.Gates{
		Log: w.store, State: w.reporter.State, Lists: w.store, Now: w.clock, Blobs: w.blobs, Sources: outside{}, Reviews: w.reporter, Documents: w.reporter, Solutions: baselines{},
	}
	w.must(g.Evaluate(w.t.Context(), runID, name))
	_, s := w.state()
	return s.Gate(name)
}

// mapCoAuthor gives the co-author's git identity to a person.
func (w *world) mapCoAuthor() {
	w.append(ledger.PersonStream(ada), &policy.IdentityMapped{Person: ada, Digest: strings.Repeat("e7", 32)})
}

func TestGXP090_AnUnmappedAuthorClosesTheGate(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.throughTST()
	if now := w.evaluate(gate.PreVal); now.Phase != gate.PhaseClosed || !strings.Contains(strings.Join(now.Missing, ";"), "a git identity belongs to no person: co-author e7e7") {
		t.Errorf("got %+v", now)
	}
	w.mapCoAuthor()
	if now := w.evaluate(gate.PreVal); now.Phase != gate.PhaseOpen {
		t.Errorf("got %+v", now)
	}
}

func TestAGateOpensWithItsDocumentsInTheManifest(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.throughTST()
	w.mapCoAuthor()
	now := w.evaluate(gate.PreVal)
	if now.Phase != gate.PhaseOpen || len(now.Opened.Documents) != 12 {
		t.Fatalf("got %+v", now)
	}
	raw, err := w.blobs.Bytes(t.Context(), now.Opened.Manifest)
	w.must(err)
	var m gate.Manifest
	w.must(canonical.Unmarshal(raw, &m))
	if d := cmp.Diff(now.Opened.Documents, m.Documents); d != "" {
		t.Error(d)
	}
}

func TestGXP091_AGateWithIncompleteDocumentsStaysClosedAndSaysSoOnce(t *testing.T) {
	w := newWorld(t)
	w.note = ""
	w.begin()
	w.throughTST()
	w.mapCoAuthor()
	want := []string{"documents: the release note documentation/releases/1.2.0.md is empty"}
	for range 2 {
		now := w.evaluate(gate.PreVal)
		if now.Phase != gate.PhaseClosed || !cmp.Equal(want, now.Missing) {
			t.Fatalf("got %+v", now)
		}
	}
	_, s := w.state()
	if s.Version != 2 { // registered, closed
		t.Errorf("the release has %d events, want 2", s.Version)
	}
}
