package policy_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestProtectionOfPlaces(t *testing.T) {
	main := policy.Protection{Branches: []string{"main", "release/**", "!release/old"}}
	tags := policy.Protection{Tags: []string{"v*"}}
	for _, test := range []struct {
		name    string
		p       policy.Protection
		ref     string
		allowed bool
	}{
		{"no patterns let everything in", policy.Protection{}, "refs/pull/7/merge", true},
		{"a branch that fits", main, "refs/heads/release/1/2", true},
		{"a branch that is taken out", main, "refs/heads/release/old", false},
		{"another branch", main, "refs/heads/feature", false},
		{"a tag where only branches are named", main, "refs/tags/main", false},
		{"a tag that fits", tags, "refs/tags/v1.0.0", true},
		{"a branch where only tags are named", tags, "refs/heads/v1.0.0", false},
		{"a pull request", main, "refs/pull/7/merge", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			allowed, reason := test.p.Allows("prd", test.ref)
			if allowed != test.allowed || allowed != (reason == "") {
				t.Errorf("%v, %q", allowed, reason)
			}
		})
	}
}

func TestBaselinesWithWrongPlacesAreRefusedWhole(t *testing.T) {
	b := policy.Baseline{Solution: "corp-procurement", Profile: policy.NonGxP, Code: "x", Environments: map[string]policy.Environment{
		"prd":  {Names: []string{"production", "tst"}, Protection: policy.Protection{Branches: []string{"["}, WaitMinutes: -1}},
		"val":  {Names: []string{"Production"}},
		"test": {},
	}}
	var got []string
	for _, err := range b.Check() {
		got = append(got, err.Error())
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{`"test": want one of`, `filter pattern "["`, "wait of -1 minutes", `"tst" is that of tst`, `"Production" is that of prd`} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among\n%s", want, all)
		}
	}
}
