package runner_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// nodePath is the node that the tests of node actions need.
const nodePath = "/usr/bin/node"

// tell is a script of a node action that says its name and what it got.
func tell(stage string) string {
	return `const e = process.env;
console.log('` + stage + `', e['INPUT_WHO'], e['INPUT_TWO_WORDS-X'], 'state', e['STATE_seen'] || '');
require('fs').appendFileSync(e.GITHUB_STATE, 'seen=' + (e['STATE_seen'] || '') + '` + stage[:2] + `\n');
require('fs').appendFileSync(e.GITHUB_OUTPUT, 'by=` + stage + `\n');
if (e.INPUT_FAIL === '` + stage + `') process.exit(3);`
}

// scripts are the files of a node action that tells what it does.
func scripts(name string) map[string]string {
	m := map[string]string{}
	for _, stage := range []string{"pre", "main", "post"} {
		m["dist/"+stage+".js"] = tell(stage + "-" + name)
	}
	return m
}

// node is an action with all three scripts.
func node() workflow.Action {
	return workflow.Action{
		Using: "node20", Pre: "dist/pre.js", Main: "dist/main.js", Post: "dist/post.js",
		Inputs: inputs("who=nobody", "two words-x=${{ github.ref_name }}", "fail"),
	}
}

// names are the steps' names with their conclusions.
func names(o pipeline.Outcome) []string {
	var list []string
	for _, s := range o.Steps {
		list = append(list, s.Name+": "+string(s.Conclusion))
	}
	return list
}

// told gives the lines that the scripts of node actions wrote.
func told(h *host) []string {
	var list []string
	for line := range strings.Lines(h.log("stdout")) {
		list = append(list, strings.TrimRight(line, "\n"))
	}
	return list
}

