package pipeline_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

const (
	onPush = "on: {push: {branches: [main], tags: ['*']}}\n"
	runs   = "runs-on: x, steps: [{run: a}]"
	dcr    = "acme/dc-release/.github/workflows/"
	pin    = "@4f2a9c0d4f2a9c0d4f2a9c0d4f2a9c0d4f2a9c0d"
	isTag  = "\"${{ startsWith(github.ref, 'refs/tags/') }}\""
)

// deploy is a callable workflow with an environment.
const deploy = "on: {workflow_call: {inputs: {environment: {type: string, required: true}}}}\n" +
	"jobs:\n  deploy: {environment: '${{ inputs.environment }}', " + runs + "}\n"

// typed is a callable workflow with one input of each type.
const typed = "on: {workflow_call: {inputs: {text: {type: string}, flag: {type: boolean}, count: {type: number, default: 3}}}}\n" +
	"jobs:\n  a: {environment: \"${{ inputs.flag && inputs.count == 3 && 'dev' || '' }}\", " + runs + "}\n"

type planCase struct {
	name  string
	jobs  string            // below jobs: in main.yaml, from line 3
	files map[string]string // others
	want  []string
}

func runPlans(t *testing.T, change func(*pipeline.ExpandRequest), cases []planCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"deploy.yaml": deploy, "typed.yaml": typed}
			maps.Copy(files, c.files)
			if _, ok := files["main.yaml"]; !ok {
				files["main.yaml"] = onPush + "jobs:\n" + c.jobs
			}
			req := request(files)
			if change != nil {
				change(&req)
			}
			_, findings := pipeline.Expand(req)
			if diff := cmp.Diff(c.want, short(findings)); diff != "" {
				t.Errorf("%s\n%s\n%v", diff, files["main.yaml"], findings)
			}
			for _, f := range findings {
				if f.At.Column < 1 || f.Message == "" || strings.Contains(f.Message+f.Hint, "%!") {
					t.Errorf("finding %+v", f)
				}
			}
		})
	}
}

func call(file, with string) string {
	return "{uses: ./.github/workflows/" + file + ", with: {" + with + "}}\n"
}

func TestCallsThatCannotBeMade(t *testing.T) {
	loop := "on: {workflow_call: }\njobs:\n  a: {uses: ./.github/workflows/loop.yaml}\n"
	chain := map[string]string{}
	for i := range 12 {
		chain[fmt.Sprintf("c%d.yaml", i)] = fmt.Sprintf("on: {workflow_call: }\njobs:\n  a: {uses: ./.github/workflows/c%d.yaml}\n", i+1)
	}
	short := maps.Clone(chain)
	short["c8.yaml"] = "on: {workflow_call: }\njobs:\n  a: {" + runs + "}\n"
	runPlans(t, nil, []planCase{
		{"a file that is missing", "  a: {uses: ./.github/workflows/no.yaml}\n", nil, []string{"error unknown-workflow main.yaml:3"}},
		{"a file in another folder", "  a: {uses: ./workflows/a.yaml}\n", nil, []string{"error unknown-workflow main.yaml:3"}},
		{"a file below the folder", "  a: {uses: ./.github/workflows/x/a.yaml}\n", nil, []string{"error unknown-workflow main.yaml:3"}},
		{"a local file with a ref", "  a: {uses: ./.github/workflows/a.yaml@main}\n", nil, []string{"error unknown-workflow main.yaml:3"}},
		{"another repository", "  a: {uses: acme/other/.github/workflows/a.yaml@v1}\n", nil, []string{"error unknown-workflow main.yaml:3"}},
		{"another file of the framework", "  a: {uses: " + dcr + "other.yaml@v1}\n", nil, []string{"error unknown-workflow main.yaml:3"}},
		{"a workflow that is not for calls", "  a: {uses: ./.github/workflows/b.yaml}\n", map[string]string{"b.yaml": onPush + "jobs: {a: {" + runs + "}}\n"}, []string{"error not-callable main.yaml:3"}},
		{"a workflow that calls itself", "  a: {uses: ./.github/workflows/loop.yaml}\n", map[string]string{"loop.yaml": loop}, []string{"error call-cycle loop.yaml:3"}},
		{"the root", "  a: {uses: ./.github/workflows/main.yaml}\n", nil, []string{"error call-cycle main.yaml:3"}},
		{"ten levels", "  a: {uses: ./.github/workflows/c0.yaml}\n", short, nil},
		{"eleven levels", "  a: {uses: ./.github/workflows/c0.yaml}\n", chain, []string{"error too-many-levels c8.yaml:3"}},
		{
			"findings of a called file come once", "  a: " + call("deploy.yaml", "environment: dev") + "  b: " + call("deploy.yaml", "environment: tst"),
			map[string]string{"deploy.yaml": strings.Replace(deploy, "run: a", "run: '${{ foo }}'", 1)},
			[]string{"error unknown-context deploy.yaml:3"},
		},
		{"the framework at a branch", "  a: {uses: " + dcr + "approve_to_prd.yaml@main, if: " + isTag + "}\n", nil, []string{"warning mutable-ref main.yaml:3"}},
		{"the framework at a commit", "  a: {uses: " + dcr + "approve_to_prd.yaml" + pin + ", if: " + isTag + "}\n", nil, nil},
	})
}

