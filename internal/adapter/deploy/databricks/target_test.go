package databricks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

func TestTarget(t *testing.T) {
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture { return open(t).Fixture })
}

// several hands One and Two in under a name, beside another artifact.
func several(t *testing.T) world {
	t.Helper()
	w := open(t)
	w.Place.Config["artifact"] = "bundle"
	beside := func(bundle deploytest.Files) deploytest.Files {
		out := deploytest.Files{"reports/sales.json": "{}"}
		for path, text := range bundle {
			out["bundle/"+path] = text
		}
		return out
	}
	w.One, w.Two = beside(w.One), beside(w.Two)
	return w
}

// TestTheBundleIsOneOfSeveralArtifacts runs the suite with them.
func TestTheBundleIsOneOfSeveralArtifacts(t *testing.T) {
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture { return several(t).Fixture })
	w := several(t)
	for _, fact := range w.Apply(t, w.One) {
		if strings.Contains(fact.Path, "sales.json") || strings.HasPrefix(fact.Path, "files/bundle/") {
			t.Errorf("%s is deployed", fact.Path)
		}
	}
	w.Place.Config["artifact"] = "library"
	_, err := w.Target.Plan(t.Context(), w.Call(), w.One.Artifact(t))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "deploys the artifact library as its bundle") {
		t.Errorf("an artifact that was not handed in: %v", err)
	}
	w.Place.Config["artifact"] = ".."
	if _, err := w.Target.Describe(t.Context(), w.Call()); !strings.Contains(fmt.Sprint(err), `environments.prd.config.artifact: artifact name ".."`) {
		t.Errorf("a name that is a way out: %v", err)
	}
}

// TestTheRealProgram runs the same suite with the adopter's own program, which
// this project may neither contain nor fetch.
func TestTheRealProgram(t *testing.T) {
	path := need.Foreign(t, "databricks", "planning, deploying and running were seen with the stand-in only")
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture {
		w := open(t)
		w.Target.(*databricks.Target).Programs = programs{path: path, home: t.TempDir()}
		return w.Fixture
	})
}

// drifted are the differences after One was deployed and something was done.
func drifted(t *testing.T, tamper func(world) error) []string {
	t.Helper()
	w := open(t)
	want := w.Apply(t, w.One)
	if err := tamper(w); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range deployment.Drifted(want, w.Observe(t)) {
		out = append(out, d.String())
	}
	return out
}

func TestWhatIsChangedByHandIsFound(t *testing.T) {
	job := func(w world) int64 { return w.Jobs()[0].ID }
	for name, c := range map[string]struct {
		tamper func(world) error
		want   string
	}{
		"a paused schedule": {
			func(w world) error {
				return w.TamperJob(job(w), json.RawMessage(`{"schedule":{"quartz_cron_expression":"0 0 0/3 * * ?","timezone_id":"Europe/Amsterdam","pause_status":"PAUSED"}}`))
			},
			"jobs.main/schedule/pause_status: expected UNPAUSED, is PAUSED",
		},
		"tags": {
			func(w world) error { return w.TamperJob(job(w), json.RawMessage(`{"tags":{"x":"y"}}`)) },
			"jobs.main/tags/x: expected absent, is y",
		},
		"a task less": {
			func(w world) error {
				return w.TamperJob(job(w), json.RawMessage(`{"tasks":[{"task_key":"source_to_landing"}]}`))
			},
			"jobs.main/tasks[landing_to_bronze]/task_key: expected landing_to_bronze, is absent",
		},
		"who runs it": {
			func(w world) error {
				return w.TamperJob(job(w), json.RawMessage(`{"run_as":{"user_name":"eve@example.com"}}`))
			},
			"jobs.main/run_as: expected 00000000-0000-4000-8000-000000000004, is eve@example.com",
		},
		"a right": {
			func(w world) error {
				return w.TamperGrant(job(w), fakeworkspace.Grant{User: "eve@example.com", Level: "CAN_MANAGE"})
			},
			"jobs.main.permissions/user_name:eve@example.com: expected absent, is CAN_MANAGE",
		},
		"a second job of the name": {
			func(w world) error { _, err := w.TamperDuplicate(job(w)); return err },
			"jobs.main/same name: expected 1, is 2",
		},
		"a job that is gone": {
			func(w world) error { return w.TamperDelete(job(w)) }, "is gone",
		},
		"a file": {
			func(w world) error { return w.TamperFile(root+"/files/src/etl.py", []byte("x")) }, "files/src/etl.py: expected ",
		},
		"a file more": {
			func(w world) error { return w.TamperFile(root+"/files/src/more.py", []byte("x")) },
			"files/src/more.py: expected absent, is " + digest("x"),
		},
		"a file less": {
			func(w world) error { return w.TamperRemove(root + "/files/src/etl.py") }, "is absent",
		},
		"a wheel": {
			func(w world) error {
				return w.TamperFile(root+"/artifacts/.internal/etl-1.2.0-py3-none-any.whl", []byte("x"))
			},
			"artifacts/etl-1.2.0-py3-none-any.whl: expected ",
		},
		"the state of the deployer": {
			func(w world) error { return w.TamperRemove(root + "/state/resources.json") },
			"jobs.main/name: expected corp-procurement/prd/main, is absent",
		},
		"what says the commit": {
			func(w world) error { return w.TamperRemove(root + "/state/metadata.json") },
			"deployment/commit: expected 0123456789abcdef",
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := strings.Join(drifted(t, c.tamper), "\n")
			if !strings.Contains(found, c.want) {
				t.Errorf("want %q in\n%s", c.want, found)
			}
		})
	}
}

