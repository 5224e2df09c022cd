package documenttest

import "github.com/dc-release/dc-release/internal/core/document"

// Gaps is the release as it stands before approve_to_prd with every state of
// the matrix, a failed result, a failed read-back and a signature that lost its
// effect.
func Gaps() document.Facts {
	f := AtGate("approve_to_prd")
	f.FrozenAt = at(12, 55, 0)
	g := &f.Gates[1]
	g.State = document.GateClosed
	g.Missing = []string{"OV in VAL: integration.xml did not pass", "matrix: 3 requirements or specifications have gaps", "rollback to 1.1.0 was not rehearsed in VAL"}
	g.Checks[0].Met, g.Checks[0].Detail = false, "OV in VAL: 1 of 4 cases failed"
	g.Checks[1].Met, g.Checks[1].Detail = false, "gaps: URS-corp-procurement-2, FS-corp-procurement-3, FS-corp-procurement-4"
	g.Checks[3].Met, g.Checks[3].Detail = false, "no rehearsal is recorded"
	lost := signature(2, cleo, "QC", "qc-approved", qcText, at(12, 51, 5), "13:51:05 Europe/Copenhagen", true)
	lost.Effective, lost.Ineffective = false, "the manifest was voided by a failed result"
	g.Signatures = []document.Signature{lost}
	f.Rollback.Rehearsed, f.Rollback.RehearsedAt, f.Rollback.Environment = false, "", ""
	tst := &f.Environments[1].Deployments[0]
	tst.IV.State, tst.IV.Differences = "failed", []string{"dist/etl-1.2.0-py3-none-any.whl: SHA-256 differs", "resources/jobs/main: schedule differs"}
	f.Jobs = f.Jobs[:6]
	f.Evidence = failing(f.Evidence[:len(f.Evidence)-2])
	f.Matrix, f.Items = gapMatrix(), gapItems()
	return f
}

// failing is the evidence with a failure in VAL.
func failing(all []document.Evidence) []document.Evidence {
	for i := range all {
		if e := &all[i]; e.Environment == "val" && e.Verification == "OV" {
			e.Cases[1].Outcome, e.Cases[1].Message = "failed", "AssertionError: 41 rows, want 42"
			e.Passed, e.Reasons = false, []string{"1 of 4 cases failed"}
			for _, t := range []*document.Totals{&e.Totals, &e.Counted} {
				t.Passed--
				t.Failed++
			}
		}
	}
	return all
}

func gapMatrix() document.Matrix {
	m := matrix()
	m.Columns = m.Columns[:3]
	for i := range m.Rows {
		m.Rows[i].Cells = m.Rows[i].Cells[:3]
	}
	failed, stale := &m.Rows[1], &m.Rows[2]
	failed.State, failed.Reason = "FAILED", "failed OV in val (failed)"
	failed.Cells[1] = document.MatrixCell{State: "FAILED", Attempt: 2, Evidence: digest("v"), Note: "failed"}
	stale.State, stale.Reason = "STALE", "stale AV in val (result of commit 6da0633528de)"
	stale.Cells[2] = document.MatrixCell{State: "STALE", Note: "result of commit 6da0633528de"}
	archive := ref("FS-corp-procurement-4", "Archive after seven years", "documentation/functional_specification.md:36")
	skipped := document.MatrixCell{State: "MISSING", Attempt: 2, Note: "skipped"}
	none := make([]document.MatrixCell, 3)
	m.Rows = append(
		m.Rows,
		document.MatrixRow{
			URS: reports, FS: archive, Test: ref("TEST-corp-procurement-4", "The archive holds closed years", "documentation/test_strategy.md:26"),
			State: "PARTIAL", Reason: "missing OV in val (skipped)", Cells: []document.MatrixCell{passed(2, "t"), skipped, {}},
		},
		document.MatrixRow{URS: reports, FS: ref("FS-corp-procurement-5", "Export to finance", "documentation/functional_specification.md:44"), State: "MISSING", Reason: "no test verifies it", Cells: none},
		document.MatrixRow{URS: ref("URS-corp-procurement-3", "Buyers see their own orders only", "requirements/access.md:3"), State: "MISSING", Reason: "no specification implements it", Cells: none},
	)
	m.Coverage = []document.Coverage{{Kind: "URS", Covered: 0, Total: 3}, {Kind: "FS", Covered: 1, Total: 5}, {Kind: "TEST", Covered: 1, Waived: 1, Total: 4}}
	m.Gaps = []document.Gap{
		{ID: "URS-corp-procurement-1", State: "FAILED", Reason: "FS-corp-procurement-2 is FAILED", Source: "requirements/orders.md:3"},
		{ID: "URS-corp-procurement-2", State: "PARTIAL", Reason: "FS-corp-procurement-3 is STALE, FS-corp-procurement-4 is PARTIAL, FS-corp-procurement-5 is MISSING", Source: "requirements/reports.md:3"},
		{ID: "URS-corp-procurement-3", State: "MISSING", Reason: "no specification implements it", Direct: true, Source: "requirements/access.md:3"},
		{ID: "FS-corp-procurement-5", State: "MISSING", Reason: "no test verifies it", Direct: true, Source: "documentation/functional_specification.md:44"},
		{ID: "TEST-corp-procurement-3", State: "FAILED", Reason: "failed OV in val (failed)", Direct: true, Source: "documentation/test_strategy.md:14"},
	}
	m.Around = []document.Scene{around()}
	return m
}

// around is what core/trace draws of the first gap.
func around() document.Scene {
	return document.Scene{
		Title: "Around FS-corp-procurement-5",
		Nodes: []document.SceneNode{
			document.NodeOf("FS-corp-procurement-5", "Export to finance", "MISSING"),
			document.NodeOf("URS-corp-procurement-2", "Spend is reported by month, ≥ 95 % complete", "PARTIAL"),
			document.NodeOf("FS-corp-procurement-3", "Monthly report in København time", "STALE"),
			document.NodeOf("TEST-corp-procurement-5", "The monthly report is complete", "STALE"),
			document.NodeOf("RA-corp-procurement-1", "The report is late", "OK"),
		},
		Edges: []document.SceneEdge{
			{From: 1, To: 0, Verb: "implements"},
			{From: 1, To: 2, Verb: "implements"},
			{From: 2, To: 3, Verb: "verifies"},
			{From: 1, To: 3, Verb: "verifies"},
			{From: 1, To: 4, Verb: "assesses"},
		},
		Left: 2,
	}
}
