package pipeline

import "github.com/dc-release/dc-release/internal/core/workflow"

// Assignment is one job as a worker gets it: fully expanded, with the values
// of every context except secrets, which are asked for by name when needed.
type Assignment struct {
	Execution string `json:"execution"` // RUN/ATTEMPT/JOB-KEY/TRY
	Fence     int64  `json:"fence"`     // seq of execution.claimed
	Job       Job    `json:"job"`
	Name      string `json:"name"` // evaluated
	// Contexts holds github, inputs, needs, vars, strategy and matrix as JSON
	// objects; env, steps, job, runner and secrets are made by the worker.
	Contexts map[string]workflow.Value `json:"contexts"`
	// SecretNames are the secrets this job may ask for.
	SecretNames []string `json:"secret_names"`
	Commit      string   `json:"commit"` // what checkout checks out
	Actions     []Action `json:"actions,omitempty"`
	TimeoutUS   int64    `json:"timeout_us"`
	Sandbox     string   `json:"sandbox"` // namespace, uid, none
}

// Outcome is what a worker reports of one execution. It holds names and
// values after masking only.
type Outcome struct {
	Conclusion Conclusion        `json:"conclusion"`
	Outputs    map[string]string `json:"outputs,omitempty"`
	Steps      []StepOutcome     `json:"steps"`
	Summary    string            `json:"summary,omitempty"` // job summary Markdown
	// Reason says why a job failed that no step explains.
	Reason string `json:"reason,omitempty"`
	// Tools are the versions found on PATH for set-up actions.
	Tools       []Tool       `json:"tools,omitempty"`
	Annotations []Annotation `json:"annotations,omitempty"`
	// URL is the evaluated environment.url, "" for none.
	URL string `json:"url,omitempty"`
}

// StepOutcome is one step of an execution.
type StepOutcome struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Outcome    Conclusion `json:"outcome"`    // before continue-on-error
	Conclusion Conclusion `json:"conclusion"` // after it
	ExitCode   int        `json:"exit_code"`
	StartedUS  int64      `json:"started_us"` // microseconds since the epoch, UTC
	EndedUS    int64      `json:"ended_us"`
	Reason     string     `json:"reason,omitempty"`
}

// Tool is a program that a set-up action was satisfied with.
type Tool struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// Annotation is an error, warning or notice command.
type Annotation struct {
	Level   string `json:"level"` // error, warning, notice
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Title   string `json:"title,omitempty"`
}

// Conclusion of a step, job, scope or run.
type Conclusion string

// The four conclusions of GitHub; "" is not concluded yet.
const (
	Success   Conclusion = "success"
	Failure   Conclusion = "failure"
	Cancelled Conclusion = "cancelled"
	Skipped   Conclusion = "skipped"
)
