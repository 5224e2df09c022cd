// Package pipeline decides how a run goes: from an event and workflow files to
// a plan, from a plan and facts to the next commands. It is pure; Apply copies
// facts and Next decides.
package pipeline

import "github.com/dc-release/dc-release/internal/core/workflow"

// Trigger is the event that a run is for. Everything the github context says
// comes from here, never from a work tree.
type Trigger struct {
	Name       string `json:"name"`       // push, pull_request
	Ref        string `json:"ref"`        // refs/heads/main, refs/tags/v1.0.0, refs/pull/7/merge
	SHA        string `json:"sha"`        // commit
	TagObject  string `json:"tag_object"` // annotated tag object, else the commit, for tags
	BaseRef    string `json:"base_ref"`   // pull_request only: main
	HeadRef    string `json:"head_ref"`   // pull_request only
	Number     int64  `json:"number"`     // pull request number, else 0
	Actor      string `json:"actor"`      // login or git identity
	Repository string `json:"repository"` // owner/name
	Message    string `json:"message"`    // head commit message, for github.event.head_commit.message
}

// Source is one file that the plan was made from.
type Source struct {
	Path   string `json:"path"`             // as named by the caller
	SHA256 string `json:"sha256"`           // of its bytes
	Origin string `json:"origin"`           // "commit", "embedded" or "store"
	Commit string `json:"commit,omitempty"` // what the ref was pinned to, of one from the store
}

// Engine is the level of the planning rules; a run keeps the level it was
// planned with.
const Engine = 1

// Plan is a run's expanded workflow: reusable workflows are resolved, scopes
// are flattened, environments are fixed.
type Plan struct {
	Schema  string   `json:"schema"` // dc-release/plan/v1
	Engine  int      `json:"engine"`
	Trigger Trigger  `json:"trigger"`
	File    string   `json:"file"`
	Name    string   `json:"name"`
	Sources []Source `json:"sources"`
	Jobs    []Job    `json:"jobs"` // a call stands before its children, a group before its legs, else in the file's order
	// Templates are the jobs of legs that are made when the matrix is known, each
	// once, as if it were leg 0.
	Templates []Job    `json:"templates,omitempty"`
	Actions   []Action `json:"actions,omitempty"`
	// Concurrency is that of the root workflow.
	Concurrency workflow.Concurrency `json:"concurrency,omitzero"`
	Findings    []workflow.Finding   `json:"findings,omitempty"`
}

// Job is one planned job. A call (Body.Call set) opens a scope: it has
// children and is never executed itself. A job with a matrix is a group: its
// legs are jobs of their own, and calls where it calls a workflow.
type Job struct {
	Key   string   `json:"key"`   // "tst", "tst/deploy", "build#1"
	Scope string   `json:"scope"` // key of the enclosing call, "" at the top
	Needs []string `json:"needs"` // keys of jobs in the same scope
	// Group is the key of the group that the job is a leg of, "" for none, and Leg
	// its combination; it is nil where that is not known yet.
	Group string `json:"group,omitempty"`
	Leg   *Leg   `json:"leg,omitempty"`
	// Late says of a group that its matrix is known only when its needs are done.
	Late bool `json:"late,omitempty"`
	// Environment is the name under environment:, lower case, evaluated at
	// plan time; "" for none. Kind says what the name is.
	Environment string          `json:"environment"`
	Kind        EnvironmentKind `json:"kind"`
	// EnvironmentName is the name as the workflow says it, where that is another.
	EnvironmentName string `json:"environment_name,omitempty"`
	// Proves is what this job's results may count as.
	Proves []Proof      `json:"proves,omitempty"`
	Body   workflow.Job `json:"body"`
	// Interface is what the called workflow declares; calls only.
	Interface *workflow.Interface `json:"interface,omitempty"`
	// WorkflowEnv and WorkflowDefaults are those of the file that holds the job.
	WorkflowEnv      []workflow.Binding `json:"workflow_env,omitempty"`
	WorkflowDefaults workflow.Defaults  `json:"workflow_defaults"`
	// Framework says that the job comes from the embedded framework workflows.
	Framework bool `json:"framework"`
	// Permissions are those that the job, its workflow or a caller declared; nil is
	// workflow.DefaultPermissions.
	Permissions workflow.Permissions `json:"permissions,omitempty"`
	// Within is the concurrency of the called workflow; calls only.
	Within workflow.Concurrency `json:"within,omitzero"`
}

// Named is the environment's name as the workflow says it, "" for none.
func (j Job) Named() string {
	if j.EnvironmentName != "" {
		return j.EnvironmentName
	}
	return j.Environment
}

// IsGroup reports whether the job stands for the legs of its matrix.
func (j Job) IsGroup() bool { return j.Body.Strategy.HasMatrix() && j.Group == "" }

// IsCall reports whether the job calls a reusable workflow; a group of calls
// does not, its legs do.
func (j Job) IsCall() bool { return j.Body.Call != nil && !j.IsGroup() }

// IsExecuted reports whether the job is one that workers execute.
func (j Job) IsExecuted() bool { return j.Body.Call == nil && !j.IsGroup() }

// Leg is one combination of a group's matrix.
type Leg struct {
	workflow.Leg
	Index int `json:"index"` // from 0, strategy.job-index
	Total int `json:"total"`
}

// EnvironmentKind tells a place where something runs from a gate where
// promotion waits.
type EnvironmentKind string

// A job without environment has kind NoEnvironment.
const (
	NoEnvironment EnvironmentKind = ""
	Place         EnvironmentKind = "place"
	Gate          EnvironmentKind = "gate"
)

// Proof is one thing that a job may prove: a verification in an environment.
type Proof struct {
	Verification string `json:"verification"` // UT, DT, OV, pOV
	Environment  string `json:"environment"`  // dev, tst, val, prd; "" for UT and DT
}

// Places and Gates are the names that environment: may have by default.
var (
	Places = []string{"dev", "tst", "val", "prd"}
	Gates  = []string{"pre_val", "approve_to_prd", "approve_for_use", "approve_rollback"}
)
