package policy

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Bootstrapped is recorded once: it made the first administrator, whom nobody
// could have granted anything.
type Bootstrapped struct {
	Person string `json:"person"`
}

// PersonAdded begins a person's stream. The id is never reused.
type PersonAdded struct {
	Person string `json:"person"` // ULID
	Login  string `json:"login"`  // unique for ever, lower case
	Kind   Kind   `json:"kind"`   // "" is Human
	// Name is SHA-256(installation || ":" || folded printed name), "" when it is
	// not known: no two people are printed alike.
	Name string `json:"name_sha256"`
}

// PersonAddedV1 knew people only, and no names.
type PersonAddedV1 struct {
	Person string `json:"person"`
	Login  string `json:"login"`
}

// EventType implements ledger.Payload.
func (PersonAddedV1) EventType() (string, int) { return "person.added", 1 }

// Upcast gives the event as it would be recorded today.
func (a *PersonAddedV1) Upcast() ledger.Payload {
	return &PersonAdded{Person: a.Person, Login: a.Login, Kind: Human}
}

// PrintedName is the personal part of PersonAdded.
type PrintedName struct {
	Name string `json:"name"`
}

// CredentialEnrolled says that a factor exists; the factor itself is a secret
// outside of the ledger.
type CredentialEnrolled struct {
	Person string `json:"person"`
	Kind   string `json:"kind"` // password+totp
}

// RoleGranted gives a person a role.
type RoleGranted struct {
	Person string `json:"person"`
	Grant  Grant  `json:"grant"`
}

// RoleRevoked takes it back.
type RoleRevoked struct {
	Person string `json:"person"`
	Grant  Grant  `json:"grant"`
}

// PersonDisabled ends a person's access; signatures stay.
type PersonDisabled struct {
	Person string `json:"person"`
}

// IdentityMapped binds a git identity to a person. The digest is
// SHA-256(installation || ":" || lower-case e-mail), so that no e-mail is in
// an event.
type IdentityMapped struct {
	Person string `json:"person"`
	Digest string `json:"digest"`
}

// EventType implements ledger.Payload.
func (Bootstrapped) EventType() (string, int) { return "installation.bootstrapped", 1 }

// EventType implements ledger.Payload.
func (PersonAdded) EventType() (string, int) { return "person.added", 2 }

// EventType implements ledger.Payload.
func (CredentialEnrolled) EventType() (string, int) { return "credential.enrolled", 1 }

// EventType implements ledger.Payload.
func (RoleGranted) EventType() (string, int) { return "role.granted", 1 }

// EventType implements ledger.Payload.
func (RoleRevoked) EventType() (string, int) { return "role.revoked", 1 }

// EventType implements ledger.Payload.
func (PersonDisabled) EventType() (string, int) { return "person.disabled", 1 }

// EventType implements ledger.Payload.
func (IdentityMapped) EventType() (string, int) { return "identity.mapped", 1 }

// Subject is what decisions know of a person.
type Subject struct {
	ID         string
	Login      string
	Disabled   bool
	Enrolled   bool
	Grants     []Grant
	Identities []string // digests of git identities
	// Delegations are roles of others, whatever their time; see At.
	Delegations []Delegated
	Version     int64 // of the person's stream

	Kind        Kind    // "" is Human
	WasEnrolled bool    // had a factor once
	Claimed     []Grant // of Grants, those that an identity provider claims
	Factors     []Factor
	Locked      bool // until another person unlocks signing
	Reset       Reset
	Preparation Preparation
	Asked       SigningRequired // of everybody; the zero value asks nothing
}

// ApplyPerson copies an event of a person's stream.
func ApplyPerson(s Subject, e ledger.Event) Subject {
	s.Version = e.Version
	if next, ok := s.applyFactor(e); ok {
		return next
	}
	s.Preparation = s.Preparation.apply(e)
	switch d := e.Data.(type) {
	case *PersonAdded:
		s.ID, s.Login, s.Kind = d.Person, d.Login, d.Kind
	case *RoleGranted:
		s.Grants = append(without(s.Grants, d.Grant), d.Grant)
		if e.Actor.Kind == ledger.Machine && e.Actor.ID == ClaimActor {
			s.Claimed = append(without(s.Claimed, d.Grant), d.Grant)
		}
	case *RoleRevoked:
		s.Grants, s.Claimed = without(s.Grants, d.Grant), without(s.Claimed, d.Grant)
	case *PersonDisabled:
		s.Disabled = true
	case *IdentityMapped:
		s.Identities = append(s.Identities, d.Digest)
	case *RoleDelegated:
		s.Delegations = append(slices.Clip(s.Delegations), d.since(e.Time))
	case *DelegationEnded:
		s.Delegations = slices.DeleteFunc(slices.Clone(s.Delegations), func(o Delegated) bool { return o.ID == d.Delegation })
	}
	return s
}

// Holds reports whether the person has the role for the solution, directly or
// for the installation.
func (s Subject) Holds(role Role, solution string) bool {
	for _, g := range s.Grants {
		if g.Role == role && (g.Solution == "" || g.Solution == solution) {
			return true
		}
	}
	return false
}

// Unfit names every reason why the person signs nothing at all, whatever the
// role.
func (s Subject) Unfit() []string {
	var out []string
	switch {
	case s.ID == "":
		return []string{"no such person"}
	case s.Disabled:
		out = append(out, s.Login+" is disabled")
	case !s.Enrolled:
		out = append(out, s.Login+" has no enrolled factors")
	}
	if s.Kind == Service {
		out = append(out, s.Login+" is a service account and signs nothing")
	}
	if slices.ContainsFunc(s.Grants, func(g Grant) bool { return g.Role == Administrator }) {
		out = append(out, s.Login+" is an administrator and signs nothing")
	}
	return out
}

func without(held []Grant, g Grant) []Grant {
	var out []Grant
	for _, h := range held {
		if h != g {
			out = append(out, h)
		}
	}
	return out
}

var loginForm = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,31}$`)

// CheckLogin accepts 2 to 32 lower-case ASCII letters, digits, dot, underscore
// and hyphen, so that no two logins look alike.
func CheckLogin(login string) error {
	if !loginForm.MatchString(login) {
		return fmt.Errorf("login %q: want 2 to 32 of a-z 0-9 . _ - starting with a letter", login)
	}
	return nil
}
