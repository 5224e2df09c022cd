package document

// Decisions are what people decided about a release beside its gates.
type Decisions struct {
	Deviations []Deviation `json:"deviations,omitempty"`
	Waivers    []Waiver    `json:"waivers,omitempty"`
	Comments   []Comment   `json:"comments,omitempty"`
	Holds      []Hold      `json:"holds,omitempty"`
	Reviews    []Review    `json:"reviews,omitempty"` // of the audit trail
}

// Deviation is a recorded failure with its disposition.
type Deviation struct {
	ID          string     `json:"id"`     // D1
	Source      string     `json:"source"` // execution, evidence/<seq>, person
	Job         string     `json:"job,omitempty"`
	OpenedAt    string     `json:"opened_at"`
	OpenedBy    Person     `json:"opened_by,omitzero"` // nobody where the failure itself opened it
	Text        string     `json:"text"`
	Disposition string     `json:"disposition,omitempty"` // "" while it is open
	Cause       string     `json:"cause,omitempty"`
	Action      string     `json:"action,omitempty"`
	Signature   *Signature `json:"signature,omitempty"` // over the disposition
}

// Waiver is an exception from one thing that one check misses.
type Waiver struct {
	ID         string      `json:"id"` // waiver-1
	Check      string      `json:"check"`
	Item       string      `json:"item"`
	Risk       string      `json:"risk"`
	Control    string      `json:"control"` // what is done instead
	Expires    string      `json:"expires"`
	State      string      `json:"state"` // pending, granted, refused
	AskedBy    Person      `json:"asked_by"`
	AskedAt    string      `json:"asked_at"`
	Signatures []Signature `json:"signatures"`
}

// Comment is what somebody who was consulted said about an open gate.
type Comment struct {
	Gate           string `json:"gate"`
	ManifestSHA256 string `json:"manifest_sha256"`
	Person         Person `json:"person"`
	At             string `json:"at"`
	Text           string `json:"text"`
}

// Hold is a time in which the release was stopped.
type Hold struct {
	From      string `json:"from"`
	By        Person `json:"by"`
	Because   string `json:"because"`
	Until     string `json:"until,omitempty"` // "" while it is on hold
	ResumedBy Person `json:"resumed_by,omitzero"`
	Resumed   string `json:"resumed,omitempty"` // why it goes on
}

// Review is a review of the audit trail.
type Review struct {
	ListSHA256 string    `json:"list_sha256"` // of the exception list that was reviewed
	Signature  Signature `json:"signature"`
}

// Restriction is that of an emergency, which is used before everything about it
// is done.
type Restriction struct {
	Incident string `json:"incident"`
	Since    string `json:"since,omitempty"` // in use since, "" before
	By       string `json:"by,omitempty"`    // when what was left out has to be there, known once it is in use
	Days     int    `json:"days"`            // working days after it is in use, UTC
	CaughtUp bool   `json:"caught_up,omitempty"`
}