func TestNothingChangedIsNothingFound(t *testing.T) {
	if found := drifted(t, func(world) error { return nil }); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

func TestARenamedKeyDeletesAJob(t *testing.T) {
	w := open(t)
	w.Apply(t, w.One)
	renamed := checkout(t, func(f deploytest.Files) {
		for path, text := range f {
			f[path] = strings.ReplaceAll(text, "    main:", "    renamed:")
		}
	})
	p := w.Plan(t, renamed.Artifact(t))
	if lost := strings.Join(p.Destroys(), "; "); !strings.Contains(lost, "delete jobs.main: its identity and the history of its runs") {
		t.Errorf("%s; loses %q", p.Summary(), lost)
	}
}

func TestAPlanOfAnotherStateIsStale(t *testing.T) {
	w := open(t)
	w.Apply(t, w.One)
	a := w.Two.Artifact(t)
	p := w.Plan(t, a)
	w.Apply(t, checkout(t, func(f deploytest.Files) { f["src/etl.py"] = "pass\n" }))
	err := w.Target.Apply(t.Context(), w.Call(), a, p)
	if err == nil || !strings.Contains(err.Error(), "the plan is stale") {
		t.Errorf("got %v", err)
	}
}

func TestALockThatIsHeldIsSaid(t *testing.T) {
	w := open(t)
	w.Apply(t, w.One)
	a := w.Two.Artifact(t)
	p := w.Plan(t, a)
	if err := w.TamperFile(root+"/state/deploy.lock", []byte(`{"ID":"x","User":"someone@example.com"}`)); err != nil {
		t.Fatal(err)
	}
	err := w.Target.Apply(t.Context(), w.Call(), a, p)
	if err == nil || !strings.Contains(err.Error(), "lock") {
		t.Errorf("got %v", err)
	}
}

func TestNothingSecretIsRecorded(t *testing.T) {
	w := open(t)
	a := w.One.Artifact(t)
	c := w.Call()
	p, err := w.Target.Plan(t.Context(), c, a)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal([]any{p, c.Record})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), token) {
		t.Error("the token stands in plan or record")
	}
	if len(c.Record.Invocations) == 0 || len(p.Tools) != 1 || !strings.Contains(p.Tools[0].Version, "standin") {
		t.Errorf("record %+v, tools %v", c.Record.Invocations, p.Tools)
	}
}

// TestWhatIsDeployedElsewhereIsRefused: nobody would look there.
func TestWhatIsDeployedElsewhereIsRefused(t *testing.T) {
	for key, path := range map[string]string{"file_path": "/Workspace/Shared/files", "state_path": root + "/other", "artifact_path": "/Volumes/main/default/wheels"} {
		w := open(t)
		a := checkout(t, func(f deploytest.Files) {
			f["databricks.yml"] = strings.Replace(f["databricks.yml"], "    workspace:\n", "    workspace:\n      "+key+": "+path+"\n", 1)
		}).Artifact(t)
		_, err := w.Target.Plan(t.Context(), w.Call(), a)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "workspace."+key+" "+path+", which is not read back") {
			t.Errorf("%s: %v", key, err)
		}
		found, err := w.Target.Check(t.Context(), w.Call(), a)
		if err != nil || !slices.ContainsFunc(found, func(f deployment.Finding) bool { return f.Rule == "root" && strings.Contains(f.What, key) }) {
			t.Errorf("%s: checked: %v, %v", key, found, err)
		}
	}
}

// TestANotebookThatIsGoneIsRemoved: it lies in the workspace under another name.
func TestANotebookThatIsGoneIsRemoved(t *testing.T) {
	w := open(t)
	w.Apply(t, checkout(t, func(f deploytest.Files) { f["src/nb.py"] = "# Databricks notebook source\n" }))
	want := w.Apply(t, w.One)
	if d := deployment.Drifted(want, w.Observe(t)); len(d) > 0 {
		t.Error(d)
	}
}

// TestAPatternOfAWheelIsExpectedWhereItIsDeployed: a program may say the pattern when it
// validates, and resolve it when it deploys.
func TestAPatternOfAWheelIsExpectedWhereItIsDeployed(t *testing.T) {
	for _, pattern := range []string{"./dist/*.whl", "dist/etl-1.2.0-py3-none-any.whl"} {
		w := inProcess(t)
		target := w.Target.(*databricks.Target)
		target.Programs = saying{target.Programs, func(argv []string, stdout []byte) []byte {
			if !slices.Contains(argv, "validate") {
				return stdout
			}
			return []byte(strings.ReplaceAll(string(stdout), root+"/artifacts/.internal/etl-1.2.0-py3-none-any.whl", pattern))
		}}
		want := w.Apply(t, w.One)
		if d := deployment.Drifted(want, w.Observe(t)); len(d) > 0 {
			t.Errorf("%s: %v", pattern, d)
		}
	}
}

// TestAnotherProgramDoesNotCarryAPlanOut: who signed saw which one planned.
func TestAnotherProgramDoesNotCarryAPlanOut(t *testing.T) {
	w := inProcess(t)
	a := w.One.Artifact(t)
	p := w.Plan(t, a)
	p.Tools[0].SHA256 = digest("another")
	err := w.Target.Apply(t.Context(), w.Call(), a, p)
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "is not the program any more that planned it") || len(w.Jobs()) > 0 {
		t.Errorf("got %v and %d jobs", err, len(w.Jobs()))
	}
}
