package databricks_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

const (
	first, second = "source_to_landing", "landing_to_bronze"
	mainJob       = "corp-procurement/prd/main"
)

// marked is the bundle whose job has another mark than safe.
func marked(t *testing.T, mark string) deploytest.Files {
	return checkout(t, func(f deploytest.Files) {
		f["resources/main.yml"] = strings.Replace(f["resources/main.yml"], "        verification: safe\n", mark, 1)
	})
}

func TestGXP085_OnlyWhatIsMarkedAsSafeRunsInPRD(t *testing.T) {
	for name, mark := range map[string]string{"destructive": "        verification: destructive\n", "without a mark": ""} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			bundle := marked(t, mark)
			w.Apply(t, bundle)
			_, err := w.Target.Run(t.Context(), w.Call(), bundle.Artifact(t), []string{"main"})
			if fault.KindOf(err) != fault.Forbidden || !strings.Contains(err.Error(), "not marked as safe") || !strings.Contains(fault.HintOf(err), "verification: safe") {
				t.Errorf("got %v", err)
			}
			if runs, err := w.Target.Run(t.Context(), w.Call(), bundle.Artifact(t), nil); err != nil || len(runs) > 0 {
				t.Errorf("got %v, %v", runs, err)
			}
			if runs := w.Runs(); len(runs) > 0 {
				t.Errorf("ran %v", runs)
			}
		})
	}
	w := open(t)
	w.Apply(t, w.One)
	if _, err := w.Target.Run(t.Context(), w.Call(), w.One.Artifact(t), []string{"none"}); fault.KindOf(err) != fault.NotFound || len(w.Runs()) > 0 {
		t.Errorf("got %v, ran %v", err, w.Runs())
	}
}

// TestEachTaskTellsHowItEnded reads the tasks of a run back from the workspace.
func TestEachTaskTellsHowItEnded(t *testing.T) {
	task := func(key, outcome, message string) deployment.TaskRun {
		return deployment.TaskRun{Job: "main", Task: key, Run: "RUN", Outcome: outcome, Message: message}
	}
	for name, c := range map[string]struct {
		fails []fakeworkspace.FailingRun
		want  []deployment.TaskRun
	}{
		"all pass": {nil, []deployment.TaskRun{task(second, "passed", ""), task(first, "passed", "")}},
		"the first fails": {
			[]fakeworkspace.FailingRun{{Job: mainJob, Task: first, Message: "no such table"}},
			[]deployment.TaskRun{task(second, "skipped", "Upstream task "+first+" did not succeed."), task(first, "failed", "no such table")},
		},
		"the last fails": {
			[]fakeworkspace.FailingRun{{Job: mainJob, Task: second, Message: "the token " + token + " is old"}},
			[]deployment.TaskRun{task(second, "failed", "the token *** is old"), task(first, "passed", "")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.Apply(t, w.One)
			for _, f := range c.fails {
				if err := w.FailRuns(f); err != nil {
					t.Fatal(err)
				}
			}
			blobs := deploytest.Blobs{}
			call := deploy.NewCall(w.Place, blobs)
			got, err := w.Target.Run(t.Context(), call, w.One.Artifact(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if got[i].Run == "" || got[i].Run == "0" {
					t.Errorf("%+v: of no run", got[i])
				}
				got[i].Run = "RUN"
				kept := string(blobs[got[i].Evidence])
				if ran := got[i].Outcome != "skipped"; kept == "" || ran != strings.Contains(kept, "nothing was executed") || ran && !strings.Contains(kept, got[i].Task) {
					t.Errorf("%+v: its evidence is %q", got[i], kept)
				}
			}
			if d := cmp.Diff(c.want, got, cmpopts.IgnoreFields(deployment.TaskRun{}, "Evidence", "Millis")); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if len(call.Record.Answers) == 0 || len(call.Record.Invocations) == 0 {
				t.Errorf("nothing is kept of what was asked: %+v", call.Record)
			}
			for _, raw := range blobs {
				if strings.Contains(string(raw), token) {
					t.Errorf("the token is in %s", raw)
				}
			}
		})
	}
}

// asked is a workspace that answers one path otherwise.
func asked(t *testing.T, w world, path string, answer http.HandlerFunc) world {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path && strings.HasPrefix(r.UserAgent(), "dc-release") {
			answer(out, r)
			return
		}
		w.ServeHTTP(out, r)
	}))
	t.Cleanup(s.Close)
	w.Place.Config["DATABRICKS_HOST"] = s.URL
	return w
}

