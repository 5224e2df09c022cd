package ledger

// InstallationCreated is the first event of an epoch.
type InstallationCreated struct {
	Installation string `json:"installation"` // ULID
	Epoch        int    `json:"epoch"`
}

// KeyCreated announces the public half of a key; private halves live in files
// outside the database.
type KeyCreated struct {
	Name      string `json:"name"`      // ledger, attest, document
	Algorithm string `json:"algorithm"` // ed25519
	Public    string `json:"public"`    // base64
	Purpose   string `json:"purpose"`
}

// Refused records that an authenticated actor asked for something that is not
// allowed. Nothing else changed.
type Refused struct {
	Operation string `json:"operation"`
	Subject   string `json:"subject"` // what it was about: a stream, ref or gate
	Kind      string `json:"kind"`    // fault kind
	Message   string `json:"message"`
}

// EventType implements Payload.
func (InstallationCreated) EventType() (string, int) { return "installation.created", 1 }

// EventType implements Payload.
func (KeyCreated) EventType() (string, int) { return "key.created", 1 }

// EventType implements Payload.
func (Refused) EventType() (string, int) { return "operation.refused", 1 }
