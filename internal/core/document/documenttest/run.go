package documenttest

import "github.com/dc-release/dc-release/internal/core/document"

const run = "01JNHRUN000000000000000001"

func deployment(env, attempt string, hour int, compared int64) document.Deployment {
	return document.Deployment{
		Execution: run + "/" + attempt + "/" + env + "/deploy/1", Version: "1.2.0", Mode: "native", TreeSHA256: digest("tree 1.2.0"),
		StartedAt: at(hour, 5, 0), EndedAt: at(hour, 6, 12), Outcome: "success",
		IV: document.Installation{State: "passed", At: at(hour, 6, 20), Compared: compared, EvidenceSHA256: digest("iv " + env)},
	}
}

func environments() []document.Environment {
	return []document.Environment{
		{Name: "dev", Target: "databricks", Deployments: []document.Deployment{deployment("dev", "1", 8, 14)}},
		{Name: "tst", Target: "databricks", Deployments: []document.Deployment{deployment("tst", "1", 9, 14), deployment("tst", "2", 9, 14)}},
		{Name: "val", Target: "databricks", Deployments: []document.Deployment{deployment("val", "2", 11, 14)}},
		{Name: "prd", Target: "databricks", Deployments: []document.Deployment{deployment("prd", "2", 14, 14)}},
	}
}

func execution(key, attempt string, n, hour int, conclusion string, current bool) document.Execution {
	return document.Execution{
		ID: run + "/" + attempt + "/" + key + "/1", Attempt: n, Conclusion: conclusion,
		StartedAt: at(hour, 4, 50), EndedAt: at(hour, 9, 31), Worker: "verify-1", Current: current,
	}
}

func jobs() []document.Job {
	failed := execution("tst/deploy", "1", 1, 9, "failure", false)
	failed.Reason = "step 8 (Run integration tests) ended with exit code 1"
	skipped := document.Execution{ID: run + "/2/val/lint/1", Attempt: 2, Conclusion: "skipped", Reason: "if: inputs.environment != 'val' was false", Current: true}
	return []document.Job{
		{Key: "code_quality", Name: "TEST-corp-procurement-1", Executions: []document.Execution{execution("code_quality", "1", 1, 8, "success", true)}},
		{Key: "dev/deploy", Name: "Deploy to dev", Environment: "dev", Executions: []document.Execution{execution("dev/deploy", "1", 1, 8, "success", true)}},
		{Key: "tst/deploy", Name: "Deploy to tst", Environment: "tst", Executions: []document.Execution{failed, execution("tst/deploy", "2", 2, 9, "success", true)}},
		{Key: "pre_val/gate", Name: "gate", Environment: "pre_val", Gate: true, Executions: []document.Execution{execution("pre_val/gate", "2", 2, 10, "success", true)}},
		{Key: "val/deploy", Name: "Deploy to val", Environment: "val", Executions: []document.Execution{execution("val/deploy", "2", 2, 11, "success", true)}},
		{Key: "val/lint", Name: "Lint", Environment: "val", Executions: []document.Execution{skipped}},
		{Key: "pre_prd/approve", Name: "approve", Environment: "approve_to_prd", Gate: true, Executions: []document.Execution{execution("pre_prd/approve", "2", 2, 13, "success", true)}},
		{Key: "prd/deploy", Name: "Deploy to prd", Environment: "prd", Executions: []document.Execution{execution("prd/deploy", "2", 2, 14, "success", true)}},
		{Key: "for_use/approve", Name: "approve", Environment: "approve_for_use", Gate: true, Executions: []document.Execution{execution("for_use/approve", "2", 2, 15, "success", true)}},
	}
}

func kase(name, id, result string, us int64) document.Case {
	return document.Case{Name: name, Suite: "tests.integration.test_procurement", IDs: []string{id}, Outcome: result, DurationUS: us, Line: 3, Counted: true}
}

func evidence(name, verification, env, exec string, attempt int, hour int, cases ...document.Case) document.Evidence {
	e := document.Evidence{
		Name: name, SHA256: digest(name + env + exec), Size: 2_481, Format: "junit", Verification: verification, Environment: env,
		Execution: run + exec, Attempt: attempt, Current: true, Source: "result file", ReceivedAt: at(hour, 9, 33), Passed: true, Cases: cases,
	}
	for _, c := range cases {
		one := document.Totals{Cases: 1}
		switch c.Outcome {
		case "passed":
			one.Passed = 1
		case "failed":
			one.Failed, e.Passed = 1, false
		default:
			one.Skipped = 1
		}
		e.Totals = sum(e.Totals, one)
		if c.Counted {
			e.Counted = sum(e.Counted, one)
		}
	}
	return e
}

func sum(a, b document.Totals) document.Totals {
	return document.Totals{Cases: a.Cases + b.Cases, Passed: a.Passed + b.Passed, Failed: a.Failed + b.Failed, Skipped: a.Skipped + b.Skipped}
}

