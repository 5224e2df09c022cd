package runner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

var checkoutStep = uses("actions/checkout@v4")

func TestCompositeActions(t *testing.T) {
	t.Parallel()
	const local, remote = "./.github/actions/pack", "cleo/tools/pack@v1"
	tests := []struct {
		name   string
		action workflow.Action
		steps  []workflow.Step // before them the workspace is checked out
		want   want            // without the checkout
	}{
		{
			"inputs are evaluated where the action is used, defaults where it is declared",
			workflow.Action{
				Using: "composite", Inputs: inputs("who", "ref=${{ github.ref_name }}", "os=${{ runner.os }}", "none"),
				Steps: composite(sh("echo '${{ inputs.who }} ${{ inputs.ref }} ${{ inputs.os }} [${{ inputs.none }}] [$INPUT_WHO]'")).Steps,
			},
			[]workflow.Step{{Uses: remote, With: bind("WHO", "${{ env.NAME }}"), Env: bind("NAME", "ada")}},
			want{conclusion: "success", steps: "success", stdout: []string{"ada v1.2.0 Linux [] [$INPUT_WHO]"}},
		},
		{
			"an empty input is no default, and what is not declared is a warning",
			workflow.Action{
				Using: "composite", Inputs: append(inputs("a=1", "b=2"), workflow.ActionInput{Name: "old", Deprecated: "use a"}),
				Steps: composite(sh("echo '[${{ inputs.a }}] [${{ inputs.b }}] [${{ inputs.c }}]'")).Steps,
			},
			[]workflow.Step{uses(remote, "a", "", "c", "3", "old", "x")},
			want{
				conclusion: "success", steps: "success", stdout: []string{"[] [2] [3]"},
				log: []string{"##[warning]the action has no input c: its inputs are a, b, old", "##[warning]input \"old\" is deprecated: use a"},
			},
		},
		{
			"a default sees none of the caller's contexts but those that GitHub gives it",
			workflow.Action{Using: "composite", Inputs: inputs("a=${{ env.NAME }}"), Steps: composite(sh("true")).Steps},
			[]workflow.Step{{Uses: remote, Env: bind("NAME", "ada")}},
			want{conclusion: "failure", steps: "failure", reason: "evaluate inputs.<input_id>.default"},
		},
		{
			"outputs come from the steps of the action, whose ids are its own",
			workflow.Action{
				Using:   "composite",
				Outputs: []workflow.Output{{Name: "answer", Value: text("${{ steps.same.outputs.x }}/${{ steps.other.conclusion }}")}, {Name: "fixed", Value: text("f")}},
				Steps: composite(workflow.Step{ID: "same", Run: text("echo x=inner >> $GITHUB_OUTPUT; echo '[${{ steps.outer.outputs.y }}]'")},
					workflow.Step{ID: "other", Run: text("true")}).Steps,
			},
			[]workflow.Step{
				{ID: "same", Run: text("echo x=outer >> $GITHUB_OUTPUT")},
				{ID: "outer", Run: text("echo y=1 >> $GITHUB_OUTPUT")},
				{ID: "used", Uses: remote},
				sh("echo '${{ steps.used.outputs.answer }} ${{ steps.used.outputs.fixed }} ${{ steps.same.outputs.x }} ${{ steps.used.outcome }} [${{ steps.other.outcome }}]'"),
			},
			want{conclusion: "success", steps: "success success success success", stdout: []string{"[]", "inner/success f outer success []"}},
		},
		{
			"the outputs of an action that failed are there, and its failure is the step's",
			workflow.Action{
				Using: "composite", Outputs: []workflow.Output{{Name: "a", Value: text("${{ steps.x.outputs.a }}")}},
				Steps: composite(workflow.Step{ID: "x", Name: text("make it"), Run: text("echo a=1 >> $GITHUB_OUTPUT; exit 4")}).Steps,
			},
			[]workflow.Step{
				{ID: "used", Uses: remote},
				{Run: text("echo '${{ steps.used.outputs.a }} ${{ steps.used.outcome }}'"), If: text("always()")},
			},
			want{
				conclusion: "failure", steps: "failure success", stdout: []string{"1 failure"},
				reason: `step "make it" of cleo/tools/pack@v1: process completed with exit code 4`,
			},
		},
		{
			"success and failure are about the steps of the action",
			composite(sh("echo one"),
				workflow.Step{Run: text("exit 1"), ID: "bad", ContinueOnError: text("true")},
				sh("echo '${{ steps.bad.outcome }} ${{ steps.bad.conclusion }} ${{ github.action_status }}'"),
				sh("exit 1"), sh("echo not"),
				workflow.Step{Run: text("echo failed ${{ github.action_status }}, job ${{ job.status }}"), If: text("failure()")},
				workflow.Step{Run: text("echo always"), If: text("always()")},
				workflow.Step{Run: text("echo not"), If: text("success() || cancelled()")}),
			[]workflow.Step{sh("exit 9"), {Uses: remote, If: text("failure()")}},
			want{
				conclusion: "failure", steps: "failure failure",
				stdout: []string{"one", "failure success success", "failed failure, job failure", "always"},
			},
		},
		{
			"env: of the step is seen within and wins over GITHUB_ENV, which goes on outside",
			composite(sh(`echo "$A $B $C"; echo A=changed >> $GITHUB_ENV; echo C=changed >> $GITHUB_ENV; echo /new/bin >> $GITHUB_PATH`),
				workflow.Step{Run: text(`echo "then $A $B $C ${{ env.A }}"; case $PATH in /new/bin:*) echo first;; esac`), Env: bind("B", "inner")}),
			[]workflow.Step{
				{Uses: remote, Env: bind("A", "given", "B", "outer")},
				sh(`echo "after $A [$B] $C"; case $PATH in /new/bin:*) echo still;; esac`),
			},
			want{
				conclusion: "success", steps: "success success",
				stdout: []string{"given outer job", "then given inner changed given", "first", "after changed [job] changed", "still"},
			},
		},
		{
			"the github context says which action it is",
			composite(workflow.Step{
				Run: text(`echo "$R $F $GITHUB_ACTION"; cat $GITHUB_ACTION_PATH/data.txt ${{ github.action_path }}/data.txt; echo "[${{ github.action_repository }}] [$GITHUB_ACTION_REF]"`),
				Env: bind("R", "${{ github.action_repository }}", "F", "${{ github.action_ref }}"),
			}),
			[]workflow.Step{{ID: "the-step", Uses: remote}, sh("echo [$GITHUB_ACTION_PATH] ${{ github.action_path == null }}")},
			want{
				conclusion: "success", steps: "success success",
				stdout: []string{"cleo/tools v1 the-step", "of cleo/tools/pack@v1", "[] []", "[] true"},
			},
		},
		{
			"there are no secrets, and no needs and vars",
			composite(sh("echo ${{ secrets.TOKEN }}")),
			[]workflow.Step{uses(remote)},
			want{conclusion: "failure", steps: "failure", reason: "secrets"},
		},
		{
			"run needs a shell",
			workflow.Action{Using: "composite", Steps: []workflow.Step{{Run: text("true")}}},
			[]workflow.Step{uses(remote)},
			want{conclusion: "failure", steps: "failure", reason: "required property is missing: shell"},
		},
		{
			"defaults of the job are not those of the action",
			composite(sh("basename $PWD"), workflow.Step{Run: text("basename $PWD"), WorkingDirectory: text("src")}),
			[]workflow.Step{uses(remote)},
			want{conclusion: "success", steps: "success", stdout: []string{"corp-procurement", "src"}},
		},
		{
			"a skipped step of it is no failure",
			composite(workflow.Step{ID: "x", Run: text("echo no"), If: text("inputs.on == 'yes'")}, sh("echo ${{ steps.x.outcome }}")),
			[]workflow.Step{uses(remote)},
			want{conclusion: "success", steps: "success", stdout: []string{"skipped"}},
		},
		{
			"one of the workspace runs from the workspace",
			composite(sh("cat $GITHUB_ACTION_PATH/data.txt; echo ${GITHUB_ACTION_PATH#$GITHUB_WORKSPACE} [$GITHUB_ACTION_REPOSITORY]")),
			[]workflow.Step{uses(local)},
			want{conclusion: "success", steps: "success", stdout: []string{"of " + local, "/.github/actions/pack []"}},
		},
		{
			"one of the workspace that a step changed is not run",
			composite(sh("echo no")),
			[]workflow.Step{sh("echo >> .github/actions/pack/action.yml"), uses(local)},
			want{conclusion: "failure", steps: "success failure", reason: ".github/actions/pack/action.yml was changed: want the planned one"},
		},
		{
			"one of the workspace that a step put another file before is not run",
			composite(sh("echo no")),
			[]workflow.Step{sh("cd .github/actions/pack && mv action.yml action.yaml && echo name: x > action.yml"), uses(local)},
			want{conclusion: "failure", steps: "success failure", reason: "action.yml was changed"},
		},
		{
			"one of the workspace that is not there is missing",
			composite(sh("echo no")),
			[]workflow.Step{sh("rm -r .github"), uses(local)},
			want{conclusion: "failure", steps: "success failure", reason: ".github/actions/pack/action.yml is missing in the workspace: did a checkout run before it?"},
		},
		{
			"a command of it that fails the step does so, and annotations are the job's",
			composite(sh("echo ::warning::inner; echo '::set-env name=A::1'")),
			[]workflow.Step{uses(remote)},
			want{conclusion: "failure", steps: "failure", reason: "the `set-env` command is disabled", log: []string{"##[warning]inner"}},
		},
		{
			"hashFiles and native actions work within",
			composite(sh("echo ${{ hashFiles('README.md') != '' }}"), workflow.Step{ID: "up", Uses: "actions/upload-artifact@v4", With: bind("path", "README.md")},
				sh("echo ${{ steps.up.outputs.artifact-id }}")),
			[]workflow.Step{uses(remote)},
			want{conclusion: "success", steps: "success", stdout: []string{"true", "7"}},
		},
		{
			"timeout-minutes of the step holds for all within",
			composite(workflow.Step{Run: text("sleep 1000")}, workflow.Step{Run: text("echo no"), If: text("always()")}),
			[]workflow.Step{{Uses: remote, TimeoutMinutes: text("0.005")}, {Run: text("echo after"), If: text("failure()")}},
			want{conclusion: "failure", steps: "failure success", stdout: []string{"after"}, reason: "timed out after 0.005 minutes"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			h.secrets["TOKEN"] = "hush-hush"
			r := steps(append([]workflow.Step{checkoutStep}, tt.steps...)...)
			r.secrets = []string{"TOKEN"}
			r.job.Env = bind("A", "job", "B", "job", "C", "job")
			r.job.Defaults = workflow.Defaults{Shell: text("bash"), WorkingDirectory: text("")}
			for _, uses := range []string{local, remote} {
				r.act(h, uses, tt.action, map[string]string{"data.txt": "of " + uses + "\n"})
			}
			tt.want.steps = "success " + tt.want.steps
			check(t, h, r.do(t, h), tt.want)
			for _, l := range []string{"no", "not"} {
				if strings.Contains("\n"+h.log("stdout"), "\n"+l+"\n") {
					t.Errorf("a step ran that must not:\n%s", h.log(""))
				}
			}
		})
	}
}

