package policy

// SessionStarted says that a person signed in. It stands in the stream of the
// installation: published ledgers hold nobody's hours.
type SessionStarted struct {
	Person string `json:"person"`
	Method string `json:"method"`
}

// SessionEnded says that the person signed out.
type SessionEnded struct {
	Person string `json:"person"`
}

// TokenCreated gives a program a person's right to read until a time. A token
// never signs and changes nothing.
type TokenCreated struct {
	Token  string   `json:"token"` // ULID
	Person string   `json:"person"`
	Scopes []string `json:"scopes"` // operations, * at the end for any
	Until  string   `json:"until"`  // UTC
}

// TokenRevoked ends it before its time.
type TokenRevoked struct {
	Token string `json:"token"`
}

// EventType implements ledger.Payload.
func (SessionStarted) EventType() (string, int) { return "session.started", 1 }

// EventType implements ledger.Payload.
func (SessionEnded) EventType() (string, int) { return "session.ended", 1 }

// EventType implements ledger.Payload.
func (TokenCreated) EventType() (string, int) { return "api_token.created", 1 }

// EventType implements ledger.Payload.
func (TokenRevoked) EventType() (string, int) { return "api_token.revoked", 1 }
