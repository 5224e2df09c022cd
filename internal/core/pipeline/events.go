package pipeline

import "github.com/dc-release/dc-release/internal/core/deployment"

// RunStarted begins a run's stream. The plan and every source are blobs.
type RunStarted struct {
	Run       string  `json:"run"` // ULID
	Solution  string  `json:"solution"`
	Number    int64   `json:"number"` // per solution, from 1
	Trigger   Trigger `json:"trigger"`
	File      string  `json:"file"`
	Plan      string  `json:"plan"`    // blob digest
	Version   string  `json:"version"` // of the release, "" for a run that is none
	Profile   string  `json:"profile"`
	Counted   bool    `json:"counted"` // false in a rehearsal
	Sandbox   string  `json:"sandbox"`
	Evaluated bool    `json:"evaluation"` // EVALUATION mode: no isolation that counts
}

// ScopeOpened starts a call of a reusable workflow with its evaluated inputs.
type ScopeOpened struct {
	Job    string            `json:"job"`
	Name   string            `json:"name"`
	Inputs map[string]string `json:"inputs"` // canonical JSON text of each value
}

// ScopeClosed ends it when all its jobs have concluded.
type ScopeClosed struct {
	Job        string            `json:"job"`
	Conclusion Conclusion        `json:"conclusion"`
	Outputs    map[string]string `json:"outputs,omitempty"`
}

// JobConcluded ends a job that was not executed: skipped by its condition or
// refused. The reason holds the values that decided.
type JobConcluded struct {
	Job        string     `json:"job"`
	Name       string     `json:"name"`
	Conclusion Conclusion `json:"conclusion"`
	Reason     string     `json:"reason"`
}

// GateAwaited says that a job waits for a gate; it holds no worker.
type GateAwaited struct {
	Job  string `json:"job"`
	Name string `json:"name"`
	Gate string `json:"gate"`
}

// ExecutionQueued makes one try of a job claimable.
type ExecutionQueued struct {
	Execution   string   `json:"execution"` // RUN/ATTEMPT/JOB-KEY/TRY
	Run         string   `json:"run"`
	Solution    string   `json:"solution"`
	Job         string   `json:"job"`
	Name        string   `json:"name"`
	Attempt     int      `json:"attempt"`
	Try         int      `json:"try"`
	Environment string   `json:"environment"` // place, "" for none
	Gate        string   `json:"gate"`        // consumed gate, "" for none
	Pool        string   `json:"pool"`        // untrusted, build, deploy, verify
	Labels      []string `json:"labels"`
	// ContinueOnError keeps a failure of the job from failing what needs it.
	ContinueOnError bool `json:"continue_on_error"`
}

// ExecutionClaimed gives it to a worker. The event's seq is the fence.
type ExecutionClaimed struct {
	Execution string `json:"execution"`
	Worker    string `json:"worker"`
}

// Artifact is a named set of files that a job left.
type Artifact struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // blob of a deterministic tar
	Size   int64  `json:"size"`
}

// ExecutionFinished is the receipt of a result: blobs are durable before it.
type ExecutionFinished struct {
	Execution  string            `json:"execution"`
	Job        string            `json:"job"`
	Fence      int64             `json:"fence"`
	Conclusion Conclusion        `json:"conclusion"`
	Reason     string            `json:"reason"`
	Outputs    map[string]string `json:"outputs,omitempty"`
	Outcome    string            `json:"outcome"` // blob digest of the Outcome
	Log        string            `json:"log"`     // blob digest
	Artifacts  []Artifact        `json:"artifacts,omitempty"`
}

// ExecutionGivenUp says that a try ended without a result: its worker is dead.
type ExecutionGivenUp struct {
	Execution string `json:"execution"`
	Job       string `json:"job"`
	Reason    string `json:"reason"`
	Retry     bool   `json:"retry"` // a new try follows by itself
}

// LateResult keeps a result that came after its execution was given up.
type LateResult struct {
	Execution  string     `json:"execution"`
	Fence      int64      `json:"fence"`
	Conclusion Conclusion `json:"conclusion"`
	Outcome    string     `json:"outcome"`
}