func TestCompositeActionsUseOneAnother(t *testing.T) {
	h := newHost()
	r := steps(workflow.Step{ID: "top", Uses: "bob/outer@v1", With: bind("n", "x"), Env: bind("FROM", "job-step")}, sh("echo '${{ steps.top.outputs.said }}'"))
	r.act(h, "bob/outer@v1", workflow.Action{
		Using: "composite", Inputs: inputs("n"), Outputs: []workflow.Output{{Name: "said", Value: text("${{ steps.in.outputs.said }}")}},
		Steps: composite(
			workflow.Step{ID: "in", Uses: "cleo/inner/deep@v2", With: bind("n", "${{ inputs.n }}y"), Env: bind("MORE", "outer-step")},
			sh("echo 'outer ${{ inputs.n }} ${{ steps.in.outcome }} [${{ steps.say.outcome }}]'")).Steps,
	}, nil)
	r.act(h, "cleo/inner/deep@v2", workflow.Action{
		Using: "composite", Inputs: inputs("n"), Outputs: []workflow.Output{{Name: "said", Value: text("${{ steps.say.outputs.a }}")}},
		Steps: composite(workflow.Step{
			ID: "say", Run: text("echo a=${{ inputs.n }} >> $GITHUB_OUTPUT; echo \"$FROM $MORE $R $GITHUB_ACTION\"; ls $GITHUB_ACTION_PATH"),
			Env: bind("R", "${{ github.action_repository }}@${{ github.action_ref }}"),
		}).Steps,
	}, map[string]string{"file-of-inner": ""})
	got := r.do(t, h)
	check(t, h, got, want{
		conclusion: "success", steps: "success success",
		stdout: []string{"job-step outer-step cleo/inner@v2 top", "file-of-inner", "outer x success []", "xy"},
		log:    []string{"##[group]Run bob/outer@v1", "##[group]Run cleo/inner/deep@v2", "##[group]Run echo a="},
	})
	for _, l := range h.lines {
		if strings.Contains(l.Text, "file-of-inner") && l.Step != 1 {
			t.Errorf("a line of an inner step is one of step %d, want 1", l.Step)
		}
	}
}

