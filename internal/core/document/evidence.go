package document

import (
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// EvidenceOf is one verification of a result file as a fact. The caller adds
// what the file cannot say: name, size, execution, attempt, source, time.
func EvidenceOf(r evidence.Report, j evidence.Judged) Evidence {
	e := Evidence{
		SHA256: r.SHA256, Format: r.Format, Verification: string(j.Verification), Environment: j.Environment,
		Passed: j.Passed, Reasons: j.Reasons, Uncounted: j.Flag, Totals: totals(j.Totals), Counted: totals(j.Counted), Cases: make([]Case, 0, len(j.Cases)),
	}
	for _, p := range r.Problems {
		if !p.Fatal {
			e.Remarks = append(e.Remarks, p.String())
		}
	}
	for _, k := range j.Cases {
		c := k.Case
		suite := c.Suite
		if c.Class != "" && !strings.HasSuffix(suite, c.Class) {
			suite = strings.TrimPrefix(suite+" > "+c.Class, " > ")
		}
		e.Cases = append(e.Cases, Case{
			Name: c.Name, Suite: suite, IDs: c.IDs, Outcome: string(c.Outcome), DurationUS: c.DurationUS, Flaky: c.Flaky(),
			Message: c.Message, Line: c.Line, Counted: k.Counted, Flag: k.Flag,
		})
	}
	return e
}

func totals(t evidence.Totals) Totals {
	return Totals{Cases: t.Cases, Passed: t.Passed, Failed: t.Failed, Errored: t.Errored, Skipped: t.Skipped}
}
