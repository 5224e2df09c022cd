package framework_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/adapter/workflowfile/framework"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestReferencesToTheFrameworkResolveToEmbeddedFiles(t *testing.T) {
	cases := []struct{ name, uses, want string }{
		{"the guide's reference", "NovoNordisk-DataCore/dc-release/.github/workflows/publish.yaml@main", "publish.yaml"},
		{"another owner and a commit", "acme/dc-release/.github/workflows/approve_to_prd.yaml@4f2a9c", "approve_to_prd.yaml"},
		{"a repository in another case", "acme/DC-Release/.github/workflows/approve_for_use.yaml@v1", "approve_for_use.yaml"},
		{"a ref with slashes", "acme/dc-release/.github/workflows/publish.yaml@refs/heads/main", "publish.yaml"},
		{"another repository", "acme/dc-release2/.github/workflows/publish.yaml@main", ""},
		{"another file", "acme/dc-release/.github/workflows/deploy.yaml@main", ""},
		{"the other ending", "acme/dc-release/.github/workflows/publish.yml@main", ""},
		{"a file in another case", "acme/dc-release/.github/workflows/Publish.yaml@main", ""},
		{"another folder", "acme/dc-release/workflows/publish.yaml@main", ""},
		{"no ref", "acme/dc-release/.github/workflows/publish.yaml", ""},
		{"an empty ref", "acme/dc-release/.github/workflows/publish.yaml@", ""},
		{"a local path", "./.github/workflows/publish.yaml", ""},
		{"an owner with a slash", "a/b/dc-release/.github/workflows/publish.yaml@main", ""},
		{"a line end", "acme/dc-release/.github/workflows/publish.yaml@main\n", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			name, data, ok := framework.Resolve(c.uses)
			if name != c.want || ok != (c.want != "") || ok != (len(data) > 0) {
				t.Errorf("Resolve(%q) = %q, %d bytes, %v", c.uses, name, len(data), ok)
			}
		})
	}
}

func TestFrameworkWorkflowsHaveNoFindings(t *testing.T) {
	gates := map[string]string{"publish.yaml": "pre_val", "approve_to_prd.yaml": "approve_to_prd", "approve_for_use.yaml": "approve_for_use"}
	for _, name := range framework.Names {
		t.Run(name, func(t *testing.T) {
			data := framework.Source(name)
			w, findings := workflowfile.Read(name, data)
			if w == nil || len(findings) > 0 {
				t.Fatalf("findings %v", findings)
			}
			if w.Call == nil || len(w.On.Other) > 0 || w.On.Push != nil {
				t.Error("it is not for calls only")
			}
			gate := w.Jobs[len(w.Jobs)-1]
			if gate.Environment.Source != gates[name] || gate.Steps[0].Run.Source != "dc-release publish --gate "+gates[name] {
				t.Errorf("gate job is %+v", gate)
			}
			if !strings.Contains(string(data), "on the dc-release engine only") || strings.Contains(string(data), "\npermissions:") {
				t.Error("the header does not say where it runs, or it has permissions")
			}
		})
	}
	if framework.Source("deploy.yaml") != nil {
		t.Error("an unknown name has bytes")
	}
}

func TestPublishWantsAnEnvironmentAndTheOthersNothing(t *testing.T) {
	for _, name := range framework.Names {
		w, _ := workflowfile.Read(name, framework.Source(name))
		var want []workflow.Input
		if name == "publish.yaml" {
			want = []workflow.Input{{Name: "environment", Type: "string", Required: true}}
		}
		if len(w.Call.Inputs) != len(want) {
			t.Fatalf("%s has inputs %+v", name, w.Call.Inputs)
		}
		for i, in := range w.Call.Inputs {
			in.At = workflow.Position{}
			if in != want[i] {
				t.Errorf("%s: input %+v, want %+v", name, in, want[i])
			}
		}
	}
}
