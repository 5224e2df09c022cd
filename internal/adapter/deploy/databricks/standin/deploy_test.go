package standin_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/standin"
)

var update = flag.Bool("update", false, "write the golden files")

// The whole road of a deployment, request by request. Files are uploaded at once
// and are sorted here.
func TestRequestsOfADeployment(t *testing.T) {
	w := open(t)
	var b strings.Builder
	seen := 0
	record := func(title string, args ...string) {
		w.ok(args...)
		fmt.Fprintf(&b, "# %s: databricks %s\n", title, strings.Join(args, " "))
		var lines []string
		for _, r := range w.Requests()[seen:] {
			line := r.Method + " " + r.Path
			if r.Query != "" {
				line += "?" + r.Query
			}
			lines = append(lines, fmt.Sprintf("%d %s", r.Status, line))
		}
		seen = len(w.Requests())
		b.WriteString(strings.Join(sortFiles(lines), "\n") + "\n\n")
	}
	record("nothing is there", "bundle", "validate", "-t", "dev", "-o", "json")
	record("nothing is there", "bundle", "plan", "-t", "dev", "-o", "json")
	record("first", "bundle", "deploy", "-t", "dev", "--auto-approve")
	record("nothing changed", "bundle", "plan", "-t", "dev", "-o", "json")
	w.checkout()
	record("again, from a fresh checkout", "bundle", "deploy", "-t", "dev")
	record("known from the deployment", "bundle", "summary", "-t", "dev", "-o", "json")
	record("deployed", "bundle", "run", "main", "-t", "dev", "-o", "json")
	record("deployed", "bundle", "destroy", "-t", "dev", "--auto-approve")
	record("nothing deployed", "bundle", "destroy", "-t", "dev", "--auto-approve")

	if *update {
		if err := os.WriteFile("testdata/requests.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Error(d)
	}
	for _, r := range w.Requests() {
		if !strings.HasSuffix(r.UserAgent, "engine/direct auth/pat") || !strings.Contains(r.UserAgent, standin.Version) {
			t.Errorf("%s %s: user agent %q", r.Method, r.Path, r.UserAgent)
		}
		if r.Unknown && !strings.HasPrefix(r.Path, "/.well-known/") {
			t.Errorf("the workspace has no %s %s", r.Method, r.Path)
		}
	}
}

// sortFiles orders what goes to the folder of the files, which begins with the
// first upload and ends with the state.
func sortFiles(lines []string) []string {
	of := func(l string) bool {
		return strings.Contains(l, root+"/files/") || strings.Contains(l, "workspace/mkdirs")
	}
	first := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "import-file"+root+"/files/") })
	if first < 0 {
		return lines
	}
	last := first
	for last < len(lines) && of(lines[last]) {
		last++
	}
	slices.Sort(lines[first:last])
	return lines
}

