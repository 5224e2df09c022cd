package evidence

// Item is one evidence file as the ledger knows it. Cases are in the report
// blob; the counts are recomputed from the raw file by verification.
type Item struct {
	Name         string   `json:"name"`   // path relative to where it was found
	SHA256       string   `json:"sha256"` // raw bytes, a blob
	Size         int64    `json:"size"`
	Format       string   `json:"format"`       // junit, job-conclusion, installation, rehearsal, task-runs, ""
	Verification string   `json:"verification"` // of Verifications
	Environment  string   `json:"environment"`  // "" for UT and DT
	Commit       string   `json:"commit"`
	Tree         string   `json:"tree"` // of the deployment it ran against, "" for none
	Passed       int      `json:"passed"`
	Failed       int      `json:"failed"`
	Errors       int      `json:"errors"`
	Skipped      int      `json:"skipped"`
	Verdict      string   `json:"verdict"` // passed, failed
	Counted      bool     `json:"counted"` // false: outside of what the job may prove
	Flags        []string `json:"flags,omitempty"`
}

// Recorded adds evidence of one execution or of one person to a run.
type Recorded struct {
	Execution string `json:"execution"` // "" when a person recorded it
	Job       string `json:"job"`
	Person    string `json:"person"`    // the tester, "" for machines
	Signature string `json:"signature"` // of the tester
	Items     []Item `json:"items"`
}

// EventType implements ledger.Payload.
func (Recorded) EventType() (string, int) { return "evidence.recorded", 1 }

// The verdicts of an Item.
const (
	VerdictPassed = "passed"
	VerdictFailed = "failed"
)
