package databricks_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// rich is the corrected bundle with jobs that have what jobs can have.
func rich(t testing.TB) world {
	t.Helper()
	text, err := os.ReadFile("testdata/rich.yml")
	if err != nil {
		t.Fatal(err)
	}
	w := inProcess(t)
	w.One = checkout(t, func(f deploytest.Files) {
		f["resources/rich.yml"] = string(text)
		f["src/check.sql"], f["dbt/dbt_project.yml"] = "select 1\n", "name: p\n"
		f["src/nb.py"], f["src/report.sql"] = "# Databricks notebook source\nprint(1)\n\n", "-- Databricks notebook source\nselect 1"
		f["src/nested/deep/er/a.txt"], f["src/empty.txt"], f["src/ünï côde/ä b.txt"] = "a\n", "", "x\n"
	})
	return w
}

// jobNamed is the job whose name holds a text.
func (w world) jobNamed(t testing.TB, part string) fakeworkspace.Job {
	t.Helper()
	for _, j := range w.Jobs() {
		if strings.Contains(j.Name, part) {
			return j
		}
	}
	t.Fatalf("no job %q", part)
	return fakeworkspace.Job{}
}

// ask makes a request of the workspace as the deployer.
func (w world) ask(method, path, body string) ([]byte, error) {
	q, err := http.NewRequest(method, w.Place.Config["DATABRICKS_HOST"]+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, path, raw)
	}
	return raw, err
}

// permit sets the permissions of a job to a list.
func (w world) permit(job int64, list string) error {
	_, err := w.ask(http.MethodPut, fmt.Sprintf("/api/2.0/permissions/jobs/%d", job), `{"access_control_list":`+list+`}`)
	return err
}

// state changes a file of the state of the deployment by hand.
func (w world) state(name string, change func(object)) error {
	raw, err := w.ask(http.MethodGet, "/api/2.0/workspace/export?direct_download=true&path="+root+"/state/"+name, "")
	if err != nil {
		return err
	}
	var of object
	if err := json.Unmarshal(raw, &of); err != nil {
		return err
	}
	change(of)
	raw, err = json.Marshal(of)
	if err != nil {
		return err
	}
	return w.TamperFile(root+"/state/"+name, raw)
}

const importFile = "/api/2.0/workspace-files/import-file" + root

type object = map[string]any

// edit changes the settings of a job by hand.
func (w world) edit(t testing.TB, job string, change func(object)) {
	t.Helper()
	j := w.jobNamed(t, job)
	var before, after object
	for _, into := range []*object{&before, &after} {
		if err := json.Unmarshal(j.Settings, into); err != nil {
			t.Fatal(err)
		}
	}
	change(after)
	for key := range before {
		if _, kept := after[key]; !kept {
			after[key] = nil
		}
	}
	raw, err := json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.TamperJob(j.ID, raw); err != nil {
		t.Fatal(err)
	}
}

// in follows keys and, for lists, positions or the key of a task.
func in(v any, steps ...any) object {
	for _, s := range steps {
		switch s := s.(type) {
		case int:
			v = v.([]any)[s]
		case string:
			if list, ok := v.([]any); ok {
				v = list[slices.IndexFunc(list, func(e any) bool { return e.(object)["task_key"] == s })]
			} else {
				v = v.(object)[s]
			}
		}
	}
	return v.(object)
}

// found are the differences after something was done to what was deployed.
func found(t *testing.T, w world, want deployment.State) string {
	t.Helper()
	var out []string
	for _, d := range deployment.Drifted(want, w.Observe(t)) {
		out = append(out, d.String())
	}
	return strings.Join(out, "\n")
}

// set sets one member.
func set(key string, value any, steps ...any) func(object) {
	return func(s object) { in(s, steps...)[key] = value }
}

// without removes one member.
func without(key string, steps ...any) func(object) {
	return func(s object) { delete(in(s, steps...), key) }
}

