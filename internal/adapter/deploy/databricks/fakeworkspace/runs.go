package fakeworkspace

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// States of a run, as the Jobs API names them.
const (
	Success        = "SUCCESS"
	Failed         = "FAILED"
	UpstreamFailed = "UPSTREAM_FAILED"
	Canceled       = "CANCELED"

	running    = "RUNNING"
	terminated = "TERMINATED"
)

// run is one run of a job.
type run struct {
	ID      int64     `json:"id"`
	Job     int64     `json:"job"`
	Name    string    `json:"name"`
	Number  int       `json:"number"`
	By      string    `json:"by"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"` // zero: it is active
	Result  string    `json:"result,omitempty"`
	Message string    `json:"message,omitempty"`
	Tasks   []taskRun `json:"tasks"`
	Token   string    `json:"idempotency_token,omitempty"`
}

type taskRun struct {
	ID      int64  `json:"id"`
	Key     string `json:"key"`
	Result  string `json:"result,omitempty"`
	Message string `json:"message,omitempty"`
}

// Run is one run of the workspace.
type Run struct {
	ID      int64     `json:"run_id"`
	Job     int64     `json:"job_id"`
	Name    string    `json:"run_name"` // of the job when it started
	Started time.Time `json:"started"`
	Result  string    `json:"result"` // "" while it is active
	By      string    `json:"by"`
}

// Runs are all runs, oldest first.
func (w *Workspace) Runs() []Run {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs()
}

func (w *Workspace) runs() []Run {
	out := []Run{}
	for _, r := range w.state.Runs {
		out = append(out, Run{ID: r.ID, Job: r.Job, Name: r.Name, Started: r.Started, Result: r.Result, By: r.By})
	}
	return out
}

// FailingRun makes runs fail.
type FailingRun struct {
	Job     string `json:"job"`               // its name
	Task    string `json:"task,omitempty"`    // its key, "" for all tasks
	Message string `json:"message,omitempty"` // of the failed tasks
	Times   int    `json:"times,omitempty"`   // how many runs, 0 for each one
}

// FailRuns makes the next runs of a job fail. What depends on a failed task does
// not run.
func (w *Workspace) FailRuns(f FailingRun) error {
	return w.alter(func(time.Time) error {
		if f.Job == "" {
			return invalid("failing run: want the name of a job.")
		}
		w.state.Failing = append(w.state.Failing, &f)
		return nil
	})
}

// failing takes what a run of a job has to fail with: messages by task, "" for all.
func (w *Workspace) failing(name string) map[string]string {
	out := map[string]string{}
	w.state.Failing = slices.DeleteFunc(w.state.Failing, func(f *FailingRun) bool {
		if f.Job != name {
			return false
		}
		message := f.Message
		if message == "" {
			message = "Workload failed, as the sandbox was told."
		}
		out[f.Task] = message
		if f.Times > 0 {
			f.Times--
			return f.Times == 0
		}
		return false
	})
	return out
}

// start makes a run that is active.
func (w *Workspace) start(j *job, by Principal, at time.Time) (*run, error) {
	tasks, err := j.Settings.tasks()
	if err != nil {
		return nil, err
	}
	j.LastRun++
	r := &run{ID: next(&w.state.LastID.Run), Job: j.ID, Name: j.Settings.text("name"), Number: j.LastRun, By: by.UserName, Started: at}
	for _, t := range tasks {
		r.Tasks = append(r.Tasks, taskRun{ID: next(&w.state.LastID.Run), Key: t.Key})
	}
	w.state.Runs = append(w.state.Runs, r)
	return r, nil
}

// end ends a run at once: each task succeeds, fails as told, or does not run
// because one that it needs did not succeed.
func (r *run) end(tasks []task, failing map[string]string, at time.Time) {
	r.Ended, r.Result = at, Success
	all, whole := failing[""]
	bad := map[string]bool{}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		t.Result = Success
		message, told := failing[t.Key]
		if whole && !told {
			message, told = all, true
		}
		if told {
			t.Result, t.Message, bad[t.Key] = Failed, message, true
		}
	}
	for more := true; more; {
		more = false
		for i, t := range tasks {
			if r.Tasks[i].Result == UpstreamFailed {
				continue
			}
			if d, ok := t.waitsFor(bad); ok {
				r.Tasks[i].Result, r.Tasks[i].Message = UpstreamFailed, fmt.Sprintf("Upstream task %s did not succeed.", d)
				bad[t.Key], more = true, true
			}
		}
	}
	if whole || len(bad) > 0 {
		r.Result, r.Message = Failed, "Job run failed: not every task succeeded."
	}
}

// waitsFor is the first task that a task needs and that did not succeed.
func (t task) waitsFor(bad map[string]bool) (string, bool) {
	for _, d := range t.Depends {
		if bad[d.Key] {
			return d.Key, true
		}
	}
	return "", false
}

