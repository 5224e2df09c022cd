package workflowfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestStrategies(t *testing.T) {
	runFiles(t, []fileCase{
		{"a matrix", runnable("strategy: {matrix: {a: [1, x]}, fail-fast: false, max-parallel: 2}"), nil},
		{"a matrix by expression", runnable("strategy: {matrix: '${{ fromJSON(vars.M) }}'}"), nil},
		{"a matrix with expressions within", runnable("strategy: {matrix: {a: '${{ fromJSON(vars.A) }}', include: [{b: '${{ github.ref }}'}]}}"), nil},
		{"no matrix", runnable("strategy: {fail-fast: true}"), nil},
		{"a strategy that is an expression", runnable("strategy: ${{ fromJSON(vars.S) }}"), []string{"6:15 error unsupported-key"}},
		{"an unknown key", runnable("strategy: {matrices: {a: [1]}}"), []string{"6:16 error unknown-key"}},
		{"a matrix that is a text", runnable("strategy: {matrix: x}"), []string{"6:24 error wrong-type"}},
		{"an axis that is no sequence", runnable("strategy: {matrix: {a: x}}"), []string{"6:24 error invalid-matrix"}},
		{"an empty axis", runnable("strategy: {matrix: {a: []}}"), []string{"6:24 error invalid-matrix"}},
		{"an exclude of no axis", runnable("strategy: {matrix: {a: [1], exclude: [{b: 1}]}}"), []string{"6:24 error invalid-matrix"}},
		{"a context that strategies have not", runnable("strategy: {matrix: {a: ['${{ matrix.b }}']}}"), []string{"6:34 error context-not-available"}},
		{"fail-fast that is a text", runnable("strategy: {fail-fast: 'true'}"), []string{"6:27 error wrong-type"}},
		{"max-parallel below one", runnable("strategy: {max-parallel: 0}"), []string{"6:30 error wrong-type"}},
		{"a matrix of a call", job("uses: ./.github/workflows/a.yaml\nstrategy: {matrix: {a: [1]}}\nwith: {x: '${{ matrix.a }}'}"), nil},
	})
}

func TestConcurrency(t *testing.T) {
	long := "g"
	for len(long) <= 400 {
		long += long
	}
	runFiles(t, []fileCase{
		{"a group alone", runnable("concurrency: g-${{ github.ref }}"), nil},
		{"a group that cancels", runnable("concurrency: {group: g, cancel-in-progress: true}"), nil},
		{"one that cancels by expression", runnable("concurrency: {group: g, cancel-in-progress: \"${{ github.ref != 'refs/heads/main' }}\"}"), nil},
		{"a queue", runnable("concurrency: {group: g, queue: max}"), nil},
		{"another queue", runnable("concurrency: {group: g, queue: all}"), []string{"6:36 error wrong-type"}},
		{"a queue that cancels", runnable("concurrency: {group: g, queue: max, cancel-in-progress: true}"), []string{"6:18 error key-conflict"}},
		{"no group", runnable("concurrency: {cancel-in-progress: true}"), []string{"6:18 error missing-key"}},
		{"an empty group", runnable("concurrency: ''"), []string{"6:18 error empty-value"}},
		{"a group that is too long", runnable("concurrency: " + long), []string{"6:18 error wrong-type"}},
		{"a secret in a group", runnable("concurrency: ${{ secrets.A }}"), []string{"6:22 error context-not-available"}},
		{"of a call", job("uses: ./.github/workflows/a.yaml\nconcurrency: g"), nil},
	})
}

func TestPermissions(t *testing.T) {
	runFiles(t, []fileCase{
		{"known ones", runnable("permissions: {contents: read, id-token: write, models: read}"), nil},
		{"all", runnable("permissions: write-all"), nil},
		{"an unknown one", runnable("permissions: {content: read}"), []string{"6:19 error unknown-key"}},
		{"a token that is only read", runnable("permissions: {id-token: read}"), []string{"6:29 error wrong-type"}},
		{"models that are written", runnable("permissions: {models: write}"), []string{"6:27 error wrong-type"}},
	})
	w, findings := workflowfile.Read("main.yaml", []byte("on: push\npermissions: {}\njobs: {a: {runs-on: x, steps: [{run: a}]}}"))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	if diff := cmp.Diff(workflow.AllPermissions(workflow.NoAccess), w.Permissions); diff != "" {
		t.Errorf("no permissions are declared as none: %s", diff)
	}
	if w.Jobs[0].Permissions != nil {
		t.Error("a job that declares none has some")
	}
}
