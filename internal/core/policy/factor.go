package policy

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// The kinds of factors, as a credential's kind and a method of signing.
const (
	PasswordTOTP = "password+totp"
	Passkey      = "passkey"
	OIDC         = "oidc"
)

// Factor is something that a person proves presence with. ID is unique among
// the person's factors: the kind for a password, the credential of a passkey,
// the issuer of an OIDC identity.
type Factor struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Since string `json:"since"`
	// PublicKey of a passkey, COSE in base64: what verifies its signatures.
	PublicKey string `json:"public_key,omitempty"`
	// RPID of a passkey: the domain that it is bound to.
	RPID string `json:"rp_id,omitempty"`
	// Digest of an OIDC identity.
	Digest string `json:"digest,omitempty"`
}

// ClaimActor is the machine that grants roles which an identity provider claims.
const ClaimActor = "oidc"

// Invited says that the person may enrol with a link that only the person has.
type Invited struct {
	Person  string `json:"person"`
	Purpose string `json:"purpose"` // invitation or reset
	Since   string `json:"since"`   // UTC; the link does not work before
	Until   string `json:"until"`   // UTC
}

// The purposes of a link.
const (
	ForInvitation = "invitation"
	ForReset      = "reset"
)

// PasskeyEnrolled announces the public key of a person's passkey.
type PasskeyEnrolled struct {
	Person     string `json:"person"`
	Credential string `json:"credential"` // base64url of the credential id
	PublicKey  string `json:"public_key"` // COSE, base64
	RPID       string `json:"rp_id"`
	AAGUID     string `json:"aaguid"`
}

// IdentityLinked binds an identity of an OIDC provider to a person. The digest
// is SHA-256(installation || ":" || issuer || ":" || subject).
type IdentityLinked struct {
	Person string `json:"person"`
	Issuer string `json:"issuer"`
	Digest string `json:"digest"`
}

// FactorLost ends the use of a factor at once (21 CFR 11.300(c)).
type FactorLost struct {
	Person string `json:"person"`
	Factor string `json:"factor"` // id
}

// ResetRequested is the first of two people's acts by which somebody who lost
// the factors may enrol again.
type ResetRequested struct {
	Person string `json:"person"`
}

// ResetApproved is the second one, by somebody else. Person and QC have until
// the time to object.
type ResetApproved struct {
	Person string `json:"person"`
	Since  string `json:"since"` // UTC
}

// ResetCancelled ends a reset.
type ResetCancelled struct {
	Person string `json:"person"`
}

// SigningLocked says that too many ceremonies of the person failed.
type SigningLocked struct {
	Person   string `json:"person"`
	Failures int64  `json:"failures"`
}

// SigningUnlocked is another person's act.
type SigningUnlocked struct {
	Person string `json:"person"`
}

// EventType implements ledger.Payload.
func (Invited) EventType() (string, int) { return "person.invited", 1 }

// EventType implements ledger.Payload.
func (PasskeyEnrolled) EventType() (string, int) { return "passkey.enrolled", 1 }

// EventType implements ledger.Payload.
func (IdentityLinked) EventType() (string, int) { return "identity.linked", 1 }

// EventType implements ledger.Payload.
func (FactorLost) EventType() (string, int) { return "factor.lost", 1 }

// EventType implements ledger.Payload.
func (ResetRequested) EventType() (string, int) { return "reset.requested", 1 }

// EventType implements ledger.Payload.
func (ResetApproved) EventType() (string, int) { return "reset.approved", 1 }

// EventType implements ledger.Payload.
func (ResetCancelled) EventType() (string, int) { return "reset.cancelled", 1 }

// EventType implements ledger.Payload.
func (SigningLocked) EventType() (string, int) { return "signing.locked", 1 }

// EventType implements ledger.Payload.
func (SigningUnlocked) EventType() (string, int) { return "signing.unlocked", 1 }

// Reset is how far replacing a person's factors has come.
type Reset struct {
	RequestedBy string // person, "" when there is none under way
	ApprovedBy  string // person, "" until the second act
	Since       string // UTC, when the link begins to work
}

// applyFactor copies an event about the person's factors; ok is false for
// another one.
func (s Subject) applyFactor(e ledger.Event) (Subject, bool) {
	switch d := e.Data.(type) {
	case *CredentialEnrolled:
		s.Factors = s.with(Factor{Kind: d.Kind, ID: d.Kind, Since: e.Time})
		s.Reset = Reset{}
	case *PasskeyEnrolled:
		s.Factors = s.with(Factor{Kind: Passkey, ID: d.Credential, Since: e.Time, PublicKey: d.PublicKey, RPID: d.RPID})
	case *IdentityLinked:
		s.Factors = s.with(Factor{Kind: OIDC, ID: d.Issuer, Since: e.Time, Digest: d.Digest})
	case *FactorLost:
		s.Factors = slices.DeleteFunc(slices.Clone(s.Factors), func(f Factor) bool { return f.ID == d.Factor })
	case *ResetRequested:
		s.Reset = Reset{RequestedBy: e.Actor.ID}
	case *ResetApproved:
		// who has the link now is somebody to be looked at anew
		s.Reset.ApprovedBy, s.Reset.Since, s.Preparation.Checked = e.Actor.ID, d.Since, false
	case *ResetCancelled:
		s.Reset = Reset{}
	case *SigningLocked:
		s.Locked = true
	case *SigningUnlocked:
		s.Locked = false
	default:
		return s, false
	}
	s.Enrolled = len(s.Factors) > 0
	s.WasEnrolled = s.WasEnrolled || s.Enrolled
	return s, true
}

// with is the factors with one more, or one replaced.
func (s Subject) with(f Factor) []Factor {
	return append(slices.DeleteFunc(slices.Clone(s.Factors), func(h Factor) bool { return h.ID == f.ID }), f)
}

// Factor finds one by id.
func (s Subject) Factor(id string) (Factor, bool) {
	i := slices.IndexFunc(s.Factors, func(f Factor) bool { return f.ID == id })
	if i < 0 {
		return Factor{}, false
	}
	return s.Factors[i], true
}

// MayReset says why a person must not take part in replacing another's factors,
// or "". An administrator does, and one of the two may be QC.
func MayReset(of, by Subject) string {
	switch {
	case by.ID == of.ID:
		return "nobody resets the own factors"
	case by.Disabled:
		return by.Login + " is disabled"
	case by.Holds(Administrator, ""):
		return ""
	case of.Reset.RequestedBy != "" && slices.ContainsFunc(by.Grants, func(g Grant) bool { return g.Role == QC }):
		return ""
	}
	return by.Login + " is no administrator, and QC only agrees to what an administrator asked for"
}
