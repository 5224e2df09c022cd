package workflowfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rhysd/actionlint"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// file makes a workflow of one job from the lines below steps: (two spaces of
// indentation are added, the first is line 7).
func steps(lines string) string {
	return "on: push\njobs:\n  build:\n    runs-on: x\n    needs: []\n    steps:\n" + indent(lines, 6)
}

// job makes a workflow with the keys of one job, which begin at line 4.
func job(lines string) string { return "on: push\njobs:\n  build:\n" + indent(lines, 4) }

// runnable adds what a job needs: a runner and a step.
func runnable(lines string) string { return job("runs-on: x\nsteps: [{run: a}]\n" + lines) }

func indent(lines string, by int) string {
	pad := strings.Repeat(" ", by)
	return pad + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n"+pad) + "\n"
}

func short(findings []workflow.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%d:%d %s %s", f.At.Line, f.At.Column, f.Severity, f.Rule))
	}
	return list
}

type fileCase struct {
	name, src string
	want      []string
}

func runFiles(t *testing.T, cases []fileCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, findings := workflowfile.Read("main.yaml", []byte(c.src))
			if diff := cmp.Diff(c.want, short(findings)); diff != "" {
				t.Errorf("%s\n%s\n%v", diff, c.src, findings)
			}
			for _, f := range findings {
				if f.At.File != "main.yaml" || f.Message == "" {
					t.Errorf("finding %+v", f)
				}
			}
		})
	}
}

func TestFilesThatAreNoWorkflow(t *testing.T) {
	runFiles(t, []fileCase{
		{"an empty file", "", []string{"1:1 error empty-workflow"}},
		{"a file with a comment only", "# nothing\n", []string{"1:1 error empty-workflow"}},
		{"no YAML", "a: b: c\n", []string{"1:1 error yaml-syntax"}},
		{"no YAML in a later line", "on: push\njobs:\n  a: [\n", []string{"3:1 error yaml-syntax"}},
		{"a scalar", "hello\n", []string{"1:1 error wrong-type"}},
		{"a sequence", "- on\n", []string{"1:1 error wrong-type"}},
		{"two documents", "on: push\n---\non: push\n", []string{"2:1 error yaml-documents"}},
		{"neither events nor jobs", "name: x\n", []string{"1:1 error missing-key", "1:1 error missing-key"}},
		{"jobs that are empty", "on: push\njobs: {}\n", []string{"2:7 error empty-value"}},
		{"jobs that are a sequence", "on: push\njobs: [a]\n", []string{"2:7 error wrong-type"}},
		{"a file that is too large", strings.Repeat("#", 1<<20+1), []string{"1:1 error file-too-large"}},
	})
}

func TestKeysOfAWorkflow(t *testing.T) {
	good := "jobs: {a: {runs-on: x, steps: [{run: a}]}}\n"
	runFiles(t, []fileCase{
		{"a small workflow", "on: push\n" + good, nil},
		{"all keys", "name: n\nrun-name: r ${{ github.ref }}\ndescription: d\non: push\npermissions: read-all\nenv: {A: '1'}\ndefaults: {run: {shell: bash, working-directory: d}}\n" + good, nil},
		{"concurrency", "on: push\nconcurrency: x\n" + good, nil},
		{"an unknown key", "on: push\njob: x\n" + good, []string{"2:1 error unknown-key"}},
		{"a duplicate key", "on: push\non: push\n" + good, []string{"2:1 error duplicate-key"}},
		{"a duplicate variable in another case", "on: push\nenv:\n  A: 1\n  a: 2\n" + good, []string{"4:3 error duplicate-key"}},
		{"an expression in the name", "name: a ${{ github.ref }}\non: push\n" + good, []string{"1:7 error expression-not-available"}},
		{"a string as an expression in the name", "name: ${{ 'a' }}\non: {push: {branches: [\"${{ 'main' }}\"]}}\n" + good, nil},
		{"a string as an expression with text around it", "name: a ${{ 'b' }}\non: push\n" + good, []string{"1:7 error expression-not-available"}},
		{"a number as an expression in the name", "name: ${{ 1 }}\non: push\n" + good, []string{"1:7 error expression-not-available"}},
		{"a function of strings in the name", "name: ${{ format('a') }}\non: push\n" + good, []string{"1:7 error expression-not-available"}},
		{"a string that holds an expression", "name: ${{ '${{ github.ref }}' }}\non: push\n" + good, []string{"1:7 error expression-not-available"}},
		{"a context that run-name has not", "run-name: a ${{ needs.x }}\non: push\n" + good, []string{"1:17 error context-not-available"}},
		{"a secret in env", "on: push\nenv:\n  A: ${{ secrets.A }}\n" + good, nil},
		{"a permission that is none", "on: push\npermissions: {contents: all}\n" + good, []string{"2:25 error wrong-type"}},
		{"permissions that are none", "on: push\npermissions: all\n" + good, []string{"2:14 error wrong-type"}},
		{"a shell that is not executed", "on: push\ndefaults: {run: {shell: cmd}}\n" + good, []string{"2:25 error unsupported-shell"}},
		{"a merge key", "on: push\nenv: &e {A: 1}\njobs:\n  a:\n    runs-on: x\n    env:\n      <<: *e\n    steps: [{run: a}]\n", []string{"7:7 error unsupported-key"}},
		{"an alias", "on: push\nenv: &e {A: 1}\njobs:\n  a:\n    runs-on: x\n    env: *e\n    steps: [{run: a}]\n", nil},
		{"an expression as key", "on: push\nenv: {\"${{ insert }}\": 1}\n" + good, []string{"2:7 error unsupported-key"}},
		{"env that is an expression", "on: push\nenv: ${{ fromJSON('{}') }}\n" + good, []string{"2:6 error wrong-type"}},
		{"a YAML tag", "on: push\nenv: {A: !b c}\n" + good, []string{"2:10 error yaml-tag"}},
	})
}

