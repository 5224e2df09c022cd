package document_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestJudgeGivesEveryCheckOneVerdict(t *testing.T) {
	checks := []document.Check{
		{ID: "A", Severity: workflow.Error, Basic: true},
		{ID: "B", Severity: workflow.Error},
		{ID: "C", Severity: workflow.Warning},
		{ID: "D", Severity: workflow.Error, Basic: true},
		{ID: "E", Severity: workflow.Error},
	}
	findings := []document.Finding{
		{ID: "A", Severity: workflow.Error}, {ID: "A", Severity: workflow.Warning}, {ID: "B", Severity: workflow.Error}, {ID: "C", Severity: workflow.Warning},
	}
	left := document.Left{"D": "no results at this stage", "A": "was run after all"}
	for profile, want := range map[string][]document.Verdict{
		"gxp":     {document.CheckFailed, document.CheckFailed, document.CheckWarned, document.CheckNotRun, document.CheckPassed},
		"":        {document.CheckFailed, document.CheckFailed, document.CheckWarned, document.CheckNotRun, document.CheckPassed},
		"non-gxp": {document.CheckFailed, document.CheckWarned, document.CheckWarned, document.CheckNotRun, document.CheckPassed},
	} {
		got := document.Judge(checks, profile, findings, left)
		var verdicts []document.Verdict
		for _, o := range got.Checks {
			verdicts = append(verdicts, o.Verdict)
		}
		if d := cmp.Diff(want, verdicts); d != "" {
			t.Errorf("profile %q: %s", profile, d)
		}
		if got.Checks[3].Reason != "no results at this stage" || got.Checks[0].Reason != "" || len(got.Findings) != 4 {
			t.Errorf("profile %q: %+v", profile, got)
		}
		if refused := document.Refused(got.Findings); !refused || !got.Failed() {
			t.Errorf("profile %q: refused %v, failed %v", profile, refused, got.Failed())
		}
	}
	if findings[2].Severity != workflow.Error {
		t.Error("the caller's findings were changed")
	}
}
