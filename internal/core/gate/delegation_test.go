package gate_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

const (
	before = "2026-01-01T00:00:00.000000Z"
	within = "2026-02-01T00:00:00.000000Z"
	after  = "2026-03-01T00:00:00.000000Z"
)

// delegate is a person who acts as QC for another until after.
func delegate(id string, delegator policy.Subject) policy.Subject {
	s := subject(id)
	s.Delegations = []policy.Delegated{{
		Delegation: policy.Delegation{ID: "d1", From: delegator.ID, Role: policy.QC, Solution: solution, Since: within, Until: after}, Delegator: delegator,
	}}
	return s
}

func TestADelegateSignsForAnotherInItsTimeOnly(t *testing.T) {
	quinn := subject("quinn", policy.QC)
	gone, author := quinn, quinn
	gone.Disabled = true
	author.Identities = []string{"digest-of-quinn"}
	open := road(registered(release.Author{Identity: "digest-of-quinn"}, release.Author{Person: "ada"}), opened(gate.ApproveToPrd, "m1"))
	for name, c := range map[string]struct {
		person policy.Subject
		at     string
		want   string
	}{
		"within its time":                      {delegate("nina", quinn), within, ""},
		"before its time":                      {delegate("nina", quinn), before, "holds none of the roles"},
		"after its time":                       {delegate("nina", quinn), after, "holds none of the roles"},
		"the delegator lost the role":          {delegate("nina", subject("quinn")), within, "holds none of the roles"},
		"the delegator is disabled":            {delegate("nina", gone), within, "holds none of the roles"},
		"the delegator is an author":           {delegate("nina", author), within, "for whom nina would sign, is an author"},
		"the delegate is an author":            {delegate("ada", quinn), within, "ada is an author"},
		"what was delegated is not passed on":  {delegate("omar", delegate("nina", quinn)), within, "holds none of the roles"},
		"an administrator signs for nobody":    {administrator(delegate("nina", quinn)), within, "administrator"},
		"for another solution it says nothing": {elsewhere(delegate("nina", quinn)), within, "holds none of the roles"},
	} {
		t.Run(name, func(t *testing.T) {
			reasons := strings.Join(gate.MaySign(open, find(t, gate.ApproveToPrd), c.person.At(c.at), signature.QCApproved, solution), "; ")
			if c.want == "" && reasons != "" || !strings.Contains(reasons, c.want) {
				t.Errorf("got %q, want %q", reasons, c.want)
			}
		})
	}
}

func administrator(s policy.Subject) policy.Subject {
	s.Grants = append(s.Grants, policy.Grant{Role: policy.Administrator})
	return s
}

func elsewhere(s policy.Subject) policy.Subject {
	s.Delegations[0].Solution = "other"
	return s
}

// TestADelegateAndItsDelegatorAreOnePerson keeps one of them from giving two
// signatures of a gate, or two roles of a release.
func TestADelegateAndItsDelegatorAreOnePerson(t *testing.T) {
	quinn := subject("quinn", policy.QC, policy.SME)
	nina := delegate("nina", quinn).At(within)
	signed := func(s gate.Standing, m *signature.Made, for_ string) gate.Standing {
		return gate.Apply(s, ledger.Event{Header: ledger.Header{Seq: 9, Version: 9, OnBehalf: for_}, Data: m})
	}
	open := road(registered(), opened(gate.ApproveToPrd, "m1"))
	byDelegate := signed(open, made("s1", "nina", gate.ApproveToPrd, "m1", signature.QCApproved, policy.QC), "quinn")
	if got := gate.MaySign(byDelegate, find(t, gate.ApproveToPrd), quinn, signature.SMEApproved, solution); len(got) == 0 {
		t.Error("who delegated signs at the same gate again")
	}
	byOther := signed(open, made("s1", "quinn", gate.ApproveToPrd, "m1", signature.SMEApproved, policy.SME), "")
	if got := gate.MaySign(byOther, find(t, gate.ApproveToPrd), nina, signature.QCApproved, solution); len(got) == 0 {
		t.Error("the delegate signs for somebody who signed at the same gate")
	}
	both := []gate.Signed{
		{Made: *made("s1", "nina", gate.ApproveToPrd, "m1", signature.QCApproved, policy.QC), For: "quinn"},
		{Made: *made("s2", "quinn", gate.ApproveToPrd, "m1", signature.SMEApproved, policy.SME)},
	}
	if left := gate.Unsigned(find(t, gate.ApproveToPrd), both); len(left) != 3 {
		t.Errorf("both counted: left %v", left)
	}
}