func TestAMissingRootIsAFinding(t *testing.T) {
	p, findings := pipeline.Expand(request(map[string]string{}))
	if len(p.Jobs) > 0 || len(findings) != 1 || findings[0].Rule != "unknown-workflow" || findings[0].At.File != root {
		t.Errorf("%d jobs, findings %v", len(p.Jobs), findings)
	}
}

func TestManyCallsAreRefused(t *testing.T) {
	files := map[string]string{"main.yaml": onPush + "jobs:\n"}
	for level := range 4 {
		src := "on: {workflow_call: }\njobs:\n"
		for i := range 9 {
			src += fmt.Sprintf("  j%d: {uses: ./.github/workflows/l%d.yaml}\n", i, level+1)
		}
		files[fmt.Sprintf("l%d.yaml", level)] = src
	}
	files["l4.yaml"] = "on: {workflow_call: }\njobs: {a: {" + runs + "}}\n"
	files["main.yaml"] += "  a: {uses: ./.github/workflows/l0.yaml}\n"
	p, findings := pipeline.Expand(request(files))
	if !hasErrors(findings) || len(p.Jobs) > 1000 {
		t.Errorf("%d jobs, %d findings", len(p.Jobs), len(findings))
	}
	wide := map[string]string{"main.yaml": onPush + "jobs:\n"}
	for i := range 51 {
		wide["main.yaml"] += fmt.Sprintf("  j%d: {uses: ./.github/workflows/w%d.yaml}\n", i, i)
		wide[fmt.Sprintf("w%d.yaml", i)] = files["l4.yaml"]
	}
	_, findings = pipeline.Expand(request(wide))
	if diff := cmp.Diff([]string{"error too-many-workflows main.yaml:53"}, short(findings)); diff != "" {
		t.Error(diff)
	}
}

