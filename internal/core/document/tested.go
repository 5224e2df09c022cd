package document

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Verdict of one check.
type Verdict string

// The closed list. A check that could not be looked at is not run and never
// passed.
const (
	CheckPassed Verdict = "passed"
	CheckWarned Verdict = "warned"
	CheckFailed Verdict = "failed"
	CheckNotRun Verdict = "not run"
)

// Outcome is one check with what it came to.
type Outcome struct {
	Check
	Verdict  Verdict `json:"verdict"`
	Findings int     `json:"findings"`
	Reason   string  `json:"reason,omitempty"` // why it was not run
}

// Tested is the answer of the document tests: every check once, in the order of
// the list, and every finding.
type Tested struct {
	Profile  string    `json:"profile,omitempty"` // gxp, non-gxp; "" is judged as gxp
	Checks   []Outcome `json:"checks"`
	Findings []Finding `json:"findings"`
}

// Left is why checks were not run, by id.
type Left map[string]string

// Because leaves checks out for a reason; an earlier reason stays.
func (l Left) Because(reason string, ids ...string) {
	for _, id := range ids {
		if _, known := l[id]; !known {
			l[id] = reason
		}
	}
}

// Add takes the reasons of another over, without replacing any.
func (l Left) Add(other Left) {
	for id, reason := range other {
		l.Because(reason, id)
	}
}

// Judge joins findings with the list of checks. Outside of GxP what a check that
// is not basic found is a warning. A check that was left out and found something
// nevertheless was run.
func Judge(checks []Check, profile string, findings []Finding, left Left) Tested {
	t := Tested{Profile: profile, Findings: slices.Clone(findings), Checks: make([]Outcome, 0, len(checks))}
	if t.Findings == nil {
		t.Findings = []Finding{}
	}
	at := make(map[string]int, len(checks))
	for i, c := range checks {
		at[c.ID] = i
		t.Checks = append(t.Checks, Outcome{Check: c, Verdict: CheckPassed})
	}
	for i := range t.Findings {
		f := &t.Findings[i]
		n, known := at[f.ID]
		if !known {
			continue
		}
		o := &t.Checks[n]
		if profile == "non-gxp" && !o.Basic {
			f.Severity = workflow.Warning
		}
		o.Findings++
		switch {
		case f.Severity == workflow.Error:
			o.Verdict = CheckFailed
		case o.Verdict == CheckPassed:
			o.Verdict = CheckWarned
		}
	}
	for i := range t.Checks {
		o := &t.Checks[i]
		if reason, ok := left[o.ID]; ok && o.Findings == 0 {
			o.Verdict, o.Reason = CheckNotRun, reason
		}
	}
	return t
}

// Count is how many checks came to a verdict.
func (t Tested) Count(v Verdict) int {
	n := 0
	for _, o := range t.Checks {
		if o.Verdict == v {
			n++
		}
	}
	return n
}

// Failed reports whether a check failed.
func (t Tested) Failed() bool { return t.Count(CheckFailed) > 0 }