func TestEvents(t *testing.T) {
	rest := "\njobs: {a: {runs-on: x, steps: [{run: a}]}}\n"
	runFiles(t, []fileCase{
		{"one event", "on: push" + rest, nil},
		{"a list of events", "on: [push, pull_request]" + rest, nil},
		{"an event without filters", "on: {push: , pull_request: }" + rest, nil},
		{"another event", "on: [push, schedule]" + rest, []string{"1:12 warning event-not-started"}},
		{"another event with its settings", "on: {schedule: [{cron: '* * * * *'}]}" + rest, []string{"1:6 warning event-not-started"}},
		{"an unknown event", "on: pushed" + rest, []string{"1:5 error unknown-event"}},
		{"no event", "on: []" + rest, []string{"1:5 error empty-value"}},
		{"an empty on", "on:" + rest, []string{"1:4 error empty-value"}},
		{"filters", "on: {push: {branches: [main], tags-ignore: ['beta*']}}" + rest, nil},
		{"one branch", "on: {push: {branches: main}}" + rest, nil},
		{"a filter and its opposite", "on: {push: {branches: [a], branches-ignore: [b]}}" + rest, []string{"1:28 error filter-conflict"}},
		{"a pattern that is none", "on: {push: {branches: ['a++']}}" + rest, []string{"1:24 error filter-pattern"}},
		{"only negated patterns", "on: {push: {tags: ['!a']}}" + rest, []string{"1:19 error filter-pattern"}},
		{"an empty filter", "on: {push: {tags: []}}" + rest, []string{"1:19 error empty-value"}},
		{"paths", "on: {push: {paths: ['docs/**']}}" + rest, []string{"1:13 error unsupported-key"}},
		{"paths-ignore of a pull request", "on: {pull_request: {paths-ignore: ['docs/**']}}" + rest, []string{"1:21 error unsupported-key"}},
		{"tags of a pull request", "on: {pull_request: {tags: ['*']}}" + rest, []string{"1:21 error unknown-key"}},
		{"types", "on: {pull_request: {types: [opened, labeled]}}" + rest, nil},
		{"a type that is none", "on: {pull_request: {types: [open]}}" + rest, []string{"1:29 error unknown-type"}},
		{"an expression in a filter", "on: {push: {branches: ['${{ vars.B }}']}}" + rest, []string{"1:24 error expression-not-available"}},
	})
}