func TestInputsAreChecked(t *testing.T) {
	runPlans(t, nil, []planCase{
		{"an input that is missing", "  a: " + call("deploy.yaml", ""), nil, []string{"error missing-input main.yaml:3", "error environment-not-static deploy.yaml:3"}},
		{"an input that is not declared", "  a: " + call("deploy.yaml", "environment: dev, region: eu"), nil, []string{"error unknown-input main.yaml:3"}},
		{"an input in another case", "  a: " + call("deploy.yaml", "Environment: dev"), nil, nil},
		{"a number for a text", "  a: " + call("typed.yaml", "text: 3"), nil, nil},
		{"a boolean for a text", "  a: " + call("typed.yaml", "text: true"), nil, nil},
		{"an array for a text", "  a: " + call("typed.yaml", "text: \"${{ fromJSON('[]') }}\""), nil, []string{"error wrong-type main.yaml:3"}},
		{"a boolean for a flag", "  a: " + call("typed.yaml", "flag: true"), nil, nil},
		{"a text for a flag", "  a: " + call("typed.yaml", "flag: 'true'"), nil, []string{"error wrong-type main.yaml:3"}},
		{"a computed flag", "  a: " + call("typed.yaml", "flag: \"${{ github.ref == 'x' }}\""), nil, nil},
		{"a computed text for a flag", "  a: " + call("typed.yaml", "flag: '${{ github.ref }}'"), nil, []string{"error wrong-type main.yaml:3"}},
		{"a computed flag within text", "  a: " + call("typed.yaml", "flag: \"${{ true }} \""), nil, []string{"error wrong-type main.yaml:3"}},
		{"a variable for a number", "  a: " + call("typed.yaml", "count: \"${{ fromJSON('7') }}\""), nil, nil},
		{"a text for a number", "  a: " + call("typed.yaml", "count: seven"), nil, []string{"error wrong-type main.yaml:3"}},
		{"nothing for a number", "  a: " + call("typed.yaml", "count: "), nil, nil},
		{"an expression that fails", "  a: " + call("typed.yaml", "text: \"${{ fromJSON('') }}\""), nil, []string{"error expression-failed main.yaml:3"}},
		{"a flag that depends on a result", "  b: {" + runs + "}\n  a: {needs: b, uses: ./.github/workflows/typed.yaml, with: {flag: \"${{ needs.b.result == 'x' }}\"}}\n", nil, []string{"error environment-not-static typed.yaml:3"}},
		{"a text that depends on a result and is not for an environment", "  b: {" + runs + "}\n  a: {needs: b, uses: ./.github/workflows/typed.yaml, with: {text: '${{ needs.b.result }}'}}\n", nil, nil},
	})
}

func TestInputsReachTheEnvironment(t *testing.T) {
	files := map[string]string{
		"main.yaml":   onPush + "jobs:\n  a: " + call("outer.yaml", "where: '${{ vars.WHERE }}'") + "  t: " + call("typed.yaml", "flag: true"),
		"outer.yaml":  "on: {workflow_call: {inputs: {where: {type: string}}}}\njobs:\n  b: " + call("deploy.yaml", "environment: \"${{ format('{0}T', inputs.where) }}\""),
		"deploy.yaml": deploy, "typed.yaml": typed,
	}
	req := request(files)
	req.Vars = map[string]string{"WHERE": "TS"}
	p, findings := pipeline.Expand(req)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	if j := find(t, p, "a/b/deploy"); j.Environment != "tst" || j.Scope != "a/b" {
		t.Errorf("job %+v", j)
	}
	if j := find(t, p, "t/a"); j.Environment != "dev" {
		t.Errorf("a default or a boolean did not arrive: environment %q", j.Environment)
	}
}

func TestEnvironments(t *testing.T) {
	jobs := func(environment string) string { return "  a: {environment: " + environment + ", " + runs + "}\n" }
	runPlans(t, nil, []planCase{
		{"a place", jobs("dev"), nil, nil},
		{"a place in another case", jobs("DEV"), nil, nil},
		{"a gate", jobs("approve_for_use"), nil, nil},
		{"another name", jobs("staging"), nil, []string{"error unknown-environment main.yaml:3"}},
		{"an empty name", jobs("\"${{ '' }}\""), nil, nil},
		{"a name that depends on a result", "  b: {" + runs + "}\n  a: {needs: b, environment: '${{ needs.b.outputs.e }}', " + runs + "}\n", nil, []string{"error environment-not-static main.yaml:4"}},
		{"a name that depends on the run", jobs("'${{ github.run_id }}'"), nil, []string{"error environment-not-static main.yaml:3"}},
		{"a name that cannot be evaluated", jobs("\"${{ fromJSON('') }}\""), nil, []string{"error expression-failed main.yaml:3"}},
	})
	other := func(req *pipeline.ExpandRequest) { req.Profile = "non-gxp" }
	runPlans(t, other, []planCase{{"another name without GxP", jobs("staging"), nil, []string{"warning unknown-environment main.yaml:3"}}})
	mapped := func(req *pipeline.ExpandRequest) { req.Environments = map[string]string{"Staging": "tst"} }
	runPlans(t, mapped, []planCase{{"a name that is mapped", jobs("STAGING"), nil, nil}})

	req := request(map[string]string{"main.yaml": onPush + "jobs:\n" + jobs("staging")})
	mapped(&req)
	if p, _ := pipeline.Expand(req); p.Jobs[0].Environment != "tst" || p.Jobs[0].Kind != pipeline.Place {
		t.Errorf("job %+v", p.Jobs[0])
	}
	req.Environments, req.Profile = nil, ""
	if p, _ := pipeline.Expand(req); p.Jobs[0].Environment != "" || p.Jobs[0].Kind != pipeline.NoEnvironment {
		t.Errorf("job %+v", p.Jobs[0])
	}
}

