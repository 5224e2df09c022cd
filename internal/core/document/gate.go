package document

// Gate is one gate of the release.
type Gate struct {
	Name           string              `json:"name"`  // approve_to_prd
	State          string              `json:"state"` // closed, open, satisfied, consumed, rejected
	ManifestSHA256 string              `json:"manifest_sha256,omitempty"`
	OpenedAt       string              `json:"opened_at,omitempty"`
	SatisfiedAt    string              `json:"satisfied_at,omitempty"`
	ConsumedAt     string              `json:"consumed_at,omitempty"`
	Missing        []string            `json:"missing,omitempty"` // facts that keep it closed
	Checks         []GateCheck         `json:"checks"`
	Required       []RequiredSignature `json:"required"`
	Signatures     []Signature         `json:"signatures"`
}

// The gate states that the documents tell apart.
const (
	GateClosed    = "closed"
	GateOpen      = "open"
	GateSatisfied = "satisfied"
	GateConsumed  = "consumed"
	GateRejected  = "rejected"
)

// GateCheck is one fact that the gate demanded.
type GateCheck struct {
	Name   string `json:"name"`
	Met    bool   `json:"met"`
	Detail string `json:"detail"`
	// Waived are the waivers that held for the check when the gate opened: it is
	// met but for their items.
	Waived []string `json:"waived,omitempty"`
	// Reports are what the check was decided on, where that is reports about the
	// artifact: each in a line, and what was assessed, by whom and why.
	Reports []string `json:"reports,omitempty"`
}

// RequiredSignature is a signature that the gate demands.
type RequiredSignature struct {
	Roles   []string `json:"roles"`   // any of these: "SME", "Data Product Owner"
	Meaning string   `json:"meaning"` // code: sme-approved
}

// Signature is an electronic signature as it is printed (21 CFR 11.50).
type Signature struct {
	ID            string `json:"id"`
	Signer        Person `json:"signer"`
	OnBehalfOf    string `json:"on_behalf_of,omitempty"` // printed name, delegation
	Role          string `json:"role"`
	Meaning       string `json:"meaning"`      // code
	MeaningText   string `json:"meaning_text"` // the sentence that was signed
	Decision      string `json:"decision"`     // approve, reject, withdraw
	Reason        string `json:"reason,omitempty"`
	At            string `json:"at"`
	LocalTime     string `json:"local_time,omitempty"` // 14:22:05 Europe/Copenhagen
	Method        string `json:"method"`               // passkey, password and one-time code, single sign-on
	Binding       string `json:"binding"`              // BindingUserKey, BindingServer
	PayloadSHA256 string `json:"payload_sha256"`
	Seq           int64  `json:"seq"` // of the ledger event
	Effective     bool   `json:"effective"`
	Ineffective   string `json:"ineffective,omitempty"` // why not
}

// What binds a signature to its content.
const (
	BindingUserKey = "user-key"        // the person's own key signed the payload
	BindingServer  = "server-attested" // the server attests the authentication
)