func TestTheJobIsWhatTheBundleSays(t *testing.T) {
	w := open(t)
	w.git("init", "-q", "-b", "main")
	w.git("remote", "add", "origin", "https://git.example.com/corp-procurement.git")
	w.git("add", "-A", "-f")
	w.git("commit", "-q", "-m", "release")
	commit := w.git("rev-parse", "HEAD")
	w.deploy()
	job, settings := w.job()
	if job.Name != "corp-procurement/dev/main" || job.Creator != "deployer@example.com" {
		t.Errorf("job %q of %s", job.Name, job.Creator)
	}
	want := jsonObject{
		"tags":                jsonObject{"specification": "FS-corp-procurement-1", "git-origin": "https://git.example.com/corp-procurement.git", "git-commit": commit},
		"schedule":            jsonObject{"quartz_cron_expression": "0 0 0/3 * * ?", "timezone_id": "Europe/Amsterdam", "pause_status": "PAUSED"},
		"run_as":              jsonObject{"service_principal_name": "00000000-0000-4000-8000-000000000001"},
		"deployment":          jsonObject{"kind": "BUNDLE", "metadata_file_path": root + "/state/metadata.json"},
		"queue":               jsonObject{"enabled": true},
		"max_concurrent_runs": 1.0, "format": "MULTI_TASK", "edit_mode": "UI_LOCKED", "permissions": nil,
	}
	for key, v := range want {
		if d := cmp.Diff(v, settings[key]); d != "" {
			t.Errorf("%s: %s", key, d)
		}
	}
	var grants []string
	for _, a := range job.Permissions {
		if !a.All[0].Inherited {
			grants = append(grants, a.User+a.Group+" "+a.All[0].Level)
		}
	}
	if want := []string{"procurement-operations CAN_MANAGE", "deployer@example.com IS_OWNER"}; !slices.Equal(grants, want) {
		t.Errorf("permissions %q, want %q", grants, want)
	}
	st := w.state()
	if st.Version != 2 || st.CLI != standin.Version || st.Serial != 1 || st.Lineage == "" ||
		st.State["resources.jobs.main"].ID != fmt.Sprint(job.ID) || st.State["resources.jobs.main.permissions"].ID != fmt.Sprintf("/jobs/%d", job.ID) {
		t.Errorf("state %+v", st)
	}
	var meta struct {
		Config struct {
			Bundle struct {
				Name, Target, Mode string
				Git                struct{ Branch, Commit string }
			}
			Workspace struct {
				Path string `json:"file_path"`
			}
			Resources struct {
				Jobs map[string]struct{ ID string }
			}
		}
	}
	if err := json.Unmarshal([]byte(w.file(root+"/state/metadata.json")), &meta); err != nil {
		t.Fatal(err)
	}
	c := meta.Config
	if got := []string{c.Bundle.Name, c.Bundle.Target, c.Bundle.Mode, c.Bundle.Git.Branch, c.Bundle.Git.Commit, c.Workspace.Path, c.Resources.Jobs["main"].ID}; !slices.Equal(got,
		[]string{"corp-procurement", "dev", "production", "main", commit, root + "/files", fmt.Sprint(job.ID)}) {
		t.Errorf("metadata %q", got)
	}
	if w.file(root+"/artifacts/.internal/etl-1.2.0-py3-none-any.whl") == "" || w.file(root+"/files/src/etl.py") == "" {
		t.Error("wheel or file is missing")
	}
	if w.file(root+"/state/deploy.lock") != "" {
		t.Error("the lock is still there")
	}
}

func TestPlanShowsWhatOthersChangedAndDeployRepairsIt(t *testing.T) {
	w := open(t)
	w.deploy()
	job, settings := w.job()
	change := func(v jsonObject) {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.TamperJob(job.ID, raw); err != nil {
			t.Fatal(err)
		}
	}
	schedule, tags, tasks := settings["schedule"].(jsonObject), settings["tags"].(jsonObject), settings["tasks"].([]any)
	schedule["pause_status"], tags["added"], tags["a.b"] = "UNPAUSED", "by hand", "x"
	tasks[1].(jsonObject)["run_if"] = "ALL_DONE"
	change(jsonObject{
		"schedule": schedule, "tags": tags, "tasks": []any{tasks[1], tasks[0]}, "max_concurrent_runs": 5,
		"email_notifications": jsonObject{}, "timeout_seconds": 0, "performance_target": "STANDARD", // the workspace's own
	})
	if err := w.TamperGrant(job.ID, fakeworkspace.Grant{User: "eve@example.com", Level: "CAN_MANAGE"}); err != nil {
		t.Fatal(err)
	}
	p, file := w.plan()
	if d := cmp.Diff(map[string]string{"main": "update", "main.permissions": "update"}, p.actions()); d != "" {
		t.Fatal(d)
	}
	if d := cmp.Diff(map[string]jsonObject{
		"schedule.pause_status": {"action": "update", "old": "PAUSED", "new": "PAUSED", "remote": "UNPAUSED"},
		"tags.added":            {"action": "update", "remote": "by hand"},
		"tags['a.b']":           {"action": "update", "remote": "x"},
		"tasks[task_key='landing_to_bronze'].run_if": {"action": "update", "old": "ALL_SUCCESS", "new": "ALL_SUCCESS", "remote": "ALL_DONE"},
		"max_concurrent_runs":                        {"action": "update", "old": 1.0, "new": 1.0, "remote": 5.0},
	}, p.Plan["resources.jobs.main"].Changes); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]jsonObject{
		"permissions[user_name='eve@example.com']": {"action": "update", "remote": jsonObject{"user_name": "eve@example.com", "permission_level": "CAN_MANAGE"}},
	}, p.Plan["resources.jobs.main.permissions"].Changes); d != "" {
		t.Error(d)
	}
	w.deploy("--plan", file)
	if p, _ = w.plan(); !slices.Equal([]string{p.actions()["main"], p.actions()["main.permissions"]}, []string{"skip", "skip"}) {
		t.Errorf("after the repair: %v", p.actions())
	}
	if same, _ := w.job(); same.ID != job.ID {
		t.Errorf("job %d became %d", job.ID, same.ID)
	}
}