func TestCompositeActionsUseOneAnotherAsDeepAsOnGitHub(t *testing.T) {
	for depth, conclusion := range map[int]pipeline.Conclusion{10: "success", 11: "failure"} {
		h := newHost()
		r := steps(uses("bob/a1@v1"))
		for n := 1; n < depth; n++ {
			r.act(h, fmt.Sprintf("bob/a%d@v1", n), composite(uses(fmt.Sprintf("bob/a%d@v1", n+1))), nil)
		}
		r.act(h, fmt.Sprintf("bob/a%d@v1", depth), composite(sh("echo at the bottom")), nil)
		got := r.do(t, h)
		if got.Conclusion != conclusion || strings.Contains(h.log("stdout"), "bottom") != (conclusion == "success") {
			t.Errorf("depth %d: got %+v", depth, got)
		}
	}
	// One that uses itself ends there too.
	h := newHost()
	r := steps(uses("bob/loop@v1"))
	r.act(h, "bob/loop@v1", composite(uses("bob/loop@v1")), nil)
	check(t, h, r.do(t, h), want{conclusion: "failure", steps: "failure", reason: "at depth 11: want at most 10"})
}

func TestEvidenceOfACompositeActionIsThatOfItsStep(t *testing.T) {
	h := newHost()
	dir := tools(t, map[string]string{"pytest": `for o in $PYTEST_ADDOPTS; do case $o in --junitxml=*) echo "<testsuite n='$1'/>" > "${o#--junitxml=}";; esac; done`})
	r := steps(sh("true"), uses("bob/test@v1"))
	r.act(h, "bob/test@v1", composite(sh("pytest one"), sh("pytest two"), uses("bob/more@v1")), nil)
	r.act(h, "bob/more@v1", composite(sh("pytest three")), nil)
	r.config = pathConfig(dir + ":/usr/bin:/bin")
	r.do(t, h)
	if got := h.evidence[2]; len(h.evidence) != 1 || got["1/pytest.xml"] != "<testsuite n='one'/>\n" || got["2/pytest.xml"] == "" || got["3/1/pytest.xml"] == "" {
		t.Errorf("got %v\n%s", h.evidence, h.log(""))
	}
}

