// Package policy says who may do what: roles, the profile of a solution with
// its baseline, and the separation of duties.
package policy

import "slices"

// Role is a function that a person has for a solution.
type Role string

// The roles of part 11 signatures and of administration. The RACI personas of
// the guide map to them in docs/glossary.md.
const (
	Administrator    Role = "administrator"
	SME              Role = "sme"
	QC               Role = "qc"
	ReleaseManager   Role = "release-manager"
	DataProductOwner Role = "data-product-owner"
	Tester           Role = "acceptance-tester"
	DataEngineer     Role = "data-engineer"
	// These two of the guide's personas sign at no gate.
	ITManager         Role = "it-manager"
	SolutionArchitect Role = "solution-architect"
)

// Roles is the closed list. To add one: a constant, a line here, a line in
// docs/glossary.md, and its meanings in signature.Meanings.
var Roles = []Role{Administrator, SME, QC, ReleaseManager, DataProductOwner, Tester, DataEngineer, ITManager, SolutionArchitect}

// Title is the role as it is printed: "Release Manager". A role that is not in
// the list is printed as it is.
func (r Role) Title() string {
	switch r {
	case Administrator:
		return "Administrator"
	case SME:
		return "SME"
	case QC:
		return "QC"
	case ReleaseManager:
		return "Release Manager"
	case DataProductOwner:
		return "Data Product Owner"
	case Tester:
		return "Acceptance Tester"
	case DataEngineer:
		return "Data Engineer"
	case ITManager:
		return "IT PM/SM/IM"
	case SolutionArchitect:
		return "Solution Architect"
	}
	return string(r)
}

// Known reports whether the role is in the list.
func (r Role) Known() bool { return slices.Contains(Roles, r) }

// Signs reports whether the role can give a signature at a gate.
func (r Role) Signs() bool {
	return r == SME || r == QC || r == ReleaseManager || r == DataProductOwner || r == Tester
}

// Grant is a role that a person holds; Solution "" is the installation.
type Grant struct {
	Role     Role   `json:"role"`
	Solution string `json:"solution"`
}

// Conflict says why a person who holds the grants must not also get one, or "".
// An administrator holds no signing role anywhere (EU GMP Annex 11 draft 12.3).
func Conflict(held []Grant, add Grant) string {
	for _, g := range held {
		if g.Role == Administrator && add.Role.Signs() {
			return "an administrator holds no signing role"
		}
		if g.Role.Signs() && add.Role == Administrator {
			return "who holds a signing role is no administrator"
		}
	}
	return ""
}
