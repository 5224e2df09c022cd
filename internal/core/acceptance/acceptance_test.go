package acceptance_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/trace"
)

func script(steps ...int) acceptance.Script {
	s := acceptance.Script{Schema: acceptance.ScriptSchema, Solution: "corp-procurement", Version: "1.0.0", Environment: "val", Commit: "c0ffee", Tests: []acceptance.Test{}}
	for i, n := range steps {
		t := acceptance.Test{ID: fmt.Sprintf("TEST-corp-procurement-%d", i+1), Title: "the report is right", Verifies: []string{}, Steps: []acceptance.Step{}}
		for range n {
			t.Steps = append(t.Steps, acceptance.Step{Action: "look", Expected: "it is there"})
		}
		s.Tests = append(s.Tests, t)
	}
	return s
}

// said is an execution of events, each with the sequence number that is next.
func said(tester string, events ...ledger.Payload) acceptance.Acceptance {
	var list []acceptance.Acceptance
	for i, e := range events {
		seq := int64(i + 1)
		list = acceptance.Apply(list, ledger.Event{Header: ledger.Header{Seq: seq, Time: fmt.Sprintf("2026-02-01T10:00:%02d.000000Z", seq), Reason: "because", Actor: ledger.Actor{ID: tester}}, Data: e})
	}
	a, _ := acceptance.Find(list, "A1")
	return a
}

func record(test, step int, v acceptance.Verdict) *acceptance.StepRecorded {
	return &acceptance.StepRecorded{Acceptance: "A1", Test: fmt.Sprintf("TEST-corp-procurement-%d", test), Step: step, Actual: "as expected", Verdict: v}
}

// TestGXP086_AProtocolPassesOnlyWhatPassedAtEachStep compares the outcome of each
// test with the rule written out: failed when a step failed, error when one was
// blocked, passed only when all passed, and the last record of a step counts.
func TestGXP086_AProtocolPassesOnlyWhatPassedAtEachStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := script(rapid.SliceOfN(rapid.IntRange(1, 4), 1, 3).Draw(t, "steps")...)
		events := []ledger.Payload{&acceptance.Begun{Acceptance: "A1"}}
		last := map[acceptance.Place]acceptance.Verdict{}
		records := 0
		for i, test := range s.Tests {
			for n := range test.Steps {
				for range rapid.IntRange(1, 3).Draw(t, "records") {
					v := rapid.SampledFrom(acceptance.Verdicts).Draw(t, "verdict")
					last[acceptance.Place{Test: test.ID, Step: n + 1}] = v
					events = append(events, record(i+1, n+1, v))
					records++
				}
			}
		}
		p, err := said("tom", events...).Protocol(s)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		report, err := acceptance.ReadProtocol(raw)
		if err != nil || report.SHA256 != canonical.SHA256(raw) || report.Format != evidence.FormatAcceptance {
			t.Fatalf("%+v, %v", report, err)
		}
		kept := 0
		for i, test := range s.Tests {
			want := evidence.Passed
			for n := range test.Steps {
				kept += 1 + len(p.Tests[i].Records[n].Corrects)
				switch last[acceptance.Place{Test: test.ID, Step: n + 1}] {
				case acceptance.Failed:
					want = evidence.Failed
				case acceptance.Blocked:
					if want == evidence.Passed {
						want = evidence.Errored
					}
				}
			}
			if got := report.Cases[i]; got.Outcome != want || !slices.Equal(got.IDs, []string{test.ID}) {
				t.Fatalf("%s is %s, want %s", test.ID, got.Outcome, want)
			}
		}
		if kept != records {
			t.Fatalf("%d records are in the protocol, want %d: nothing is lost", kept, records)
		}
	})
}

