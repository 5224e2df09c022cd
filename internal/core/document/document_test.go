package document_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/google/go-cmp/cmp"
)

func request(k document.Kind) document.Request {
	r := document.Request{Kind: k, Gate: "approve_for_use", Revision: 1}
	if k.PerEnvironment {
		r.Environment = "tst"
	}
	return r
}

func TestTheDocumentTypeDecidesTheMark(t *testing.T) {
	f := documenttest.AtGate("approve_for_use")
	for _, k := range document.All {
		if k.FinalOnly {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			d, err := document.MakeDraft(request(k), f)
			if err != nil {
				t.Fatal(err)
			}
			c, err := document.MakeCandidate(request(k), f)
			if err != nil {
				t.Fatal(err)
			}
			signed := documenttest.Typical().Gates[2]
			final, err := document.Finalise(c, signed)
			if err != nil {
				t.Fatal(err)
			}
			if d.Tree().Meta.Stage != document.StageDraft || c.Tree().Meta.Stage != document.StageCandidate || final.Tree().Meta.Stage != document.StageFinal {
				t.Errorf("stages are %s, %s, %s", d.Tree().Meta.Stage, c.Tree().Meta.Stage, final.Tree().Meta.Stage)
			}
			if !strings.HasSuffix(d.Tree().Meta.Number, "-1.2.0-d01") || !strings.HasSuffix(final.Tree().Meta.Number, "-1.2.0-r01") {
				t.Errorf("numbers are %s and %s", d.Tree().Meta.Number, final.Tree().Meta.Number)
			}
		})
	}
}

func TestAFinalIsItsCandidateAndASignaturePage(t *testing.T) {
	c, err := document.MakeCandidate(request(document.ChangeRecord), documenttest.AtGate("approve_for_use"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := c.Tree().JSON()
	if err != nil {
		t.Fatal(err)
	}
	final, err := document.Finalise(c, documenttest.Typical().Gates[2])
	if err != nil {
		t.Fatal(err)
	}
	n := len(c.Tree().Blocks)
	if d := cmp.Diff(c.Tree().Blocks, final.Tree().Blocks[:n]); d != "" {
		t.Errorf("the candidate's blocks changed:\n%s", d)
	}
	page, err := json.Marshal(final.Tree().Blocks[n:])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Cleo Papadopoulou", "qc-approved", "Dora Nagy", "released-for-use", final.Tree().Meta.CandidateSHA} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the signature page lacks %q", want)
		}
	}
	if bytes.Contains(before, []byte("released-for-use\",\"meaning_text")) {
		t.Error("the candidate holds a signature of its own gate")
	}
}