func TestNodeActions(t *testing.T) {
	t.Parallel()
	need.Program(t, nodePath)
	tests := []struct {
		name  string
		steps []workflow.Step
		edit  func(*workflow.Action) // of bob/a
		want  []string               // step names
		told  []string
	}{
		{
			"pre scripts run before all steps, post scripts after them in reverse, with state and inputs",
			[]workflow.Step{sh("echo script"), uses("bob/a@v1", "who", "ada"), {Name: text("second"), Uses: "bob/b@v1", ID: "b", With: bind("WHO", "${{ env.WHO }}"), Env: bind("WHO", "bob")}, sh("echo ${{ steps.b.outputs.by }}")},
			nil,
			[]string{
				"Pre Run bob/a@v1: success", "Pre second: success",
				"Run echo script: success", "Run bob/a@v1: success", "second: success", "Run echo ${{ steps.b.outputs.by }}: success",
				"Post second: success", "Post Run bob/a@v1: success",
			},
			[]string{
				"pre-a ada v1.2.0 state ", "pre-b bob v1.2.0 state ", "script", "main-a ada v1.2.0 state pr", "main-b bob v1.2.0 state pr", "main-b",
				"post-b bob v1.2.0 state prma", "post-a ada v1.2.0 state prma",
			},
		},
		{
			"post scripts run after a failure, those of what did not run do not",
			[]workflow.Step{uses("bob/a@v1", "fail", "main-a"), uses("bob/b@v1")},
			nil,
			[]string{"Pre Run bob/a@v1: success", "Pre Run bob/b@v1: success", "Run bob/a@v1: failure", "Run bob/b@v1: skipped", "Post Run bob/b@v1: success", "Post Run bob/a@v1: success"},
			[]string{"pre-a nobody v1.2.0 state ", "pre-b nobody v1.2.0 state ", "main-a nobody v1.2.0 state pr", "post-b nobody v1.2.0 state pr", "post-a nobody v1.2.0 state prma"},
		},
		{
			"a failed pre script skips the steps",
			[]workflow.Step{uses("bob/a@v1", "fail", "pre-a"), sh("echo no")},
			nil,
			[]string{"Pre Run bob/a@v1: failure", "Run bob/a@v1: skipped", "Run echo no: skipped", "Post Run bob/a@v1: success"},
			[]string{"pre-a nobody v1.2.0 state ", "post-a nobody v1.2.0 state pr"},
		},
		{
			"a failed post script fails the job and not the other post scripts; the first whose pre script ran is the last",
			[]workflow.Step{uses("bob/a@v1", "fail", "post-a"), uses("bob/b@v1")},
			func(a *workflow.Action) { a.Pre = "" },
			[]string{"Pre Run bob/b@v1: success", "Run bob/a@v1: success", "Run bob/b@v1: success", "Post Run bob/a@v1: failure", "Post Run bob/b@v1: success"},
			[]string{"pre-b nobody v1.2.0 state ", "main-a nobody v1.2.0 state ", "main-b nobody v1.2.0 state pr", "post-a nobody v1.2.0 state ma", "post-b nobody v1.2.0 state prma"},
		},
		{
			"pre-if and post-if decide, without an implicit success()",
			[]workflow.Step{uses("bob/a@v1", "fail", "main-a"), {Uses: "bob/b@v1", If: text("always()")}},
			func(a *workflow.Action) {
				a.PreIf, a.PostIf = text("runner.os == 'Windows'"), text("runner.os == 'Linux'")
			},
			[]string{"Pre Run bob/a@v1: skipped", "Pre Run bob/b@v1: success", "Run bob/a@v1: failure", "Run bob/b@v1: success", "Post Run bob/a@v1: success", "Post Run bob/b@v1: success"},
			[]string{"pre-b nobody v1.2.0 state ", "main-a nobody v1.2.0 state ", "main-b nobody v1.2.0 state pr", "post-a nobody v1.2.0 state ma", "post-b nobody v1.2.0 state prma"},
		},
		{
			"success() in post-if is about the job",
			[]workflow.Step{uses("bob/a@v1"), sh("exit 1")},
			func(a *workflow.Action) { a.Pre, a.PostIf = "", text("success()") },
			[]string{"Run bob/a@v1: success", "Run exit 1: failure", "Post Run bob/a@v1: skipped"},
			[]string{"main-a nobody v1.2.0 state "},
		},
		{
			"an action without pre and post has neither, a skipped one no post",
			[]workflow.Step{uses("bob/a@v1"), {Uses: "bob/a@v1", If: text("false")}},
			func(a *workflow.Action) { a.Pre, a.Post = "", "" },
			[]string{"Run bob/a@v1: success", "Run bob/a@v1: skipped"},
			[]string{"main-a nobody v1.2.0 state "},
		},
		{
			"each use has a state of its own, inputs of post scripts are evaluated then",
			[]workflow.Step{uses("bob/a@v1", "who", "1"), uses("bob/a@v1", "who", "${{ env.LATER || 'early' }}"), sh("echo LATER=late >> $GITHUB_ENV")},
			func(a *workflow.Action) { a.Pre = "" },
			[]string{"Run bob/a@v1: success", "Run bob/a@v1: success", "Run echo LATER=late >> $GITHUB_ENV: success", "Post Run bob/a@v1: success", "Post Run bob/a@v1: success"},
			[]string{"main-a 1 v1.2.0 state ", "main-a early v1.2.0 state ", "post-a late v1.2.0 state ma", "post-a 1 v1.2.0 state ma"},
		},
		{
			"within a composite action all scripts belong to its step",
			[]workflow.Step{{Uses: "bob/both@v1", ID: "c", With: bind("n", "z")}, sh("echo ${{ steps.c.outputs.by }}")},
			nil,
			[]string{"Pre Run bob/both@v1: success", "Run bob/both@v1: success", "Run echo ${{ steps.c.outputs.by }}: success", "Post Run bob/both@v1: success"},
			[]string{
				"pre-a z1 v1.2.0 state ", "pre-b z2 v1.2.0 state ", "main-a z1 v1.2.0 state pr", "main-b z2 v1.2.0 state pr", "main-b",
				"post-b z2 v1.2.0 state prma", "post-a z1 v1.2.0 state prma",
			},
		},
		{
			"within a composite action of the workspace there is no pre script, which is said",
			[]workflow.Step{checkoutStep, uses("./both", "n", "y")},
			nil,
			[]string{"Run actions/checkout@v4: success", "Run ./both: success", "Post Run ./both: success"},
			[]string{"main-a y1 v1.2.0 state ", "main-b y2 v1.2.0 state ", "post-b y2 v1.2.0 state ma", "post-a y1 v1.2.0 state ma"},
		},
		{
			"one of the workspace has no pre script, but a post script",
			[]workflow.Step{checkoutStep, uses("./tell")},
			nil,
			[]string{"Run actions/checkout@v4: success", "Run ./tell: success", "Post Run ./tell: success"},
			[]string{"main-l nobody v1.2.0 state ", "post-l nobody v1.2.0 state ma"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			r := steps(tt.steps...)
			a := node()
			if tt.edit != nil {
				tt.edit(&a)
			}
			r.act(h, "bob/a@v1", a, scripts("a"))
			r.act(h, "bob/b@v1", node(), scripts("b"))
			both := func() workflow.Action {
				return workflow.Action{
					Using: "composite", Inputs: inputs("n"), Outputs: []workflow.Output{{Name: "by", Value: text("${{ steps.second.outputs.by }}")}},
					Steps: []workflow.Step{uses("bob/a@v1", "who", "${{ inputs.n }}1"), {ID: "second", Uses: "bob/b@v1", With: bind("who", "${{ inputs.n }}2")}},
				}
			}
			r.act(h, "bob/both@v1", both(), nil)
			r.act(h, "./both", both(), nil)
			r.act(h, "./tell", node(), scripts("l"))
			got := r.do(t, h)
			if diff := cmp.Diff(tt.want, names(got)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.told, told(h)); diff != "" {
				t.Errorf("scripts (-want +got):\n%s", diff)
			}
			if said := strings.Contains(h.log(""), "was not run: an action of the workspace"); said != strings.Contains(tt.name, "workspace") {
				t.Errorf("warning about pre: %v", said)
			}
			if len(got.Tools) != 1 || got.Tools[0].Name != "node" || got.Tools[0].Path != nodePath || got.Tools[0].SHA256 == "" {
				t.Errorf("got tools %+v, want node once", got.Tools)
			}
			if t.Failed() {
				t.Log(h.log(""))
			}
		})
	}
}

