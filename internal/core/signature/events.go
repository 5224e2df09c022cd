package signature

import "github.com/dc-release/dc-release/internal/core/policy"

// Made records a signature. Payload and envelope are blobs.
type Made struct {
	Signature string      `json:"signature"` // ULID
	Payload   string      `json:"payload"`   // blob digest
	Envelope  string      `json:"envelope"`  // blob digest
	Gate      string      `json:"gate"`      // "" for evidence and reviews
	Manifest  string      `json:"manifest"`
	Meaning   Meaning     `json:"meaning"`
	Decision  string      `json:"decision"`
	Role      policy.Role `json:"role"`
	Person    string      `json:"person"`
	Method    string      `json:"method"`
}

// WrongFactors is the operation under which a failed proof of presence is
// recorded as refused: nobody who signs was known then.
const WrongFactors = "sign.authenticate"

// Withdrawn takes a signature back before its gate is consumed.
type Withdrawn struct {
	Signature string `json:"signature"` // the one withdrawn
	By        string `json:"by"`        // the withdrawing signature
}

// EventType implements ledger.Payload.
func (Made) EventType() (string, int) { return "signature.made", 1 }

// EventType implements ledger.Payload.
func (Withdrawn) EventType() (string, int) { return "signature.withdrawn", 1 }
