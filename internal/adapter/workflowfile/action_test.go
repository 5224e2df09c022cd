package workflowfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestMetadataOfActions(t *testing.T) {
	for _, test := range []struct {
		name, src string
		want      []string
	}{
		{"a composite action", "name: a\ninputs: {x: {required: true, default: 1, type: choice}, y: }\noutputs: {o: {value: '${{ steps.s.outputs.o }}'}}\nruns:\n  using: composite\n  steps: [{id: s, run: a, shell: bash}]\nbranding: {icon: x}\n", nil},
		{"a node action", "runs: {using: Node20, main: a.js, pre: b.js, pre-if: always(), post: c.js, post-if: success()}\n", nil},
		{"an unknown key is ignored", "foo: bar\nruns: {using: node20, main: a.js}\n", nil},
		{"a docker action", "runs: {using: docker, image: Dockerfile}\n", []string{"1:15 error unsupported-action"}},
		{"an old node", "runs: {using: node8, main: a.js}\n", []string{"1:15 error unsupported-action"}},
		{"an unknown runner", "runs: {using: ruby, main: a.rb}\n", []string{"1:15 error unsupported-action"}},
		{"no runs", "name: a\n", []string{"1:1 error missing-key"}},
		{"no using", "runs: {main: a.js}\n", []string{"1:7 error missing-key"}},
		{"no main", "runs: {using: node20}\n", []string{"1:7 error missing-key"}},
		{"no steps", "runs: {using: composite}\n", []string{"1:7 error missing-key"}},
		{"a script outside of the action", "runs: {using: node20, main: ../a.js}\n", []string{"1:29 error wrong-type"}},
		{"a step without a shell", "runs: {using: composite, steps: [{run: a}]}\n", []string{"1:34 error missing-key"}},
		{"a secret in a step", "runs: {using: composite, steps: [{run: '${{ secrets.A }}', shell: bash}]}\n", []string{"1:45 error context-not-available"}},
		{"a key that steps of actions have not", "runs: {using: composite, steps: [{run: a, shell: bash, timeout-minutes: 1}]}\n", []string{"1:56 error unknown-key"}},
		{"a container in a step", "runs: {using: composite, steps: [{uses: 'docker://x'}]}\n", []string{"1:41 error unsupported-action"}},
		{"no YAML", "a: b: c\n", []string{"1:1 error yaml-syntax"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, findings := workflowfile.ReadAction("action.yml", []byte(test.src))
			if diff := cmp.Diff(test.want, short(findings)); diff != "" {
				t.Errorf("%s\n%v", diff, findings)
			}
		})
	}
}

func TestAnActionIsReadWhole(t *testing.T) {
	got, findings := workflowfile.ReadAction("action.yml", []byte(`name: Sign in
inputs:
  client-id: {description: d, required: true}
  audience: {default: api, deprecationMessage: use it not}
outputs: {token: {description: t}}
runs: {using: node20, main: dist/index.js, post: dist/post.js, post-if: "!cancelled()"}
`))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	at := func(line, column int) workflow.Position {
		return workflow.Position{File: "action.yml", Line: line, Column: column}
	}
	want := &workflow.Action{
		File: "action.yml", Name: "Sign in", Using: "node20", Main: "dist/index.js", Post: "dist/post.js",
		Inputs: []workflow.ActionInput{
			{Name: "client-id", Required: true},
			{Name: "audience", Default: workflow.Text{Source: "api", At: at(4, 23)}, HasDefault: true, Deprecated: "use it not"},
		},
		Outputs: []workflow.Output{{Name: "token"}},
		PostIf:  workflow.Text{Source: "!cancelled()", At: at(6, 73)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzReadAction(f *testing.F) {
	f.Add([]byte("runs: {using: composite, steps: [{run: a, shell: bash}]}"))
	f.Add([]byte("inputs: {a: {default: '${{ github.token }}'}}\nruns: {using: node20, main: a.js}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, findings := workflowfile.ReadAction("action.yml", data)
		for _, f := range findings {
			if f.At.Line < 1 || f.At.Column < 1 || f.Rule == "" || f.Message == "" {
				t.Errorf("finding %+v", f)
			}
			if f.Severity == workflow.Error {
				return
			}
		}
		if a == nil || !a.Composite() && !a.Node() {
			t.Errorf("%q is accepted and cannot be run", data)
		}
	})
}
