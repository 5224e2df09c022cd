package fakeworkspace_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

// run starts a run and gives its description and the results of its tasks.
func (w *world) run(job int64) (object, map[string]string) {
	w.t.Helper()
	r := w.ok("POST", "/api/2.2/jobs/run-now", object{"job_id": job})
	got := w.ok("GET", fmt.Sprintf("/api/2.2/jobs/runs/get?run_id=%v", r["run_id"]), nil)
	tasks := map[string]string{}
	list, _ := got["tasks"].([]any)
	for _, t := range list {
		key, _ := at(t, "task_key").(string)
		tasks[key], _ = at(t, "state.result_state").(string)
	}
	return got, tasks
}

func TestARunEndsAsItIsTold(t *testing.T) {
	const ok, failed, upstream = fakeworkspace.Success, fakeworkspace.Failed, fakeworkspace.UpstreamFailed
	all := func(a, b, c string) map[string]string { return map[string]string{"load": a, "mart": b, "check": c} }
	for _, c := range []struct {
		name  string
		fail  []fakeworkspace.FailingRun
		want  string
		tasks map[string]string
		then  string // result of the run after it
	}{
		{"success without being told", nil, ok, all(ok, ok, ok), ok},
		{"the whole job", []fakeworkspace.FailingRun{{Job: "sales"}}, failed, all(failed, upstream, upstream), failed},
		{"the first task", []fakeworkspace.FailingRun{{Job: "sales", Task: "load", Times: 1}}, failed, all(failed, upstream, upstream), ok},
		{"the last task", []fakeworkspace.FailingRun{{Job: "sales", Task: "check"}}, failed, all(ok, ok, failed), failed},
		{"another job", []fakeworkspace.FailingRun{{Job: "other"}}, ok, all(ok, ok, ok), ok},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			for _, f := range c.fail {
				if err := w.FailRuns(f); err != nil {
					t.Fatal(err)
				}
			}
			job := w.create(sales())
			r, tasks := w.run(job)
			if at(r, "state.life_cycle_state") != "TERMINATED" || at(r, "state.result_state") != c.want || !maps.Equal(tasks, c.tasks) {
				t.Errorf("%v %v", r["state"], tasks)
			}
			if again, _ := w.run(job); at(again, "state.result_state") != c.then || again["number_in_job"] != 2.0 {
				t.Errorf("the run after it: %v", again)
			}
		})
	}
}

func TestOutputIsThatOfATask(t *testing.T) {
	w := open(t)
	if err := w.FailRuns(fakeworkspace.FailingRun{Job: "sales", Task: "mart", Message: "no rows"}); err != nil {
		t.Fatal(err)
	}
	r, _ := w.run(w.create(sales()))
	output := func(i int) object {
		return w.ok("GET", fmt.Sprintf("/api/2.2/jobs/runs/get-output?run_id=%v", at(r, fmt.Sprintf("tasks.%d.run_id", i))), nil)
	}
	if o := output(0); o["error"] != nil || at(o, "metadata.state.result_state") != "SUCCESS" || o["logs"] == "" {
		t.Errorf("%v", o)
	}
	if o := output(1); o["error"] != "no rows" || at(o, "metadata.task_key") != "mart" {
		t.Errorf("%v", o)
	}
	w.refused("GET", fmt.Sprintf("/api/2.2/jobs/runs/get-output?run_id=%v", r["run_id"]), nil, 400, "INVALID_PARAMETER_VALUE")
	w.refused("GET", "/api/2.2/jobs/runs/get-output?run_id=1", nil, 404, "RESOURCE_DOES_NOT_EXIST")
	w.refused("GET", "/api/2.2/jobs/runs/get?run_id=1", nil, 404, "RESOURCE_DOES_NOT_EXIST")
	w.refused("POST", "/api/2.2/jobs/run-now", object{"job_id": 1}, 404, "RESOURCE_DOES_NOT_EXIST")
}

func TestTheSameIdempotencyTokenIsTheSameRun(t *testing.T) {
	w := open(t)
	job := w.create(sales())
	start := func(token string) any {
		return w.ok("POST", "/api/2.2/jobs/run-now", object{"job_id": job, "idempotency_token": token})["run_id"]
	}
	a, b, c, d := start("x"), start("x"), start(""), start("")
	if a != b || c == d || a == c {
		t.Errorf("%v %v %v %v", a, b, c, d)
	}
}

func TestRunsAreListedNewestFirst(t *testing.T) {
	w := open(t)
	job, other := w.create(object{"name": "a"}), w.create(object{"name": "b"})
	w.run(job)
	active, err := w.TamperRun(job)
	if err != nil {
		t.Fatal(err)
	}
	w.run(other)
	w.run(job)
	list := func(query string) []int64 {
		var out []int64
		next := ""
		for {
			page := w.ok("GET", "/api/2.2/jobs/runs/list?"+query+"&page_token="+next, nil)
			runs, _ := page["runs"].([]any)
			for _, r := range runs {
				id, _ := at(r, "run_id").(float64)
				out = append(out, int64(id))
			}
			if next, _ = page["next_page_token"].(string); next == "" {
				return out
			}
		}
	}
	for query, want := range map[string][]int64{
		"limit=1":                             {5004, 5003, 5002, 5001},
		fmt.Sprintf("job_id=%d&limit=2", job): {5004, 5002, 5001},
		fmt.Sprintf("job_id=%d&active_only=true", job):     {active},
		fmt.Sprintf("job_id=%d&active_only=true", other):   nil,
		fmt.Sprintf("job_id=%d&completed_only=true", job):  {5004, 5001},
		"job_id=101&limit=25&expand_tasks=true":            {5004, 5002, 5001},
		"completed_only=true&limit=25&active_only=false&x": {5004, 5003, 5001},
	} {
		if diff := cmp.Diff(want, list(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	w.refused("GET", "/api/2.2/jobs/runs/list?active_only=true&completed_only=true", nil, 400, "INVALID_PARAMETER_VALUE")
	if err := w.EndRun(active, fakeworkspace.Canceled); err != nil {
		t.Fatal(err)
	}
	if left := list("active_only=true"); left != nil {
		t.Errorf("still active: %v", left)
	}
	for _, err := range []error{w.EndRun(active, fakeworkspace.Success), w.EndRun(1, fakeworkspace.Success), w.FailRuns(fakeworkspace.FailingRun{})} {
		if err == nil {
			t.Error("accepted")
		}
	}
}
