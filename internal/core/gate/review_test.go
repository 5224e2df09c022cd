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

func reviewer(id string, grants ...policy.Grant) policy.Subject {
	return policy.Subject{ID: id, Login: id, Enrolled: true, Grants: grants}
}

var qc = policy.Grant{Role: policy.QC, Solution: "k"}

func reviewOf(list, person string) *signature.Made {
	return &signature.Made{Signature: "R-" + list, Manifest: list, Meaning: signature.AuditTrailReviewed, Decision: "review", Role: policy.QC, Person: person}
}

func standingOf(payloads ...ledger.Payload) (s gate.Standing) {
	for i, p := range payloads {
		s = gate.Apply(s, ledger.Event{Header: ledger.Header{Seq: int64(i + 1), Version: int64(i + 1)}, Data: p})
	}
	return s
}

func TestGXP055_TheReviewerIsIndependent(t *testing.T) {
	author := &release.Registered{Solution: "k", Version: "1.0.0", Authors: []release.Author{{Person: "ada"}}}
	disabled := reviewer("quinn", qc)
	disabled.Disabled = true
	for name, c := range map[string]struct {
		person policy.Subject
		acted  string
		reason string // "" allows it
	}{
		"somebody with role qc who did nothing": {reviewer("vera", qc), "", ""},
		"who signed in the release":             {reviewer("quinn", qc), "signature.made", "acted in this release (signature.made)"},
		"an author":                             {reviewer("ada", qc), "", "is an author"},
		"without the role":                      {reviewer("cleo", policy.Grant{Role: policy.SME, Solution: "k"}), "", "holds none of the roles"},
		"with the role for another solution":    {reviewer("cleo", policy.Grant{Role: policy.QC, Solution: "other"}), "", "holds none of the roles"},
		"an administrator":                      {reviewer("admin", qc, policy.Grant{Role: policy.Administrator}), "", "is an administrator"},
		"who is disabled":                       {disabled, "", "is disabled"},
		"nobody":                                {policy.Subject{}, "", "no such person"},
	} {
		got := strings.Join(gate.MayReview(standingOf(author), c.person, "k", c.acted), "; ")
		if (got == "") != (c.reason == "") || !strings.Contains(got, c.reason) {
			t.Errorf("%s: %q, want %q", name, got, c.reason)
		}
	}
}

func TestGXP055_AReviewerSignsNothingElseOfTheRelease(t *testing.T) {
	s := standingOf(registered(), opened(gate.ApproveForUse, "m"), reviewOf("list", "vera"))
	def, _ := gate.Find(policy.GxP, release.Normal, gate.ApproveForUse)
	for name, reasons := range map[string][]string{
		"a gate": gate.MaySign(s, def, reviewer("vera", qc), signature.QCApproved, "k"),
		"a test": gate.MayTest(s, reviewer("vera", policy.Grant{Role: policy.Tester, Solution: "k"}), "k"),
	} {
		if !strings.Contains(strings.Join(reasons, "; "), "signs nothing else") {
			t.Errorf("%s: %v", name, reasons)
		}
	}
}

func TestGXP056_OnlyAReviewOfTheListAsItStandsCounts(t *testing.T) {
	find := func(id string) policy.Subject { return reviewer(id, qc) }
	for name, c := range map[string]struct {
		standing gate.Standing
		acted    map[string]string
		reason   string // "" counts as reviewed
	}{
		"no review":                        {standingOf(registered()), nil, "with 3 entries is not reviewed"},
		"a review of this list":            {standingOf(registered(), reviewOf("now", "vera")), nil, ""},
		"a review of an earlier list":      {standingOf(registered(), reviewOf("before", "vera")), nil, "changed after the review"},
		"two, the second of this list":     {standingOf(registered(), reviewOf("before", "vera"), reviewOf("now", "vera")), nil, ""},
		"the reviewer acted since":         {standingOf(registered(), reviewOf("now", "vera")), map[string]string{"vera": "signature.made"}, "a review does not count"},
		"one who acted, and another":       {standingOf(registered(), reviewOf("now", "vera"), reviewOf("now", "nina")), map[string]string{"vera": "signature.made"}, ""},
		"a signature with another meaning": {standingOf(registered(), &signature.Made{Manifest: "now", Meaning: signature.QCApproved, Person: "vera"}), nil, "is not reviewed"},
	} {
		got := strings.Join(gate.Unreviewed(c.standing, "now", 3, "k", find, c.acted), "; ")
		if (got == "") != (c.reason == "") || !strings.Contains(got, c.reason) {
			t.Errorf("%s: %q, want %q", name, got, c.reason)
		}
	}
	def, _ := gate.Find(policy.GxP, release.Normal, gate.ApproveForUse)
	missing := def.Missing(gate.Facts{Unreviewed: []string{"the exception list with 3 entries is not reviewed"}})
	if !strings.Contains(strings.Join(missing, "; "), "audit trail: the exception list with 3 entries is not reviewed") {
		t.Errorf("the gate does not ask for it: %v", missing)
	}
}
