package approval_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

const solution = "corp-procurement"

func subject(id string, roles ...policy.Role) policy.Subject {
	s := policy.Subject{ID: id, Login: id, Enrolled: true}
	for _, r := range roles {
		s.Grants = append(s.Grants, policy.Grant{Role: r, Solution: solution})
	}
	return s
}

func actsFor(p, from policy.Subject, role policy.Role) policy.Subject {
	p.Delegations = append(p.Delegations, policy.Delegated{Delegation: policy.Delegation{ID: "d", From: from.ID, Role: role, Solution: solution}, Delegator: from})
	return p
}

func nobody(policy.Subject) bool { return false }

func requested(by string) []approval.Approval {
	return approval.Apply(nil, ledger.Event{
		Header: ledger.Header{Actor: ledger.Actor{Kind: ledger.Person, ID: by}},
		Data:   &approval.Requested{Approval: "waiver-1", Kind: approval.WaiverKind, Solution: solution, Version: "1.0.0"},
	})
}

// signed adds the signature that the person may give.
func signed(t interface{ Fatalf(string, ...any) }, list []approval.Approval, p policy.Subject) []approval.Approval {
	as, meaning, refused := list[0].For(p, nobody)
	if len(refused) > 0 {
		t.Fatalf("%s was refused: %v", p.Login, refused)
	}
	return approval.Apply(list, ledger.Event{
		Header: ledger.Header{OnBehalf: as.For, Actor: ledger.Actor{Kind: ledger.Person, ID: p.ID}},
		Data:   &approval.Signed{Approval: "waiver-1", Person: p.ID, Role: as.Role, Meaning: meaning},
	})
}

func TestWhoMaySignAnApproval(t *testing.T) {
	xena := subject("xena", policy.SME, policy.QC)
	yngve := actsFor(subject("yngve"), xena, policy.QC)
	author := func(p policy.Subject) bool { return p.ID == "xena" }
	left := subject("left", policy.QC)
	left.Disabled = true
	for name, c := range map[string]struct {
		list     []approval.Approval
		person   policy.Subject
		authored func(policy.Subject) bool
		want     string // part of the reasons, "" for none
	}{
		"an SME":                       {requested("rune"), subject("cleo", policy.SME), nobody, ""},
		"who asked":                    {requested("cleo"), subject("cleo", policy.SME), nobody, "asked for it"},
		"a delegate of who asked":      {requested("xena"), yngve, nobody, "holds none"},
		"an author":                    {requested("rune"), xena, author, "is an author"},
		"a delegate of an author":      {requested("rune"), yngve, author, "holds none"},
		"who has signed":               {signed(t, requested("rune"), xena), xena, nobody, "different people"},
		"whose delegate has signed":    {signed(t, requested("rune"), yngve), xena, nobody, "different people"},
		"a delegate of who has signed": {signed(t, requested("rune"), xena), yngve, nobody, "holds none"},
		"somebody disabled":            {requested("rune"), left, nobody, "is disabled"},
		"somebody without the role":    {requested("rune"), subject("rene", policy.Tester), nobody, "holds none"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, refused := c.list[0].For(c.person, c.authored)
			if got := strings.Join(refused, "; "); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestAnApprovalIsGivenByDifferentPeople lets a few people sign in any order,
// for themselves and for others: nobody acts twice, and not who asked.
func TestAnApprovalIsGivenByDifferentPeople(t *testing.T) {
	complete := 0
	rapid.Check(t, func(t *rapid.T) {
		roles := []policy.Role{policy.SME, policy.QC}
		var people []policy.Subject
		for i := range 4 {
			p := subject(fmt.Sprint("p", i), rapid.SliceOfNDistinct(rapid.SampledFrom(roles), 0, 2, rapid.ID).Draw(t, "roles")...)
			if i > 0 && rapid.Bool().Draw(t, "acts for another") {
				p = actsFor(p, people[rapid.IntRange(0, i-1).Draw(t, "whom")], rapid.SampledFrom(roles).Draw(t, "role"))
			}
			people = append(people, p)
		}
		list := requested("p0")
		acted := map[string]bool{"p0": true}
		for range rapid.IntRange(0, 8).Draw(t, "tries") {
			p := rapid.SampledFrom(people).Draw(t, "person")
			as, meaning, refused := list[0].For(p, nobody)
			if len(refused) > 0 {
				continue
			}
			for _, who := range []string{p.ID, as.For} {
				if who != "" && acted[who] {
					t.Fatalf("%s acts twice: %+v", who, list[0])
				}
				acted[who] = who != ""
			}
			list = approval.Apply(list, ledger.Event{Header: ledger.Header{OnBehalf: as.For}, Data: &approval.Signed{Approval: "waiver-1", Person: p.ID, Role: as.Role, Meaning: meaning}})
		}
		if len(list[0].Missing()) == 0 {
			complete++
		}
	})
	if complete == 0 {
		t.Error("no approval was ever complete: the test shows nothing")
	}
}