func TestCallableWorkflows(t *testing.T) {
	rest := "\njobs: {a: {runs-on: x, outputs: {o: '1'}, steps: [{run: 'echo ${{ inputs.a }}'}]}}\n"
	runFiles(t, []fileCase{
		{"an input, a secret and an output", `on:
  workflow_call:
    inputs:
      a: {type: string, required: true, description: d}
    secrets:
      S: {required: true, description: d}
      T:
    outputs:
      o: {value: '${{ jobs.a.outputs.o }}', description: d}` + rest, nil},
		{"an input without a type", "on: {workflow_call: {inputs: {a: {required: true}}}}" + rest, []string{"1:31 error missing-key"}},
		{"an empty input", "on: {workflow_call: {inputs: {a: }}}" + rest, []string{"1:31 error missing-key"}},
		{"an input of an unknown type", "on: {workflow_call: {inputs: {a: {type: choice}}}}" + rest, []string{"1:41 error unknown-type"}},
		{"a default of another type", "on: {workflow_call: {inputs: {a: {type: boolean, default: 'true'}}}}" + rest, []string{"1:59 error wrong-type"}},
		{"a number as default of a string", "on: {workflow_call: {inputs: {a: {type: string, default: 3}}}}" + rest, nil},
		{"a default with a context that is not there", "on: {workflow_call: {inputs: {a: {type: string, default: '${{ env.A }}'}}}}" + rest, []string{"1:63 error context-not-available"}},
		{"required that is no boolean", "on: {workflow_call: {inputs: {a: {type: string, required: yes}}}}" + rest, []string{"1:59 error wrong-type"}},
		{"an output without a value", "on: {workflow_call: {inputs: {a: {type: string}}, outputs: {o: {description: d}}}}" + rest, []string{"1:61 error missing-key"}},
		{"an output of an unknown job", "on: {workflow_call: {inputs: {a: {type: string}}, outputs: {o: {value: '${{ jobs.b.outputs.o }}'}}}}" + rest, []string{"1:77 warning unknown-job-reference"}},
		{"an input with a name that is none", "on: {workflow_call: {inputs: {a: {type: string}, 'b c': {type: string}}}}" + rest, []string{"1:50 error invalid-id"}},
		{"an input that is not declared", "on: {workflow_call: }" + rest, []string{"2:67 warning unknown-input-reference"}},
		{"an input of a workflow that cannot be called", "on: push" + rest, []string{"2:67 warning unknown-input-reference"}},
		{"an input of a dispatched workflow", "on: workflow_dispatch" + rest, []string{"1:5 warning event-not-started"}},
		{"an unknown key", "on: {workflow_call: {input: {}}}" + rest, []string{"1:22 error unknown-key", "2:67 warning unknown-input-reference"}},
	})
}

