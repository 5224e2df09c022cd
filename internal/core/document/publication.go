package document

// PublicationIntended is recorded before the release log is written; the id is
// the commit's Publication-Id trailer and makes the effect idempotent.
type PublicationIntended struct {
	Publication string `json:"publication"` // <version>-<gate>-<opening>, or the rollback's id
	Folder      string `json:"folder"`
	Gate        string `json:"gate"`
	Execution   string `json:"execution"` // of the job that asked for it
}

// Published says that the commit was pushed and read back.
type Published struct {
	Publication string `json:"publication"`
	Commit      string `json:"commit"` // of the release log
	Index       string `json:"index"`  // SHA-256 of the folder's index.json
	Size        int64  `json:"size"`   // ledger size of the checkpoint in it
}

// EventType implements ledger.Payload.
func (PublicationIntended) EventType() (string, int) { return "publication.intended", 1 }

// EventType implements ledger.Payload.
func (Published) EventType() (string, int) { return "publication.done", 1 }