// LogKept keeps the log of an execution that ended without a result of its own:
// what its worker had sent when it was given up, or the whole log that came with
// a late result. Of several the latest is the longest.
type LogKept struct {
	Execution string `json:"execution"`
	Log       string `json:"log"`  // blob digest
	Size      int64  `json:"size"` // bytes
}

// ResultConflict keeps a second, different result for the same execution.
type ResultConflict struct {
	Execution string `json:"execution"`
	Accepted  string `json:"accepted"` // outcome digest
	Refused   string `json:"refused"`  // outcome digest
}

// ArtifactKept records what a run's first deploying job handed in; every later
// deployment of the run gets these bytes.
type ArtifactKept struct {
	Execution string `json:"execution"`
	Tree      string `json:"tree"`     // digest of sorted path, exec bit, sha256
	Manifest  string `json:"manifest"` // blob digest of the file list
	Files     int    `json:"files"`
	// Parts are the artifacts by their names, in their order, each a folder of the
	// tree; none where one was handed in without a name.
	Parts []deployment.Part `json:"parts,omitempty"`
}

// RunCancelRequested asks to stop a run.
type RunCancelRequested struct {
	Run string `json:"run"`
}

// RunFinished ends a run.
type RunFinished struct {
	Run        string     `json:"run"`
	Conclusion Conclusion `json:"conclusion"`
}

// EventType implements ledger.Payload.
func (RunStarted) EventType() (string, int) { return "run.started", 1 }

// EventType implements ledger.Payload.
func (ScopeOpened) EventType() (string, int) { return "scope.opened", 1 }

// EventType implements ledger.Payload.
func (ScopeClosed) EventType() (string, int) { return "scope.closed", 1 }

// EventType implements ledger.Payload.
func (JobConcluded) EventType() (string, int) { return "job.concluded", 1 }

// EventType implements ledger.Payload.
func (GateAwaited) EventType() (string, int) { return "gate.awaited", 1 }

// EventType implements ledger.Payload.
func (ExecutionQueued) EventType() (string, int) { return "execution.queued", 1 }

// EventType implements ledger.Payload.
func (ExecutionClaimed) EventType() (string, int) { return "execution.claimed", 1 }

// EventType implements ledger.Payload.
func (ExecutionFinished) EventType() (string, int) { return "execution.finished", 1 }

// EventType implements ledger.Payload.
func (ExecutionGivenUp) EventType() (string, int) { return "execution.given_up", 1 }

// EventType implements ledger.Payload.
func (LateResult) EventType() (string, int) { return "execution.late_result", 1 }

// EventType implements ledger.Payload.
func (LogKept) EventType() (string, int) { return "execution.log_kept", 1 }

// EventType implements ledger.Payload.
func (ResultConflict) EventType() (string, int) { return "execution.conflict", 1 }

// EventType implements ledger.Payload.
func (ArtifactKept) EventType() (string, int) { return "artifact.kept", 2 }

// EventType implements ledger.Payload.
func (RunCancelRequested) EventType() (string, int) { return "run.cancel_requested", 1 }

// EventType implements ledger.Payload.
func (RunFinished) EventType() (string, int) { return "run.finished", 1 }

// EventType implements ledger.Payload.
func (MatrixOpened) EventType() (string, int) { return "matrix.opened", 1 }

// EventType implements ledger.Payload.
func (JobDecided) EventType() (string, int) { return "job.decided", 1 }

// EventType implements ledger.Payload.
func (JobHeld) EventType() (string, int) { return "job.held", 1 }

// EventType implements ledger.Payload.
func (JobCancelRequested) EventType() (string, int) { return "job.cancel_requested", 1 }

// EventType implements ledger.Payload.
func (RerunRequested) EventType() (string, int) { return "run.rerun_requested", 1 }

// EventType implements ledger.Payload.
func (GroupJoined) EventType() (string, int) { return "concurrency.joined", 1 }

// EventType implements ledger.Payload.
func (GroupEntered) EventType() (string, int) { return "concurrency.entered", 1 }

// EventType implements ledger.Payload.
func (GroupLeft) EventType() (string, int) { return "concurrency.left", 1 }
