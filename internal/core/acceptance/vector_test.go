package acceptance_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

var update = flag.Bool("update", false, "write the vector of docs/release-log-format.md anew")

const vectorFile = "../../../docs/testdata/format/acceptance.json"

// TestTheVectorOfAProtocol makes the protocol of the format page from its events
// and its script: a test that passed after a correction, one that failed, one that
// was blocked.
func TestTheVectorOfAProtocol(t *testing.T) {
	marshal := func(v any) []byte {
		t.Helper()
		raw, err := canonical.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	steps := []acceptance.Step{{Action: "Open the page.", Expected: "Orders ≥ 1"}, {Action: "Press <all>.", Expected: "All of them."}}
	s := acceptance.Script{Schema: acceptance.ScriptSchema, Solution: "corp-procurement", Version: "1.0.0", Environment: "val", Commit: "c0", Requirements: "r0", Tests: []acceptance.Test{
		{ID: "TEST-corp-procurement-1", Title: "Orders", Text: "Look.", Source: "tests.md:3", Fingerprint: "3f9a12bcdd44", Verifies: []string{"FS-corp-procurement-1"}, Steps: steps},
		{ID: "TEST-corp-procurement-2", Title: "Sums", Text: "", Source: "", Fingerprint: "3f9a12bcdd45", Verifies: []string{}, Steps: steps},
		{ID: "TEST-corp-procurement-3", Title: "Print", Text: "", Source: "", Fingerprint: "3f9a12bcdd46", Verifies: []string{}, Steps: steps[:1]},
	}}
	script := marshal(s)
	var list []acceptance.Acceptance
	v := struct {
		Records  []json.RawMessage `json:"records"`
		Script   json.RawMessage   `json:"script"`
		Protocol json.RawMessage   `json:"protocol"`
		Counts   map[string]int64  `json:"counts"`
	}{Script: script}
	record := func(d ledger.Payload, reason string) {
		t.Helper()
		seq := int64(len(v.Records) + 1)
		name, version := d.EventType()
		public := ledger.Part{Salt: bytes.Repeat([]byte{0x44}, 16), Body: marshal(d)}
		h := ledger.Header{
			Schema: ledger.Schema, Seq: seq, ID: fmt.Sprintf("01J0000000000000000000%04d", seq), Stream: "run/01J00000000000000000000RUN", Version: seq, Type: name, TypeVersion: version,
			Time: fmt.Sprintf("2026-03-04T13:22:%02d.000000Z", seq), Actor: ledger.Actor{Kind: "person", ID: "01J00000000000000000000TOM", Role: "acceptance-tester", Authentication: "password+totp"},
			Reason: reason, Parts: map[string]string{"public": public.Commitment()},
		}
		list = acceptance.Apply(list, ledger.Event{Header: h, Data: d})
		v.Records = append(v.Records, marshal(ledger.Record{Header: marshal(h), Parts: map[string]ledger.Part{"public": public}}))
	}
	step := func(test string, n int, said acceptance.Verdict, correction bool, files ...acceptance.Attachment) {
		t.Helper()
		record(&acceptance.StepRecorded{Acceptance: "A1", Test: "TEST-corp-procurement-" + test, Step: n, Actual: "seen: “" + string(said) + "”", Verdict: said, Correction: correction, Attachments: files}, "why not")
	}
	record(&acceptance.Begun{Acceptance: "A1", Environment: "val", Script: canonical.SHA256(script), Commit: "c0", Tree: "t0"}, "begin")
	step("1", 1, acceptance.Failed, false)
	step("1", 2, acceptance.Passed, false, acceptance.Attachment{Name: "page.png", SHA256: canonical.SHA256(nil), Size: 0})
	step("1", 1, acceptance.Passed, true)
	step("2", 1, acceptance.Blocked, false)
	step("2", 2, acceptance.Failed, false)
	step("3", 1, acceptance.Blocked, false)
	p, err := list[0].Protocol(s)
	if err != nil {
		t.Fatal(err)
	}
	if v.Protocol, err = p.JSON(); err != nil {
		t.Fatal(err)
	}
	record(&acceptance.Submitted{Acceptance: "A1", Protocol: canonical.SHA256(v.Protocol), Signature: "01J00000000000000000000SIG"}, "submit")
	report, err := acceptance.ReadProtocol(v.Protocol)
	if err != nil {
		t.Fatal(err)
	}
	n := evidence.Count(report.Cases)
	v.Counts = map[string]int64{"passed": n.Passed, "failed": n.Failed, "errors": n.Errored, "skipped": n.Skipped}
	if n.Passed != 1 || n.Failed != 1 || n.Errored != 1 {
		t.Errorf("counted %+v", n)
	}
	raw := append(marshal(v), '\n')
	if *update {
		if err := os.WriteFile(vectorFile, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(vectorFile); err != nil || !bytes.Equal(got, raw) {
		t.Errorf("%s is not what is made here (%v): run the test with -update", vectorFile, err)
	}
}