func TestPlacesStandBehindTheirGates(t *testing.T) {
	gate := func(id, needs, name string) string {
		return "  " + id + ": {needs: [" + needs + "], if: " + isTag + ", environment: " + name + ", " + runs + "}\n"
	}
	in := func(id, needs, environment string) string {
		return "  " + id + ": {needs: [" + needs + "], uses: ./.github/workflows/deploy.yaml, with: {environment: " + environment + "}}\n"
	}
	publish := func(id, needs, environment, condition string) string {
		return "  " + id + ": {needs: [" + needs + "], if: " + condition + ", uses: " + dcr + "publish.yaml" + pin + ", with: {environment: " + environment + "}}\n"
	}
	wrapped := map[string]string{"gate.yaml": "on: {workflow_call: }\njobs:\n  g: {uses: " + dcr + "approve_to_prd.yaml" + pin + "}\n"}
	runPlans(t, nil, []planCase{
		{"val without a gate", in("val", "", "val"), nil, []string{"error missing-gate main.yaml:3"}},
		{"prd without a gate", in("prd", "", "prd"), nil, []string{"error missing-gate main.yaml:3"}},
		{"val behind its gate", gate("g", "", "pre_val") + in("val", "g", "val"), nil, nil},
		{"val behind its gate and another job", gate("g", "", "pre_val") + in("tst", "g", "tst") + in("val", "tst", "val"), nil, nil},
		{"val beside its gate", gate("g", "", "pre_val") + in("val", "", "val"), nil, []string{"error missing-gate main.yaml:4"}},
		{"val before its gate", in("val", "", "val") + gate("g", "val", "pre_val"), nil, []string{"error missing-gate main.yaml:3"}},
		{"val behind the wrong gate", gate("g", "", "approve_for_use") + in("val", "g", "val"), nil, []string{"error missing-gate main.yaml:4"}},
		{"prd behind the gate of val only", gate("g", "", "pre_val") + in("val", "g", "val") + in("prd", "val", "prd"), nil, []string{"error missing-gate main.yaml:5"}},
		{"prd behind a gate in two calls", "  g: {if: " + isTag + ", uses: ./.github/workflows/gate.yaml}\n" + in("prd", "g", "prd"), wrapped, nil},
		{"a place in the job itself", gate("g", "", "pre_val") + "  val: {needs: g, environment: val, " + runs + "}\n", nil, nil},
		{"val behind publish for tst", publish("g", "", "tst", isTag) + in("val", "g", "val"), nil, nil},
		{"val behind publish for dev, whose gate never opens", publish("g", "", "dev", isTag) + in("val", "g", "val"), nil, []string{"error missing-gate main.yaml:4"}},
		{"val behind a gate that no tag reaches", publish("g", "", "tst", "\"github.ref == 'refs/heads/main'\"") + in("val", "g", "val"), nil, []string{"error missing-gate main.yaml:4"}},
		{"a gate whose condition is known later counts", "  b: {" + runs + "}\n" + publish("g", "b", "tst", "needs.b.outputs.x == 'y'") + in("val", "g", "val"), nil, nil},
		{"prd that ignores its needs", gate("g", "", "approve_to_prd") + strings.Replace(in("prd", "g", "prd"), "uses", "if: always(), uses", 1), nil, []string{"warning ignores-needs main.yaml:4"}},
		{"dev may ignore its needs", "  b: {" + runs + "}\n" + strings.Replace(in("dev", "b", "dev"), "uses", "if: always(), uses", 1), nil, nil},
		{"a gate that main reaches", strings.Replace(gate("g", "", "approve_to_prd"), isTag, "success()", 1), nil, []string{"warning untagged-promotion main.yaml:3"}},
		{"a gate behind a job that main does not reach", "  b: {if: " + isTag + ", " + runs + "}\n" + strings.Replace(gate("g", "b", "approve_to_prd"), isTag, "success()", 1), nil, nil},
		{"a gate that always runs", "  b: {if: " + isTag + ", " + runs + "}\n" + strings.Replace(gate("g", "b", "approve_to_prd"), isTag, "always()", 1), nil, []string{"warning untagged-promotion main.yaml:4"}},
	})
	other := func(req *pipeline.ExpandRequest) { req.Profile = "non-gxp" }
	runPlans(t, other, []planCase{{"prd without a gate and without GxP", in("prd", "", "prd"), nil, nil}})
	branch := func(req *pipeline.ExpandRequest) { req.Branch = "release" }
	runPlans(t, branch, []planCase{{"a branch that starts nothing reaches nothing", strings.Replace(gate("g", "", "approve_to_prd"), isTag, "success()", 1), nil, nil}})
}

