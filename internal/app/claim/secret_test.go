package claim_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// reading starts a run for an event, of jobs that read TOKEN, and queues them.
func (f fixture) reading(t *testing.T, id, event string, counted bool) {
	t.Helper()
	job := func(key, environment string, kind pipeline.EnvironmentKind) pipeline.Job {
		return pipeline.Job{Key: key, Environment: environment, Kind: kind, Body: workflow.Job{
			ID: key, RunsOn: []workflow.Text{{Source: id}}, Steps: []workflow.Step{{Run: workflow.Text{Source: "echo ${{ secrets.token }}"}}},
		}}
	}
	trigger := pipeline.Trigger{Name: event, Ref: "refs/heads/main"}
	raw, err := json.Marshal(pipeline.Plan{File: "main.yaml", Trigger: trigger, Jobs: []pipeline.Job{
		job("build", "", pipeline.NoEnvironment), job("tst", "tst", pipeline.Place), job("gate", "pre_val", pipeline.Gate),
	}})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := f.blobs.PutBytes(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	stream := ledger.RunStream(id)
	f.append(t, "solution/"+id, ledger.Draft{Stream: stream, Data: &pipeline.RunStarted{Run: id, Solution: "corp-procurement", Number: int64(len(id)), Trigger: trigger, Plan: plan, Profile: "non-gxp", Counted: counted}})
	for key, place := range map[string]string{"build": "", "tst": "tst", "gate": ""} {
		f.append(t, "queue/"+id+key, ledger.Draft{Stream: stream, Data: &pipeline.ExecutionQueued{
			Execution: pipeline.ExecutionID(id, 1, key, 1), Run: id, Solution: "corp-procurement", Job: key, Attempt: 1, Try: 1,
			Environment: place, Pool: "build", Labels: []string{id},
		}})
	}
}

func TestASecretIsForTheScopeOfTheJobAndNeverForAPullRequest(t *testing.T) {
	for _, c := range []struct {
		event   string
		counted bool
		want    map[string]string // by job
	}{
		{"push", true, map[string]string{"build": "of ", "tst": "of tst", "gate": ""}},
		{"pull_request", true, map[string]string{"build": "", "tst": "", "gate": ""}},
		{"pull_request", false, map[string]string{"build": "of ", "tst": "of tst", "gate": ""}}, // a rehearsal brings its own
	} {
		f := begin(t)
		var asked []string
		f.Secrets = func(_ context.Context, solution, environment, name string) (string, bool, error) {
			asked = append(asked, solution+"/"+environment+"/"+name)
			return "of " + environment, true, nil
		}
		f.reading(t, "01READS", c.event, c.counted)
		for range c.want {
			a, err := f.Claim(t.Context(), claim.Worker{ID: "w", Pools: []string{"build"}, Labels: []string{"01READS"}})
			if err != nil || a == nil {
				t.Fatalf("%s: %+v, %v", c.event, a, err)
			}
			job, before := pipeline.JobOf(a.Execution), len(asked)
			got, ok, err := f.Secret(t.Context(), a.Execution, a.Fence, "token")
			if err != nil || got != c.want[job] || ok != (got != "") {
				t.Errorf("%s, job %s: %q, %t, %v, want %q", c.event, job, got, ok, err, c.want[job])
			}
			if got == "" && len(asked) != before {
				t.Errorf("%s, job %s: %v was opened for nobody", c.event, job, asked)
			}
			if got, _, err := f.Secret(t.Context(), a.Execution, a.Fence, "OTHER"); got != "" || fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s, job %s is given %q, which its plan does not name: %v", c.event, job, got, err)
			}
			if err := f.Finish(t.Context(), result(a, pipeline.Success)); err != nil {
				t.Fatal(err)
			}
			if got, _, err := f.Secret(t.Context(), a.Execution, a.Fence, "TOKEN"); got != "" || fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s, job %s is given %q after its end: %v", c.event, job, got, err)
			}
		}
	}
}