func TestFinaliseRefusesWhatIsNotSigned(t *testing.T) {
	c, err := document.MakeCandidate(request(document.ChangeRecord), documenttest.AtGate("approve_for_use"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		change func(*document.Gate)
		want   string
	}{
		{"an open gate", func(g *document.Gate) { g.State = document.GateOpen }, `gate "approve_for_use" is "open"`},
		{"a rejected gate", func(g *document.Gate) { g.State = document.GateRejected }, `is "rejected"`},
		{"another gate", func(g *document.Gate) { g.Name = "pre_val" }, `made for gate "approve_for_use", signed at "pre_val"`},
		{"a missing signature", func(g *document.Gate) { g.Signatures = g.Signatures[:1] }, "lacks SME or Data Product Owner (released-for-use)"},
		{"an ineffective signature", func(g *document.Gate) { g.Signatures[0].Effective = false }, "lacks QC (qc-approved)"},
		{"a rejection", func(g *document.Gate) { g.Signatures[0].Decision = "reject" }, "lacks QC (qc-approved)"},
		{"the wrong role", func(g *document.Gate) { g.Signatures[0].Role = "SME" }, "lacks QC (qc-approved)"},
		{"one signature for two places", func(g *document.Gate) { g.Required = append(g.Required, g.Required[0]) }, "lacks QC (qc-approved)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := documenttest.Typical().Gates[2]
			tc.change(&g)
			_, err := document.Finalise(c, g)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestGXP094_CertifyWantsEveryGate(t *testing.T) {
	if _, err := document.Certify(documenttest.Typical(), 1); err != nil {
		t.Fatal(err)
	}
	for i := range documenttest.Typical().Gates {
		f := documenttest.Typical()
		f.Gates = append(f.Gates[:i:i], f.Gates[i+1:]...)
		if _, err := document.Certify(f, 1); err == nil {
			t.Errorf("certified without gate %d", i)
		}
		f = documenttest.Typical()
		f.Gates[i].Signatures = nil
		if _, err := document.Certify(f, 1); err == nil {
			t.Errorf("certified without the signatures of gate %d", i)
		}
	}
	r := document.Request{Kind: document.Certificate, Revision: 1}
	if _, err := document.MakeDraft(r, documenttest.Typical()); err == nil {
		t.Error("there is a draft of the certificate")
	}
	if _, err := document.MakeCandidate(r, documenttest.Typical()); err == nil {
		t.Error("there is a candidate of the certificate")
	}
}

func TestTheSameFactsGiveTheSameBytes(t *testing.T) {
	for name, f := range documenttest.Sets() {
		for _, k := range document.All {
			if k.FinalOnly {
				continue
			}
			t.Run(name+" "+k.Name, func(t *testing.T) {
				once, again := draft(t, k, f), draft(t, k, documenttest.Sets()[name])
				if !bytes.Equal(once, again) {
					t.Error("two builds differ")
				}
				tree, err := document.ParseTree(once)
				if err != nil {
					t.Fatal(err)
				}
				back, err := tree.JSON()
				if err != nil || !bytes.Equal(back, once) {
					t.Errorf("reading and writing the twin changed it: %v", err)
				}
			})
		}
	}
}

var update = flag.Bool("update", false, "write the golden files")

// The twin is a published format.
func TestGoldenTwins(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		if !strings.HasSuffix(name, "/typical") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got, err := tree.JSON()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", strings.ReplaceAll(name, "/", "-")+".json")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, got) {
				t.Errorf("the twin differs from %s", file)
			}
			if err := canonical.Check(got); err != nil {
				t.Error(err)
			}
		})
	}
}