func TestKeysOfAJob(t *testing.T) {
	runFiles(t, []fileCase{
		{"all keys", runnable("name: n ${{ github.ref }}\nif: github.ref != ''\npermissions: {}\nenvironment: {name: dev}\nenv: {A: 1}\ndefaults: {run: {shell: sh}}\noutputs: {o: a}\ntimeout-minutes: 0.5\ncontinue-on-error: true"), nil},
		{"no runs-on", job("steps: [{run: a}]"), []string{"3:3 error missing-key"}},
		{"no steps", job("runs-on: x"), []string{"3:3 error missing-key"}},
		{"nothing", "on: push\njobs:\n  build:\n", []string{"3:9 error wrong-type"}},
		{"several labels", job("runs-on: [self-hosted, '${{ vars.L }}']\nsteps: [{run: a}]"), nil},
		{"labels by key", job("runs-on: {labels: [a]}\nsteps: [{run: a}]"), nil},
		{"a group", job("runs-on: {group: g, labels: a}\nsteps: [{run: a}]"), []string{"4:15 error unsupported-key"}},
		{"no label", job("runs-on: []\nsteps: [{run: a}]"), []string{"4:14 error empty-value"}},
		{"a container", runnable("container: alpine"), []string{"6:5 error unsupported-key"}},
		{"services", runnable("services: {}"), []string{"6:5 error unsupported-key"}},
		{"a snapshot", runnable("snapshot: s"), []string{"6:5 error unsupported-key"}},
		{"an unknown key", runnable("need: a"), []string{"6:5 error unknown-key"}},
		{"the address of an environment", runnable("environment: {name: dev, url: 'https://${{ steps.a.outputs.x }}'}"), []string{"6:48 warning unknown-step-reference"}},
		{"an environment without a name", runnable("environment: {}"), []string{"6:18 error missing-key"}},
		{"an empty environment", runnable("environment:"), []string{"6:17 error empty-value"}},
		{"a secret in a condition", runnable("if: secrets.A == 'x'"), []string{"6:9 error context-not-available"}},
		{"a condition that is no expression", runnable("if: a b"), []string{"6:11 error expression-syntax"}},
		{"a condition with a function that is none", runnable("if: ${{ succes() }}"), []string{"6:13 error expression-syntax"}},
		{"a condition with a context that is none", runnable("if: githb.ref"), []string{"6:9 error unknown-context"}},
		{"a condition with a YAML tag", runnable("if: !cancelled()"), []string{"6:9 error yaml-tag"}},
		{"a condition with text around", runnable("if: ${{ true }} == true"), []string{"6:9 warning if-always-true"}},
		{"a condition with a line end", runnable("if: |\n  ${{ true }}"), []string{"6:9 warning if-always-true"}},
		{"a condition that is a boolean", runnable("if: false"), nil},
		{"a time that is no number", runnable("timeout-minutes: soon"), []string{"6:22 error wrong-type"}},
		{"a time in quotes", runnable("timeout-minutes: '5'"), []string{"6:22 error wrong-type"}},
		{"no time at all", runnable("timeout-minutes: 0"), []string{"6:22 error wrong-type"}},
		{"a time without end", runnable("timeout-minutes: .inf"), []string{"6:22 warning number-as-text"}},
		{"a time by expression", runnable("timeout-minutes: ${{ fromJSON(vars.T) }}"), nil},
		{"continue-on-error in words", runnable("continue-on-error: maybe"), []string{"6:24 error wrong-type"}},
		{"an id with a dot", "on: push\njobs:\n  a.b: {runs-on: x, steps: [{run: a}]}\n", []string{"3:3 error invalid-id"}},
		{"an id that is reserved", "on: push\njobs:\n  __a: {runs-on: x, steps: [{run: a}]}\n", []string{"3:3 error invalid-id"}},
		{"two ids that differ in case", "on: push\njobs:\n  a: {runs-on: x, steps: [{run: a}]}\n  A: {runs-on: x, steps: [{run: a}]}\n", []string{"4:3 error duplicate-key"}},
		{"with without uses", runnable("with: {a: 1}"), []string{"6:5 error key-conflict"}},
		{"a call with steps", job("uses: ./.github/workflows/a.yaml\nsteps: [{run: a}]"), []string{"5:5 error key-conflict"}},
		{"a call with an environment", job("uses: ./.github/workflows/a.yaml\nenvironment: dev"), []string{"5:5 error key-conflict"}},
		{"a call", job("uses: ./.github/workflows/a.yaml\nwith: {a: '${{ github.ref }}'}\nsecrets: {S: '${{ secrets.A }}'}\nif: always()\nneeds: []\npermissions: {}"), nil},
		{"a call that inherits secrets", job("uses: ./.github/workflows/a.yaml\nsecrets: inherit"), nil},
		{"a call that inherits all", job("uses: ./.github/workflows/a.yaml\nsecrets: all"), []string{"5:14 error wrong-type"}},
		{"a call of nothing", job("uses:"), []string{"4:10 error empty-value"}},
		{"a call with env", job("uses: ./.github/workflows/a.yaml\nwith: {a: '${{ env.A }}'}"), []string{"5:20 error context-not-available"}},
	})
}

func TestNeeds(t *testing.T) {
	file := func(needs ...string) string {
		src := "on: push\njobs:\n"
		for i, n := range needs {
			src += fmt.Sprintf("  j%d: {needs: [%s], runs-on: x, steps: [{run: a}]}\n", i, n)
		}
		return src
	}
	runFiles(t, []fileCase{
		{"a chain", file("", "j0", "j1, j0"), nil},
		{"another case", file("", "J0"), nil},
		{"an unknown job", file("", "j7"), []string{"4:16 error unknown-need"}},
		{"itself", file("j0"), []string{"3:16 error needs-cycle"}},
		{"a job twice", file("", "j0, J0"), []string{"4:20 error duplicate-need"}},
		{"a cycle of two", file("j1", "j0"), []string{"3:16 error needs-cycle"}},
		{"a cycle of three behind another job", file("", "j0, j3", "j1", "j2"), []string{"4:20 error needs-cycle"}},
		{"a job behind a cycle is not in it", file("j1", "j0", "j1"), []string{"3:16 error needs-cycle"}},
		{"two cycles", file("j1", "j0", "j3", "j2"), []string{"3:16 error needs-cycle", "5:16 error needs-cycle"}},
		{"a result of a job that is not needed", "on: push\njobs:\n  a: {runs-on: x, steps: [{run: a}]}\n  b: {runs-on: x, if: needs.a.result != 'x', steps: [{run: a}]}\n", []string{"4:23 warning unknown-need-reference"}},
	})
}

