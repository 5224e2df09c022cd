package fakeworkspace_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

// sales is a job as a bundle deploys it.
func sales() object {
	return object{
		"name": "sales", "tags": object{"git-commit": "abc"}, "format": "MULTI_TASK", "max_concurrent_runs": 1, "edit_mode": "UI_LOCKED",
		"schedule": object{"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"},
		"run_as":   object{"service_principal_name": "sp-1"},
		"tasks": []any{
			object{"task_key": "load"},
			object{"task_key": "mart", "depends_on": []any{object{"task_key": "load"}}},
			object{"task_key": "check", "depends_on": []any{object{"task_key": "mart"}}},
		},
	}
}

func TestAJobIsCreatedReadResetAndDeleted(t *testing.T) {
	w := open(t)
	in := sales()
	in["future_key"] = json.RawMessage(`12345678901234567890`)
	id := w.create(in)
	if id != 101 {
		t.Errorf("first id: %d", id)
	}
	_, _, raw := w.send("GET", fmt.Sprintf("/api/2.2/jobs/get?job_id=%d", id), nil)
	var got struct {
		ID       int64                      `json:"job_id"`
		Creator  string                     `json:"creator_user_name"`
		RunAs    string                     `json:"run_as_user_name"`
		Created  int64                      `json:"created_time"`
		Settings map[string]json.RawMessage `json:"settings"`
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != id || got.Creator != "ada@example.com" || got.RunAs != "sp-1" || got.Created != start.UnixMilli() {
		t.Errorf("job: %s", raw)
	}
	if string(got.Settings["future_key"]) != "12345678901234567890" || len(got.Settings) != len(in) {
		t.Errorf("settings are not what was sent: %s", raw)
	}
	w.ok("POST", "/api/2.2/jobs/reset", object{"job_id": id, "new_settings": object{"name": "sales 2"}})
	if s := w.ok("GET", fmt.Sprintf("/api/2.2/jobs/get?job_id=%d", id), nil)["settings"]; !cmp.Equal(s, any(object{"name": "sales 2"})) {
		t.Errorf("settings after reset: %v", s)
	}
	w.ok("POST", "/api/2.2/jobs/delete", object{"job_id": id})
	w.refused("GET", fmt.Sprintf("/api/2.2/jobs/get?job_id=%d", id), nil, 404, "RESOURCE_DOES_NOT_EXIST")
	w.refused("POST", "/api/2.2/jobs/delete", object{"job_id": id}, 404, "RESOURCE_DOES_NOT_EXIST")
	w.refused("POST", "/api/2.2/jobs/reset", object{"job_id": id, "new_settings": sales()}, 404, "RESOURCE_DOES_NOT_EXIST")
	if again := w.create(sales()); again != 102 {
		t.Errorf("an id is given twice: %d", again)
	}
}

func TestJobsThatCannotBeAreRefused(t *testing.T) {
	w := open(t)
	id := w.create(sales())
	task := func(keys ...string) []any {
		out := []any{}
		for _, k := range keys {
			out = append(out, object{"task_key": k})
		}
		return out
	}
	for name, s := range map[string]object{
		"the same task twice":        {"tasks": task("a", "a")},
		"a task without a key":       {"tasks": task("")},
		"a dependency on nothing":    {"tasks": []any{object{"task_key": "a", "depends_on": []any{object{"task_key": "b"}}}}},
		"tasks that are a text":      {"tasks": "a"},
		"a name that is a number":    {"name": 1},
		"too many tasks":             {"tasks": task(make([]string, 1001)...)},
		"an unknown level":           {"access_control_list": []any{object{"user_name": "x", "permission_level": "CAN_FLY"}}},
		"a group as the owner":       {"access_control_list": []any{object{"group_name": "x", "permission_level": "IS_OWNER"}}},
		"a grant to nobody":          {"access_control_list": []any{object{"permission_level": "CAN_VIEW"}}},
		"a list that is none":        {"access_control_list": 1},
		"two owners":                 {"access_control_list": []any{object{"user_name": "x", "permission_level": "IS_OWNER"}, object{"user_name": "y", "permission_level": "IS_OWNER"}}},
		"a grant to two at the time": {"access_control_list": []any{object{"user_name": "x", "group_name": "y", "permission_level": "CAN_VIEW"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			w.refused("POST", "/api/2.2/jobs/create", s, 400, "INVALID_PARAMETER_VALUE")
			if _, ok := s["access_control_list"]; !ok {
				w.refused("POST", "/api/2.2/jobs/reset", object{"job_id": id, "new_settings": s}, 400, "INVALID_PARAMETER_VALUE")
			}
		})
	}
	w.refused("POST", "/api/2.2/jobs/reset", object{"job_id": id}, 400, "INVALID_PARAMETER_VALUE")
	w.refused("POST", "/api/2.2/jobs/create", "[]", 400, "MALFORMED_REQUEST")
	w.refused("GET", "/api/2.2/jobs/get?job_id=x", nil, 400, "INVALID_PARAMETER_VALUE")
	w.refused("GET", "/api/2.2/jobs/list?limit=101", nil, 400, "INVALID_PARAMETER_VALUE")
	w.refused("GET", "/api/2.2/jobs/list?page_token=x", nil, 400, "INVALID_PARAMETER_VALUE")
	w.create(object{}) // a job without a name is one
	if jobs := w.Jobs(); len(jobs) != 2 || jobs[1].Name != "Untitled" {
		t.Errorf("jobs: %v", jobs)
	}
}

func TestJobsAreListedByNameAndPage(t *testing.T) {
	w := open(t)
	for i := range 7 {
		s := sales()
		if i%2 == 1 {
			s["name"] = "other"
		}
		w.create(s)
	}
	for query, want := range map[string][]int64{
		"limit=2":                          {101, 102, 103, 104, 105, 106, 107},
		"name=SALES&limit=1":               {101, 103, 105, 107},
		"name=other":                       {102, 104, 106},
		"name=sale":                        nil,
		"limit=100&expand_tasks=true":      {101, 102, 103, 104, 105, 106, 107},
		"name=other&limit=3&expand_tasks=": {102, 104, 106},
	} {
		var got []int64
		next := ""
		for {
			page := w.ok("GET", "/api/2.2/jobs/list?"+query+"&page_token="+next, nil)
			jobs, _ := page["jobs"].([]any)
			for _, j := range jobs {
				id, _ := at(j, "job_id").(float64)
				got = append(got, int64(id))
				if has := at(j, "settings.tasks") != nil; has != (query == "limit=100&expand_tasks=true") {
					t.Errorf("%s: tasks are there: %v", query, has)
				}
			}
			next, _ = page["next_page_token"].(string)
			if more, _ := page["has_more"].(bool); more != (next != "") {
				t.Fatalf("%s: has_more %v, token %q", query, more, next)
			}
			if next == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

func TestAJobOfManyTasksIsReadPageByPage(t *testing.T) {
	w := open(t)
	tasks := []any{}
	for i := range 230 {
		tasks = append(tasks, object{"task_key": fmt.Sprint("t", i)})
	}
	id := w.create(object{"name": "many", "tasks": tasks, "parameters": []any{object{"name": "p"}}})
	var got []any
	next, pages := "", 0
	for {
		page := w.ok("GET", fmt.Sprintf("/api/2.2/jobs/get?job_id=%d&page_token=%s", id, next), nil)
		list, _ := at(page, "settings.tasks").([]any)
		got = append(got, list...)
		pages++
		if next, _ = page["next_page_token"].(string); next == "" {
			break
		}
	}
	if pages != 3 || len(got) != 230 || at(got[229], "task_key") != "t229" {
		t.Errorf("%d tasks in %d pages", len(got), pages)
	}
}

func TestAServerAddsDefaults(t *testing.T) {
	w := open(t)
	if err := w.AddDefaults(json.RawMessage(`{"timeout_seconds":0,"format":"OTHER"}`)); err != nil {
		t.Fatal(err)
	}
	id := w.create(sales())
	s := w.ok("GET", fmt.Sprintf("/api/2.2/jobs/get?job_id=%d", id), nil)["settings"]
	if at(s, "timeout_seconds") != 0.0 || at(s, "format") != "MULTI_TASK" {
		t.Errorf("%v", s)
	}
	if err := w.AddDefaults(json.RawMessage(`[]`)); err == nil {
		t.Error("defaults that are no object")
	}
}

func TestPermissionsAreSetChangedAndInherited(t *testing.T) {
	w := open(t)
	id := w.create(sales())
	path := fmt.Sprintf("/api/2.0/permissions/jobs/%d", id)
	type right = fakeworkspace.Right
	inherited := fakeworkspace.Access{Group: "admins", Display: "admins", All: []right{{Level: "CAN_MANAGE", Inherited: true, From: []string{"/jobs/"}}}}
	owner := fakeworkspace.Access{User: "ada@example.com", Display: "ada@example.com", All: []right{{Level: "IS_OWNER"}}}
	see := fakeworkspace.Access{Group: "team", Display: "team", All: []right{{Level: "CAN_VIEW"}}}
	manage := fakeworkspace.Access{Group: "team", Display: "team", All: []right{{Level: "CAN_MANAGE"}}}
	for _, step := range []struct {
		name, method string
		body         any
		want         []fakeworkspace.Access
	}{
		{"the creator owns", "GET", nil, []fakeworkspace.Access{owner, inherited}},
		{"the owner is added", "PUT", object{"access_control_list": []any{object{"group_name": "team", "permission_level": "CAN_VIEW"}}}, []fakeworkspace.Access{see, owner, inherited}},
		{"an update keeps others", "PATCH", object{"access_control_list": []any{object{"group_name": "team", "permission_level": "CAN_MANAGE"}}}, []fakeworkspace.Access{owner, manage, inherited}},
		{"nothing leaves the owner", "PUT", object{}, []fakeworkspace.Access{owner, inherited}},
	} {
		status, _, data := w.send(step.method, path, step.body)
		var got struct {
			ID   string                 `json:"object_id"`
			Type string                 `json:"object_type"`
			List []fakeworkspace.Access `json:"access_control_list"`
		}
		if err := json.Unmarshal(data, &got); err != nil || status != 200 || got.ID != "/jobs/101" || got.Type != "job" {
			t.Errorf("%s: %d %s", step.name, status, data)
		}
		if diff := cmp.Diff(step.want, got.List); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
	}
	w.refused("GET", "/api/2.0/permissions/jobs/999", nil, 404, "RESOURCE_DOES_NOT_EXIST")
	w.refused("GET", "/api/2.0/permissions/jobs/x", nil, 400, "INVALID_PARAMETER_VALUE")
	w.refused("GET", "/api/2.0/permissions/clusters/1", nil, 404, "ENDPOINT_NOT_FOUND")

	dir := w.ok("GET", "/api/2.0/workspace/get-status?path="+home, nil)
	folder := fmt.Sprintf("/api/2.0/permissions/directories/%v", dir["resource_id"])
	got := w.ok("PUT", folder, object{"access_control_list": []any{object{"service_principal_name": "sp", "permission_level": "CAN_MANAGE"}}})
	if got["object_type"] != "directory" || at(got, "access_control_list.0.service_principal_name") != "sp" || at(got, "access_control_list.1.all_permissions.0.inherited") != true {
		t.Errorf("%v", got)
	}
	w.refused("PUT", folder, object{"access_control_list": []any{object{"user_name": "x", "permission_level": "IS_OWNER"}}}, 400, "INVALID_PARAMETER_VALUE")
	w.upload(home+"/f", "")
	file := w.ok("GET", "/api/2.0/workspace/get-status?path="+home+"/f", nil)
	w.refused("GET", fmt.Sprintf("/api/2.0/permissions/directories/%v", file["resource_id"]), nil, 404, "RESOURCE_DOES_NOT_EXIST")
}
