package standin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// runState is how far a run, or one of its tasks, is.
type runState struct {
	LifeCycle string `json:"life_cycle_state"`
	Result    string `json:"result_state"`
	Message   string `json:"state_message"`
}

func (r runState) ended() bool {
	return slices.Contains([]string{"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}, r.LifeCycle)
}

type jobRun struct {
	State runState `json:"state"`
	Page  string   `json:"run_page_url"`
	Tasks []struct {
		Key   string   `json:"task_key"`
		ID    int64    `json:"run_id"`
		End   int64    `json:"end_time"`
		State runState `json:"state"`
	} `json:"tasks"`
}

// taskOutput is one task in the output of run, with the names of the real program.
type taskOutput struct {
	TaskKey string
	Output  any
	EndTime int64
}

// The pauses between two looks at a run.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// runJob starts a deployed job and waits for its end. A run that does not
// succeed is an error.
func (s *session) runJob(ctx context.Context) error {
	name := s.args[0]
	if _, ok := s.bundle.Jobs()[name]; !ok {
		return fmt.Errorf("%s is no job of the bundle", name)
	}
	st, err := s.readState(ctx)
	if err != nil {
		return err
	}
	job, ok := st.State[jobKey(name)]
	if !ok {
		return fmt.Errorf("job %s is not deployed to target %s", name, s.bundle.Target())
	}
	var started struct {
		ID int64 `json:"run_id"`
	}
	if err := s.client.post(ctx, "/api/2.2/jobs/run-now", map[string]any{"job_id": json.Number(job.ID)}, &started); err != nil {
		return err
	}
	r, err := s.follow(ctx, started.ID)
	if err != nil || s.noWait {
		return err
	}
	if err := s.printRun(ctx, r); err != nil {
		return err
	}
	if r.State.Result != "SUCCESS" {
		return fmt.Errorf("run %d of %s ended %s: %s", started.ID, name, r.State.Result, r.State.Message)
	}
	return nil
}

// follow waits until a run has ended.
func (s *session) follow(ctx context.Context, id int64) (jobRun, error) {
	pause, said := firstPause, ""
	for first := true; ; first = false {
		var r jobRun
		if err := s.client.get(ctx, "/api/2.2/jobs/runs/get", url.Values{"run_id": {strconv.FormatInt(id, 10)}}, &r); err != nil {
			return r, err
		}
		if first {
			s.tell("Run URL: %s", r.Page)
		}
		if state := r.State.LifeCycle + " " + r.State.Result; state != said {
			said = state
			s.tell("%s run %d: %s", now(), id, state)
		}
		if r.State.ended() || s.noWait {
			return r, nil
		}
		if err := wait(ctx, pause); err != nil {
			return r, err
		}
		pause = min(2*pause, lastPause)
	}
}

// printRun asks each task for its output.
func (s *session) printRun(ctx context.Context, r jobRun) error {
	outputs := []taskOutput{}
	for _, t := range r.Tasks {
		var out map[string]any
		if err := s.client.get(ctx, "/api/2.2/jobs/runs/get-output", url.Values{"run_id": {strconv.FormatInt(t.ID, 10)}}, &out); err != nil {
			return err
		}
		delete(out, "metadata")
		outputs = append(outputs, taskOutput{t.Key, out, t.End})
	}
	if s.json() {
		return s.print(map[string]any{"task_outputs": outputs})
	}
	for _, o := range outputs {
		if _, err := fmt.Fprintf(s.out, "Task %s:\n%v\n", o.TaskKey, at(o.Output)["logs"]); err != nil {
			return err
		}
	}
	return nil
}

// destroy deletes all jobs of the state and the root folder. Nothing deployed
// is fine.
func (s *session) destroy(ctx context.Context) error {
	if !s.autoApprove {
		return errors.New("destroy asks nobody: pass --auto-approve")
	}
	if _, err := s.status(ctx, s.bundle.RootPath()); missing(err) {
		s.tell("No active deployment found to destroy!")
		return nil
	} else if err != nil {
		return err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	if err := s.destroyLocked(ctx); err != nil {
		return errors.Join(err, unlock())
	}
	s.tell("Destroy complete!")
	return nil // the lock is gone with the root
}

func (s *session) destroyLocked(ctx context.Context) error {
	if err := s.noTerraform(ctx); err != nil {
		return err
	}
	st, err := s.readState(ctx)
	if err != nil {
		return err
	}
	p := &plan{Plan: map[string]*step{}}
	for key := range st.State {
		p.Plan[key] = &step{Action: destroy}
	}
	if err := s.prevented(p); err != nil {
		return err
	}
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(st.State))) {
		if _, isPermission := jobOf(key); isPermission {
			_, err = s.remotePermissions(ctx, st.State[key].ID)
		} else {
			_, err = s.remoteJob(ctx, st.State[key].ID)
		}
		if err != nil && !missing(err) {
			return err
		}
	}
	if err := s.apply(ctx, p, &st); err != nil {
		return errors.Join(err, s.writeState(ctx, &st))
	}
	return s.remove(ctx, s.bundle.RootPath(), true)
}