func results() []document.Evidence {
	loads := kase("test_orders_are_loaded", "TEST-corp-procurement-2", "passed", 1_204_000)
	totals := kase("test_totals_match", "TEST-corp-procurement-3", "passed", 803_500)
	broken := kase("test_totals_match", "TEST-corp-procurement-3", "failed", 799_100)
	broken.Message = "AssertionError: 41 rows, want 42"
	later := kase("test_archive", "TEST-corp-procurement-4", "skipped", 0)
	later.Message = "needs the archive, which is part of 1.3.0"
	flaky := loads
	flaky.Flaky = true
	accepted := kase("the monthly report is complete", "TEST-corp-procurement-5", "passed", 0)
	accepted.Suite = "tests/acceptance"
	accepted.Counted, accepted.Flag = false, "acceptance verification is recorded by people and never counted from a machine"
	failed := evidence("integration.xml", "OV", "tst", "/1/tst/deploy/1", 1, 9, loads, broken, later)
	first := installation("IV", "tst", "/1/tst/deploy/1", 1, 9)
	first.Current = false
	failed.Current, failed.Reasons = false, []string{"1 of 3 cases failed"}
	smoke := kase("test_tables_are_there", "TEST-corp-procurement-2", "passed", 310_000)
	manual := evidence("acceptance-record.json", "AV", "val", "", 1, 12, kase("the monthly report is complete", "TEST-corp-procurement-5", "passed", 0))
	manual.Format, manual.Source, manual.Tester, manual.Execution = "manual", "manual record", cleo, ""
	return []document.Evidence{
		evidence("unit.xml", "UT", "", "/1/code_quality/1", 1, 8, kase("test_parse", "FS-corp-procurement-1", "passed", 12_000)),
		evidence("document-tests.json", "DT", "", "/1/test_docs/documents/1", 1, 8, kase("documentation/releases/1.2.0.md", "TEST-corp-procurement-1", "passed", 1_000)),
		first,
		failed,
		installation("IV", "tst", "/2/tst/deploy/1", 2, 9),
		evidence("integration.xml", "OV", "tst", "/2/tst/deploy/1", 2, 9, loads, totals, later),
		installation("IV", "val", "/2/val/deploy/1", 2, 11),
		evidence("integration.xml", "OV", "val", "/2/val/deploy/1", 2, 11, flaky, totals, later, accepted),
		manual,
		installation("pIV", "prd", "/2/prd/deploy/1", 2, 14),
		evidence("verification.xml", "pOV", "prd", "/2/prd/deploy/1", 2, 14, smoke),
	}
}

// installation is the evidence that reading back a deployment leaves.
func installation(verification, env, exec string, attempt, hour int) document.Evidence {
	same := document.Case{Name: "14 files equal the artifact", Suite: "installation", Outcome: "passed", Line: 1, Counted: true}
	e := evidence("iv-"+env+".json", verification, env, exec, attempt, hour, same)
	e.Format, e.Source = "observation", "installation verification"
	return e
}

func ref(id, title, source string) document.ItemRef {
	return document.ItemRef{ID: id, Title: title, Source: source}
}

func passed(attempt int, e string) document.MatrixCell {
	return document.MatrixCell{State: "OK", Attempt: attempt, Evidence: digest(e)}
}

var (
	orders  = ref("URS-corp-procurement-1", "Purchase orders are available by 06:00", "requirements/orders.md:3")
	reports = ref("URS-corp-procurement-2", "Spend is reported by month, ≥ 95 % complete", "requirements/reports.md:3")
)

func matrix() document.Matrix {
	retried := passed(2, "integration.xmltst")
	retried.Note = "passed on attempt 2"
	none := document.MatrixCell{}
	return document.Matrix{
		Columns: []document.MatrixColumn{{Verification: "OV", Environment: "tst"}, {Verification: "OV", Environment: "val"}, {Verification: "AV", Environment: "val"}, {Verification: "pOV", Environment: "prd"}},
		Rows: []document.MatrixRow{
			{
				URS: orders, FS: ref("FS-corp-procurement-1", "Load orders every three hours", "documentation/functional_specification.md:12"),
				Test: ref("TEST-corp-procurement-2", "Orders are loaded", "documentation/test_strategy.md:8"), State: "OK", Risk: "High",
				Cells: []document.MatrixCell{passed(2, "t"), passed(2, "v"), none, passed(2, "p")},
			},
			{
				URS: orders, FS: ref("FS-corp-procurement-2", "Totals equal the source system's", "documentation/functional_specification.md:20"),
				Test: ref("TEST-corp-procurement-3", "Totals match", "documentation/test_strategy.md:14"), State: "OK", Risk: "Medium",
				Cells: []document.MatrixCell{retried, passed(2, "v"), none, none},
			},
			{
				URS: reports, FS: ref("FS-corp-procurement-3", "Monthly report in København time", "documentation/functional_specification.md:28"),
				Test: ref("TEST-corp-procurement-5", "The monthly report is complete", "documentation/test_strategy.md:20"), State: "OK",
				Cells: []document.MatrixCell{none, none, passed(1, "a"), none},
			},
		},
		Coverage: []document.Coverage{{Kind: "URS", Covered: 2, Total: 2}, {Kind: "FS", Covered: 3, Total: 3}, {Kind: "TEST", Covered: 3, Total: 3}, {Kind: "TEST", Risk: "High", Covered: 1, Total: 1}, {Kind: "TEST", Environment: "val", Covered: 2, Total: 2}},
		Gaps:     []document.Gap{},
	}
}
