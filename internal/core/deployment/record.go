package deployment

// RecordSchema of a stored record.
const RecordSchema = "dc-release/deployment-record/v1"

// Record is what a target did in one call, as evidence: the programs that it
// ran and the answers that it was given. Nothing secret stands in it.
type Record struct {
	Schema      string       `json:"schema"`
	Invocations []Invocation `json:"invocations"`
	Answers     []Answer     `json:"answers"`
}

// Invocation is one program that was run. Its environment is told by names.
type Invocation struct {
	Argv        []string `json:"argv"`
	Environment []string `json:"environment"`
	Exit        int      `json:"exit"`
	Stdout      string   `json:"stdout"` // blobs, redacted
	Stderr      string   `json:"stderr"`
	Began       string   `json:"began"` // in the ledger's form
	Ended       string   `json:"ended"`
}

// Answer is a raw answer of what was read back.
type Answer struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Empty reports whether nothing stands in the record.
func (r Record) Empty() bool { return len(r.Invocations) == 0 && len(r.Answers) == 0 }

// Named are the digests of everything that the record names, and its own.
func (r Record) Named(own string) []string {
	out := []string{own}
	for _, i := range r.Invocations {
		for _, digest := range []string{i.Stdout, i.Stderr} {
			if digest != "" {
				out = append(out, digest)
			}
		}
	}
	return append(out, Answered(r.Answers)...)
}

// Answered are the digests of answers.
func Answered(list []Answer) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.SHA256)
	}
	return out
}

// Recorded is the record that an event of an environment's stream names, with the
// run and the rollback that it belongs to; ok is false for other events, and
// where nothing was recorded.
func Recorded(p any) (record, run, rollback string, ok bool) {
	switch d := p.(type) {
	case *Planned:
		record, run, rollback = d.Record, d.Run, d.Rollback
	case *Deployed:
		record, run, rollback = d.Record, d.Run, d.Rollback
	case *Failed:
		record, run, rollback = d.Record, d.Run, d.Rollback
	}
	return record, run, rollback, record != ""
}

// Description is what a target says of itself.
type Description struct {
	Name  string       `json:"name"`
	Tools []Tool       `json:"tools"`
	Can   []Capability `json:"can"`
}

// Capability is something that not every target can do.
type Capability string

// The capabilities.
const (
	CanPlan    Capability = "plan"    // tells its changes beforehand
	CanObserve Capability = "observe" // can be read back
	CanRun     Capability = "run"     // runs what it deployed
	CanDestroy Capability = "destroy"
)

// Error and Warning are the severities of findings: an error keeps a deployment
// from working or from being trusted.
const (
	Error   = "error"
	Warning = "warning"
)

// Finding is what is wrong with a place before anything is deployed to it.
type Finding struct {
	Severity string `json:"severity"`
	Rule     string `json:"rule"`
	Where    string `json:"where"` // file:line:col, or the key of the configuration
	What     string `json:"what"`
	Fix      string `json:"fix"`
}

// String is the finding in a line.
func (f Finding) String() string {
	out := f.What
	if f.Where != "" {
		out = f.Where + ": " + f.Severity + ": " + out
	}
	if f.Rule != "" {
		out += " [" + f.Rule + "]"
	}
	if f.Fix != "" {
		out += ": " + f.Fix
	}
	return out
}

// TaskRun is how one task of something deployed ended when it was run.
type TaskRun struct {
	Job      string `json:"job"`
	Task     string `json:"task"`
	Run      string `json:"run"`      // the target's identity of the run
	Outcome  string `json:"outcome"`  // passed, failed, skipped
	Message  string `json:"message"`  // why it did not pass
	Millis   int64  `json:"millis"`   // how long it took
	Evidence string `json:"evidence"` // blob of its output, "" for none
}
