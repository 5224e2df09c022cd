package pipeline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// play runs a plan to its end: every queued job ends as results says, success
// where it says nothing.
func play(t *testing.T, plan pipeline.Plan, o pipeline.Outside, results map[string]pipeline.Conclusion, outputs map[string]map[string]string) pipeline.State {
	t.Helper()
	s := pipeline.NewState(plan)
	var seq int64
	apply := func(p ledger.Payload) {
		seq++
		s = pipeline.Apply(s, ledger.Event{Header: ledger.Header{Seq: seq, Version: seq}, Data: p})
	}
	apply(&pipeline.RunStarted{Run: "R", Trigger: plan.Trigger})
	for range 200 {
		commands := pipeline.Next(s, o)
		if len(commands) == 0 {
			return s
		}
		for _, c := range commands {
			fact, err := pipeline.Fact(s.Run, c)
			if err != nil {
				t.Fatal(err)
			}
			if group := pipeline.ApplyGroup(o.Groups, ledger.Event{Header: ledger.Header{Version: o.Groups.Version + 1}, Data: fact}); !isRunEvent(fact) {
				o.Groups = group
				continue
			}
			apply(fact)
			if c, ok := c.(pipeline.Queue); ok {
				id := pipeline.ExecutionID("R", c.Attempt, c.Job, c.Try)
				apply(&pipeline.ExecutionClaimed{Execution: id})
				conclusion := results[c.Job]
				if conclusion == "" {
					conclusion = pipeline.Success
				}
				apply(&pipeline.ExecutionFinished{Execution: id, Job: c.Job, Conclusion: conclusion, Outputs: outputs[c.Job]})
			}
		}
	}
	t.Fatal("the run does not come to an end")
	return s
}

func isRunEvent(p ledger.Payload) bool {
	switch p.(type) {
	case *pipeline.GroupJoined, *pipeline.GroupEntered, *pipeline.GroupLeft:
		return false
	}
	return true
}

func text(s string) workflow.Text { return workflow.Text{Source: s} }

func planned(key string, needs []string, change func(*pipeline.Job)) pipeline.Job {
	j := pipeline.Job{Key: key, Needs: needs, Body: workflow.Job{ID: key, RunsOn: []workflow.Text{text("ubuntu-latest")}}}
	if change != nil {
		change(&j)
	}
	return j
}

func when(source string) func(*pipeline.Job) {
	return func(j *pipeline.Job) { j.Body.If = text(source) }
}