func TestAProtocolNeedsEveryStep(t *testing.T) {
	s := script(2, 1)
	a := said("tom", &acceptance.Begun{Acceptance: "A1"}, record(1, 2, acceptance.Passed))
	_, err := a.Protocol(s)
	if err == nil || !strings.Contains(err.Error(), "2 steps are not recorded, the first is TEST-corp-procurement-1 step 1") {
		t.Errorf("protocol of open steps: %v", err)
	}
	if got := a.Unrecorded(s); len(got) != 2 || got[1].String() != "TEST-corp-procurement-2 step 1" {
		t.Errorf("unrecorded are %v", got)
	}
}

func TestTheStatesOfAnExecution(t *testing.T) {
	begun := &acceptance.Begun{Acceptance: "A1"}
	submitted := &acceptance.Submitted{Acceptance: "A1"}
	for _, c := range []struct {
		events []ledger.Payload
		state  string
		open   bool
	}{
		{[]ledger.Payload{begun}, "running", true},
		{[]ledger.Payload{begun, record(1, 1, acceptance.Passed)}, "running", true},
		{[]ledger.Payload{begun, submitted}, "submitted", false},
		{[]ledger.Payload{begun, submitted, &acceptance.Reviewed{Acceptance: "A1"}}, "reviewed", false},
		{[]ledger.Payload{begun, &acceptance.Abandoned{Acceptance: "A1"}}, "abandoned", false},
	} {
		if a := said("tom", c.events...); a.State() != c.state || a.Open() != c.open {
			t.Errorf("after %d events: %s, open %v; want %s, %v", len(c.events), a.State(), a.Open(), c.state, c.open)
		}
	}
}

func TestAnEventOfAnExecutionThatNeverBeganChangesNothing(t *testing.T) {
	if list := acceptance.Apply(nil, ledger.Event{Data: record(1, 1, acceptance.Passed)}); len(list) != 0 {
		t.Errorf("list is %v", list)
	}
}

func TestRepeatedTestsAreAttemptsOfOneFile(t *testing.T) {
	a, b := acceptance.Acceptance{Begun: acceptance.Begun{Acceptance: "A1"}}, acceptance.Acceptance{Begun: acceptance.Begun{Acceptance: "A3", Repeats: "A1"}}
	if a.FileName() != b.FileName() || a.FileName() != "acceptance-A1.json" {
		t.Errorf("%s and %s", a.FileName(), b.FileName())
	}
}

func TestATestWithoutStepsHasOne(t *testing.T) {
	test := acceptance.TestOf(trace.Item{ID: "TEST-x-1", Kind: trace.TEST, Title: "looks right"})
	if len(test.Steps) != 1 || test.Steps[0].Action == "" {
		t.Errorf("steps are %v", test.Steps)
	}
	test = acceptance.TestOf(trace.Item{ID: "TEST-x-1", Kind: trace.TEST, Steps: []trace.Step{{Action: "a", Expected: "b"}, {Action: "c"}}})
	if len(test.Steps) != 2 || test.Steps[0] != (acceptance.Step{Action: "a", Expected: "b"}) {
		t.Errorf("steps are %v", test.Steps)
	}
}

// FuzzReadProtocol reads anything as a protocol: only its own canonical form is
// taken, and it is counted without a panic.
func FuzzReadProtocol(f *testing.F) {
	p, err := said("tom", &acceptance.Begun{Acceptance: "A1"}, record(1, 1, acceptance.Failed)).Protocol(script(1))
	if err != nil {
		f.Fatal(err)
	}
	raw, err := p.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(bytes.Replace(raw, []byte("/v1"), []byte("/v9"), 1))
	f.Add([]byte(`{"schema":"dc-release/acceptance-protocol/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := acceptance.ReadProtocol(data)
		if err != nil {
			return
		}
		if got := evidence.Count(r.Cases); got != r.Totals {
			t.Errorf("totals are %+v, counted %+v", r.Totals, got)
		}
		again, err := acceptance.ParseProtocol(data)
		if err != nil {
			t.Fatal(err)
		}
		if written, err := again.JSON(); err != nil || !bytes.Equal(written, data) {
			t.Errorf("written again it is %q (%v), was %q", written, err, data)
		}
	})
}
