// Package workflow is the language of GitHub workflow files as this engine
// understands it: the intermediate representation of a file, its triggers and
// its expressions. It is pure: reading YAML is the work of
// internal/adapter/workflowfile.
package workflow

import "fmt"

// Position is a place in a source file; line and column are 1-based.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// String is "file:line:col", the form of every finding.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Text is a scalar of a workflow file that may hold ${{ }} parts.
type Text struct {
	Source string   `json:"source"`
	At     Position `json:"at"`
	// Type is "boolean", "number" or "null" where the file has such a scalar
	// without quotes, "" for a string. Source is then the text that GitHub makes
	// of it: 3.10 is "3.1".
	Type string `json:"type,omitempty"`
}

// Binding is one "name: value" of a mapping; mappings keep the file's order.
type Binding struct {
	Name  string `json:"name"`
	Value Text   `json:"value"`
}

// Workflow is one file.
type Workflow struct {
	File     string    `json:"file"`
	Name     string    `json:"name"`
	RunName  Text      `json:"run_name,omitzero"`
	On       Triggers  `json:"on"`
	Env      []Binding `json:"env,omitempty"`
	Defaults Defaults  `json:"defaults,omitzero"`
	// Permissions is nil where the file declares none.
	Permissions Permissions `json:"permissions,omitempty"`
	Concurrency Concurrency `json:"concurrency,omitzero"`
	Jobs        []Job       `json:"jobs"`
	Call        *Interface  `json:"call,omitempty"` // on: workflow_call
}

// Defaults is defaults.run.
type Defaults struct {
	Shell            Text `json:"shell,omitzero"`
	WorkingDirectory Text `json:"working_directory,omitzero"`
}

// Concurrency is concurrency: of a workflow or a job; the zero value is none. Of
// all that have the same group, one runs and the newest waits.
type Concurrency struct {
	At               Position `json:"at,omitzero"`
	Group            Text     `json:"group,omitzero"`
	CancelInProgress Text     `json:"cancel_in_progress,omitzero"`
	// Queue is "max" where up to 100 wait, "" where the newest replaces the one
	// that waits.
	Queue string `json:"queue,omitempty"`
}

// Interface is what a reusable workflow declares under on.workflow_call.
type Interface struct {
	Inputs  []Input  `json:"inputs,omitempty"`
	Secrets []Secret `json:"secrets,omitempty"`
	Outputs []Output `json:"outputs,omitempty"`
}

// Input is a typed input: string, boolean or number.
type Input struct {
	Name       string   `json:"name"`
	Type       string   `json:"type"`
	Required   bool     `json:"required"`
	Default    Text     `json:"default,omitzero"`
	HasDefault bool     `json:"has_default"`
	At         Position `json:"at"`
}

// Secret is a secret that a reusable workflow declares.
type Secret struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
}

// Output is an output of a reusable workflow.
type Output struct {
	Name  string `json:"name"`
	Value Text   `json:"value"`
}

// Job is one entry of jobs. A job with Call set calls a reusable workflow and
// has no steps.
type Job struct {
	ID             string      `json:"id"`
	At             Position    `json:"at"`
	Name           Text        `json:"name,omitzero"`
	Needs          []string    `json:"needs,omitempty"`
	If             Text        `json:"if,omitzero"`
	RunsOn         []Text      `json:"runs_on,omitempty"`
	Environment    Text        `json:"environment,omitzero"`
	EnvironmentURL Text        `json:"environment_url,omitzero"`
	Strategy       Strategy    `json:"strategy,omitzero"`
	Concurrency    Concurrency `json:"concurrency,omitzero"`
	// Permissions is nil where the job declares none.
	Permissions     Permissions `json:"permissions,omitempty"`
	Env             []Binding   `json:"env,omitempty"`
	Defaults        Defaults    `json:"defaults,omitzero"`
	Outputs         []Output    `json:"outputs,omitempty"`
	TimeoutMinutes  Text        `json:"timeout_minutes,omitzero"`
	ContinueOnError Text        `json:"continue_on_error,omitzero"`
	Steps           []Step      `json:"steps,omitempty"`
	Call            *Call       `json:"call,omitempty"`
}

// Call is jobs.<id>.uses.
type Call struct {
	Uses           string    `json:"uses,omitempty"`
	At             Position  `json:"at"`
	With           []Binding `json:"with,omitempty"`
	Secrets        []Binding `json:"secrets,omitempty"`
	InheritSecrets bool      `json:"inherit_secrets"`
}

// Step is one step: Run or Uses is set.
type Step struct {
	ID               string    `json:"id"`
	At               Position  `json:"at"`
	Name             Text      `json:"name,omitzero"`
	If               Text      `json:"if,omitzero"`
	Run              Text      `json:"run,omitzero"`
	Shell            Text      `json:"shell,omitzero"`
	WorkingDirectory Text      `json:"working_directory,omitzero"`
	Uses             string    `json:"uses,omitempty"`
	UsesAt           Position  `json:"uses_at,omitzero"`
	With             []Binding `json:"with,omitempty"`
	Env              []Binding `json:"env,omitempty"`
	ContinueOnError  Text      `json:"continue_on_error,omitzero"`
	TimeoutMinutes   Text      `json:"timeout_minutes,omitzero"`
}

// Triggers is on: which events start the workflow.
type Triggers struct {
	Push        *Filter `json:"push,omitempty"`
	PullRequest *Filter `json:"pull_request,omitempty"`
	Call        bool    `json:"call"`
	// Other names events that this engine does not start by itself
	// (schedule, workflow_dispatch ...).
	Other []string `json:"other,omitempty"`
}

// Filter is the filters of push or pull_request. A nil list is an absent key.
type Filter struct {
	Branches       []string `json:"branches,omitempty"`
	BranchesIgnore []string `json:"branches_ignore,omitempty"`
	Tags           []string `json:"tags,omitempty"`
	TagsIgnore     []string `json:"tags_ignore,omitempty"`
	Paths          []string `json:"paths,omitempty"`
	PathsIgnore    []string `json:"paths_ignore,omitempty"`
	Types          []string `json:"types,omitempty"` // pull_request activity types
}

// Severity of a finding.
type Severity string

// An error refuses the plan; a warning is recorded and shown.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is what reading or planning has to say about a file.
type Finding struct {
	At       Position `json:"at"`
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"` // stable id, kebab-case: unsupported-key, unknown-need ...
	Message  string   `json:"message"`
	Hint     string   `json:"hint"` // how to fix it
}

func (f Finding) String() string {
	s := fmt.Sprintf("%s: %s: %s [%s]", f.At, f.Severity, f.Message, f.Rule)
	if f.Hint != "" {
		s += ": " + f.Hint
	}
	return s
}