func TestNext(t *testing.T) {
	place := func(name string) func(*pipeline.Job) {
		return func(j *pipeline.Job) { j.Environment, j.Kind = name, pipeline.Place }
	}
	atGate := func(j *pipeline.Job) { j.Environment, j.Kind = "pre_val", pipeline.Gate }
	for name, c := range map[string]struct {
		jobs    []pipeline.Job
		outside pipeline.Outside
		results map[string]pipeline.Conclusion
		want    map[string]pipeline.Conclusion // of jobs, "" key for the run
	}{
		"a failure skips what needs it": {
			jobs:    []pipeline.Job{planned("a", nil, nil), planned("b", []string{"a"}, nil), planned("c", []string{"b"}, nil)},
			results: map[string]pipeline.Conclusion{"a": "failure"},
			want:    map[string]pipeline.Conclusion{"a": "failure", "b": "skipped", "c": "skipped", "": "failure"},
		},
		"always runs after a failure": {
			jobs:    []pipeline.Job{planned("a", nil, nil), planned("b", []string{"a"}, when("always()"))},
			results: map[string]pipeline.Conclusion{"a": "failure"},
			want:    map[string]pipeline.Conclusion{"a": "failure", "b": "success", "": "failure"},
		},
		"a failure far behind an always still skips": {
			jobs:    []pipeline.Job{planned("a", nil, nil), planned("b", []string{"a"}, when("always()")), planned("c", []string{"b"}, nil)},
			results: map[string]pipeline.Conclusion{"a": "failure"},
			want:    map[string]pipeline.Conclusion{"a": "failure", "b": "success", "c": "skipped", "": "failure"},
		},
		"failure() runs only then": {
			jobs: []pipeline.Job{planned("a", nil, nil), planned("b", []string{"a"}, when("failure()"))},
			want: map[string]pipeline.Conclusion{"a": "success", "b": "skipped", "": "success"},
		},
		"continue-on-error keeps the failure from what needs it": {
			jobs:    []pipeline.Job{planned("a", nil, func(j *pipeline.Job) { j.Body.ContinueOnError = text("true") }), planned("b", []string{"a"}, nil)},
			results: map[string]pipeline.Conclusion{"a": "failure"},
			want:    map[string]pipeline.Conclusion{"a": "success", "b": "success", "": "success"},
		},
		"a job at a gate that this run cannot have is skipped": {
			jobs:    []pipeline.Job{planned("g", nil, atGate), planned("b", []string{"g"}, nil)},
			outside: pipeline.Outside{Gates: map[string]pipeline.GateState{"pre_val": {Absent: true, Reason: "no release"}}},
			want:    map[string]pipeline.Conclusion{"g": "skipped", "b": "skipped", "": "skipped"},
		},
		"a job waits at its gate": {
			jobs: []pipeline.Job{planned("g", nil, atGate), planned("b", []string{"g"}, nil)},
			want: map[string]pipeline.Conclusion{"g": "", "b": "", "": ""},
		},
		"a rejected gate fails": {
			jobs:    []pipeline.Job{planned("g", nil, atGate), planned("b", []string{"g"}, nil)},
			outside: pipeline.Outside{Gates: map[string]pipeline.GateState{"pre_val": {Rejected: true, Reason: "rejected"}}},
			want:    map[string]pipeline.Conclusion{"g": "failure", "b": "skipped", "": "failure"},
		},
		"a satisfied gate releases its job": {
			jobs:    []pipeline.Job{planned("g", nil, atGate), planned("b", []string{"g"}, nil)},
			outside: pipeline.Outside{Gates: map[string]pipeline.GateState{"pre_val": {Satisfied: true}}},
			want:    map[string]pipeline.Conclusion{"g": "success", "b": "success", "": "success"},
		},
		"a place that may not be entered fails its job, even with always": {
			jobs:    []pipeline.Job{planned("a", nil, nil), planned("prd", []string{"a"}, func(j *pipeline.Job) { place("prd")(j); when("always()")(j) })},
			outside: pipeline.Outside{Entry: map[string]pipeline.Entry{"prd": {Reason: "gate is closed"}}},
			want:    map[string]pipeline.Conclusion{"a": "success", "prd": "failure", "": "failure"},
		},
		"a broken expression fails its job and no other": {
			jobs: []pipeline.Job{planned("a", nil, when("fromJSON('{')")), planned("b", nil, nil)},
			want: map[string]pipeline.Conclusion{"a": "failure", "b": "success", "": "failure"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, pipeline.Plan{Jobs: c.jobs}, c.outside, c.results, nil)
			got := map[string]pipeline.Conclusion{"": s.Result}
			for key, j := range s.Jobs {
				got[key] = j.Conclusion
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestScopesTakeInputsAndGiveOutputs(t *testing.T) {
	call := planned("tst", nil, func(j *pipeline.Job) {
		j.Body.RunsOn, j.Body.Call = nil, &workflow.Call{Uses: "./x.yaml", With: []workflow.Binding{{Name: "environment", Value: text("tst")}}}
		j.Interface = &workflow.Interface{
			Inputs:  []workflow.Input{{Name: "environment", Type: "string"}, {Name: "dry", Type: "boolean", HasDefault: true, Default: text("true")}},
			Outputs: []workflow.Output{{Name: "url", Value: text("${{ jobs.deploy.outputs.url }}")}},
		}
	})
	deploy := planned("tst/deploy", nil, func(j *pipeline.Job) {
		j.Scope, j.Body.ID, j.Body.Name = "tst", "deploy", text("Deploy to ${{ inputs.environment }}")
		j.Body.If = text("inputs.dry")
	})
	after := planned("after", []string{"tst"}, when("needs.tst.outputs.url == 'here' && needs.tst.result == 'success'"))
	s := play(t, pipeline.Plan{Jobs: []pipeline.Job{call, deploy, after}}, pipeline.Outside{}, nil, map[string]map[string]string{"tst/deploy": {"url": "here"}})
	if s.Result != pipeline.Success || s.Jobs["after"].Conclusion != pipeline.Success {
		t.Errorf("run %s, after %+v", s.Result, s.Jobs["after"])
	}
	if got := s.Jobs["tst/deploy"].Name; got != "Deploy to tst" {
		t.Errorf("name %q", got)
	}
}

func TestASkippedJobSaysWhichValueDecided(t *testing.T) {
	plan := pipeline.Plan{
		Trigger: pipeline.Trigger{Name: "pull_request", Ref: "refs/pull/7/merge"},
		Jobs:    []pipeline.Job{planned("tst", nil, when("${{ github.ref == 'refs/heads/main' }}"))},
	}
	s := play(t, plan, pipeline.Outside{}, nil, nil)
	if got, want := s.Jobs["tst"].Reason, `if is false: ${{ github.ref == 'refs/heads/main' }} (github.ref was "refs/pull/7/merge")`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