func TestWhatTheWorkspaceSaysOfARunDecides(t *testing.T) {
	run := func(text string) http.HandlerFunc {
		return func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			_, _ = out.Write([]byte(strings.ReplaceAll(text, "ID", r.URL.Query().Get("run_id"))))
		}
	}
	const whole = `{"run_id":ID,"job_id":101,"state":{"life_cycle_state":"TERMINATED","result_state":"SUCCESS"},"tasks":`
	for name, c := range map[string]struct {
		path, answer string
		want, err    string
	}{
		"the newer members, and a second attempt": {
			"/api/2.2/jobs/runs/get", `{"run_id":ID,"job_id":101,"status":{"state":"TERMINATED","termination_details":{"code":"SUCCESS"}},"tasks":[
				{"run_id":1,"task_key":"a","attempt_number":0,"state":{"life_cycle_state":"TERMINATED","result_state":"FAILED"}},
				{"run_id":2,"task_key":"a","attempt_number":1,"start_time":1000,"end_time":3500,"status":{"state":"TERMINATED","termination_details":{"code":"SUCCESS"}}}]}`,
			"a passed 2500 ", "",
		},
		"a run that goes on": {
			"/api/2.2/jobs/runs/get", `{"run_id":ID,"job_id":101,"state":{"life_cycle_state":"RUNNING"},"tasks":[{"run_id":1,"task_key":"a","state":{"life_cycle_state":"RUNNING"}}]}`,
			"a failed 0 it is RUNNING", "",
		},
		"no tasks":          {"/api/2.2/jobs/runs/get", whole + `[]}`, " passed 0 ", ""},
		"what nobody wants": {"/api/2.2/jobs/runs/get", whole + `[{"run_id":1,"task_key":"a","state":{"life_cycle_state":"TERMINATED","result_state":"EXCLUDED"}}]}`, "a skipped 0 it is TERMINATED EXCLUDED", ""},
		"the run failed and no task did": {
			"/api/2.2/jobs/runs/get", `{"run_id":ID,"job_id":101,"state":{"life_cycle_state":"TERMINATED","result_state":"TIMEDOUT","state_message":"too long"},"tasks":[{"run_id":1,"task_key":"a","state":{"life_cycle_state":"TERMINATED","result_state":"SUCCESS"}}]}`,
			"a passed 0 ;  failed 0 too long", "",
		},
		"of another job":   {"/api/2.2/jobs/runs/get", strings.Replace(whole, "101", "102", 1) + `[]}`, "", "is of job 102"},
		"no answer":        {"/api/2.2/jobs/runs/get", `{"error":`, "", "back"},
		"a strange output": {"/api/2.2/jobs/runs/get-output", `[]`, "", "read the output of task"},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.Apply(t, w.One)
			w = asked(t, w, c.path, run(c.answer))
			got, err := w.Target.Run(t.Context(), w.Call(), w.One.Artifact(t), []string{"main"})
			var said []string
			for _, r := range got {
				said = append(said, strings.Join([]string{r.Task, r.Outcome, strconv.FormatInt(r.Millis, 10), r.Message}, " "))
			}
			if text := strings.Join(said, "; "); text != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

// silent says something else for every run of a job.
type silent struct {
	deploy.Programs
	said deploy.Output
}

func (s silent) Run(ctx context.Context, c *deploy.Call, folder string, p deploy.Program) (deploy.Output, error) {
	if slices.Contains(p.Argv, "run") {
		return s.said, nil
	}
	return s.Programs.Run(ctx, c, folder, p)
}

// TestAProgramThatDoesNotSayWhichRunItWas is believed, because nothing else is
// there.
func TestAProgramThatDoesNotSayWhichRunItWas(t *testing.T) {
	for name, c := range map[string]struct {
		stdout, stderr string
		exit           int
		want           []deployment.TaskRun
	}{
		"tasks":  {`{"task_outputs":[{"TaskKey":"a"}]}`, "", 0, []deployment.TaskRun{{Job: "main", Task: "a", Outcome: "passed"}}},
		"none":   {`{}`, "", 0, []deployment.TaskRun{{Job: "main", Outcome: "passed"}}},
		"failed": {"", "Error: " + token + " is old", 1, []deployment.TaskRun{{Job: "main", Outcome: "failed", Message: "databricks bundle run main: exit 1: *** is old"}}},
		"broken": {"<html>", "", 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.Apply(t, w.One)
			target := w.Target.(*databricks.Target)
			target.Programs = silent{target.Programs, deploy.Output{Stdout: []byte(c.stdout), Stderr: []byte(c.stderr), Exit: c.exit}}
			got, err := w.Target.Run(t.Context(), w.Call(), w.One.Artifact(t), []string{"main"})
			if d := cmp.Diff(c.want, got, cmpopts.IgnoreFields(deployment.TaskRun{}, "Evidence")); d != "" || (err != nil) != (c.want == nil) {
				t.Errorf("%v, -want +got:\n%s", err, d)
			}
		})
	}
}
