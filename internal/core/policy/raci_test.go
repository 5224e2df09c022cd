package policy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestD34_ARowWithoutAnAccountableIsReported(t *testing.T) {
	want := []string{`activity "Environment Setup": 0 roles are accountable, want exactly one`}
	if diff := cmp.Diff(want, policy.RACIFindings(policy.Guide)); diff != "" {
		t.Errorf("the guide's matrix (-want +got):\n%s", diff)
	}
	if got := policy.RACIFindings(policy.Default); len(got) > 0 {
		t.Errorf("the default matrix: %v", got)
	}
}

func TestTheGuidesMatrixIsTheGuides(t *testing.T) {
	letters := map[string]string{
		"CI/CD Configuration": "ARCCI", "Environment Setup": "CRCCI", "Deployment Validation": "ACCCR",
		"Release Approval": "ACRCR", "Production Deployment": "CRACR", "Documentation Review": "RCACR",
	}
	if len(policy.Guide) != len(letters) {
		t.Fatalf("%d activities", len(policy.Guide))
	}
	for _, a := range policy.Guide {
		got := ""
		for _, r := range []policy.Role{policy.DataProductOwner, policy.DataEngineer, policy.ITManager, policy.SolutionArchitect, policy.ReleaseManager} {
			got += string(a.By[r])
		}
		if got != letters[a.Name] {
			t.Errorf("%s: %s, want %s", a.Name, got, letters[a.Name])
		}
	}
}

func TestAWrongMatrixIsReportedWhole(t *testing.T) {
	got := policy.RACIFindings([]policy.Activity{
		{Name: "one", By: map[policy.Role]policy.Involvement{policy.QC: "A", policy.SME: "A", "owner": "R", policy.Tester: "X"}},
		{Name: "one"},
	})
	want := []string{
		`activity "one": role "owner"`, `activity "one": acceptance-tester is "X"`, `activity "one": 2 roles are accountable`,
		`activity "one": want a name of its own`, `activity "one": 0 roles are accountable`, `activity "one": nobody is responsible`,
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return len(g) >= len(w) && g[:len(w)] == w }) {
			t.Errorf("%q is not among %q", w, got)
		}
	}
}

func TestTheStrongestRoleOfAPersonCounts(t *testing.T) {
	p := policy.Subject{ID: "x", Grants: []policy.Grant{{Role: policy.DataEngineer, Solution: "k"}, {Role: policy.ReleaseManager, Solution: "k"}}}
	got := policy.Involved(policy.Default, "approve_to_prd", p, "k")
	if got["Release Approval"] != policy.Responsible || got["Documentation Review"] != policy.Responsible || len(got) != 2 {
		t.Errorf("got %v", got)
	}
	if got := policy.Involved(policy.Default, "approve_to_prd", p, "other"); len(got) != 0 {
		t.Errorf("of another solution: %v", got)
	}
}
