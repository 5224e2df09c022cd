package runner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

type want struct {
	conclusion pipeline.Conclusion
	steps      string
	stdout     []string // in the log of standard output, in any order
	log        []string // anywhere in the log
	outputs    map[string]string
	reason     string // part of the first failed step's, or of the job's
}

func check(t *testing.T, h *host, got pipeline.Outcome, w want) {
	t.Helper()
	if got.Conclusion != w.conclusion || words(got) != w.steps {
		t.Errorf("got %s (%s), want %s (%s)", got.Conclusion, words(got), w.conclusion, w.steps)
	}
	for _, l := range w.stdout {
		if !strings.Contains("\n"+h.log("stdout"), "\n"+l+"\n") {
			t.Errorf("want %q on stdout", l)
		}
	}
	for _, l := range w.log {
		if !strings.Contains(h.log(""), l) {
			t.Errorf("want %q in the log", l)
		}
	}
	if len(got.Outputs) != len(w.outputs) {
		t.Errorf("got outputs %q, want %q", got.Outputs, w.outputs)
	}
	for k, v := range w.outputs {
		if got.Outputs[k] != v {
			t.Errorf("output %q: got %q, want %q", k, got.Outputs[k], v)
		}
	}
	reasons := got.Reason
	for _, s := range got.Steps {
		if s.Outcome == pipeline.Failure || s.Outcome == pipeline.Cancelled {
			reasons += "|" + s.Reason
		}
	}
	if !strings.Contains(reasons, w.reason) {
		t.Errorf("got the reasons %q, want %q in them", reasons, w.reason)
	}
	if t.Failed() {
		t.Logf("outcome %+v\nlog:\n%s", got, h.log(""))
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	outputs := []workflow.Output{{Name: "answer", Value: text("${{ steps.a.outputs.answer }}")}}
	tests := []struct {
		name string
		run  run
		want want
	}{
		{
			"a failing step skips the rest, except what asks for it",
			steps(sh("exit 3"), sh("echo no"),
				workflow.Step{Run: text("echo on failure"), If: text("failure()")},
				workflow.Step{Run: text("echo always ${{ job.status }}"), If: text("always()")}),
			want{
				conclusion: "failure", steps: "failure skipped success success",
				stdout: []string{"on failure", "always failure"}, reason: "process completed with exit code 3",
			},
		},
		{
			"continue-on-error hides a failure from the job, not from the steps context",
			steps(workflow.Step{ID: "a", Run: text("exit 1"), ContinueOnError: text("${{ true }}")},
				sh("echo ${{ steps.a.outcome }} ${{ steps.a.conclusion }} ${{ job.status }}")),
			want{conclusion: "success", steps: "failure/success success", stdout: []string{"failure success success"}},
		},
		{
			"outputs go from step to step and out of the job",
			run{job: workflow.Job{Outputs: append(outputs, workflow.Output{Name: "empty", Value: text("${{ steps.none.outputs.x }}")}), Steps: []workflow.Step{
				{ID: "a", Run: text("echo answer=42 >> $GITHUB_OUTPUT")},
				sh("echo got ${{ steps.a.outputs.answer }}"),
			}}},
			want{conclusion: "success", steps: "success success", stdout: []string{"got 42"}, outputs: map[string]string{"answer": "42"}},
		},
		{
			"a heredoc keeps its lines",
			run{job: workflow.Job{Outputs: outputs, Steps: []workflow.Step{
				{ID: "a", Run: text("{ echo 'answer<<END'; echo one; echo; echo 'two=2'; echo END; } >> $GITHUB_OUTPUT")},
			}}},
			want{conclusion: "success", steps: "success", outputs: map[string]string{"answer": "one\n\ntwo=2"}},
		},
		{
			"the old set-output command still works",
			run{job: workflow.Job{Outputs: outputs, Steps: []workflow.Step{
				{ID: "a", Run: text("echo '::set-output name=answer::a%0Ab%25'")},
			}}},
			want{conclusion: "success", steps: "success", log: []string{"`set-output` command is deprecated"}, outputs: map[string]string{"answer": "a\nb%"}},
		},
		{
			"a malformed file is a failure that names the line",
			steps(sh("echo a=1 >> $GITHUB_ENV; echo nonsense >> $GITHUB_ENV")),
			want{conclusion: "failure", steps: "failure", reason: `process file GITHUB_ENV: line 2: invalid format "nonsense"`},
		},
		{
			"a heredoc without its end is a failure",
			steps(sh("echo 'a<<END' >> $GITHUB_OUTPUT; echo x >> $GITHUB_OUTPUT")),
			want{conclusion: "failure", steps: "failure", reason: `matching delimiter "END" not found`},
		},
		{
			"variables and paths go to the following steps",
			steps(sh(`echo "WHO=cleo" >> $GITHUB_ENV; mkdir bin; printf '#!/bin/sh\necho tool\n' > bin/tool; chmod +x bin/tool; echo $PWD/bin >> $GITHUB_PATH; echo "now:$WHO"`),
				sh("echo $WHO ${{ env.WHO }}; tool")),
			want{conclusion: "success", steps: "success success", stdout: []string{"now:", "cleo cleo", "tool"}},
		},
		{
			"defaults and NODE_OPTIONS cannot be overwritten",
			steps(sh("echo NODE_OPTIONS=x >> $GITHUB_ENV; echo GITHUB_SHA=x >> $GITHUB_ENV; echo RUNNER_OS=x >> $GITHUB_ENV; echo DC_RELEASE_JOB_URL=x >> $GITHUB_ENV"),
				workflow.Step{Run: text("echo [$NODE_OPTIONS] $GITHUB_SHA $RUNNER_OS [$DC_RELEASE_JOB_URL]"), Env: bind("GITHUB_SHA", "y", "DC_RELEASE_JOB_URL", "z")}),
			want{
				conclusion: "success", steps: "success success", stdout: []string{"[] " + commit + " Linux []"},
				log: []string{"Can't store NODE_OPTIONS", "GITHUB_SHA is set for every step"},
			},
		},
		{
			"env has three levels, the nearest wins, and one level does not see itself",
			run{
				wfEnv: bind("A", "workflow", "B", "workflow", "C", "workflow"),
				job: workflow.Job{Env: bind("B", "job", "C", "job"), Steps: []workflow.Step{
					{Run: text("echo $A $B $C $D ${{ env.C }}"), Env: bind("C", "step", "D", "${{ env.C }}")},
				}},
			},
			want{conclusion: "success", steps: "success", stdout: []string{"workflow job step job step"}},
		},
		{
			"if sees the step's own env",
			steps(workflow.Step{Run: text("echo here"), If: text("env.ON == 'yes'"), Env: bind("ON", "yes")},
				workflow.Step{Run: text("echo not"), If: text("env.ON == 'yes'")}),
			want{conclusion: "success", steps: "success skipped", stdout: []string{"here"}},
		},
		{
			"bash without a name has -e alone, bash by name pipefail too",
			steps(sh("false | true; echo on"),
				workflow.Step{Run: text("false | true; echo off"), Shell: text("bash")}),
			want{conclusion: "failure", steps: "success failure", stdout: []string{"on"}},
		},
		{
			"sh and python run scripts of their own",
			steps(workflow.Step{Run: text("echo sh $0"), Shell: text("sh")},
				workflow.Step{Run: text("import sys\nprint('python', sys.argv[0][-3:])"), Shell: text("/usr/bin/python3 {0}")}),
			want{conclusion: "success", steps: "success success", stdout: []string{"python ipt"}},
		},
		{
			"defaults.run of the job wins over that of the workflow, the step over both",
			run{
				wfDef: workflow.Defaults{WorkingDirectory: text("w"), Shell: text("bash")},
				job: workflow.Job{Defaults: workflow.Defaults{WorkingDirectory: text("j")}, Steps: []workflow.Step{
					{Run: text("mkdir w j s"), WorkingDirectory: text(".")},
					{Run: text("basename $PWD; set -o | grep pipefail | tr -d '\\t '")},
					{Run: text("basename $PWD"), WorkingDirectory: text("s")},
				}},
			},
			want{conclusion: "success", steps: "success success success", stdout: []string{"j", "pipefailon", "s"}},
		},
		{
			"a missing working directory is a failure",
			steps(workflow.Step{Run: text("true"), WorkingDirectory: text("nowhere")}),
			want{conclusion: "failure", steps: "failure", reason: "no such file"},
		},
		{
			"an expression that cannot be evaluated fails the step with its place",
			steps(sh("echo ${{ fromJSON('{') }}")),
			want{conclusion: "failure", steps: "failure", reason: "main.yaml:7:9: evaluate jobs.<job_id>.steps.run"},
		},
		{
			"disabled commands fail the step",
			steps(sh("echo '::set-env name=A::1'"), workflow.Step{Run: text("echo '::add-path::/x'"), If: text("always()")}),
			want{conclusion: "failure", steps: "failure failure", reason: "the `set-env` command is disabled: write to $GITHUB_ENV"},
		},
		{
			"stopped commands are plain text until the token",
			steps(sh("echo '::stop-commands::tok'; echo '::set-env name=A::1'; echo '::tok::'; echo '::warning file=a.py,line=3,title=T::careful%0Atwice'")),
			want{conclusion: "success", steps: "success", stdout: []string{"::set-env name=A::1"}, log: []string{"##[warning]careful\ntwice\n"}},
		},
		{
			"a step times out after a fraction of a minute",
			steps(workflow.Step{Run: text("sleep 1000"), TimeoutMinutes: text("0.005")}, workflow.Step{Run: text("echo after"), If: text("failure()")}),
			want{conclusion: "failure", steps: "failure success", stdout: []string{"after"}, reason: "timed out after 0.005 minutes"},
		},
		{
			"a step that traps its timeout and ends well has failed all the same",
			steps(workflow.Step{Run: text("trap 'exit 0' INT; sleep 1000 & wait"), TimeoutMinutes: text("${{ 0.005 }}")}),
			want{conclusion: "failure", steps: "failure", reason: "timed out"},
		},
		{
			"hashFiles and contexts work in steps",
			run{
				context: map[string]workflow.Value{
					"vars":   workflow.FromStrings(map[string]string{"HOST": "adb-1"}),
					"needs":  workflow.Object(workflow.Member{Name: "dev", Value: workflow.FromStrings(map[string]string{"result": "success"})}),
					"matrix": workflow.FromStrings(map[string]string{"os": "linux"}),
					"inputs": workflow.Object(workflow.Member{Name: "n", Value: workflow.Number(3)}),
				},
				job: workflow.Job{Steps: []workflow.Step{
					sh("printf x > a.txt"),
					sh("echo ${{ hashFiles('*.txt') }}; echo [${{ hashFiles('*.none') }}]; echo ${{ vars.HOST }} ${{ needs.dev.result }} ${{ matrix.os }} ${{ inputs.n }} ${{ runner.os }} ${{ github.ref_name }} ${{ github.job }}"),
				}},
			},
			want{
				conclusion: "success", steps: "success success",
				// sha256 of the 32 bytes of sha256("x")
				stdout: []string{"0a325ca303eb3014c43ae004970f343634db176fa1697bcc8c9efac94626488d", "[]", "adb-1 success linux 3 Linux v1.2.0 build"},
			},
		},
		{
			"files of another execution's kind are not followed: an output file that is a link",
			steps(sh("ln -sf /etc/passwd $GITHUB_OUTPUT")),
			want{conclusion: "failure", steps: "failure", reason: "process file GITHUB_OUTPUT"},
		},
		{
			"a summary that is too large is left out",
			steps(sh("head -c 1100000 /dev/zero | tr '\\0' x > $GITHUB_STEP_SUMMARY")),
			want{conclusion: "success", steps: "success", log: []string{"##[error]process file GITHUB_STEP_SUMMARY: read \"step_summary\": file too large: it has 1074 KiB, want at most 1024 KiB"}},
		},
		{
			"an output file that is too large is a failure",
			steps(sh("head -c 17000000 /dev/zero | tr '\\0' x > $GITHUB_OUTPUT")),
			want{conclusion: "failure", steps: "failure", reason: "file too large: it has 16601 KiB, want at most 16384 KiB"},
		},
		{
			"outputs of more than a mebibyte are a failure of the job",
			run{job: workflow.Job{Outputs: outputs, Steps: []workflow.Step{{ID: "a", Run: text("{ printf answer=; head -c 1100000 /dev/zero | tr '\\0' x; } > $GITHUB_OUTPUT")}}}},
			want{conclusion: "failure", steps: "success", reason: "want at most 1048576"},
		},
		{
			"an output file that is a pipe does not block",
			steps(sh("rm $GITHUB_ENV; mkfifo $GITHUB_ENV")),
			want{conclusion: "failure", steps: "failure", reason: "want a regular file"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Contains(tt.name, "python") {
				need.Program(t, need.Python)
			}
			h := newHost()
			check(t, h, tt.run.do(t, h), tt.want)
		})
	}
}

func BenchmarkNoOpJob(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("%d steps", n), func(b *testing.B) {
			list := make([]workflow.Step, n)
			for i := range list {
				list[i] = sh("true")
			}
			for b.Loop() {
				if got := steps(list...).do(b, newHost()); got.Conclusion != "success" {
					b.Fatalf("got %+v", got)
				}
			}
		})
	}
}

func TestJobsRunInEveryKindOfSandbox(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Namespace, sandbox.UID, sandbox.None} {
		t.Run(string(kind), func(t *testing.T) {
			h := newHost()
			r := steps(uses("actions/checkout@v4"), workflow.Step{ID: "a", Run: text("cat README.md; echo x > src/new; echo answer=1 >> $GITHUB_OUTPUT; mktemp")})
			r.kind = kind
			r.job.Outputs = []workflow.Output{{Name: "answer", Value: text("${{ steps.a.outputs.answer }}")}}
			check(t, h, r.do(t, h), want{conclusion: "success", steps: "success success", stdout: []string{"corp-procurement"}, outputs: map[string]string{"answer": "1"}})
		})
	}
}