func TestAFileThatOthersChangedIsRepairedFromAFreshCheckoutOnly(t *testing.T) {
	w := open(t)
	w.deploy()
	const name = root + "/files/src/etl.py"
	if err := w.TamperFile(name, []byte("changed")); err != nil {
		t.Fatal(err)
	}
	if p, _ := w.plan(); p.actions()["main"] != "skip" {
		t.Errorf("a plan does not look at files, got %v", p.actions())
	}
	w.deploy()
	if got := w.file(name); got != "changed" {
		t.Errorf("the same folder uploaded it again: %q", got)
	}
	w.checkout()
	w.deploy()
	if got := w.file(name); got != "def main(): ...\n" {
		t.Errorf("got %q", got)
	}
}

func TestFilesThatAreGoneOrIgnoredAreNotInTheWorkspace(t *testing.T) {
	w := open(t)
	w.write("src/old.py", "old")
	w.write("notes/private.txt", "no")
	w.write(".gitignore", "notes/\n")
	w.deploy()
	if w.file(root+"/files/src/old.py") != "old" || w.file(root+"/files/notes/private.txt") != "" {
		t.Error("want src/old.py and no notes")
	}
	w.checkout()
	w.deploy()
	if got := w.file(root + "/files/src/old.py"); got != "" {
		t.Errorf("a file of the deployment before is still there: %q", got)
	}
}

func TestAPlanIsForOneStateOfOnePlace(t *testing.T) {
	w := open(t)
	w.deploy()
	_, stale := w.plan()
	w.deploy()
	w.fails("plan serial 1 does not match state serial 2", "bundle", "deploy", "-t", "dev", "--plan", stale)
	_, first := w.plan()
	w.fails("does not match state lineage", "bundle", "deploy", "-t", "tst", "--plan", first)

	other := open(t)
	_, first = other.plan()
	other.fails("is for another place", "bundle", "deploy", "-t", "tst", "--plan", first)
	if jobs := other.Jobs(); len(jobs) != 0 {
		t.Errorf("jobs %v", jobs)
	}
	// what is deployed is the plan, not what the folder says by now
	other.edit("resources/main.yml", "Europe/Amsterdam", "Europe/Berlin")
	other.deploy("--plan", first)
	if _, settings := other.job(); settings["schedule"].(jsonObject)["timezone_id"] != "Europe/Amsterdam" {
		t.Error("the plan was not deployed as it was")
	}
}

func TestAnotherKeyIsAnotherJob(t *testing.T) {
	w := open(t)
	w.deploy()
	before, _ := w.job()
	w.edit("resources/main.yml", "    main:\n", "    renamed:\n")
	w.edit("databricks.yml", "        main:\n", "        renamed:\n")
	p, file := w.plan()
	if d := cmp.Diff(map[string]string{"main": "delete", "main.permissions": "delete", "renamed": "create", "renamed.permissions": "create"}, p.actions()); d != "" {
		t.Error(d)
	}
	w.deploy("--plan", file)
	after, _ := w.job()
	if after.ID == before.ID {
		t.Error("the job kept its id")
	}
	if st := w.state(); len(st.State) != 2 || st.Serial != 2 {
		t.Errorf("state %+v", st)
	}
}