func TestTheNodeOfTheWorkerMustFitTheAction(t *testing.T) {
	t.Parallel()
	const says = `case $1 in --version) echo %;; *) echo ran "${1##*/}";; esac`
	tests := []struct {
		using, version string // of the action, and what the program says
		fail           string
		warn           bool
	}{
		{"node20", "v20.1.0", "", false},
		{"node12", "v24.0.0", "", false},
		{"node24", "v20.1.0", "runs.using is node24: want that version of node or a newer one, found \"20.1.0\"", true},
		{"node20", "none", "says no version", true},
		{"node", "v20.1.0", `runs.using is "node": want node with a version`, false},
	}
	for _, tt := range tests {
		for _, mismatch := range []runner.Mismatch{runner.Refuse, runner.Warn} {
			t.Run(tt.using+" with "+tt.version+" "+string(mismatch), func(t *testing.T) {
				h := newHost()
				dir := tools(t, map[string]string{"node": strings.Replace(says, "%", tt.version, 1)})
				// What a step puts on its PATH is not the worker's.
				r := steps(sh("mkdir own; ln -s /bin/false own/node; echo $PWD/own >> $GITHUB_PATH"), workflow.Step{Uses: "bob/a@v1", Env: bind("PATH", "/nowhere")})
				r.config = func(c *runner.Config) { c.Path, c.ToolMismatch = dir+":/usr/bin:/bin", mismatch }
				r.act(h, "bob/a@v1", workflow.Action{Using: tt.using, Main: "main.js"}, map[string]string{"main.js": ""})
				got := r.do(t, h)
				if tt.fail != "" && !(tt.warn && mismatch == runner.Warn) {
					check(t, h, got, want{conclusion: "failure", steps: "success failure", reason: tt.fail})
					return
				}
				check(t, h, got, want{conclusion: "success", steps: "success success", stdout: []string{"ran main.js"}})
				if tt.warn != strings.Contains(h.log(""), "##[warning]") {
					t.Errorf("warning wanted: %v\n%s", tt.warn, h.log(""))
				}
			})
		}
	}
}

func TestANodeActionWithoutItsNodeOrItsScriptFails(t *testing.T) {
	h := newHost()
	r := steps(uses("bob/a@v1"))
	r.config = pathConfig("/var/empty")
	r.act(h, "bob/a@v1", workflow.Action{Using: "node20", Main: "main.js"}, map[string]string{"main.js": ""})
	check(t, h, r.do(t, h), want{conclusion: "failure", steps: "failure", reason: `set up node: none of node is on PATH "/var/empty": install it on the worker`})

	h = newHost()
	r = steps(uses("bob/a@v1"))
	r.act(h, "bob/a@v1", workflow.Action{Using: "node20", Main: "main.js"}, nil)
	check(t, h, r.do(t, h), want{conclusion: "failure", steps: "failure", reason: `action "bob/a@v1": script "main.js": `})
}

func TestTheDefaultOfAnInputMayAskForTheToken(t *testing.T) {
	t.Parallel()
	need.Program(t, nodePath)
	h := newHost()
	h.secrets["GITHUB_TOKEN"] = "hush-hush"
	r := steps(uses("bob/a@v1"))
	r.secrets = []string{"GITHUB_TOKEN"}
	r.act(h, "bob/a@v1", workflow.Action{Using: "node20", Main: "main.js", Inputs: inputs("token=${{ github.token }}")}, map[string]string{
		"main.js": `console.log(process.env.INPUT_TOKEN.length, process.env.INPUT_TOKEN)`,
	})
	check(t, h, r.do(t, h), want{conclusion: "success", steps: "success", stdout: []string{"9 ***"}})
}