func TestKeysOfAStep(t *testing.T) {
	runFiles(t, []fileCase{
		{"all keys of a script", steps("- id: a\n  name: n\n  if: success()\n  run: |\n    echo\n  shell: bash\n  working-directory: d\n  env: {A: 1}\n  continue-on-error: false\n  timeout-minutes: 3"), nil},
		{"all keys of an action", steps("- id: a\n  uses: actions/setup-python@v4\n  with: {python-version: '3.11'}\n  env: {A: 1}"), nil},
		{"neither script nor action", steps("- name: n"), []string{"7:9 error missing-key"}},
		{"both script and action", steps("- run: a\n  uses: actions/checkout@v4"), []string{"8:9 error key-conflict"}},
		{"an empty script", steps("- run:"), []string{"7:13 error empty-value"}},
		{"a script with inputs", steps("- run: a\n  with: {a: 1}"), []string{"8:9 error key-conflict"}},
		{"an action with a shell", steps("- uses: actions/checkout@v4\n  shell: bash"), []string{"8:9 error key-conflict"}},
		{"a step that is text", steps("- run"), []string{"7:9 error wrong-type"}},
		{"an unknown key", steps("- run: a\n  workdir: b"), []string{"8:9 error unknown-key"}},
		{"a step in the background", steps("- run: a\n  background: true"), []string{"8:9 error unsupported-key"}},
		{"a shell of Windows", steps("- run: a\n  shell: cmd"), []string{"8:16 error unsupported-shell"}},
		{"PowerShell", steps("- run: a\n  shell: pwsh"), nil},
		{"an unknown shell", steps("- run: a\n  shell: fish"), []string{"8:16 error unsupported-shell"}},
		{"a shell with arguments", steps("- run: a\n  shell: bash -e {0}"), nil},
		{"a shell as a string in an expression", steps("- run: a\n  shell: ${{ 'bash' }}"), nil},
		{"an unknown shell as a string in an expression", steps("- run: a\n  shell: ${{ 'fish' }}"), []string{"8:16 error unsupported-shell"}},
		{"an action as a string in an expression", steps("- uses: ${{ 'actions/checkout@v4' }}"), nil},
		{"a shell by expression", steps("- run: a\n  shell: ${{ vars.S }}"), []string{"8:16 error expression-not-available"}},
		{"an id twice", steps("- {id: a, run: a}\n- {id: A, run: a}"), []string{"8:9 error duplicate-id"}},
		{"an id that is none", steps("- {id: a b, run: a}"), []string{"7:14 error invalid-id"}},
		{"a step by an id that comes later", steps("- {run: 'echo ${{ steps.a.outcome }}'}\n- {id: a, run: a}"), []string{"7:25 warning unknown-step-reference"}},
		{"a step by its id", steps("- {id: a, run: a}\n- {run: 'echo ${{ steps.A.outcome }}'}"), nil},
		{"a secret in a condition", steps("- run: a\n  if: secrets.A != ''"), []string{"8:13 error context-not-available"}},
		{"all secrets", steps("- run: echo '${{ toJSON(secrets) }}'"), []string{"7:31 error dynamic-secret"}},
		{"a secret by a computed name", steps("- run: a\n  env: {A: '${{ secrets[github.ref] }}'}"), []string{"8:23 error dynamic-secret"}},
		{"the token of GitHub", steps("- run: a\n  env: {A: '${{ github.token }}', B: '${{ secrets.GITHUB_TOKEN }}'}"), []string{"8:23 error no-token", "8:49 error no-token"}},
		{"the token of GitHub for a native action", steps("- uses: actions/checkout@v4\n  with: {token: '${{ secrets.GITHUB_TOKEN }}'}"), nil},
		{"a function that is not there", steps("- run: echo ${{ always() }}"), []string{"7:23 error function-not-available"}},
	})
}

