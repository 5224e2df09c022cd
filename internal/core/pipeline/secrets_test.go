package pipeline_test

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

func guideSource(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../adapter/workflowfile/testdata/guide/main.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAJobNamesTheSecretsThatItReads(t *testing.T) {
	p, _ := pipeline.Expand(guide(t, "main.yaml"))
	for key, want := range map[string][]string{
		"val/deploy":           {"DATABRICKS_TOKEN"},
		"code_quality/quality": nil,
		"pre_val/gate":         nil,
		"val":                  nil,
	} {
		got := find(t, p, key).SecretNames()
		if !slices.Equal(got, want) {
			t.Errorf("%s reads %q, want %q", key, got, want)
		}
	}
}

func TestSecretsAreCollectedFromEveryKey(t *testing.T) {
	src := onPush + "env: {W: '${{ secrets.work }}'}\njobs:\n  a:\n    runs-on: x\n    env: {J: '${{ secrets.JOB }}'}\n    outputs: {o: '${{ secrets.OUT }}'}\n" +
		"    steps:\n      - {name: '${{ secrets.NAME }}', run: 'a ${{ secrets.RUN }} ${{ secrets.JOB }}', env: {S: \"${{ secrets['STEP'] }}\"}}\n" +
		"      - {uses: actions/checkout@v4, with: {token: '${{ secrets.GITHUB_TOKEN }}', path: '${{ secrets.WITH }}'}}\n"
	p, findings := pipeline.Expand(request(map[string]string{"main.yaml": src}))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	want := []string{"JOB", "NAME", "OUT", "RUN", "STEP", "WITH", "WORK"}
	if diff := cmp.Diff(want, p.Jobs[0].SecretNames()); diff != "" {
		t.Error(diff)
	}
}

// leaf reads three secrets and declares two.
const leaf = "on: {workflow_call: {secrets: {TOKEN: {required: true}, OTHER: }}}\njobs:\n" +
	"  a: {runs-on: x, steps: [{run: a, env: {A: '${{ secrets.token }}', B: '${{ secrets.OTHER }}', C: '${{ secrets.THIRD }}'}}]}\n"

func TestSecretsAreFollowedThroughCalls(t *testing.T) {
	files := map[string]string{
		"leaf.yaml":  leaf,
		"outer.yaml": "on: {workflow_call: {secrets: {DEEP: }}}\njobs:\n  b: {uses: ./.github/workflows/leaf.yaml, secrets: {TOKEN: '${{ secrets.DEEP }}'}}\n",
		"main.yaml": onPush + "jobs:\n" +
			"  all: {uses: ./.github/workflows/leaf.yaml, secrets: inherit}\n" +
			"  some: {uses: ./.github/workflows/leaf.yaml, secrets: {TOKEN: '${{ secrets.DATABRICKS_TOKEN }}', OTHER: '${{ secrets.databricks_token }}'}}\n" +
			"  deep: {uses: ./.github/workflows/outer.yaml, secrets: {DEEP: '${{secrets.X}}'}}\n",
	}
	p, findings := pipeline.Expand(request(files))
	for key, want := range map[string]map[string]string{
		"all/a":    {"TOKEN": "TOKEN", "OTHER": "OTHER", "THIRD": "THIRD"},
		"some/a":   {"TOKEN": "DATABRICKS_TOKEN", "OTHER": "DATABRICKS_TOKEN"},
		"deep/b/a": {"TOKEN": "X"},
	} {
		if diff := cmp.Diff(want, p.SecretSources(key)); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	if p.SecretSources("nobody") != nil {
		t.Error("a job that is not there has secrets")
	}
	want := []string{
		"warning secret-not-passed main.yaml:4", "warning secret-not-passed outer.yaml:3", "warning secret-not-passed outer.yaml:3",
	}
	if diff := cmp.Diff(want, short(findings)); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsOfCallsAreChecked(t *testing.T) {
	leafs := map[string]string{"leaf.yaml": "on: {workflow_call: {secrets: {TOKEN: {required: true}}}}\njobs:\n  a: {" + runs + "}\n"}
	pass := func(secrets string) string {
		return "  a: {uses: ./.github/workflows/leaf.yaml, secrets: " + secrets + "}\n"
	}
	runPlans(t, nil, []planCase{
		{"the required secret", pass("{token: '${{ secrets.A }}'}"), leafs, nil},
		{"no secret", "  a: {uses: ./.github/workflows/leaf.yaml}\n", leafs, []string{"error missing-secret main.yaml:3"}},
		{"a secret that is not declared", pass("{TOKEN: '${{ secrets.A }}', B: '${{ secrets.B }}'}"), leafs, []string{"error unknown-secret main.yaml:3"}},
		{"a secret with text", pass("{TOKEN: 'x${{ secrets.A }}'}"), leafs, []string{"error unsupported-secret main.yaml:3"}},
		{"a secret that is written out", pass("{TOKEN: hunter2}"), leafs, []string{"error unsupported-secret main.yaml:3"}},
		{"a secret that is chosen", pass("{TOKEN: \"${{ github.ref == 'x' && secrets.A }}\"}"), leafs, []string{"error unsupported-secret main.yaml:3"}},
		{"all secrets", pass("inherit"), leafs, nil},
	})
}