func TestARemoteActionIsFetchedOnce(t *testing.T) {
	h := newHost()
	r := steps(uses("bob/a/one@v1"), uses("bob/a/two@v1"), uses("bob/a/one@v1"))
	r.act(h, "bob/a/one@v1", composite(uses("bob/a/two@v1")), nil)
	r.act(h, "bob/a/two@v1", composite(sh("echo two")), nil)
	check(t, h, r.do(t, h), want{conclusion: "success", steps: "success success success"})
	if len(h.fetched) != 1 {
		t.Errorf("fetched %v, want one", h.fetched)
	}
}

func TestARemoteActionThatIsNotThePlannedOneFailsTheJob(t *testing.T) {
	for name, spoil := range map[string]func(map[string]string){
		"was changed":                        func(files map[string]string) { files["action.yml"] += " " },
		"action.yml is missing at commit":    func(files map[string]string) { delete(files, "action.yml"); files["x"] = "" },
		`fetch action "bob/a@v1": no reposi`: nil,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost()
			r := steps(sh("echo no"), uses("bob/a@v1"))
			r.act(h, "bob/a@v1", composite(sh("true")), nil)
			if spoil == nil {
				h.repos = nil
			} else {
				spoil(h.repos["bob/a@"+r.actions[0].Commit])
			}
			check(t, h, r.do(t, h), want{conclusion: "failure", steps: "", reason: name})
		})
	}
}