func draft(t *testing.T, k document.Kind, f document.Facts) []byte {
	t.Helper()
	d, err := document.MakeDraft(request(k), f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := d.Tree().JSON()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnyChangedFactChangesTheFactsDigest(t *testing.T) {
	digest := func(f document.Facts) string {
		d, err := document.MakeDraft(request(document.Traceability), f)
		if err != nil {
			t.Fatal(err)
		}
		return d.Tree().Meta.FactsSHA256
	}
	f := documenttest.Typical()
	before := digest(f)
	f.Evidence[3].Cases[0].DurationUS++
	if digest(f) == before {
		t.Error("the digest does not cover the evidence")
	}
}

func TestEvaluationIsMarkedInEveryDocument(t *testing.T) {
	f := documenttest.Typical()
	f.Evaluation = "sandbox is none"
	trees := []document.Tree{}
	for _, k := range document.All {
		if k.FinalOnly {
			c, err := document.Certify(f, 1)
			if err != nil {
				t.Fatal(err)
			}
			trees = append(trees, c.Tree())
			continue
		}
		d, err := document.MakeDraft(request(k), f)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, d.Tree())
	}
	for _, tree := range trees {
		data, _ := tree.JSON()
		if tree.Meta.Evaluation == "" || !bytes.Contains(data, []byte(`"head":"EVALUATION"`)) {
			t.Errorf("%s is not marked", tree.Meta.Kind)
		}
	}
}

func TestFactsCheckNamesEverythingAtOnce(t *testing.T) {
	f := documenttest.Typical()
	f.Schema = "dc-release/document-facts/v0"
	f.FrozenAt = "2026-03-04T10:00:00Z"
	f.Release.Commit = ""
	f.Gates[0].Signatures[0].Signer.Name = ""
	f.Gates[0].Signatures[0].Binding = "pen"
	f.Environments[1].Name = "dev"
	f.Matrix.Rows[0].Cells = nil
	f.Evidence[0].ReceivedAt = "yesterday"
	f.Jobs[0].Executions[0].StartedAt = "2026-03-04T10:00:00.000000+01:00"
	err := f.Check()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"schema is", "frozen_at is", "release.commit is empty", "no printed name", `binding "pen"`, `environment "dev"`,
		"matrix.rows[0] has 0 cells, want 4", "evidence unit.xml received_at", "started_at is",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	for name, f := range documenttest.Sets() {
		if err := f.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRequestsThatDoNotFitAreRefused(t *testing.T) {
	f := documenttest.Typical()
	for name, r := range map[string]document.Request{
		"no kind":                    {Revision: 1},
		"no revision":                {Kind: document.ChangeRecord},
		"a revision of three digits": {Kind: document.ChangeRecord, Revision: 100},
		"a report without place":     {Kind: document.TestReport, Revision: 1},
		"an unknown place":           {Kind: document.TestReport, Revision: 1, Environment: "moon"},
		"a place too many":           {Kind: document.ChangeRecord, Revision: 1, Environment: "tst"},
	} {
		if _, err := document.MakeDraft(r, f); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestGXP078_TheSetOfAGate(t *testing.T) {
	places := []string{"dev", "tst", "val"}
	for _, c := range []struct {
		name string
		ask  document.Selection
		want string
	}{
		{
			"before VAL",
			document.Selection{Profile: "gxp", Gate: "pre_val", Environments: places[:2]},
			"validation-plan user-requirements functional-specification configuration-specification risk-assessment change-record release-note source-review test-protocol test-report-dev test-report-tst deviation-log traceability",
		},
		{
			"before PRD",
			document.Selection{Profile: "gxp", Gate: "approve_to_prd", Environments: places},
			"validation-plan user-requirements functional-specification configuration-specification risk-assessment change-record release-note source-review test-protocol test-report-dev test-report-tst test-report-val deviation-log traceability operations-manual recovery-procedure validation-summary audit-trail-review",
		},
		{
			"a standard change goes by its template",
			document.Selection{Profile: "gxp", Category: 5, ChangeType: "standard", Gate: "approve_to_prd"},
			"user-requirements functional-specification configuration-specification risk-assessment change-record release-note source-review test-protocol deviation-log traceability validation-summary audit-trail-review",
		},
		{
			"configured",
			document.Selection{Profile: "gxp", Category: 4, Gate: "pre_val"},
			"validation-plan user-requirements functional-specification configuration-specification risk-assessment change-record release-note test-protocol deviation-log traceability",
		},
		{
			"used as it is",
			document.Selection{Profile: "gxp", Category: 3, Gate: "pre_val"},
			"validation-plan user-requirements configuration-specification risk-assessment change-record release-note test-protocol deviation-log traceability",
		},
		{
			"infrastructure",
			document.Selection{Profile: "gxp", Category: 1, Gate: "pre_val"},
			"validation-plan user-requirements risk-assessment change-record release-note test-protocol deviation-log",
		},
		{"not under GxP", document.Selection{Profile: "non-gxp", Gate: "approve_for_use", Environments: places[:1]}, "change-record release-note test-report-dev traceability"},
		{"a gate that is none", document.Selection{Profile: "gxp", Gate: "moon", Environments: places}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.ask.Revision = 2
			var got []string
			for _, r := range document.Set(c.ask) {
				if r.Gate != c.ask.Gate || r.Revision != 2 {
					t.Errorf("%s is for gate %q, revision %d", r.FileName(), r.Gate, r.Revision)
				}
				got = append(got, r.FileName())
			}
			if d := cmp.Diff(c.want, strings.Join(got, " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTheCatalogIsWhole(t *testing.T) {
	codes := map[string]bool{}
	for _, k := range document.All {
		if k.Name == "" || k.Code == "" || k.Title == "" || k.About == "" || codes[k.Code] {
			t.Errorf("kind %q is not whole or its code is used twice", k.Name)
		}
		codes[k.Code] = true
		if got, err := document.KindNamed(k.Name); err != nil || got.Code != k.Code {
			t.Errorf("KindNamed(%q) = %v, %v", k.Name, got.Code, err)
		}
	}
	if _, err := document.KindNamed("novel"); err == nil || !strings.Contains(err.Error(), "change-record") {
		t.Errorf("got %v, want the list of kinds", err)
	}
}

// Documents must not claim what only people can conclude.
func TestNoDocumentClaimsValidationOrCompliance(t *testing.T) {
	for _, k := range document.All {
		var data []byte
		if k.FinalOnly {
			c, err := document.Certify(documenttest.Typical(), 1)
			if err != nil {
				t.Fatal(err)
			}
			data, _ = c.Tree().JSON()
		} else {
			data = draft(t, k, documenttest.Typical())
		}
		for _, word := range []string{"validated", "compliant", "compliance", "certified"} {
			if bytes.Contains(bytes.ToLower(data), []byte(word)) {
				t.Errorf("%s says %q", k.Name, word)
			}
		}
	}
}

// A block with no field or two would be skipped or doubled by a renderer.
func TestEveryBlockIsExactlyOneThing(t *testing.T) {
	for name, f := range documenttest.Sets() {
		for _, k := range document.All {
			if k.FinalOnly {
				continue
			}
			tree, err := document.ParseTree(draft(t, k, f))
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range tree.Blocks {
				set := 0
				v := reflect.ValueOf(b)
				for j := range v.NumField() {
					if !v.Field(j).IsNil() {
						set++
					}
				}
				if set != 1 {
					t.Errorf("%s %s block %d has %d fields set", name, k.Name, i, set)
				}
				if b.Table == nil {
					continue
				}
				for _, r := range b.Table.Rows {
					if len(r.Cells) != len(b.Table.Columns) {
						t.Errorf("%s %s table %q has a row of %d cells, want %d", name, k.Name, b.Table.Caption, len(r.Cells), len(b.Table.Columns))
					}
				}
			}
		}
	}
}

func TestEvidenceOfKeepsEveryCase(t *testing.T) {
	report := evidence.Report{
		Format: "junit", SHA256: "ab", Problems: []evidence.Problem{{Line: 4, Message: "id twice"}},
		Cases: []evidence.Case{
			{Name: "a", Class: "tests.a", Suite: "pytest", Outcome: evidence.Passed, Retries: 1, IDs: []string{"FS-corp-1"}, DurationUS: 5, Line: 2},
			{Name: "b", Class: "b", Suite: "x > b", Outcome: evidence.Failed, Message: "no", Line: 4},
		},
	}
	j := evidence.Judge(report, evidence.Origin{Environment: "tst"})
	want := document.Evidence{
		SHA256: "ab", Format: "junit", Verification: "OV", Environment: "tst",
		Reasons: []string{"none of 2 cases counts: the plan does not let this job prove OV in tst"}, Remarks: []string{"line 4: id twice"},
		Uncounted: "the plan does not let this job prove OV in tst",
		Totals:    document.Totals{Cases: 2, Passed: 1, Failed: 1},
		Cases: []document.Case{
			{Name: "a", Suite: "pytest > tests.a", IDs: []string{"FS-corp-1"}, Outcome: "passed", DurationUS: 5, Flaky: true, Line: 2, Flag: "the plan does not let this job prove OV in tst"},
			{Name: "b", Suite: "x > b", Outcome: "failed", Message: "no", Line: 4, Flag: "the plan does not let this job prove OV in tst"},
		},
	}
	if d := cmp.Diff(want, document.EvidenceOf(report, j[0])); d != "" {
		t.Error(d)
	}
}

func TestACandidateIsReopenedAsItWas(t *testing.T) {
	r := document.Request{Kind: document.ChangeRecord, Gate: "approve_for_use", Revision: 1}
	c, err := document.MakeCandidate(r, documenttest.AtGate("approve_for_use"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := c.Tree().JSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := document.OpenCandidate(data)
	if err != nil {
		t.Fatal(err)
	}
	same, err := again.Tree().JSON()
	if err != nil || !bytes.Equal(data, same) {
		t.Errorf("the bytes changed: %v", err)
	}
	if _, err := document.OpenCandidate(draft(t, document.ChangeRecord, documenttest.Typical())); err == nil || !strings.Contains(err.Error(), "it is a draft") {
		t.Errorf("a draft was opened as a candidate: %v", err)
	}
	if _, err := document.OpenCandidate(append(data, ' ')); err == nil {
		t.Error("bytes in another form were opened")
	}
}

func TestEvidenceThatDoesNotCountDecidesNothing(t *testing.T) {
	f := documenttest.Typical()
	count := func() int { return strings.Count(string(draft(t, document.ChangeRecord, f)), `"pOV"`) }
	before := count()
	f.Evidence = append(f.Evidence, document.Evidence{
		Name: "guess.xml", Verification: "pOV", Environment: "val", Current: true, ReceivedAt: f.FrozenAt, Uncounted: "the plan does not let this job prove pOV in val",
	})
	if count() != before {
		t.Error("the summary has a line for evidence that does not count")
	}
}
