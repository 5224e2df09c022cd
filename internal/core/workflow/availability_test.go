package workflow_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestAvailabilityFollowsGitHubsTable(t *testing.T) {
	cases := []struct {
		name string
		key  workflow.Key
		text string
		rule string // of the first misuse, "" for none
		at   int
	}{
		{"needs is there in a job's if", workflow.KeyJobIf, "${{ needs.a.result }}", "", 0},
		{"secrets is not there in a job's if", workflow.KeyJobIf, "${{ secrets.A != '' }}", "context-not-available", 4},
		{"env is not there in a job's if", workflow.KeyJobIf, "${{ env.A }}", "context-not-available", 4},
		{"status functions are there in a job's if", workflow.KeyJobIf, "${{ always() }}", "", 0},
		{"hashFiles is not there in a job's if", workflow.KeyJobIf, "${{ hashFiles('a') }}", "function-not-available", 4},
		{"steps is there in a step's if", workflow.KeyStepIf, "${{ steps.a.outcome }}", "", 0},
		{"secrets is not there in a step's if", workflow.KeyStepIf, "${{ secrets.A }}", "context-not-available", 4},
		{"secrets is there in a step's env", workflow.KeyStepEnv, "x ${{ secrets.A }}", "", 0},
		{"status functions are not there in run", workflow.KeyStepRun, "echo ${{ success() }}", "function-not-available", 9},
		{"env is not there in a job's env", workflow.KeyJobEnv, "${{ env.A }}", "context-not-available", 4},
		{"env is there in a job's defaults", workflow.KeyJobDefaults, "${{ env.A }}", "", 0},
		{"needs is not there in a workflow's env", workflow.KeyEnv, "${{ needs.a }}", "context-not-available", 4},
		{"jobs is there in the outputs of a call", workflow.KeyCallOutputValue, "${{ jobs.a.outputs.b }}", "", 0},
		{"jobs is nowhere else", workflow.KeyStepRun, "${{ jobs.a }}", "context-not-available", 4},
		{"an unknown context is unknown", workflow.KeyStepRun, "${{ gihub.ref }}", "unknown-context", 4},
		{"a context has any case", workflow.KeyStepRun, "${{ GitHub.ref }}", "", 0},
		{"no context is there elsewhere", workflow.KeyNone, "${{ github.ref }}", "context-not-available", 4},
		{"needs is not there in a workflow's concurrency", workflow.KeyConcurrency, "${{ needs.a }}", "context-not-available", 4},
		{"inputs is there in a workflow's concurrency", workflow.KeyConcurrency, "${{ inputs.a }}", "", 0},
		{"matrix is there in a job's concurrency", workflow.KeyJobConcurrency, "${{ matrix.a }}", "", 0},
		{"secrets is not there in a job's concurrency", workflow.KeyJobConcurrency, "${{ secrets.A }}", "context-not-available", 4},
		{"needs is there in a strategy", workflow.KeyJobStrategy, "${{ fromJSON(needs.a.outputs.b) }}", "", 0},
		{"matrix is not there in its own strategy", workflow.KeyJobStrategy, "${{ matrix.a }}", "context-not-available", 4},
		{"steps is there in an environment's url", workflow.KeyJobEnvironmentURL, "${{ steps.a.outputs.b }}", "", 0},
		{"steps is not there in an environment's name", workflow.KeyJobEnvironment, "${{ steps.a.outputs.b }}", "context-not-available", 4},
		{"secrets is not there in an environment's url", workflow.KeyJobEnvironmentURL, "${{ secrets.A }}", "context-not-available", 4},
		{"hashFiles is not there in an environment's url", workflow.KeyJobEnvironmentURL, "${{ hashFiles('a') }}", "function-not-available", 4},
		{"runner is there in the default of an action's input", workflow.KeyActionInputDefault, "${{ runner.os }}", "", 0},
		{"inputs is not there in the default of an action's input", workflow.KeyActionInputDefault, "${{ inputs.a }}", "context-not-available", 4},
		{"steps is there in an action's output", workflow.KeyActionOutput, "${{ steps.a.outputs.b }}", "", 0},
		{"hashFiles is not there in an action's output", workflow.KeyActionOutput, "${{ hashFiles('a') }}", "function-not-available", 4},
		{"status functions are there in an action's post-if", workflow.KeyActionPostIf, "${{ failure() }}", "", 0},
		{"steps is not there in an action's post-if", workflow.KeyActionPostIf, "${{ steps.a.outcome }}", "context-not-available", 4},
		{"status functions are there in the if of an action's step", workflow.KeyActionStepIf, "${{ always() && hashFiles('a') }}", "", 0},
		{"secrets is not there in an action's step", workflow.KeyActionStepRun, "echo ${{ secrets.A }}", "context-not-available", 9},
		{"vars is not there in an action's step", workflow.KeyActionStepEnv, "${{ vars.A }}", "context-not-available", 4},
		{"needs is not there in an action's step", workflow.KeyActionStepWith, "${{ needs.a.result }}", "context-not-available", 4},
		{"inputs is there in the shell of an action's step", workflow.KeyActionStepShell, "${{ inputs.shell }}", "", 0},
		{"an option of hashFiles is not there", workflow.KeyStepRun, "${{ hashFiles('--follow', 'a') }}", "option-not-supported", 4},
		{"the option of hashFiles is", workflow.KeyStepRun, "${{ hashFiles('--follow-symbolic-links', 'a') }}", "", 0},
		{"a nested use is found", workflow.KeyJobName, "${{ format('{0}', vars[secrets.A]) }}", "context-not-available", 23},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, err := workflow.ParseText(c.text)
			if err != nil {
				t.Fatal(err)
			}
			list := text.Check(c.key)
			if c.rule == "" {
				if len(list) != 0 {
					t.Errorf("misuses %+v", list)
				}
				return
			}
			if len(list) != 1 || list[0].Rule != c.rule || list[0].Offset != c.at || list[0].Hint == "" {
				t.Errorf("misuses %+v, want %s at %d", list, c.rule, c.at)
			}
		})
	}
}
