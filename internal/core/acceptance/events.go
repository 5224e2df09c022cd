package acceptance

// Verdict is what a tester says of one step.
type Verdict string

// The verdicts. A blocked step could not be executed.
const (
	Passed  Verdict = "passed"
	Failed  Verdict = "failed"
	Blocked Verdict = "blocked"
)

// Verdicts is the closed list.
var Verdicts = []Verdict{Passed, Failed, Blocked}

// Begun records that a tester begins to execute a script.
type Begun struct {
	Acceptance  string `json:"acceptance"` // A<n> within the run
	Repeats     string `json:"repeats"`    // the first execution of the same tests, "" for none
	Environment string `json:"environment"`
	Script      string `json:"script"` // blob
	Commit      string `json:"commit"`
	Tree        string `json:"tree"` // of what is deployed there
}

// StepRecorded records what was seen at one step. The same step recorded again
// is a correction; the earlier record stays.
type StepRecorded struct {
	Acceptance  string       `json:"acceptance"`
	Test        string       `json:"test"`
	Step        int          `json:"step"` // 1-based
	Actual      string       `json:"actual"`
	Verdict     Verdict      `json:"verdict"`
	Correction  bool         `json:"correction"` // of an earlier record, for the reason of the event
	Attachments []Attachment `json:"attachments"`
	Deviation   string       `json:"deviation"` // opened by this record, "" for none
}

// Attachment is a file that the tester captured, hashed when it arrived.
type Attachment struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // blob
	Size   int64  `json:"size"`   // bytes
}

// Submitted records that the tester signed the protocol.
type Submitted struct {
	Acceptance string `json:"acceptance"`
	Protocol   string `json:"protocol"` // blob
	Signature  string `json:"signature"`
}

// Reviewed records that a second person agreed with the protocol.
type Reviewed struct {
	Acceptance string `json:"acceptance"`
	Signature  string `json:"signature"`
	Person     string `json:"person"`
}

// Abandoned ends an execution that will not be submitted; what was recorded
// stays.
type Abandoned struct {
	Acceptance string `json:"acceptance"`
}

// EventType implements ledger.Payload.
func (Begun) EventType() (string, int) { return "acceptance.begun", 1 }

// EventType implements ledger.Payload.
func (StepRecorded) EventType() (string, int) { return "acceptance.step_recorded", 1 }

// EventType implements ledger.Payload.
func (Submitted) EventType() (string, int) { return "acceptance.submitted", 1 }

// EventType implements ledger.Payload.
func (Reviewed) EventType() (string, int) { return "acceptance.reviewed", 1 }

// EventType implements ledger.Payload.
func (Abandoned) EventType() (string, int) { return "acceptance.abandoned", 1 }
