package databricks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// withPipeline is a world whose program deploys a pipeline beside the jobs. It acts
// on it as the plan of the program says.
func withPipeline(t *testing.T, action string) world {
	t.Helper()
	w := inProcess(t)
	target := w.Target.(*databricks.Target)
	target.Programs = saying{target.Programs, func(argv []string, stdout []byte) []byte {
		var out object
		switch {
		case slices.Contains(argv, "validate"):
			unmarshal(t, stdout, &out)
			in(out, "resources")["pipelines"] = object{"sales": object{"name": "sales"}}
		case slices.Contains(argv, "plan"):
			unmarshal(t, stdout, &out)
			in(out, "plan")["resources.pipelines.sales"] = object{"action": action}
		default:
			return stdout
		}
		raw, err := json.Marshal(out)
		if err != nil {
			t.Error(err)
		}
		return raw
	}}
	return w
}

func unmarshal(t *testing.T, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Error(err)
	}
}

// TestWhatCannotBeReadBackIsNeverVerified: it differs, unless people decided how else
// to verify it, and then it is said to be unread.
func TestWhatCannotBeReadBackIsNeverVerified(t *testing.T) {
	for config, want := range map[string]deployment.Difference{
		"":                {Path: "pipelines.sales", Expected: "deployed", Actual: "not read back"},
		"pipelines.other": {Path: "pipelines.sales", Expected: "deployed", Actual: "not read back"},
		"pipelines.sales": {Path: "pipelines.sales", Expected: "not read back", Actual: "not read back"},
	} {
		w := withPipeline(t, "create")
		if config != "" {
			w.Place.Config["not-read-back"] = config
		}
		p := w.Plan(t, w.One.Artifact(t))
		if !slices.ContainsFunc(p.Kept, func(k string) bool { return strings.HasPrefix(k, "pipelines.sales as it is then") }) {
			t.Errorf("who signs is told %q", p.Kept)
		}
		if got := changed(p, "pipelines.sales"); got != "create" {
			t.Errorf("changes %q", got)
		}
		p.Own = strings.ReplaceAll(p.Own, `"resources.pipelines.sales":{"action":"create"}`, `"resources.pipelines.sales":{"action":"skip"}`)
		if err := w.Target.Apply(t.Context(), w.Call(), w.One.Artifact(t), p); err != nil {
			t.Fatal(err)
		}
		if err := w.state("resources.json", func(m object) { in(m, "state")["resources.pipelines.sales"] = object{"__id__": "f1"} }); err != nil {
			t.Fatal(err)
		}
		all := deployment.Compare(p.Expected, w.Observe(t))
		i := slices.IndexFunc(all, func(d deployment.Difference) bool { return d.Path == want.Path })
		if i < 0 || all[i] != want || all[i].Unread() != (config == "pipelines.sales") {
			t.Errorf("not-read-back: %s: got %v", config, all[max(i, 0)])
		}
	}
}

// changed are the actions of a plan on a resource.
func changed(p deployment.Plan, resource string) string {
	var out []string
	for _, c := range p.Changes {
		if c.Resource == resource {
			out = append(out, string(c.Action))
		}
	}
	return strings.Join(out, ", ")
}

func TestWhatIsLostWithAResourceIsSaid(t *testing.T) {
	w := withPipeline(t, "delete")
	w.Apply(t, w.One)
	p := w.Plan(t, w.Two.Artifact(t))
	if got := strings.Join(p.Destroys(), "; "); got != "delete pipelines.sales: its identity, its history and the tables that it keeps" {
		t.Error(got)
	}
	if slices.ContainsFunc(p.Kept, func(k string) bool { return strings.Contains(k, "tables") }) {
		t.Errorf("deletes tables and keeps %q", p.Kept)
	}
}

func TestAnActionThatNobodyKnowsIsRefused(t *testing.T) {
	for _, action := range []string{"", "replace-in-place"} {
		w := withPipeline(t, action)
		if _, err := w.Target.Plan(t.Context(), w.Call(), w.One.Artifact(t)); err == nil || !strings.Contains(err.Error(), "unknown action") {
			t.Errorf("action %q: %v", action, err)
		}
	}
}

func TestACheckNamesWhatIsNotReadBack(t *testing.T) {
	w := open(t)
	w.Place.Config["not-read-back"] = "schemas.bronze"
	a := checkout(t, func(f deploytest.Files) {
		f["resources/more2.yml"] = "resources:\n  jobs:\n    x:\n      name: x\n      tags: {of: \"job ${resources.jobs.main.id}\"}\n      tasks: [{task_key: t, run_job_task: {job_id: \"${resources.jobs.main.id}\"}}, {task_key: u, pipeline_task: {pipeline_id: \"${resources.pipelines.sales.id}\"}}]\n"
		f["resources/more.yml"] = "resources:\n  pipelines:\n    sales: {name: sales}\n  schemas:\n    bronze: {name: bronze, catalog_name: main}\n"
	}).Artifact(t)
	found, err := w.Target.Check(context.Background(), w.Call(), a)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range found {
		if f.Rule == "not-read-back" {
			got[f.Where] = f.Severity
		}
	}
	if i := slices.IndexFunc(found, func(f deployment.Finding) bool { return f.Rule == "reference" }); i < 0 || found[i].Where != "resources/more2.yml:5:18" || strings.Count(fmt.Sprint(found), "[reference]") != 1 {
		t.Errorf("references: %v", found)
	}
	if len(got) != 2 || got["resources.pipelines.sales"] != deployment.Error || got["resources.schemas.bronze"] != deployment.Warning {
		t.Errorf("got %v of %v", got, found)
	}
	w.Place.Config["not-read-back"] = "jobs.main"
	if _, err := w.Target.Describe(t.Context(), w.Call()); err == nil || !strings.Contains(err.Error(), "jobs are read back") {
		t.Errorf("got %v", err)
	}
}
