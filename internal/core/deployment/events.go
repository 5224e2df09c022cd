package deployment

// The events below stand in the environment's stream, unless they say another; the version is "" for runs
// that are no release.

// Planned records what a deployment will do to a place.
type Planned struct {
	Environment string   `json:"environment"`
	Version     string   `json:"version"`
	Run         string   `json:"run"`
	Rollback    string   `json:"rollback"` // id of the rollback, else ""
	Tree        string   `json:"tree"`
	Plan        string   `json:"plan"` // blob: Plan
	Summary     string   `json:"summary"`
	Destroys    []string `json:"destroys"` // what is lost for good; at most a hundred, the plan has all
	Record      string   `json:"record"`   // blob of what the target did to make it, "" for nothing
}

// Begun records that a plan is being carried out. Without a Deployed after it,
// only reading back tells what is in the place.
type Begun struct {
	Environment string `json:"environment"`
	Run         string `json:"run"`
	Execution   string `json:"execution"` // "" for a rollback
	Rollback    string `json:"rollback"`
	Plan        string `json:"plan"`
}

// Failed records that a deployment was begun and not carried out. What is in the
// place then, reading back tells.
type Failed struct {
	Environment string `json:"environment"`
	Run         string `json:"run"`
	Execution   string `json:"execution"` // "" for a rollback
	Rollback    string `json:"rollback"`
	Plan        string `json:"plan"`
	Problem     string `json:"problem"` // at most MaxProblem bytes
	Record      string `json:"record"`  // blob of what the target did until then, "" for nothing
}

// MaxProblem is how much of a problem an event holds, in bytes; the record has
// what the programs said.
const MaxProblem = 2000

// Deployed records what was put into a place.
type Deployed struct {
	Environment string `json:"environment"`
	Version     string `json:"version"`
	Commit      string `json:"commit"`
	Tree        string `json:"tree"` // digest of sorted path, exec bit, sha256
	Target      string `json:"target"`
	Run         string `json:"run"`
	Execution   string `json:"execution"` // "" for a rollback
	Rollback    string `json:"rollback"`  // id of the rollback, or of the rehearsal of one, else ""
	Plan        string `json:"plan"`      // blob of the plan that was carried out, "" before there were plans
	Record      string `json:"record"`    // blob of what the target did: programs, answers
}

// TasksStarted stands in the run's stream and records, before it is so, that a
// target runs what was deployed. Without evidence of the same call after it,
// nobody knows which tasks ran.
type TasksStarted struct {
	Execution   string   `json:"execution"`
	Call        int      `json:"call"` // of the execution, from 1
	Environment string   `json:"environment"`
	Target      string   `json:"target"`
	Deployment  int64    `json:"deployment"` // seq of environment.deployed
	Version     string   `json:"version"`
	Commit      string   `json:"commit"`
	Tree        string   `json:"tree"`
	Jobs        []string `json:"jobs"`  // that were asked for, none for all that verify
	Found       []string `json:"found"` // that the target runs when none were asked for, as far as it says which; at most a hundred
}

// MaxFound is how many jobs TasksStarted names that nobody asked for, and how many
// bytes of each.
const (
	MaxFound     = 100
	MaxFoundName = 256
)

// RollbackRequested asks to put an earlier release back into a place.
type RollbackRequested struct {
	Rollback    string `json:"rollback"` // <environment>-<n>
	Environment string `json:"environment"`
	From        string `json:"from"`
	To          string `json:"to"`
	Tree        string `json:"tree"` // of the release to go back to
	// Irreversible says that data written since cannot be read by To.
	Irreversible bool `json:"irreversible"`
}

// RolledBack ends a rollback.
type RolledBack struct {
	Rollback string `json:"rollback"`
	To       string `json:"to"`
	Commit   string `json:"commit"` // publication in the release log
}

// EventType implements ledger.Payload.
func (Planned) EventType() (string, int) { return "environment.planned", 2 }

// EventType implements ledger.Payload.
func (Begun) EventType() (string, int) { return "environment.deploying", 1 }

// EventType implements ledger.Payload.
func (Failed) EventType() (string, int) { return "environment.failed", 1 }

// EventType implements ledger.Payload.
func (Deployed) EventType() (string, int) { return "environment.deployed", 2 }

// EventType implements ledger.Payload.
func (TasksStarted) EventType() (string, int) { return "tasks.started", 1 }

// EventType implements ledger.Payload.
func (RollbackRequested) EventType() (string, int) { return "rollback.requested", 1 }

// EventType implements ledger.Payload.
func (RolledBack) EventType() (string, int) { return "rollback.finished", 1 }
