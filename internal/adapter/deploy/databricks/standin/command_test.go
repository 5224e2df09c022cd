package standin_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/standin"
)

func TestTheVersionSaysThatItIsAStandIn(t *testing.T) {
	w := open(t)
	if got := w.ok("version"); got != "Databricks CLI v0.298.0-standin\n" {
		t.Errorf("got %q", got)
	}
	var v struct{ Version string }
	if err := json.Unmarshal([]byte(w.ok("version", "--output", "json")), &v); err != nil || v.Version != standin.Version {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestValidatePrintsTheConfiguration(t *testing.T) {
	w := open(t)
	var c struct {
		Bundle    struct{ Name, Target, Mode string }
		Workspace struct {
			Root string `json:"root_path"`
			Host string
			User struct{ UserName string } `json:"current_user"`
		}
		Resources struct{ Jobs map[string]jsonObject }
	}
	if err := json.Unmarshal([]byte(w.ok("bundle", "validate", "-t", "dev", "-o", "json")), &c); err != nil {
		t.Fatal(err)
	}
	if got := []string{c.Bundle.Name, c.Bundle.Target, c.Bundle.Mode, c.Workspace.Root, c.Workspace.Host, c.Workspace.User.UserName}; !slices.Equal(got,
		[]string{"corp-procurement", "dev", "production", root, w.url, "deployer@example.com"}) || c.Resources.Jobs["main"] == nil {
		t.Errorf("got %q", got)
	}
	if got := w.ok("bundle", "validate", "-t", "dev"); !strings.Contains(got, "Validation OK!") {
		t.Errorf("got %q", got)
	}
}

// The guide's bundle as printed: each command of the four environments fails
// before anything is asked of a workspace.
func TestTheGuidesBundleIsRefusedWithoutARequest(t *testing.T) {
	w := open(t)
	w.set("DATABRICKS_BUNDLE_ROOT=../bundle/testdata/guide")
	for _, target := range []string{"dev", "tst", "val", "prd"} {
		w.fails("Error: "+target+": no such target. Available targets: development, main\n  in databricks.yml:82:1", "bundle", "validate", "--target", target)
	}
	w.fails("no value assigned to required variable environment", "bundle", "deploy", "-t", "main")
	if got := w.Requests(); len(got) != 0 {
		t.Errorf("requests %v", got)
	}
	vars := []string{"environment=prd", "run_as=sp", "webhook_on_failure=w"}
	args := []string{"bundle", "validate", "-t", "main", "-o", "json"}
	for _, v := range vars {
		args = append(args, "--var", v)
	}
	w.set("BUNDLE_VAR_manage_group_name=g")
	exit, out, stderr := w.run(args...)
	if exit != 0 || !strings.Contains(out, `"name": "corp-procurement/prd/main"`) || !strings.Contains(stderr, "Warning: pattern dist/*.whl does not match any files") {
		t.Errorf("exit %d\n%s", exit, stderr)
	}
}

func TestWhatTheStandInRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(w *world)
		args    string
		want    string
	}{
		"another engine":      {func(w *world) { w.set("DATABRICKS_BUNDLE_ENGINE=") }, "bundle plan", "the stand-in has the engine direct only"},
		"an unknown command":  {nil, "bundle init", `unknown command "bundle init"`},
		"no command":          {nil, "", `unknown command ""`},
		"an unknown flag":     {nil, "bundle plan --fast", "unknown flag: --fast"},
		"a flag of another":   {nil, "bundle plan --force-lock", "--force-lock is none of bundle plan"},
		"a format":            {nil, "version -o yaml", "want text or json"},
		"an argument":         {nil, "bundle run -t dev", "bundle run: 0 arguments, want 1"},
		"a variable":          {nil, "bundle plan -t dev --var secret", "--var: want NAME=VALUE"},
		"a relative path":     {nil, "api get api/2.0/x", "want one that begins with /"},
		"no host":             {func(w *world) { w.set("DATABRICKS_HOST=") }, "bundle plan -t dev", "set DATABRICKS_HOST"},
		"no bundle":           {func(w *world) { w.set("DATABRICKS_BUNDLE_ROOT=" + w.t.TempDir()) }, "bundle plan -t dev", "there is no databricks.yml"},
		"an unknown job":      {nil, "bundle run nothing -t dev", "nothing is no job of the bundle"},
		"a job not deployed":  {nil, "bundle run main -t dev", "job main is not deployed to target dev"},
		"destroy without yes": {nil, "bundle destroy -t dev", "pass --auto-approve"},
		"a build": {
			func(w *world) {
				w.edit("databricks.yml", "sync:\n", "artifacts: {w: {type: whl, build: make}}\nsync:\n")
			},
			"bundle deploy -t dev", "artifact w: the stand-in builds nothing",
		},
		"a resource that is no job": {
			func(w *world) { w.write("resources/p.yml", "resources: {pipelines: {p: {name: p}}}") },
			"bundle deploy -t dev", "resources.pipelines: the stand-in deploys jobs only",
		},
		"another branch": {
			func(w *world) {
				w.git("init", "-q", "-b", "work")
				w.git("commit", "-q", "--allow-empty", "-m", "x")
				w.edit("databricks.yml", "  name: corp-procurement\n", "  name: corp-procurement\n  git: {branch: main}\n")
			},
			"bundle deploy -t dev", "not on the right Git branch: expected main, actual work",
		},
		"the other engine's state": {
			func(w *world) {
				if err := w.TamperFile(root+"/state/terraform.tfstate", []byte("{}")); err != nil {
					w.t.Fatal(err)
				}
			},
			"bundle deploy -t dev", "it was deployed with the engine terraform",
		},
		"a newer state": {
			func(w *world) {
				if err := w.TamperFile(root+"/state/resources.json", []byte(`{"state_version":3,"cli_version":"9"}`)); err != nil {
					w.t.Fatal(err)
				}
			},
			"bundle deploy -t dev", "state_version 3 was written by a newer program (9)",
		},
		"a plan that is none": {
			func(w *world) { w.write("plan.json", "[]") },
			"bundle deploy -t dev --plan DIR/plan.json", "cannot unmarshal array",
		},
		"a plan of another version": {
			func(w *world) { w.write("plan.json", `{"plan_version":1}`) },
			"bundle deploy -t dev --plan DIR/plan.json", "plan_version 1, want 2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			if c.prepare != nil {
				c.prepare(w)
			}
			w.fails(c.want, strings.Fields(strings.ReplaceAll(c.args, "DIR", w.dir))...)
		})
	}
}

