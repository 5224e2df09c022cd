package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	runPath    = "/api/2.2/jobs/runs/get"
	outputPath = "/api/2.2/jobs/runs/get-output"
)

// RunState is how far a run, or one of its tasks, is and how it ended.
type RunState struct {
	LifeCycle string // PENDING, RUNNING, TERMINATED, SKIPPED, INTERNAL_ERROR and others
	Result    string // SUCCESS, FAILED, TIMEDOUT, CANCELED, UPSTREAM_FAILED and others; "" while it has not ended
	Message   string
}

// JobRun is one run of a job.
type JobRun struct {
	ID    int64
	Job   int64
	State RunState
	Tasks []TaskRun // in the order of their keys, of each the last attempt
}

// TaskRun is one task of a run.
type TaskRun struct {
	ID      int64 // to ask for its output
	Key     string
	Attempt int64 // from 0
	State   RunState
	Started time.Time
	Ended   time.Time // zero: it has not ended
}

// JobRun reads a run with all its tasks; NotFound when there is none.
func (c *Client) JobRun(ctx context.Context, id int64) (Answer[JobRun], error) {
	var out JobRun
	seen, err := pages(ctx, c, runPath, url.Values{"run_id": {strconv.FormatInt(id, 10)}}, func(f fields) error {
		if got := f.id("run_id"); got != id {
			return fmt.Errorf("is about run %d", got)
		}
		out.ID, out.Job, out.State = id, f.id("job_id"), runState(f)
		for _, t := range f.objects("tasks") {
			one := TaskRun{
				ID: t.id("run_id"), Key: t.text("task_key"), Attempt: t.integer("attempt_number", 0), State: runState(t),
				Started: t.moment("start_time"), Ended: t.moment("end_time"),
			}
			if one.Key == "" {
				return errors.New("has a task without a key")
			}
			out.Tasks = append(out.Tasks, one)
		}
		return nil
	})
	if err != nil {
		return Answer[JobRun]{}, err
	}
	slices.SortStableFunc(out.Tasks, func(a, b TaskRun) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(b.Attempt, a.Attempt)) })
	out.Tasks = slices.CompactFunc(out.Tasks, func(a, b TaskRun) bool { return a.Key == b.Key })
	return Answer[JobRun]{out, seen}, nil
}

// runState reads the state, from the newer member where the older one is not
// there.
func runState(f fields) RunState {
	state, status := f.object("state"), f.object("status")
	details := status.object("termination_details")
	return RunState{
		LifeCycle: cmp.Or(state.text("life_cycle_state"), status.text("state")),
		Result:    cmp.Or(state.text("result_state"), details.text("code")),
		Message:   cmp.Or(state.text("state_message"), details.text("message")),
	}
}

// TaskOutput is what a task left. The exchange has all of it.
type TaskOutput struct {
	Error string // why it failed
}

// TaskOutput reads the output of one task by the id of its run. Some types of
// tasks have none, and the service refuses to answer then.
func (c *Client) TaskOutput(ctx context.Context, id int64) (Answer[TaskOutput], error) {
	return one(ctx, c, outputPath, url.Values{"run_id": {strconv.FormatInt(id, 10)}}, func(f fields, _ http.Header) (TaskOutput, error) {
		return TaskOutput{Error: f.text("error")}, nil
	})
}
