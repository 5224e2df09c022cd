package release

// Deployed records what was put into a place. It stands in the environment's
// stream; the version is "" for runs that are no release.
type Deployed struct {
	Environment string `json:"environment"`
	Version     string `json:"version"`
	Commit      string `json:"commit"`
	Tree        string `json:"tree"` // digest of sorted path, exec bit, sha256
	Target      string `json:"target"`
	Run         string `json:"run"`
	Execution   string `json:"execution"` // "" for a rollback
	Rollback    string `json:"rollback"`  // id of the rollback, else ""
}

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
func (Deployed) EventType() (string, int) { return "environment.deployed", 1 }

// EventType implements ledger.Payload.
func (RollbackRequested) EventType() (string, int) { return "rollback.requested", 1 }

// EventType implements ledger.Payload.
func (RolledBack) EventType() (string, int) { return "rollback.finished", 1 }
