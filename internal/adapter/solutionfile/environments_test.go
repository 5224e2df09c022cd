package solutionfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/solutionfile"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestReadEnvironments(t *testing.T) {
	got, findings := solutionfile.ReadEnvironments("places.yaml", []byte(`
dev: {target: localdir, config: {dir: /srv/dev}}
tst: {target: script}
prd:
  target: script
  names: [production]
  tags: ['v*']
  wait-minutes: 5
  config:
    deploy: |
      terraform apply
    network: allowed
`))
	want := map[string]policy.Environment{
		"dev": {Target: "localdir", Config: map[string]string{"dir": "/srv/dev"}}, "tst": {Target: "script"},
		"prd": {
			Target: "script", Names: []string{"production"}, Protection: policy.Protection{Tags: []string{"v*"}, WaitMinutes: 5},
			Config: map[string]string{"deploy": "terraform apply\n", "network": "allowed"},
		},
	}
	if d := cmp.Diff(want, got); d != "" || len(findings) > 0 {
		t.Errorf("%s\n%v", d, findings)
	}
}

func TestEveryMistakeOfAPlaceHasItsPlace(t *testing.T) {
	_, findings := solutionfile.ReadEnvironments("places.yaml", []byte(`dev: {target: localdir}
tst:
  target: script
  config: {deplyo: make, network: yes, run: ""}
val: {targt: script}
prod: {target: script}
prd:
  target: scirpt
  config: [a]
`))
	var got []string
	for _, f := range findings {
		got = append(got, f.String())
	}
	want := []string{
		`places.yaml:5:7: error: unknown key "targt" [unknown-key]: did you mean "target"?`,
		`places.yaml:6:1: error: unknown key "prod" [unknown-key]: did you mean "prd"?`,
		`places.yaml:9:11: error: want a mapping [wrong-type]: write key: value lines`,
		`places.yaml:1:1: error: target localdir needs "dir" [missing-key]: add it below config`,
		`places.yaml:4:11: error: target script needs "deploy" [missing-key]: add it below config`,
		`places.yaml:4:12: error: target script has no configuration "deplyo" [unknown-key]: did you mean "deploy"?`,
		`places.yaml:4:35: error: network "yes": want allowed, or leave the key out [wrong-value]: docs/targets.md says what it may be`,
		`places.yaml:4:45: error: run "": want a command line, or leave the key out [wrong-value]: docs/targets.md says what it may be`,
		`places.yaml:5:1: error: place val has no target [missing-key]: add target: localdir or script or external or databricks`,
		`places.yaml:8:11: error: unknown target "scirpt" [unknown-value]: did you mean "script"?`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, findings := solutionfile.ReadEnvironments("places.yaml", nil); len(findings) != 1 {
		t.Errorf("an empty file: %v", findings)
	}
}

func FuzzReadEnvironments(f *testing.F) {
	f.Add("dev: {target: localdir, config: {dir: /srv}}\n")
	f.Add("dev: &a {config: *a}\nprd: [")
	f.Fuzz(func(t *testing.T, in string) {
		_, findings := solutionfile.ReadEnvironments("places.yaml", []byte(in))
		for _, x := range findings {
			if x.At.Line < 1 || strings.TrimSpace(x.Message) == "" {
				t.Errorf("finding without a place: %v", x)
			}
		}
	})
}
