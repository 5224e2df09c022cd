package solutionfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/solutionfile"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestRead(t *testing.T) {
	f, findings := solutionfile.Read([]byte("schema: dc-release/solution/v1\nsolution: corp-procurement\nprofile: gxp\nenvironments:\n  prd: {target: localdir, names: [production], branches: [main], tags: ['v*'], wait-minutes: 5}\n"))
	want := policy.File{Solution: "corp-procurement", Profile: policy.GxP, Environments: map[string]policy.Environment{"prd": {
		Target: "localdir", Names: []string{"production"}, Protection: policy.Protection{Branches: []string{"main"}, Tags: []string{"v*"}, WaitMinutes: 5},
	}}}
	if d := cmp.Diff(want, f); d != "" || len(findings) > 0 {
		t.Errorf("%s\n%v", d, findings)
	}
}

func TestEveryMistakeHasItsPlace(t *testing.T) {
	_, findings := solutionfile.Read([]byte("solutoin: x\nprofile: gpx\nbranch: 1.20\nbranch: main\nrepositories: [a]\nenvironments:\n  prod: {target: x}\n"))
	var got []string
	for _, f := range findings {
		got = append(got, f.String())
	}
	want := []string{
		`dc-release.yaml:1:1: error: unknown key "solutoin" [unknown-key]: did you mean "solution"?`,
		`dc-release.yaml:2:10: error: unknown value "gpx" [unknown-value]: want gxp or non-gxp`,
		`dc-release.yaml:3:9: error: want a text [wrong-type]: put it in quotes`,
		`dc-release.yaml:4:1: error: key "branch" stands twice, first in line 3 [duplicate-key]: keep one of them`,
		`dc-release.yaml:5:15: error: want a mapping [wrong-type]: write key: value lines`,
		`dc-release.yaml:7:3: error: unknown key "prod" [unknown-key]: did you mean "prd"?`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("solution: x\nenvironments:\n  prd: {target: a}\n")
	f.Add("&a [*a]")
	f.Fuzz(func(t *testing.T, in string) {
		_, findings := solutionfile.Read([]byte(in))
		for _, x := range findings {
			if x.At.Line < 1 || strings.TrimSpace(x.Message) == "" {
				t.Errorf("finding without a place: %v", x)
			}
		}
	})
}
