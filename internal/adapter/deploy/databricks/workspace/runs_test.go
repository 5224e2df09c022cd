package workspace_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
)

func TestJobRun(t *testing.T) {
	const request = "GET /api/2.2/jobs/runs/get?run_id=7"
	s := play(t, map[string][]reply{
		request: {ok(`{"run_id":7,"job_id":11,"state":{"life_cycle_state":"TERMINATED","result_state":"FAILED","state_message":"not all"},"tasks":[
			{"run_id":72,"task_key":"b","state":{"life_cycle_state":"TERMINATED","result_state":"SUCCESS"},"start_time":1700000000000,"end_time":1700000001500},
			{"run_id":71,"task_key":"a","attempt_number":1,"state":{"life_cycle_state":"TERMINATED","result_state":"FAILED","state_message":"no rows"}}],"next_page_token":"n"}`)},
		"GET /api/2.2/jobs/runs/get?page_token=n&run_id=7": {ok(`{"run_id":7,"job_id":11,"state":{"life_cycle_state":"TERMINATED","result_state":"FAILED","state_message":"not all"},"tasks":[
			{"run_id":70,"task_key":"a","attempt_number":0,"state":{"life_cycle_state":"INTERNAL_ERROR"}},
			{"run_id":73,"task_key":"c","status":{"state":"TERMINATED","termination_details":{"code":"CANCELED","message":"by ada"}}}]}`)},
	})
	got, err := s.client().JobRun(t.Context(), 7)
	at := time.UnixMilli(1700000000000).UTC()
	want := workspace.JobRun{
		ID: 7, Job: 11, State: workspace.RunState{LifeCycle: "TERMINATED", Result: "FAILED", Message: "not all"},
		Tasks: []workspace.TaskRun{
			{ID: 71, Key: "a", Attempt: 1, State: workspace.RunState{LifeCycle: "TERMINATED", Result: "FAILED", Message: "no rows"}},
			{ID: 72, Key: "b", State: workspace.RunState{LifeCycle: "TERMINATED", Result: "SUCCESS"}, Started: at, Ended: at.Add(1500 * time.Millisecond)},
			{ID: 73, Key: "c", State: workspace.RunState{LifeCycle: "TERMINATED", Result: "CANCELED", Message: "by ada"}},
		},
	}
	if d := cmp.Diff(want, got.Value); err != nil || d != "" || len(got.Seen) != 2 {
		t.Errorf("got %v from %d answers, -want +got:\n%s", err, len(got.Seen), d)
	}
	for name, body := range map[string]string{
		"about run 8":   `{"run_id":8,"job_id":1}`,
		"job_id":        `{"run_id":7}`,
		"without a key": `{"run_id":7,"job_id":1,"tasks":[{"run_id":1}]}`,
		"an array":      `{"run_id":7,"job_id":1,"tasks":{}}`,
	} {
		_, err := play(t, map[string][]reply{request: {ok(body)}}).client().JobRun(t.Context(), 7)
		if !errors.Is(err, workspace.Malformed) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", body, err)
		}
	}
	if _, err := play(t, map[string][]reply{request: {refuse(404, "RESOURCE_DOES_NOT_EXIST", "no")}}).client().JobRun(t.Context(), 7); !errors.Is(err, workspace.NotFound) {
		t.Errorf("got %v", err)
	}
}

func TestTaskOutput(t *testing.T) {
	const request = "GET /api/2.2/jobs/runs/get-output?run_id=71"
	const body = `{"error":"no rows","logs":"a log"}`
	got, err := play(t, map[string][]reply{request: {ok(body)}}).client().TaskOutput(t.Context(), 71)
	if err != nil || got.Value.Error != "no rows" || len(got.Seen) != 1 || string(got.Seen[0].Raw) != body {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = play(t, map[string][]reply{request: {refuse(400, "INVALID_PARAMETER_VALUE", "no output")}}).client().TaskOutput(t.Context(), 71)
	if !errors.Is(err, workspace.Refused) {
		t.Errorf("got %v", err)
	}
}