// On a detached head, as of a tag, the branch is not looked at.
func TestATagIsOnNoBranch(t *testing.T) {
	w := open(t)
	w.edit("databricks.yml", "  name: corp-procurement\n", "  name: corp-procurement\n  git: {branch: main}\n")
	w.git("init", "-q", "-b", "work")
	w.git("commit", "-q", "--allow-empty", "-m", "x")
	w.ok("bundle", "deploy", "-t", "tst", "--force")
	w.git("checkout", "-q", "--detach")
	w.deploy()
}

func TestRun(t *testing.T) {
	w := open(t)
	w.deploy()
	var out struct {
		Tasks []struct {
			TaskKey string
			Output  struct{ Logs string }
		} `json:"task_outputs"`
	}
	exit, stdout, stderr := w.run("bundle", "run", "main", "-t", "dev", "-o", "json")
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || exit != 0 {
		t.Fatalf("exit %d, %v: %s", exit, err, stderr)
	}
	if len(out.Tasks) != 2 || out.Tasks[0].TaskKey != "source_to_landing" || out.Tasks[0].Output.Logs == "" || !strings.Contains(stderr, "Run URL: "+w.url) {
		t.Errorf("got %+v\n%s", out, stderr)
	}
	if err := w.FailRuns(fakeworkspace.FailingRun{Job: "corp-procurement/dev/main", Times: 1}); err != nil {
		t.Fatal(err)
	}
	exit, stdout, stderr = w.run("bundle", "run", "main", "-t", "dev", "-o", "json")
	if exit != 1 || !strings.Contains(stderr, "ended FAILED") || !strings.Contains(stdout, "task_outputs") {
		t.Errorf("a failed run: exit %d\n%s%s", exit, stdout, stderr)
	}
	if exit, stdout, _ = w.run("bundle", "run", "main", "-t", "dev", "--no-wait"); exit != 0 || stdout != "" || len(w.Runs()) != 3 {
		t.Errorf("exit %d %q, %d runs", exit, stdout, len(w.Runs()))
	}
}

func TestSummaryAsksOnlyWhoItIs(t *testing.T) {
	w := open(t)
	w.deploy()
	before := len(w.Requests())
	var c struct {
		Resources struct {
			Jobs map[string]struct{ ID, URL string }
		}
	}
	if err := json.Unmarshal([]byte(w.ok("bundle", "summary", "-t", "dev", "-o", "json")), &c); err != nil {
		t.Fatal(err)
	}
	job, _ := w.job()
	if got := c.Resources.Jobs["main"]; got.ID == "" || got.URL != w.url+"/jobs/"+got.ID+"?o=4711" || job.ID == 0 {
		t.Errorf("got %+v", got)
	}
	if got := w.Requests()[before:]; len(got) != 2 || got[1].Path != "/api/2.0/preview/scim/v2/Me" {
		t.Errorf("requests %+v", got)
	}
	w.checkout()
	if got := w.ok("bundle", "summary", "-t", "dev", "-o", "json"); !strings.Contains(got, `"id": "`+c.Resources.Jobs["main"].ID+`"`) {
		t.Error("a fresh checkout does not know the id")
	}
}

func TestDestroyLeavesNothing(t *testing.T) {
	w := open(t)
	w.deploy()
	w.ok("bundle", "destroy", "-t", "dev", "--auto-approve")
	if len(w.Jobs())+len(w.Files()) != 0 {
		t.Errorf("left: %v %v", w.Jobs(), w.Files())
	}
}