func TestActions(t *testing.T) {
	runFiles(t, []fileCase{
		{"the native ones", steps("- uses: actions/checkout@v4\n- uses: actions/setup-python@main\n- uses: actions/upload-artifact@v4\n  with: {path: dist}\n- uses: actions/download-artifact@v4\n- uses: databricks/setup-cli@4f2a"), nil},
		{"another action is looked up when a plan is made", steps("- uses: azure/login@v2"), nil},
		{"an image", steps("- uses: docker://alpine:3"), []string{"7:15 error unsupported-action"}},
		{"a local action", steps("- uses: ./.github/actions/x"), nil},
		{"an action without a ref", steps("- uses: actions/checkout"), []string{"7:15 error unknown-action"}},
		{"an action outside of the workspace", steps("- uses: ./../x"), []string{"7:15 error unknown-action"}},
		{"an action by expression", steps("- uses: actions/checkout@${{ vars.V }}"), []string{"7:15 error expression-not-available"}},
		{"an unknown input", steps("- uses: actions/checkout@v4\n  with: {fetch-deep: 0}"), []string{"8:28 error unsupported-input"}},
		{"an input that is not honoured", steps("- uses: actions/checkout@v4\n  with: {ssh-key: a}"), []string{"8:25 error unsupported-input"}},
		{"a value that is not honoured", steps("- uses: actions/checkout@v4\n  with: {submodules: recursive, lfs: true}"), []string{"8:28 error unsupported-value", "8:44 error unsupported-value"}},
		{"a value by expression that must be written out", steps("- uses: actions/checkout@v4\n  with: {lfs: '${{ vars.L }}'}"), []string{"8:21 error unsupported-value"}},
		{"an input in another case", steps("- uses: actions/checkout@v4\n  with: {Fetch-Depth: 0, LFS: false}"), nil},
		{"an input that is missing", steps("- uses: actions/upload-artifact@v4\n  with: {name: a}"), []string{"7:9 error missing-input"}},
		{"a version that is a number", steps("- uses: actions/setup-python@v4\n  with:\n    python-version: 3.10"), []string{"9:27 warning number-as-text"}},
	})
}

func TestPositionsWithinScalars(t *testing.T) {
	runFiles(t, []fileCase{
		{"a plain scalar", steps("- run: echo ${{ foo.a }}"), []string{"7:23 error unknown-context"}},
		{"a single-quoted scalar", steps("- run: 'echo ${{ foo.a }}'"), []string{"7:24 error unknown-context"}},
		{"a double-quoted scalar", steps(`- run: "echo ${{ foo.a }}"`), []string{"7:24 error unknown-context"}},
		{"a scalar with characters of several bytes", steps("- run: écho ü ${{ foo.a }}"), []string{"7:25 error unknown-context"}},
		{"a literal block", steps("- run: |\n    echo\n\n    echo ${{ foo.a }}\n    echo é ${{ bar.a }}"), []string{"10:20 error unknown-context", "11:22 error unknown-context"}},
		{"a literal block with a blank first line", steps("- run: |\n\n    echo ${{ foo.a }}"), []string{"9:20 error unknown-context"}},
		{"a folded block is the place of its expression", steps("- run: >\n    echo ${{ 1 }}\n    echo ${{ foo.a }}"), []string{"9:16 error unknown-context"}},
		{"a scalar with escapes is the place of its expression", steps(`- run: "echo \"a\" ${{ 1 || foo.a }}"`), []string{"7:26 error unknown-context"}},
		{"a condition without braces", steps("- run: a\n  if: \"a\" == 1"), []string{"6:1 error yaml-syntax"}},
		{"a syntax error in a block", steps("- run: |\n    a\n    ${{ 1 2 }}"), []string{"9:17 error expression-syntax"}},
		{"an expression that is not closed", steps("- run: a ${{ 1"), []string{"7:16 error expression-syntax"}},
	})
}

func TestFindingsComeAllAtOnceAndInOrder(t *testing.T) {
	src := "on: pushed\njobs:\n  a:\n    services: {}\n    needs: [b]\n    steps:\n      - uses: docker://y\n      - run: ${{ foo }}\n"
	runFiles(t, []fileCase{{"many", src, []string{
		"1:5 error unknown-event", "3:3 error missing-key", "4:5 error unsupported-key", "5:13 error unknown-need",
		"7:15 error unsupported-action", "8:18 error unknown-context",
	}}})
}

