package bundle_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

func TestSitesOfOneWorkspaceAreApart(t *testing.T) {
	const one, again, two = "https://one/", "https://ONE", "https://two"
	const byTarget = "${bundle.target}"
	for name, c := range map[string]struct {
		root, job string
		hosts     [2]string
		want      []string
	}{
		"apart":             {"/Workspace/x/" + byTarget, "n/" + byTarget, [2]string{one, again}, nil},
		"another workspace": {"/Workspace/x", "n", [2]string{one, two}, nil},
		"one name": {"/Workspace/x/" + byTarget, "n", [2]string{one, again}, []string{
			`databricks.yml:3:30: error: prd and dev both have a job named "n" in one workspace (BND012): let the name hold ${bundle.target}`,
		}},
		"one folder": {"/Workspace/x", "n/" + byTarget, [2]string{one, again}, []string{
			"databricks.yml:2:24: error: prd and dev are both deployed below /Workspace/x: each deployment replaces the other (BND005): let root_path hold ${bundle.target}",
		}},
	} {
		text := fmt.Sprintf("bundle: {name: b}\nworkspace: {root_path: %q}\nresources: {jobs: {j: {name: %q}}}\ntargets: {prd: {mode: production}, dev: {mode: production}}\n", c.root, c.job)
		b, found := bundle.Load(fstest.MapFS{"databricks.yml": {Data: []byte(text)}})
		if bundle.Failed(found) {
			t.Fatal(found)
		}
		var sites []bundle.Site
		for i, environment := range []string{"prd", "dev"} {
			r, found := b.Resolve(bundle.Options{Target: environment})
			if r == nil {
				t.Fatal(found)
			}
			sites = append(sites, bundle.Site{Environment: environment, Host: c.hosts[i], Resolved: r})
		}
		var got []string
		for _, f := range bundle.Beside(sites[0], sites[1:]) {
			got = append(got, f.String())
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
