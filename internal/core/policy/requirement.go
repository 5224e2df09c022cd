package policy

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Signing is the stream of what is asked of everybody before a signature.
const Signing ledger.Stream = "policy/signing"

// Statement is the text by which a person accepts that an electronic signature
// binds like one by hand (21 CFR 11.10(j), 11.100(c)).
type Statement struct {
	Version int64
	Text    string
}

// Statements are all versions of the text. To add one: a line at the end;
// a line that is there never changes. Everybody is asked to accept the last.
var Statements = []Statement{
	{1, "I accept that my electronic signature in this installation is the legally binding equivalent of my handwritten signature. " +
		"I sign only what I have read, I keep my factors to myself, and I report the loss of one at once."},
}

// Procedure is a standard operating procedure in one revision.
type Procedure struct {
	SOP      string `json:"sop"`
	Revision string `json:"revision"`
}

// Training is a procedure that holders of a role are trained in.
type Training struct {
	Role Role `json:"role"`
	Procedure
}

// Trainings are those of the default policy.
var Trainings = []Training{
	{SME, Procedure{"SOP-RELEASE", "1"}},
	{QC, Procedure{"SOP-RELEASE", "1"}},
	{ReleaseManager, Procedure{"SOP-RELEASE", "1"}},
	{DataProductOwner, Procedure{"SOP-RELEASE", "1"}},
	{Tester, Procedure{"SOP-ACCEPTANCE", "1"}},
}

// ReviewDays is how long a review of a person's access holds.
const ReviewDays = 365

// SigningRequired says what is asked of everybody before a signature from here
// on. What was decided before is held against what was asked then.
type SigningRequired struct {
	Statement       int64      `json:"statement"` // version
	StatementSHA256 string     `json:"statement_sha256"`
	Trainings       []Training `json:"trainings"`
	ReviewDays      int64      `json:"review_days"`
}

// EventType implements ledger.Payload.
func (SigningRequired) EventType() (string, int) { return "policy.signing_required", 1 }

// For are the procedures that holders of a role are trained in.
func (r SigningRequired) For(role Role) []Procedure {
	var out []Procedure
	for _, t := range r.Trainings {
		if t.Role == role {
			out = append(out, t.Procedure)
		}
	}
	return out
}

// ApplySigning copies an event of the stream Signing.
func ApplySigning(r SigningRequired, e ledger.Event) SigningRequired {
	if d, ok := e.Data.(*SigningRequired); ok {
		return *d
	}
	return r
}

// Procedures are all that somebody must be trained in, each once.
func (r SigningRequired) Procedures() []Procedure {
	var out []Procedure
	for _, t := range r.Trainings {
		if !slices.Contains(out, t.Procedure) {
			out = append(out, t.Procedure)
		}
	}
	return out
}
