package fakeworkspace_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

func (w *world) fail(f fakeworkspace.Fault) {
	w.t.Helper()
	if err := w.Fail(f); err != nil {
		w.t.Fatal(err)
	}
}

func TestFaultsStrikeWhomTheyAreMeantFor(t *testing.T) {
	const list = "/api/2.2/jobs/list"
	for _, c := range []struct {
		name  string
		fault fakeworkspace.Fault
		want  []int // statuses of five requests
	}{
		{"each request", fakeworkspace.Fault{Path: list, Status: 401}, []int{401, 401, 401, 401, 401}},
		{"two requests", fakeworkspace.Fault{Path: list, Status: 429, Times: 2, Retry: 3}, []int{429, 429, 200, 200, 200}},
		{"the third request", fakeworkspace.Fault{Path: "*", Status: 500, After: 2, Times: 1}, []int{200, 200, 500, 200, 200}},
		{"part of a path", fakeworkspace.Fault{Method: "GET", Path: "/api/*/jobs/*", Status: 403}, []int{403, 403, 403, 403, 403}},
		{"another path", fakeworkspace.Fault{Path: "/api/*/jobs/get", Status: 403}, []int{200, 200, 200, 200, 200}},
		{"another method", fakeworkspace.Fault{Method: "POST", Path: "*", Status: 403}, []int{200, 200, 200, 200, 200}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			w.fail(c.fault)
			var got []int
			for range c.want {
				status, header, data := w.send("GET", list, nil)
				got = append(got, status)
				if retry := header.Get("Retry-After"); (retry != "") != (status == 429) {
					t.Errorf("%d with Retry-After %q", status, retry)
				}
				if status != 200 && !strings.Contains(string(data), `"error_code":"`) {
					t.Errorf("%d %s", status, data)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if err := w.Heal(); err != nil {
				t.Fatal(err)
			}
			w.ok("GET", list, nil)
		})
	}
}

func TestAnAnswerIsLostAfterTheJobIsMade(t *testing.T) {
	w := open(t)
	w.fail(fakeworkspace.Fault{Path: "/api/2.2/jobs/create", Status: 500, Times: 1, Carried: true})
	w.refused("POST", "/api/2.2/jobs/create", sales(), 500, "INTERNAL_ERROR")
	if jobs := w.Jobs(); len(jobs) != 1 {
		t.Errorf("jobs: %v", jobs)
	}
}

func TestAnUploadFailsByThePathOfItsFile(t *testing.T) {
	w := open(t)
	w.fail(fakeworkspace.Fault{Path: "*/state/resources.json", Status: 500})
	w.ok("POST", "/api/2.0/workspace/mkdirs", object{"path": home + "/state"})
	w.upload(home+"/state/metadata.json", "{}")
	file := "/api/2.0/workspace-files/import-file/" + url.PathEscape(home+"/state/resources.json")
	w.refused("POST", file, "{}", 500, "INTERNAL_ERROR")
	if files := w.Files(); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
}

func TestTamperingIsSeenByTheAPI(t *testing.T) {
	w := open(t)
	id := w.create(sales())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.TamperJob(id, json.RawMessage(`{"tags":{"git-commit":"other"},"schedule":null}`)))
	must(w.TamperGrant(id, fakeworkspace.Grant{User: "eve@example.com", Level: "CAN_MANAGE"}))
	must(w.TamperFile(home+"/b/state/deploy.lock", []byte("{}")))
	twin, err := w.TamperDuplicate(id)
	must(err)
	s := w.ok("GET", fmt.Sprintf("/api/2.2/jobs/get?job_id=%d", id), nil)["settings"]
	if at(s, "tags.git-commit") != "other" || at(s, "schedule") != nil || at(s, "name") != "sales" {
		t.Errorf("settings: %v", s)
	}
	if p := w.ok("GET", fmt.Sprintf("/api/2.0/permissions/jobs/%d", id), nil); at(p, "access_control_list.1.user_name") != "eve@example.com" {
		t.Errorf("permissions: %v", p)
	}
	if jobs, _ := w.ok("GET", "/api/2.2/jobs/list?name=sales", nil)["jobs"].([]any); len(jobs) != 2 || at(jobs[1], "job_id") != float64(twin) {
		t.Errorf("jobs: %v", jobs)
	}
	lock := "/api/2.0/workspace-files/import-file/" + url.PathEscape(home+"/b/state/deploy.lock") + "?overwrite=false"
	w.refused("POST", lock, "{}", 409, "RESOURCE_ALREADY_EXISTS")
	must(w.TamperRemove(home + "/b/state/deploy.lock"))
	w.ok("POST", lock, "{}")
	must(w.TamperDelete(twin))
	w.refused("GET", fmt.Sprintf("/api/2.2/jobs/get?job_id=%d", twin), nil, 404, "RESOURCE_DOES_NOT_EXIST")

	_, duplicate := w.TamperDuplicate(1)
	_, run := w.TamperRun(1)
	for name, err := range map[string]error{
		"changes that are no object": w.TamperJob(id, json.RawMessage(`1`)), "changes that break the job": w.TamperJob(id, json.RawMessage(`{"tasks":1}`)),
		"changes of no job": w.TamperJob(1, json.RawMessage(`{}`)), "a level that is none": w.TamperGrant(id, fakeworkspace.Grant{User: "x", Level: "x"}),
		"a grant on no job": w.TamperGrant(1, fakeworkspace.Grant{User: "x", Level: "CAN_VIEW"}), "a relative path": w.TamperFile("x", nil),
		"a file below a file": w.TamperFile(home+"/b/state/deploy.lock/x", nil), "the root as a file": w.TamperFile("/", nil),
		"no file": w.TamperRemove(home + "/none"), "a folder": w.TamperRemove(home), "no job": w.TamperDelete(1), "a twin of no job": duplicate, "a run of no job": run,
		"a fault without a path": w.Fail(fakeworkspace.Fault{Status: 500}), "a fault of status 200": w.Fail(fakeworkspace.Fault{Path: "*", Status: 200}),
		"a fault that is negative": w.Fail(fakeworkspace.Fault{Path: "*", Status: 500, Times: -1}),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTheAdminAPIDoesTheSame(t *testing.T) {
	w := open(t)
	id := w.create(sales())
	job := fmt.Sprintf("/_sandbox/jobs/%d", id)
	w.token = "" // nobody is asked
	w.ok("POST", "/_sandbox/faults", object{"path": "/api/2.2/jobs/list", "status": 503, "times": 1})
	w.ok("POST", "/_sandbox/failing-runs", object{"job": "sales", "task": "mart"})
	w.ok("POST", "/_sandbox/defaults", object{"timeout_seconds": 0})
	w.ok("POST", job+"/settings", object{"max_concurrent_runs": 9})
	w.ok("POST", job+"/permissions", object{"group_name": "eve", "permission_level": "CAN_MANAGE"})
	twin := w.ok("POST", job+"/duplicate", nil)["id"]
	run := w.ok("POST", job+"/runs", nil)["id"]
	w.ok("POST", fmt.Sprintf("/_sandbox/runs/%v/end", run), object{"result": "FAILED"})
	w.ok("PUT", "/_sandbox/files?path="+url.QueryEscape(home+"/x/y.py"), "bytes")
	w.token = token
	w.refused("GET", "/api/2.2/jobs/list", nil, 503, "TEMPORARILY_UNAVAILABLE")
	if r, _ := w.run(id); at(r, "state.result_state") != "FAILED" {
		t.Errorf("run: %v", r)
	}
	state := w.ok("GET", "/_sandbox/state", nil)
	for path, want := range map[string]any{
		"name": "dev", "jobs.0.settings.max_concurrent_runs": 9.0, "jobs.1.job_id": twin, "jobs.1.settings.timeout_seconds": 0.0, "runs.0.result": "FAILED",
		"jobs.0.permissions.1.group_name": "eve", "files.0.path": "/Users/ada@example.com/x/y.py", "requests.0.path": "/api/2.2/jobs/create",
	} {
		if got := at(state, path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	w.ok("DELETE", "/_sandbox/files?path="+url.QueryEscape(home+"/x/y.py"), nil)
	w.ok("DELETE", job, nil)
	w.ok("DELETE", "/_sandbox/faults", nil)
	if s := w.Snapshot(); len(s.Files) != 0 || len(s.Jobs) != 1 {
		t.Errorf("%v", s)
	}
	w.refused("POST", "/_sandbox/faults", object{"path": "*", "status": 500, "unknown": 1}, 400, "MALFORMED_REQUEST")
	w.refused("POST", "/_sandbox/faults", object{"path": "*", "status": 1}, 400, "INVALID_PARAMETER_VALUE")
	w.refused("POST", "/_sandbox/jobs/x/runs", nil, 400, "INVALID_PARAMETER_VALUE")
	w.refused("PUT", "/_sandbox/files?path=/big", make([]byte, 1<<20+1), 413, "MAX_REQUEST_SIZE_EXCEEDED")
	if status, _, _ := w.send("DELETE", "/_sandbox/faults", nil, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("a browser on another site: %d", status)
	}
}
