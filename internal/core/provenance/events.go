package provenance

// MaxReferences bounds what one Attested names, so that it stays far below the
// limit of an event.
const MaxReferences = 200

// Attested names the statements that a publication seals: over everything of
// its subject that happened since the one before. More than MaxReferences stand
// in several events one after the other.
type Attested struct {
	Publication string      `json:"publication"`
	Statements  []Reference `json:"statements"`
}

// Reference is one sealed statement.
type Reference struct {
	Seq      int64  `json:"seq"`      // event that it states
	Name     string `json:"name"`     // file below attestations/, without .json
	Envelope string `json:"envelope"` // blob digest
}

// EventType implements ledger.Payload.
func (Attested) EventType() (string, int) { return "provenance.attested", 1 }