func TestAJobThatIsGoneIsMadeAgain(t *testing.T) {
	w := open(t)
	w.deploy()
	before, _ := w.job()
	if err := w.TamperDelete(before.ID); err != nil {
		t.Fatal(err)
	}
	p, _ := w.plan()
	if p.actions()["main"] != "recreate" {
		t.Errorf("plan %v", p.actions())
	}
	w.deploy()
	if after, _ := w.job(); after.ID == before.ID || len(after.Permissions) != 3 {
		t.Errorf("job %+v", after)
	}
	w.edit("resources/main.yml", "      schedule:\n", "      lifecycle: {prevent_destroy: true}\n      schedule:\n")
	if err := w.TamperDelete(w.Jobs()[0].ID); err != nil {
		t.Fatal(err)
	}
	w.fails("prevent_destroy set, but the plan calls for its recreate", "bundle", "plan", "-t", "dev")
	w.fails("prevent_destroy set, but the plan calls for its delete", "bundle", "destroy", "-t", "dev", "--auto-approve")
}

func TestPermissionsThatAreRemovedLeaveTheOwner(t *testing.T) {
	w := open(t)
	w.deploy()
	w.edit("databricks.yml", "    permissions:\n      - group_name: ${var.manage_group_name}\n        level: CAN_MANAGE\n", "")
	p, _ := w.plan()
	if d := cmp.Diff(map[string]string{"main": "skip", "main.permissions": "delete"}, p.actions()); d != "" {
		t.Error(d)
	}
	w.deploy()
	if job, _ := w.job(); len(job.Permissions) != 2 || job.Permissions[0].User != "deployer@example.com" {
		t.Errorf("permissions %+v", job.Permissions)
	}
}

func TestJobsThatReferToOneAnother(t *testing.T) {
	w := open(t)
	const caller = `resources:
  jobs:
    a_caller:
      name: caller
      tags: {calls: "job ${resources.jobs.main.id}"}
      tasks: [{task_key: call, run_job_task: {job_id: "${resources.jobs.main.id}"}}]
`
	w.write("resources/caller.yml", caller)
	w.deploy()
	jobs := w.Jobs()
	if len(jobs) != 2 || jobs[1].Name != "caller" || !strings.Contains(string(jobs[1].Settings), fmt.Sprintf(`"run_job_task":{"job_id":%d}`, jobs[0].ID)) ||
		!strings.Contains(string(jobs[1].Settings), fmt.Sprintf(`"calls":"job %d"`, jobs[0].ID)) {
		t.Errorf("jobs %+v", jobs)
	}
	if p, _ := w.plan(); p.actions()["a_caller"] != "skip" {
		t.Errorf("plan %v", p.actions())
	}
	w.write("resources/caller.yml", strings.ReplaceAll(caller, "jobs.main.id", "jobs.a_caller.id"))
	w.write("resources/second.yml", strings.NewReplacer("a_caller", "b", "caller", "b", "jobs.main.id", "jobs.c.id").Replace(caller)+
		strings.NewReplacer("resources:\n  jobs:\n", "", "a_caller", "c", "caller", "c", "jobs.main.id", "jobs.b.id").Replace(caller))
	w.fails("refer to each other", "bundle", "deploy", "-t", "dev")
	w.write("resources/second.yml", strings.NewReplacer("a_caller", "d", "jobs.main.id", "jobs.gone.id").Replace(caller))
	w.fails("reference does not exist: ${resources.jobs.gone.id}", "bundle", "deploy", "-t", "dev")
	w.write("resources/second.yml", strings.NewReplacer("a_caller", "d", "jobs.main.id", "jobs.main.url").Replace(caller))
	w.fails("the stand-in knows the ids of jobs only", "bundle", "deploy", "-t", "dev")
}