func runNow(w *Workspace, c *call) (any, error) {
	var in struct {
		ID    int64  `json:"job_id"`
		Token string `json:"idempotency_token"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	j, err := w.job(in.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range w.state.Runs {
		if in.Token != "" && r.Token == in.Token && r.Job == in.ID {
			return map[string]any{"run_id": r.ID, "number_in_job": r.Number}, nil
		}
	}
	r, err := w.start(j, c.by, c.at)
	if err != nil {
		return nil, err
	}
	r.Token = in.Token
	tasks, err := j.Settings.tasks()
	if err != nil {
		return nil, err
	}
	r.end(tasks, w.failing(r.Name), c.at)
	return map[string]any{"run_id": r.ID, "number_in_job": r.Number}, nil
}

// runState is the state of a run or of one of its tasks.
func runState(result, message string) map[string]string {
	if result == "" {
		return map[string]string{"life_cycle_state": running, "state_message": "In run"}
	}
	return map[string]string{"life_cycle_state": terminated, "result_state": result, "state_message": message}
}

func (w *Workspace) describeRun(c *call, r *run, tasks bool) map[string]any {
	page := fmt.Sprintf("%s/?o=%d#job/%d/run/%d", w.host(c.r), w.config.Org, r.Job, r.ID)
	out := map[string]any{
		"job_id": r.Job, "run_id": r.ID, "number_in_job": r.Number, "run_name": r.Name, "creator_user_name": r.By,
		"state": runState(r.Result, r.Message), "run_page_url": page, "start_time": millis(r.Started), "run_type": "JOB_RUN",
	}
	if !r.Ended.IsZero() {
		out["end_time"] = millis(r.Ended)
	}
	if !tasks {
		return out
	}
	list := []map[string]any{}
	for _, t := range r.Tasks {
		task := map[string]any{
			"task_key": t.Key, "run_id": t.ID, "state": runState(t.Result, t.Message), "start_time": millis(r.Started), "run_page_url": page, "attempt_number": 0,
		}
		if !r.Ended.IsZero() {
			task["end_time"] = millis(r.Ended)
		}
		list = append(list, task)
	}
	out["tasks"] = list
	return out
}

// lookUp finds a run by its id, or by that of one of its tasks.
func (w *Workspace) lookUp(id int64) (*run, *taskRun, error) {
	for _, r := range w.state.Runs {
		if r.ID == id {
			return r, nil, nil
		}
		for i := range r.Tasks {
			if r.Tasks[i].ID == id {
				return r, &r.Tasks[i], nil
			}
		}
	}
	return nil, nil, missing("Run %d does not exist.", id)
}

func getRun(w *Workspace, c *call) (any, error) {
	id, err := c.id("run_id")
	if err != nil {
		return nil, err
	}
	r, _, err := w.lookUp(id)
	if err != nil {
		return nil, err
	}
	return w.describeRun(c, r, true), nil
}

// getOutput gives the output of a task's run; a run of several tasks has none.
func getOutput(w *Workspace, c *call) (any, error) {
	id, err := c.id("run_id")
	if err != nil {
		return nil, err
	}
	r, t, err := w.lookUp(id)
	switch {
	case err != nil:
		return nil, err
	case t == nil && len(r.Tasks) == 1:
		t = &r.Tasks[0]
	case t == nil:
		return nil, refuse(http.StatusBadRequest, "INVALID_PARAMETER_VALUE", "Retrieving the output of runs with multiple tasks is not supported. Retrieve the output of each individual task run instead.")
	}
	out := map[string]any{
		"metadata": map[string]any{
			"job_id": r.Job, "run_id": t.ID, "task_key": t.Key, "number_in_job": r.Number, "creator_user_name": r.By,
			"state": runState(t.Result, t.Message), "start_time": millis(r.Started), "run_name": t.Key,
		},
		"logs": fmt.Sprintf("sandbox: task %s of %s ended %s; nothing was executed\n", t.Key, r.Name, t.Result),
	}
	if t.Result == Failed {
		out["error"] = t.Message
	}
	return out, nil
}

// listRuns gives runs, newest first: of one job, and only active or only ended
// ones, if asked.
func listRuns(w *Workspace, c *call) (any, error) {
	limit, err := c.limit("limit", 20, 25)
	if err != nil {
		return nil, err
	}
	before, err := c.position("runs")
	if err != nil {
		return nil, err
	}
	active, err := c.flag("active_only")
	if err != nil {
		return nil, err
	}
	completed, err := c.flag("completed_only")
	if err != nil {
		return nil, err
	}
	expand, err := c.flag("expand_tasks")
	if err != nil {
		return nil, err
	}
	if active && completed {
		return nil, invalid("Parameters active_only and completed_only: want at most one.")
	}
	var of []*run
	for _, r := range w.state.Runs {
		job := c.query.Get("job_id")
		if (before > 0 && r.ID >= before) || (job != "" && strconv.FormatInt(r.Job, 10) != job) || (active && !r.Ended.IsZero()) || (completed && r.Ended.IsZero()) {
			continue
		}
		of = append(of, r)
	}
	slices.Reverse(of)
	page, then := cut(of, 0, limit)
	out := map[string]any{"has_more": then > 0}
	if then > 0 {
		out["next_page_token"] = pageToken("runs", page[len(page)-1].ID)
	}
	var runs []map[string]any
	for _, r := range page {
		runs = append(runs, w.describeRun(c, r, expand))
	}
	if len(runs) > 0 {
		out["runs"] = runs
	}
	return out, nil
}
