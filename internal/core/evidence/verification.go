// Package evidence says what a result file proves: its cases, which
// verification they belong to, which requirement ids they name, and the verdict
// over them. Absence of evidence is failed evidence, never a pass.
package evidence

import (
	"fmt"
	"strings"
)

// Verification is the kind of proof that a result is.
type Verification string

// The closed list of verifications. PIV and POV are the non-destructive ones
// that may run in PRD.
const (
	UT  Verification = "UT"  // unit tests
	DT  Verification = "DT"  // document tests
	IV  Verification = "IV"  // installation verification
	OV  Verification = "OV"  // operational and integration verification
	AV  Verification = "AV"  // acceptance verification, by people, in VAL
	PIV Verification = "pIV" // installation verification in PRD
	POV Verification = "pOV" // operational verification in PRD
	RR  Verification = "RR"  // rehearsal of a rollback, in TST or VAL
)

// Verifications is the closed list in the order of a release.
var Verifications = []Verification{UT, DT, IV, OV, AV, PIV, POV, RR}

// ParseVerification reads a name as people write it in tags, properties and
// configuration: any case, with or without a leading @. PV is read as AV; of a
// rehearsal nobody says that a result is one.
func ParseVerification(s string) (Verification, error) {
	name := strings.TrimPrefix(strings.TrimSpace(s), "@")
	if strings.EqualFold(name, "PV") {
		return AV, nil
	}
	for _, v := range Verifications {
		if v != RR && strings.EqualFold(name, string(v)) {
			return v, nil
		}
	}
	return "", fmt.Errorf("read verification %q: want UT, DT, IV, OV, AV, pIV or pOV", s)
}

// Name is the name for readers: "operational verification".
func (v Verification) Name() string {
	switch v {
	case UT:
		return "unit tests"
	case DT:
		return "document tests"
	case IV:
		return "installation verification"
	case OV:
		return "operational verification"
	case AV:
		return "acceptance verification"
	case PIV:
		return "non-destructive installation verification"
	case POV:
		return "non-destructive operational verification"
	case RR:
		return "rehearsal of the rollback"
	}
	return string(v)
}

// Label is the name with its short form and, where other vocabularies have
// one, the qualification word: "installation verification (IV, ~IQ)". A
// document prints it once and uses the short form afterwards.
func (v Verification) Label() string {
	word := map[Verification]string{IV: ", ~IQ", OV: ", ~OQ", AV: ", ~PQ"}[v]
	return v.Name() + " (" + string(v) + word + ")"
}

// BoundToCommit reports whether results bind to the commit alone; the others
// bind to commit, environment, deployment and artifacts.
func (v Verification) BoundToCommit() bool { return v == UT || v == DT }

// ByPeople reports whether only a person may produce this proof. A machine's
// result of this kind is kept and never counted.
func (v Verification) ByPeople() bool { return v == AV }
