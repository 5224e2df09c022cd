package sign

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// By is who wants to sign, with the factors of a ceremony in one step.
type By struct {
	As          string      `json:"as"` // login
	Reason      string      `json:"reason"`
	Credentials Credentials `json:"credentials"`
}

// Signer is the person of the request.
func (b By) Signer() By { return b }

// Credentials are given once and never stored or logged.
type Credentials struct {
	Password string `json:"password"`
	Code     string `json:"code"`
}

// Act is one thing that a person wants to sign: each use case that asks for a
// signature gives its own.
type Act struct {
	Name  string        // the operation's: gate.sign
	About ledger.Stream // what it concerns; refusals name it
	// Propose reads the present state and says what would be signed, or every
	// reason why the person may not. It is asked when a ceremony begins and again
	// in the decision that appends the signature.
	Propose func(ctx context.Context, by policy.Subject) (Proposal, error)
}

// Proposal is what a signature would say and what would follow from it.
type Proposal struct {
	Refused []string // reasons; nil lets the person sign

	Stream   ledger.Stream // that the signature stands in
	Solution policy.Solution
	Subject  signature.Subject
	Meaning  signature.Meaning
	Decision string // approve, reject, withdraw, execute
	Reason   string
	Capacity signature.Capacity
	Sheet    string // the text that is shown; its SHA-256 is signed

	Correlation string
	Reads       []ledger.Read // every stream that the proposal was read from; the signer's is added
	// Follows are the events beside the signature itself.
	Follows func(made signature.Made) []ledger.Draft
}

// Signed answers what was recorded.
type Signed struct {
	Signature string `json:"signature"`
	Manifest  string `json:"manifest"`
	Role      string `json:"role"`
	Time      string `json:"time"`
}
