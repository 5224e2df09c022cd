package gate

// Closed records what a gate waits for; it is appended when the list changes.
type Closed struct {
	Gate    string   `json:"gate"`
	Missing []string `json:"missing"`
}

// RenderedDocument is one document that was rendered when the gate opened.
type RenderedDocument struct {
	Kind   string            `json:"kind"`
	Number string            `json:"number"`
	Name   string            `json:"name"`  // file name without extension
	Files  map[string]string `json:"files"` // extension -> blob digest
}

// Opened freezes the manifest; from here on people can sign.
type Opened struct {
	Gate      string             `json:"gate"`
	Manifest  string             `json:"manifest"` // blob digest of its canonical JSON
	Position  int64              `json:"position"` // ledger size that the facts were read at
	Opening   int                `json:"opening"`  // 1 for the first time, counts re-opens
	Documents []RenderedDocument `json:"documents"`
	Unsigned  bool               `json:"unsigned"` // a gate outside of the profile
}

// Voided closes an open gate again: its signatures count no more.
type Voided struct {
	Gate     string `json:"gate"`
	Manifest string `json:"manifest"`
	Because  string `json:"because"`
}

// Consumed releases the waiting job. It names the signatures that counted.
type Consumed struct {
	Gate       string   `json:"gate"`
	Manifest   string   `json:"manifest"`
	Signatures []string `json:"signatures"`
}

// Rejected ends a gate by a person's decision.
type Rejected struct {
	Gate      string `json:"gate"`
	Manifest  string `json:"manifest"`
	Signature string `json:"signature"`
}

// Unsignable says at the beginning of a release which signatures nobody could
// give with the people as they were.
type Unsignable struct {
	Reasons []string `json:"reasons"`
}

// EventType implements ledger.Payload.
func (Unsignable) EventType() (string, int) { return "gate.unsignable", 1 }

// EventType implements ledger.Payload.
func (Closed) EventType() (string, int) { return "gate.closed", 1 }

// EventType implements ledger.Payload.
func (Opened) EventType() (string, int) { return "gate.opened", 1 }

// EventType implements ledger.Payload.
func (Voided) EventType() (string, int) { return "gate.voided", 1 }

// EventType implements ledger.Payload.
func (Consumed) EventType() (string, int) { return "gate.consumed", 1 }

// EventType implements ledger.Payload.
func (Rejected) EventType() (string, int) { return "gate.rejected", 1 }
