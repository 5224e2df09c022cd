package release

// Author is somebody whose work is in a release: by person where the git
// identity is mapped, always by the identity's digest.
type Author struct {
	Person   string `json:"person"`   // "" when unmapped
	Identity string `json:"identity"` // digest, see policy.IdentityMapped
	As       string `json:"as"`       // author, committer, co-author, tagger
}

// Registered begins a release's stream: one version at one commit.
type Registered struct {
	Solution           string   `json:"solution"`
	Version            string   `json:"version"`
	Tag                string   `json:"tag"`
	TagObject          string   `json:"tag_object"`
	Commit             string   `json:"commit"`
	Files              string   `json:"files"`               // SHA-256 of the sorted file list
	Note               string   `json:"note"`                // blob digest of the release note
	RequirementsCommit string   `json:"requirements_commit"` // "" for none
	Authors            []Author `json:"authors"`
	Previous           string   `json:"previous"` // version last for use, "" for none
	Run                string   `json:"run"`
	Profile            string   `json:"profile"`
}

// IntakeRefused records a ref that started nothing, with the rule and reason.
type IntakeRefused struct {
	Event   string   `json:"event"`
	Ref     string   `json:"ref"`
	Commit  string   `json:"commit"`
	Rule    string   `json:"rule"`
	Message string   `json:"message"`
	Details []string `json:"details,omitempty"` // findings of a refused plan
}

// TagMoved says that the release's tag no longer is what was registered.
type TagMoved struct {
	Tag      string `json:"tag"`
	Expected string `json:"expected"` // tag object
	Found    string `json:"found"`    // "" when deleted
}

// Rejected burns the version for ever.
type Rejected struct {
	Gate      string `json:"gate"`
	Signature string `json:"signature"`
}

// Authorised says that the last gate is consumed and publication is under way.
type Authorised struct {
	Manifest string `json:"manifest"`
}

// ForUse makes the release effective: its final documents are published.
type ForUse struct {
	Publication string `json:"publication"`
	Commit      string `json:"commit"` // of the release log
}

// Superseded says that another version is effective now.
type Superseded struct {
	By string `json:"by"`
}

// Reinstated makes an earlier release effective again.
type Reinstated struct {
	Rollback string `json:"rollback"`
}

// Held stops a release where it is: nothing is signed, no gate is passed and no
// further place is entered until it is resumed. Signatures stay.
type Held struct {
	Because string `json:"because"`
}

// Resumed lets a release go on.
type Resumed struct{}

// CaughtUp ends the restriction of an emergency: what was left out before its
// use has been done and signed.
type CaughtUp struct {
	Manifest string `json:"manifest"`
}

// FreezeDeclared keeps releases out of production for a time; emergencies pass.
type FreezeDeclared struct {
	Freeze string `json:"freeze"` // freeze-<n>
	Since  string `json:"since"`  // UTC
	Until  string `json:"until"`  // UTC, exclusive
	Why    string `json:"why"`
}

// FreezeLifted ends a freeze before its time.
type FreezeLifted struct {
	Freeze string `json:"freeze"`
}

// EventType implements ledger.Payload.
func (Held) EventType() (string, int) { return "release.held", 1 }

// EventType implements ledger.Payload.
func (Resumed) EventType() (string, int) { return "release.resumed", 1 }

// EventType implements ledger.Payload.
func (CaughtUp) EventType() (string, int) { return "release.caught_up", 1 }

// EventType implements ledger.Payload.
func (FreezeDeclared) EventType() (string, int) { return "freeze.declared", 1 }

// EventType implements ledger.Payload.
func (FreezeLifted) EventType() (string, int) { return "freeze.lifted", 1 }

// EventType implements ledger.Payload.
func (Registered) EventType() (string, int) { return "release.registered", 1 }

// EventType implements ledger.Payload.
func (IntakeRefused) EventType() (string, int) { return "intake.refused", 1 }

// EventType implements ledger.Payload.
func (TagMoved) EventType() (string, int) { return "release.tag_moved", 1 }

// EventType implements ledger.Payload.
func (Rejected) EventType() (string, int) { return "release.rejected", 1 }

// EventType implements ledger.Payload.
func (Authorised) EventType() (string, int) { return "release.authorised", 1 }

// EventType implements ledger.Payload.
func (ForUse) EventType() (string, int) { return "release.for_use", 1 }

// EventType implements ledger.Payload.
func (Superseded) EventType() (string, int) { return "release.superseded", 1 }

// EventType implements ledger.Payload.
func (Reinstated) EventType() (string, int) { return "release.reinstated", 1 }
