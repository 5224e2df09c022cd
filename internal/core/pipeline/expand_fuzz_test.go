package pipeline_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// FuzzExpand checks what must hold of every plan, and of one without errors.
func FuzzExpand(f *testing.F) {
	f.Add(onPush+"jobs:\n  a: "+call("deploy.yaml", "environment: dev"), deploy)
	f.Add(onPush+"jobs:\n  g: {environment: approve_to_prd, "+runs+"}\n  prd: {needs: g, uses: ./.github/workflows/deploy.yaml, with: {environment: prd}, secrets: inherit}\n", deploy)
	f.Add(onPush+"jobs:\n  a: {uses: "+dcr+"publish.yaml"+pin+", with: {environment: tst}}\n  b: {needs: [a, b], if: always(), "+runs+"}\n", typed)
	f.Add(onPush+"jobs:\n  a: {uses: ./.github/workflows/deploy.yaml}\n", "on: {workflow_call: }\njobs:\n  a: {uses: ./.github/workflows/main.yaml}\n")
	f.Fuzz(func(t *testing.T, main, callee string) {
		p, findings := pipeline.Expand(request(map[string]string{"main.yaml": main, "deploy.yaml": callee}))
		seen := map[string]bool{}
		for _, j := range p.Jobs {
			if seen[j.Key] || j.Scope != "" && !seen[j.Scope] || !strings.HasPrefix(j.Key, j.Scope) {
				t.Errorf("job %q in scope %q stands twice or before its call", j.Key, j.Scope)
			}
			seen[j.Key] = true
			p.SecretSources(j.Key)
		}
		for _, f := range findings {
			if f.At.Line < 1 || f.Rule == "" || f.Severity != workflow.Error && f.Severity != workflow.Warning {
				t.Errorf("finding %+v", f)
			}
		}
		if hasErrors(findings) {
			return
		}
		for _, j := range p.Jobs {
			for _, need := range j.Needs {
				if !seen[need] || strings.TrimSuffix(need, "/"+need[strings.LastIndexByte(need, '/')+1:]) != j.Scope && j.Scope != "" {
					t.Errorf("job %q needs %q, which is not in its scope", j.Key, need)
				}
			}
			if j.Environment == "prd" && !strings.Contains(main+callee, "approve_to_prd") {
				t.Errorf("job %q enters prd and there is no gate", j.Key)
			}
		}
	})
}