// TestEverySettingThatIsChangedByHandIsFound changes one thing of a job at a time:
// that difference is found, and none besides.
func TestEverySettingThatIsChangedByHandIsFound(t *testing.T) {
	w := rich(t)
	want := w.Apply(t, w.One)
	if got := found(t, w, want); got != "" {
		t.Fatalf("before anything was changed:\n%s", got)
	}
	original := w.jobNamed(t, "réch")
	const rich = "jobs.rich/"
	for _, c := range []struct {
		change func(object)
		want   string
	}{
		{set("name", "another"), rich + "name: expected Ünï/côde job prd — réch, is another"},
		{set("name", "Ünï/côde job prd — Réch"), rich + "name: expected Ünï/côde job prd — réch, is Ünï/côde job prd — Réch"},
		{set("description", "x"), rich + "description: expected all kinds of tasks, is x"},
		{without("description"), rich + "description: expected all kinds of tasks, is absent"},
		{set("description", "x\nok \x1b[2K\u202e"), rich + `description: expected all kinds of tasks, is "x\nok \x1b[2K\u202e"`},
		{set("empty", "empty", "tags"), rich + `tags/empty: expected "", is empty`},
		{set("empty", `""`, "tags"), rich + `tags/empty: expected "", is "\"\""`},
		{without("gone", "tags"), rich + `tags/gone: expected "absent", is absent`},
		{set("unread", "not read back", "tags"), rich + `tags/unread: expected absent, is "\"not read back\""`},
		{set("a/\n", "x", "tags"), rich + `tags/"a/\n": expected absent, is x`},
		{set("git-commit", "f00", "tags"), rich + "tags/git-commit: expected 0123456789abcdef0123456789abcdef01234567, is f00"},
		{without("git-commit", "tags"), rich + "tags/git-commit: expected 0123456789abcdef0123456789abcdef01234567, is absent"},
		{set("more", "", "tags"), rich + "tags/more: expected absent, is \"\""},
		{without("empty", "tags"), rich + "tags/empty: expected \"\", is absent"},
		{set("cost/center", "1", "tags"), rich + `tags/"cost/center": expected 0815, is 1`},
		{set("url", "/Volumes/evil/", "trigger", "file_arrival"), rich + "trigger/file_arrival/url: expected /Volumes/main/landing/files/, is /Volumes/evil/"},
		{set("pause_status", "PAUSED", "trigger"), rich + "trigger/pause_status: expected UNPAUSED, is PAUSED"},
		{set("max_concurrent_runs", 1), rich + "max_concurrent_runs: expected 3, is 1"},
		{without("max_concurrent_runs"), rich + "max_concurrent_runs: expected 3, is 1"},
		{set("timeout_seconds", 0), rich + "timeout_seconds: expected 7200, is 0"},
		{set("edit_mode", "EDITABLE"), rich + "edit_mode: expected UI_LOCKED, is EDITABLE"},
		{without("edit_mode"), rich + "edit_mode: expected UI_LOCKED, is absent"},
		{set("enabled", false, "queue"), rich + "queue/enabled: expected true, is false"},
		{without("queue"), rich + "queue/enabled: expected true, is absent"},
		{without("deployment"), rich + "deployment/kind: expected BUNDLE, is absent\n" + rich + "deployment/metadata_file_path: expected /Workspace/Deployments/corp-procurement/prd/state/metadata.json, is absent"},
		{set("service_principal_name", "eve", "run_as"), rich + "run_as: expected 00000000-0000-4000-8000-000000000004, is eve"},
		{set("run_as", object{"group_name": "everybody"}), rich + "run_as: expected 00000000-0000-4000-8000-000000000004, is everybody"},
		{without("run_as"), rich + "run_as: expected 00000000-0000-4000-8000-000000000004, is deployer@example.com"},
		{func(s object) { s["parameters"].([]any)[0].(object)["default"] = "x" }, rich + "parameters[day]/default: expected 2026-01-01, is x"},
		{func(s object) { s["parameters"].([]any)[1].(object)["default"] = "x" }, rich + "parameters[region]/default: expected absent, is x"},
		{set("on_failure", []any{"data@example.com", "ops@example.com"}, "email_notifications"), rich + "email_notifications/on_failure[0]: expected ops@example.com, is data@example.com\n" + rich + "email_notifications/on_failure[1]: expected data@example.com, is ops@example.com"},
		{set("on_failure", []any{"ops@example.com"}, "email_notifications"), rich + "email_notifications/on_failure[1]: expected data@example.com, is absent"},
		{set("no_alert_for_skipped_runs", false, "email_notifications"), rich + "email_notifications/no_alert_for_skipped_runs: expected true, is false"},
		{set("webhook_notifications", object{}), rich + "webhook_notifications/on_success[00000000-0000-4000-8000-0000000000d3]/id: expected 00000000-0000-4000-8000-0000000000d3, is absent"},
		{set("value", 1, "health", "rules", 0), rich + "health/rules[0]/value: expected 3600, is 1"},
		{set("num_workers", 9, "job_clusters", 0, "new_cluster"), rich + "job_clusters[small]/new_cluster/num_workers: expected 2, is 9"},
		{set("spark.x", "", "job_clusters", 0, "new_cluster", "spark_conf"), rich + "job_clusters[small]/new_cluster/spark_conf/spark.x: expected absent, is \"\""},
		{set("destination", "/Shared/evil.sh", "job_clusters", 0, "new_cluster", "init_scripts", 0, "workspace"), rich + "job_clusters[small]/new_cluster/init_scripts[0]/workspace/destination: expected /Shared/init.sh, is /Shared/evil.sh"},
		{set("data_security_mode", "NONE", "job_clusters", 0, "new_cluster"), rich + "job_clusters[small]/new_cluster/data_security_mode: expected SINGLE_USER, is NONE"},
		{set("notebook_path", "/Shared/evil", "tasks", "notebook", "notebook_task"), rich + "tasks[notebook]/notebook_task/notebook_path: expected /Shared/nb, is /Shared/evil"},
		{set("source", "GIT", "tasks", "notebook", "notebook_task"), rich + "tasks[notebook]/notebook_task/source: expected absent, is GIT"},
		{set("day", "", "tasks", "notebook", "notebook_task", "base_parameters"), rich + "tasks[notebook]/notebook_task/base_parameters/day: expected {{job.parameters.day}}, is \"\""},
		{set("package", "requests", "tasks", "notebook", "libraries", 0, "pypi"), rich + "tasks[notebook]/libraries[0]/pypi/package: expected requests==2.32.0, is requests"},
		{set("timeout_seconds", 0, "tasks", "notebook"), rich + "tasks[notebook]/timeout_seconds: expected 600, is 0"},
		{set("max_retries", 0, "tasks", "notebook"), rich + "tasks[notebook]/max_retries: expected 1, is absent"},
		{set("retry_on_timeout", false, "tasks", "notebook"), rich + "tasks[notebook]/retry_on_timeout: expected true, is absent"},
		{set("job_cluster_key", "large", "tasks", "notebook"), rich + "tasks[notebook]/job_cluster_key: expected small, is large"},
		{set("right", "1", "tasks", "decide", "condition_task"), rich + "tasks[decide]/condition_task/right: expected 0, is 1"},
		{set("outcome", "false", "tasks", "each", "depends_on", 0), rich + "tasks[each]/depends_on[decide]/outcome: expected true, is false"},
		{without("depends_on", "tasks", "decide"), rich + "tasks[decide]/depends_on[notebook]/task_key: expected notebook, is absent"},
		{set("inputs", `["a"]`, "tasks", "each", "for_each_task"), rich + `tasks[each]/for_each_task/inputs: expected ["a", "b"], is ["a"]`},
		{set("concurrency", 1, "tasks", "each", "for_each_task"), rich + "tasks[each]/for_each_task/concurrency: expected 2, is 1"},
		{set("max_retries", 3, "tasks", "each", "for_each_task", "task"), rich + "tasks[each]/for_each_task/task/max_retries: expected absent, is 3"},
		{set("parameters", []any{"{{input}}", "--in", ""}, "tasks", "each", "for_each_task", "task", "spark_python_task"), rich + "tasks[each]/for_each_task/task/spark_python_task/parameters[0]: expected --in, is {{input}}\n" + rich + "tasks[each]/for_each_task/task/spark_python_task/parameters[1]: expected {{input}}, is --in"},
		{set("parameters", []any{"--in", "{{input}}"}, "tasks", "each", "for_each_task", "task", "spark_python_task"), rich + "tasks[each]/for_each_task/task/spark_python_task/parameters[2]: expected \"\", is absent"},
		{set("run_if", "ALL_DONE", "tasks", "query"), rich + "tasks[query]/run_if: expected AT_LEAST_ONE_SUCCESS, is ALL_DONE"},
		{without("run_if", "tasks", "query"), rich + "tasks[query]/run_if: expected AT_LEAST_ONE_SUCCESS, is ALL_SUCCESS"},
		{without("day", "tasks", "query", "sql_task", "parameters"), rich + "tasks[query]/sql_task/parameters/day: expected \"\", is absent"},
		{set("path", "/Shared/x.sql", "tasks", "query", "sql_task", "file"), rich + "tasks[query]/sql_task/file/path: expected /Workspace/Deployments/corp-procurement/prd/files/src/check.sql, is /Shared/x.sql"},
		{set("commands", []any{"dbt run"}, "tasks", "dbt", "dbt_task"), rich + "tasks[dbt]/dbt_task/commands[0]: expected dbt deps, is dbt run\n" + rich + "tasks[dbt]/dbt_task/commands[1]: expected dbt run, is absent"},
		{set("full_refresh", true, "tasks", "pipeline", "pipeline_task"), rich + "tasks[pipeline]/pipeline_task/full_refresh: expected false, is true"},
		{set("job_id", 9007199254740993, "tasks", "other", "run_job_task"), rich + "tasks[other]/run_job_task/job_id: expected "},
		{set("disabled", true, "tasks", "query"), rich + "tasks[query]/disabled: expected absent, is true"},
		{func(s object) { s["tasks"] = append(s["tasks"].([]any), object{"task_key": "evil"}) }, rich + "tasks[evil]/run_if: expected absent, is ALL_SUCCESS\n" + rich + "tasks[evil]/task_key: expected absent, is evil\n" + rich + "tasks[evil]/timeout_seconds: expected absent, is 0"},
		{set("schedule", object{"quartz_cron_expression": "0 * * * * ?", "timezone_id": "UTC"}), rich + "schedule/pause_status: expected absent, is UNPAUSED\n" + rich + "schedule/quartz_cron_expression: expected absent, is 0 * * * * ?\n" + rich + "schedule/timezone_id: expected absent, is UTC"},
		{set("unheard_of", object{"a": []any{object{}}}), rich + "unheard_of/a[0]: expected absent, is \"\""},
	} {
		w.edit(t, "réch", c.change)
		if got := found(t, w, want); got != c.want && !(strings.HasSuffix(c.want, "expected ") && strings.HasPrefix(got, c.want)) {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		restore(t, w, original)
	}
}

// restore gives a job the settings that it had.
func restore(t testing.TB, w world, j fakeworkspace.Job) {
	t.Helper()
	var settings object
	if err := json.Unmarshal(j.Settings, &settings); err != nil {
		t.Fatal(err)
	}
	for _, is := range w.Jobs() {
		if is.ID == j.ID {
			w.edit(t, is.Name, func(s object) { clear(s); maps.Copy(s, settings) })
		}
	}
}

// TestAPlanMovesNothingOnAScreen: what somebody wrote in the workspace stands in it.
func TestAPlanMovesNothingOnAScreen(t *testing.T) {
	w := rich(t)
	w.Apply(t, w.One)
	w.edit(t, "réch", func(s object) {
		s["description"] = "x\n\x1b[2K"
		in(s, "tags")["a\nb"], in(s, "tasks", "query", "sql_task", "parameters")["\r"] = "\x1b[2K", "y"
	})
	p := w.Plan(t, w.One.Artifact(t))
	if text := fmt.Sprint(p.Changes); strings.ContainsFunc(text, unicode.IsControl) || !strings.Contains(text, `"x\n\x1b[2K"`) {
		t.Errorf("%q", text)
	}
}

// TestWhatTheServiceMayDoIsNotFound: an order that means nothing, and defaults that
// it says or does not say.
func TestWhatTheServiceMayDoIsNotFound(t *testing.T) {
	w := rich(t)
	want := w.Apply(t, w.One)
	turned := func(key string, steps ...any) func(object) {
		return func(s object) { slices.Reverse(in(s, steps...)[key].([]any)) }
	}
	for name, change := range map[string]func(object){
		"the order of tasks":        turned("tasks"),
		"the order of dependencies": turned("depends_on", "tasks", "query"),
		"the order of parameters":   turned("parameters"),
		"the defaults of the job": func(s object) {
			s["schedule"], s["git_source"], s["notification_settings"] = nil, object{}, object{}
			delete(s, "format")
		},
		"the defaults of a task": func(s object) {
			for _, task := range []string{"decide", "dbt"} {
				maps.Copy(in(s, "tasks", task), object{
					"run_if": "ALL_SUCCESS", "timeout_seconds": 0, "email_notifications": object{}, "webhook_notifications": object{},
					"max_retries": 0, "min_retry_interval_millis": 0, "retry_on_timeout": false,
				})
			}
			delete(in(s, "tasks", "dbt"), "run_if")
			in(s, "tasks", "notebook", "notebook_task")["source"] = "WORKSPACE"
			in(s, "tasks", "query", "sql_task", "file")["source"] = "WORKSPACE"
			maps.Copy(in(s, "tasks", "each", "for_each_task", "task"), object{"run_if": "ALL_SUCCESS", "timeout_seconds": 0})
		},
	} {
		original := w.jobNamed(t, "réch")
		w.edit(t, "réch", change)
		if got := found(t, w, want); got != "" {
			t.Errorf("%s:\n%s", name, got)
		}
		restore(t, w, original)
	}
}

// TestEverythingElseThatIsChangedByHandIsFound is about what is no setting of a job.
func TestEverythingElseThatIsChangedByHandIsFound(t *testing.T) {
	const permissions = "jobs.rich.permissions/"
	for name, c := range map[string]struct {
		tamper func(w world, job int64) error
		want   []string
	}{
		"a permission more": {
			func(w world, job int64) error {
				return w.TamperGrant(job, fakeworkspace.Grant{Group: "all", Level: "CAN_VIEW"})
			},
			[]string{permissions + "group_name:all: expected absent, is CAN_VIEW"},
		},
		"a level more": {
			func(w world, job int64) error {
				return w.TamperGrant(job, fakeworkspace.Grant{Group: "analysts", Level: "CAN_MANAGE"})
			},
			[]string{permissions + "group_name:analysts: expected CAN_MANAGE_RUN, is CAN_MANAGE, CAN_MANAGE_RUN"},
		},
		"another level": {
			func(w world, job int64) error {
				return w.permit(job, `[{"user_name":"ada@example.com","permission_level":"CAN_MANAGE"},{"group_name":"analysts","permission_level":"CAN_MANAGE_RUN"},{"group_name":"procurement-operations","permission_level":"CAN_MANAGE"}]`)
			},
			[]string{permissions + "user_name:ada@example.com: expected CAN_VIEW, is CAN_MANAGE"},
		},
		"another owner": {
			func(w world, job int64) error {
				return w.permit(job, `[{"user_name":"eve@example.com","permission_level":"IS_OWNER"}]`)
			},
			[]string{permissions + "user_name:deployer@example.com: expected IS_OWNER, is absent", permissions + "user_name:eve@example.com: expected absent, is IS_OWNER"},
		},
		"no permission": {
			func(w world, job int64) error { return w.permit(job, `[]`) },
			[]string{
				permissions + "group_name:analysts: expected CAN_MANAGE_RUN, is absent", permissions + "group_name:procurement-operations: expected CAN_MANAGE, is absent",
				permissions + "user_name:ada@example.com: expected CAN_VIEW, is absent",
			},
		},
		"a second job of the name, behind a page of others that differ in case": {
			func(w world, job int64) error {
				for range 130 {
					id, err := w.TamperDuplicate(job)
					if err == nil {
						err = w.TamperJob(id, json.RawMessage(`{"name":"ÜNÏ/CÔDE JOB PRD — RÉCH"}`))
					}
					if err != nil {
						return err
					}
				}
				_, err := w.TamperDuplicate(job)
				return err
			},
			[]string{"jobs.rich/same name: expected 1, is 2"},
		},
		"an empty file": {
			func(w world, _ int64) error { return w.TamperFile(root+"/files/src/nested/deep/er/more", nil) },
			[]string{"files/src/nested/deep/er/more: expected absent, is " + digest("")},
		},
		"a file that was empty": {
			func(w world, _ int64) error { return w.TamperFile(root+"/files/src/empty.txt", []byte("x")) },
			[]string{"files/src/empty.txt: expected " + digest("") + ", is " + digest("x")},
		},
		"a file of another case": {
			func(w world, _ int64) error {
				if err := w.TamperFile(root+"/files/src/ETL.py", []byte(w.One["src/etl.py"])); err != nil {
					return err
				}
				return w.TamperRemove(root + "/files/src/etl.py")
			},
			[]string{"files/src/etl.py: expected " + digest(open(t).One["src/etl.py"]) + ", is absent", "files/src/ETL.py: expected absent, is " + digest(open(t).One["src/etl.py"])},
		},
		"a folder instead of a file": {
			func(w world, _ int64) error {
				if err := w.TamperRemove(root + "/files/src/ünï côde/ä b.txt"); err != nil {
					return err
				}
				return w.TamperFile(root+"/files/src/ünï côde/ä b.txt/x", []byte("x\n"))
			},
			[]string{"files/src/ünï côde/ä b.txt: expected " + digest("x\n") + ", is absent", "files/src/ünï côde/ä b.txt/x: expected absent, is " + digest("x\n")},
		},
		"a notebook": {
			func(w world, _ int64) error {
				_, err := w.ask(http.MethodPost, importFile+"/files/src/nb.py?overwrite=true", "# Databricks notebook source\nprint(2)\n")
				return err
			},
			[]string{"files/src/nb: expected python notebook " + digest("# Databricks notebook source\nprint(1)") + ", is python notebook " + digest("# Databricks notebook source\nprint(2)")},
		},
		"a file instead of a notebook": {
			func(w world, _ int64) error {
				_, err := w.ask(http.MethodPost, importFile+"/files/src/nb?overwrite=true", "# Databricks notebook source\nprint(1)\n\n")
				return err
			},
			[]string{"files/src/nb: expected python notebook " + digest("# Databricks notebook source\nprint(1)") + ", is " + digest("# Databricks notebook source\nprint(1)\n\n")},
		},
		"a notebook instead of a file": {
			func(w world, _ int64) error {
				if err := w.TamperRemove(root + "/files/src/etl.py"); err != nil {
					return err
				}
				_, err := w.ask(http.MethodPost, importFile+"/files/src/etl.py?overwrite=true", "# Databricks notebook source\n")
				return err
			},
			[]string{"files/src/etl.py: expected " + digest(open(t).One["src/etl.py"]) + ", is absent", "files/src/etl: expected absent, is python notebook " + digest("# Databricks notebook source")},
		},
		"files beside those that are deployed": {
			func(w world, _ int64) error {
				for _, name := range []string{"/evil.py", "/artifacts/evil.whl", "/files2/x"} {
					if err := w.TamperFile(root+name, []byte("x")); err != nil {
						return err
					}
				}
				return nil
			},
			[]string{
				"root/artifacts/evil.whl: expected absent, is " + digest("x"), "root/evil.py: expected absent, is " + digest("x"), "root/files2/x: expected absent, is " + digest("x"),
			},
		},
		"a wheel more": {
			func(w world, _ int64) error {
				return w.TamperFile(root+"/artifacts/.internal/evil.whl", []byte("x"))
			},
			[]string{"artifacts/evil.whl: expected absent, is " + digest("x")},
		},
		"the commit": {
			func(w world, _ int64) error {
				return w.state("metadata.json", func(m object) { in(m, "config", "bundle", "git")["commit"] = "f00" })
			},
			[]string{"deployment/commit: expected 0123456789abcdef0123456789abcdef01234567, is f00"},
		},
		"the id of a job": {
			func(w world, job int64) error {
				id, err := w.TamperDuplicate(job)
				if err != nil {
					return err
				}
				return w.state("resources.json", func(m object) { in(m, "state", "resources.jobs.rich")["__id__"] = fmt.Sprint(id) })
			},
			[]string{"jobs.rich/same name: expected 1, is 2"},
		},
		"a job that the state does not know": {
			func(w world, _ int64) error {
				return w.state("resources.json", func(m object) { delete(in(m, "state"), "resources.jobs.rich") })
			},
			[]string{"jobs.rich/name: expected Ünï/côde job prd — réch, is absent"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := rich(t)
			want := w.Apply(t, w.One)
			if err := c.tamper(w, w.jobNamed(t, "réch").ID); err != nil {
				t.Fatal(err)
			}
			got := found(t, w, want)
			for _, line := range c.want {
				if !strings.Contains(got, line) {
					t.Errorf("want %s in\n%s", line, got)
				}
			}
		})
	}
}

// TestWhatIsObservedIsTheSameEachTime compares all of it.
func TestWhatIsObservedIsTheSameEachTime(t *testing.T) {
	w := rich(t)
	w.Apply(t, w.One)
	if d := cmp.Diff(w.Observe(t), w.Observe(t)); d != "" {
		t.Error(d)
	}
}