func TestEveryEventSeesAMissingGate(t *testing.T) {
	src := onPush + "jobs:\n  val: {if: " + isTag + ", environment: val, " + runs + "}\n"
	for _, trigger := range []pipeline.Trigger{onTag, onMain, onPull} {
		req := request(map[string]string{"main.yaml": src})
		req.Trigger = trigger
		if _, findings := pipeline.Expand(req); !hasErrors(findings) {
			t.Errorf("on %s: %v", trigger.Ref, findings)
		}
	}
	computed := onPush + "jobs:\n  a: {environment: \"${{ github.ref_type == 'tag' && 'val' || 'tst' }}\", " + runs + "}\n"
	req := request(map[string]string{"main.yaml": computed})
	req.Trigger = onMain
	if _, findings := pipeline.Expand(req); !hasErrors(findings) {
		t.Error("a place that only a tag enters is not seen on main")
	}
}

func TestTheGuideWithoutItsGatesIsRefused(t *testing.T) {
	for gate, places := range map[string][]string{"needs: [pre_val]": {"val"}, "needs: [pre_prd]": {"prd"}} {
		req := guide(t, "main.yaml")
		read := req.Read
		req.Read = func(name string) (pipeline.File, bool) {
			if name != root {
				return read(name)
			}
			return workflowfile.Sources{Local: func(string) ([]byte, bool) {
				return []byte(strings.Replace(guideSource(t), gate, "needs: [tst]", 1)), true
			}}.Workflow(name)
		}
		_, findings := pipeline.Expand(req)
		var missing []string
		for _, f := range findings {
			if f.Rule == "missing-gate" {
				missing = append(missing, strings.Split(f.Message, "/")[0][len("job \""):])
			}
		}
		if diff := cmp.Diff(places, missing); diff != "" {
			t.Errorf("without %s: %s", gate, diff)
		}
	}
}

func TestCheckoutsOfSomethingElseAreRefused(t *testing.T) {
	jobs := func(with string) string {
		return "  a: {runs-on: x, steps: [{uses: actions/checkout@v4, with: {" + with + "}}]}\n"
	}
	runPlans(t, nil, []planCase{
		{"the run's commit", jobs("ref: '${{ github.sha }}'"), nil, nil},
		{"the run's ref", jobs("ref: '${{ github.ref }}', repository: '${{ github.repository }}'"), nil, nil},
		{"the run's tag by name", jobs("ref: v1.2.0"), nil, nil},
		{"no ref", jobs("ref: ''"), nil, nil},
		{"a branch", jobs("ref: develop"), nil, []string{"error unsupported-value main.yaml:3"}},
		{"a variable", jobs("ref: '${{ vars.REF }}'"), nil, nil},
		{"another repository", jobs("repository: acme/other"), nil, []string{"error unsupported-value main.yaml:3"}},
		{"a ref that is known later", jobs("ref: '${{ env.REF }}'"), nil, []string{"error unsupported-value main.yaml:3"}},
	})
}
