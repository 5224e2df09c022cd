package document

// Environment is a place with everything that was deployed into it for the
// release.
type Environment struct {
	Name        string       `json:"name"` // tst
	Target      string       `json:"target,omitempty"`
	Deployments []Deployment `json:"deployments"`
}

// Deployment is one deployment with its installation verification.
type Deployment struct {
	Execution  string       `json:"execution"`
	Version    string       `json:"version"`
	Mode       string       `json:"mode"` // native, opaque
	TreeSHA256 string       `json:"tree_sha256"`
	StartedAt  string       `json:"started_at"`
	EndedAt    string       `json:"ended_at"`
	Outcome    string       `json:"outcome"` // success, failure, unknown
	Reason     string       `json:"reason,omitempty"`
	IV         Installation `json:"iv"`
}

// Installation is the result of comparing what is deployed with what should be.
type Installation struct {
	State          string   `json:"state"` // passed, failed, not-run
	At             string   `json:"at,omitempty"`
	Compared       int64    `json:"compared"`
	Differences    []string `json:"differences,omitempty"`
	EvidenceSHA256 string   `json:"evidence_sha256,omitempty"`
}

// Job is one job of the run with all its executions.
type Job struct {
	Key         string      `json:"key"`
	Name        string      `json:"name"`
	Environment string      `json:"environment"` // place or gate, "" for none
	Gate        bool        `json:"gate"`
	Executions  []Execution `json:"executions"`
}

// Execution is one try of a job; failed and skipped ones are kept.
type Execution struct {
	ID         string `json:"id"` // RUN/ATTEMPT/JOB-KEY/TRY
	Attempt    int    `json:"attempt"`
	Conclusion string `json:"conclusion"` // success, failure, cancelled, skipped, lost
	Reason     string `json:"reason,omitempty"`
	QueuedAt   string `json:"queued_at,omitempty"`
	StartedAt  string `json:"started_at,omitempty"` // when a worker took it
	EndedAt    string `json:"ended_at,omitempty"`
	Worker     string `json:"worker,omitempty"`
	Current    bool   `json:"current"` // the attempt that gates read
}

// Evidence is one content-addressed result.
type Evidence struct {
	Name         string   `json:"name"`
	SHA256       string   `json:"sha256"`
	Size         int64    `json:"size"` // bytes
	External     bool     `json:"external"`
	Format       string   `json:"format"`
	Verification string   `json:"verification"`
	Environment  string   `json:"environment"` // "" for UT and DT
	Execution    string   `json:"execution"`
	Attempt      int      `json:"attempt"`
	Current      bool     `json:"current"`           // of the attempt that gates read
	Source       string   `json:"source"`            // result file, job conclusion, installation verification, manual record
	Tester       Person   `json:"tester,omitzero"`   // manual records
	ReceivedAt   string   `json:"received_at"`       //
	Passed       bool     `json:"passed"`            // verdict
	Reasons      []string `json:"reasons,omitempty"` // against it
	Remarks      []string `json:"remarks,omitempty"` // problems that do not decide: an id twice
	// Uncounted says why the plan lets none of it count, "" when it does. It is
	// listed and decides nothing.
	Uncounted string `json:"uncounted,omitempty"`
	Totals    Totals `json:"totals"`
	Counted   Totals `json:"counted"` // of the cases that count
	Cases     []Case `json:"cases"`
	// Steps are those that a tester recorded one by one, Reviewer the second
	// person who signed them.
	Steps    []ExecutedStep `json:"steps,omitempty"`
	Reviewer Person         `json:"reviewer,omitzero"`
}

// ExecutedStep is one step of a manual test with what was seen.
type ExecutedStep struct {
	Test      string `json:"test"`
	Step      int64  `json:"step"` // 1-based
	Action    string `json:"action"`
	Expected  string `json:"expected"`
	Actual    string `json:"actual"`
	Verdict   string `json:"verdict"` // passed, failed, blocked
	At        string `json:"at"`
	Corrected int64  `json:"corrected"`        // how often
	Reason    string `json:"reason,omitempty"` // of the last correction
	Deviation string `json:"deviation,omitempty"`
	Files     []File `json:"files,omitempty"` // captured, Path is their name
}

// Totals counts cases by outcome.
type Totals struct {
	Cases   int64 `json:"cases"`
	Passed  int64 `json:"passed"`
	Failed  int64 `json:"failed"`
	Errored int64 `json:"errors"`
	Skipped int64 `json:"skipped"`
}

// Case is one test case.
type Case struct {
	Name       string   `json:"name"`
	Suite      string   `json:"suite,omitempty"`
	IDs        []string `json:"ids,omitempty"`
	Outcome    string   `json:"outcome"` // passed, failed, error, skipped
	DurationUS int64    `json:"duration_us"`
	Flaky      bool     `json:"flaky,omitempty"`
	Message    string   `json:"message,omitempty"`
	Line       int      `json:"line"`
	Counted    bool     `json:"counted"`
	Flag       string   `json:"flag,omitempty"` // why it does not count
}