func TestScalarsAreTextsAsGitHubMakesThem(t *testing.T) {
	src := `on: push
env:
  A: 3.10
  B: "3.10"
  C: True
  D: ~
  E: 0x1F
  F: 1e3
  G: 0o17
  H: yes
  I: 2024-01-02
  J: 1_000
  K: !!str 3.10
  L: |-
    3.10
  M: 010
  N:
jobs: {a: {runs-on: x, steps: [{run: a}]}}
`
	w, _ := workflowfile.Read("main.yaml", []byte(src))
	got := map[string]string{}
	for _, b := range w.Env {
		got[b.Name] = b.Value.Source + "|" + b.Value.Type
	}
	want := map[string]string{
		"A": "3.1|number", "B": "3.10|", "C": "true|boolean", "D": "|null", "E": "31|number", "F": "1000|number", "G": "15|number",
		"H": "yes|", "I": "2024-01-02|", "J": "1_000|", "K": "3.10|", "L": "3.10|", "M": "10|number", "N": "|null",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAStringInAnExpressionIsTheStringWhereThereAreNoExpressions(t *testing.T) {
	w, findings := workflowfile.Read("main.yaml", []byte("name: ${{ 'it''s a' }}\non: {push: {branches: [\"${{ 'main' }}\"]}}\njobs: {a: {runs-on: x, steps: [{run: a, shell: \"${{ 'sh' }}\"}]}}\n"))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	if match, why := w.On.Match("push", "refs/heads/main", "", ""); !match {
		t.Errorf("a push to main does not start it: %s", why)
	}
	if shell := w.Jobs[0].Steps[0].Shell.Source; w.Name != "it's a" || shell != "sh" {
		t.Errorf("name %q, shell %q", w.Name, shell)
	}
}

func TestStepsWithoutIDsAreNamed(t *testing.T) {
	w, findings := workflowfile.Read("main.yaml", []byte(steps("- run: a\n- uses: actions/checkout@v4\n- run: b\n- {id: c, run: c}\n- uses: actions/checkout@v4")))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	var got []string
	for _, s := range w.Jobs[0].Steps {
		got = append(got, s.ID)
	}
	want := []string{"__run", "__actions_checkout", "__run_2", "c", "__actions_checkout_2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheGuidesFilesHaveNoFindings(t *testing.T) {
	files, err := filepath.Glob("testdata/guide/*.yaml")
	if err != nil || len(files) != 4 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			w, findings := workflowfile.Read(path, data)
			if w == nil || len(findings) > 0 {
				t.Errorf("findings %v", findings)
			}
			if _, errs := actionlint.Parse(data); len(errs) > 0 {
				t.Errorf("a second reader refuses the file: %v", errs)
			}
		})
	}
}

func TestTheGuidesDeployWorkflowIsReadWhole(t *testing.T) {
	data, err := os.ReadFile("testdata/guide/deploy_and_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w, _ := workflowfile.Read("deploy_and_test.yaml", data)
	j := w.Jobs[0]
	if w.Name != "" || len(w.Jobs) != 1 || j.ID != "deploy" || j.Environment.Source != "${{ inputs.environment }}" || len(j.Steps) != 7 {
		t.Fatalf("job %+v", j)
	}
	deploy := j.Steps[4]
	if deploy.Name.Source != "Deploy to Databricks" || len(deploy.Env) != 2 || deploy.Env[1].Value.Source != "${{ secrets.DATABRICKS_TOKEN }}" {
		t.Errorf("step %+v", deploy)
	}
	if want := "databricks bundle validate --target ${{ inputs.environment }}\ndatabricks bundle deploy --target ${{ inputs.environment }}\n"; deploy.Run.Source != want {
		t.Errorf("run %q", deploy.Run.Source)
	}
	if at := j.Steps[6].If.At; at.Line != 41 || at.Column != 13 {
		t.Errorf("the last condition is at %s", at)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/guide/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("on: &a [push, *a]\njobs: {a: &j {steps: [*j], needs: a}}"))
	f.Add([]byte(steps("- run: |2\n    ${{ foo['}}'] }}\n  uses: 'x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, findings := workflowfile.Read("main.yaml", data)
		failed := w == nil
		for _, f := range findings {
			failed = failed || f.Severity == workflow.Error
			if f.At.Line < 1 || f.At.Column < 1 || f.Rule == "" || f.Message == "" || strings.Contains(f.Message, "%!") {
				t.Errorf("finding %+v", f)
			}
		}
		if w == nil && len(findings) == 0 {
			t.Error("no workflow and no reason")
		}
		if failed {
			return
		}
		for _, j := range w.Jobs {
			if j.Call == nil && (len(j.Steps) == 0 || len(j.RunsOn) == 0) {
				t.Errorf("job %q has nothing to run and is accepted", j.ID)
			}
		}
	})
}
