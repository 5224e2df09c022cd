package bundle_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

// four is the guide's map: each environment is deployed to the target of its name.
var four = map[string]string{"dev": "dev", "tst": "tst", "val": "val", "prd": "prd"}

// printed are the findings of one rule in the guide's bundle as printed.
func printed(t *testing.T, rule string, targets map[string]string) []string {
	t.Helper()
	return of(bundle.Check(os.DirFS("testdata/guide"), targets), rule)
}

func of(findings []bundle.Finding, rule string) []string {
	var out []string
	for _, f := range findings {
		if f.Rule == rule {
			out = append(out, f.String())
		}
	}
	return out
}

// same wants each found text to begin with the wanted one.
func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d findings, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range got {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("finding %d:\n got %s\nwant %s", i, got[i], want[i])
		}
	}
}

func TestD01_NoTargetOfTheEnvironments(t *testing.T) {
	same(t, printed(t, bundle.RuleTarget, four),
		"databricks.yml:82:1: error: environment dev: dev: no such target; available targets: development, main",
		"databricks.yml:82:1: error: environment prd: prd: no such target; available targets: development, main",
		"databricks.yml:82:1: error: environment tst: tst: no such target; available targets: development, main",
		"databricks.yml:82:1: error: environment val: val: no such target; available targets: development, main")
}

func TestD02_VariablesWithoutValue(t *testing.T) {
	same(t, printed(t, bundle.RuleVariable, four),
		"databricks.yml:6:3: error: no value assigned to required variable environment in target development, main",
		"databricks.yml:8:3: error: no value assigned to required variable run_as in target development, main",
		"databricks.yml:10:3: error: no value assigned to required variable webhook_on_failure in target development, main",
		"databricks.yml:12:3: error: no value assigned to required variable manage_group_name in target development, main")
}

func TestD03_EnvironmentDoesNotFollowFromTheTarget(t *testing.T) {
	same(t, printed(t, bundle.RuleEnvironment, four),
		"databricks.yml:6:3: error: variable environment does not follow from the target: development, main can be deployed as any environment")
}

func TestD04_DefaultIsAProductionTarget(t *testing.T) {
	same(t, printed(t, bundle.RuleDefault, four),
		"databricks.yml:86:5: error: a deploy without --target goes to main")
}

func TestD05_RootPathOfWhoDeploys(t *testing.T) {
	same(t, printed(t, bundle.RuleRoot, four),
		"databricks.yml:80:14: error: root_path /Users/${workspace.current_user.userName}/.bundle/${bundle.name}/${bundle.target} follows from who deploys: another identity makes a second deployment in target main")
}

func TestD06_ModesAreUndefinedOrThoseOfOnePerson(t *testing.T) {
	same(t, printed(t, bundle.RuleMode, four),
		"databricks.yml:82:1: error: environment dev: no target says its mode",
		"databricks.yml:82:1: error: environment prd: no target says its mode",
		"databricks.yml:82:1: error: environment tst: no target says its mode",
		"databricks.yml:82:1: error: environment val: no target says its mode")
	same(t, printed(t, bundle.RuleMode, map[string]string{"dev": "development", "prd": "main"}),
		"databricks.yml:84:11: error: environment dev: target development has mode development: names get a prefix, schedules are paused")
}

func TestD07_TaskRunsAfterTheFailureOfWhatItDependsOn(t *testing.T) {
	same(t, printed(t, bundle.RuleRunIf, four),
		"databricks.yml:64:11: warning: task landing_to_bronze of job main runs after a failure of what it depends on")
}

func TestD08_ClientIsDeprecated(t *testing.T) {
	same(t, printed(t, bundle.RuleClient, four), "databricks.yml:47:13: warning: client is deprecated")
}

func TestD09_FilesThatAreNotThere(t *testing.T) {
	same(t, printed(t, bundle.RuleFiles, four),
		"databricks.yml:23:7: warning: pattern dist/*.whl does not match any files",
		"databricks.yml:24:7: warning: pattern requirements-databricks-wheels.txt does not match any files",
		"databricks.yml:49:17: warning: requirements file locks/databricks/requirements.txt is not there",
		"databricks.yml:50:17: warning: requirements file requirements-databricks-wheels.txt is not there")
}

func TestD10_TheWheelIsBuiltAgainAtDeploy(t *testing.T) {
	same(t, printed(t, bundle.RuleBuild, four),
		`databricks.yml:18:5: error: artifact default is built again at deploy by "hatch run databricks:build \"${workspace.file_path}\""`)
}

// What D1 to D10 name is all: nothing else is wrong with the guide's bundle.
func TestTheGuidesBundleHasNoOtherFinding(t *testing.T) {
	if got := printed(t, bundle.RuleRead, four); len(got) > 0 {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
}

func TestTheCorrectedBundleHasNoFinding(t *testing.T) {
	for _, f := range bundle.Check(os.DirFS("testdata/corrected"), four) {
		t.Error(f)
	}
}

// Each defect put back into a sound bundle is found, and nothing else.
func TestCheckFinds(t *testing.T) {
	const sound = `bundle: {name: b}
variables:
  environment: {description: given by the target}
workspace: {root_path: /Workspace/Deployments/b}
targets:
  dev: {mode: production, variables: {environment: dev}}
  prd: {mode: production, variables: {environment: prd}}
`
	for name, c := range map[string]struct {
		change [2]string
		more   map[string]string
		given  []string
		want   []string
	}{
		"nothing in a sound bundle": {},
		"the name of another environment": {
			change: [2]string{"environment: dev", "environment: prd"},
			want:   []string{"databricks.yml:6:52: error: variable environment is prd in target dev, which is not the target of prd"},
		},
		"an environment that only the deployer knows": {
			change: [2]string{", variables: {environment: dev}", ""},
			given:  []string{"environment"},
			want:   []string{"databricks.yml:3:3: error: variable environment does not follow from the target: dev can be deployed as any environment"},
		},
		"an environment that is the target": {
			change: [2]string{"{description: given by the target}", "{default: \"${bundle.target}\"}"},
		},
		"a variable that the deployer gives": {
			change: [2]string{"variables:\n", "variables:\n  webhook: {description: id}\n"},
			given:  []string{"webhook"},
		},
		"a target without mode": {
			change: [2]string{"prd: {mode: production, ", "prd: {"},
			want:   []string{"databricks.yml:7:3: error: environment prd: target prd has no mode"},
		},
		"no root path": {
			change: [2]string{"workspace: {root_path: /Workspace/Deployments/b}\n", ""},
			want:   []string{"databricks.yml:1:1: error: no root_path: it would be the folder of who deploys"},
		},
		"a home folder": {
			change: [2]string{"/Workspace/Deployments/b", "~/b"},
			want:   []string{"databricks.yml:4:24: error: root_path ~/b follows from who deploys"},
		},
		"a wheel that is built by default": {
			change: [2]string{"targets:\n", "artifacts: {w: {type: whl}}\ntargets:\n"},
			want:   []string{"databricks.yml:5:13: error: artifact w has type whl, which is built again at deploy"},
		},
		"hooks in a target and beside": {
			change: [2]string{"targets:\n", "experimental: {scripts: {predeploy: make}, python: {venv_path: .venv}}\nscripts: {x: {content: make}}\ntargets:\n"},
			want: []string{
				"databricks.yml:5:16: error: experimental.scripts runs commands at deploy",
				"databricks.yml:5:44: error: experimental.python runs code at deploy",
				"databricks.yml:6:1: error: scripts runs commands at deploy",
			},
		},
		"a requirements file that git ignores": {
			change: [2]string{"targets:\n", "resources: {jobs: {j: {name: j, environments: [{environment_key: e, spec: {dependencies: [-r r.txt]}}]}}}\ntargets:\n"},
			more:   map[string]string{"r.txt": "x", ".gitignore": "r.txt\n"},
			want:   []string{"databricks.yml:5:91: warning: requirements file r.txt is not uploaded (BND009): name it in sync.include"},
		},
		"a schedule outside production": {
			change: [2]string{"targets:\n", "resources: {jobs: {j: {name: j, schedule: {quartz_cron_expression: c}}}}\ntargets:\n"},
			want:   []string{"databricks.yml:5:43: warning: environment dev: schedule of job j runs it by itself, also while a deployment or a verification is under way in target dev (BND011)"},
		},
		"a trigger that is paused everywhere": {
			change: [2]string{"targets:\n", "resources: {jobs: {j: {name: j, trigger: {pause_status: PAUSED}}}}\ntargets:\n"},
			want:   []string{"databricks.yml:5:42: warning: environment prd: trigger of job j is paused: it does not run in target prd (BND011)"},
		},
		"two jobs of one name": {
			change: [2]string{"targets:\n", "resources: {jobs: {j: {name: n}, k: {name: N}, l: {name: \"${resources.jobs.j.name}\"}}}\ntargets:\n"},
			want:   []string{"databricks.yml:5:58: error: jobs j and l are both named \"n\" (BND012): give one of them another name"},
		},
		"what cannot be resolved": {
			change: [2]string{"/Workspace/Deployments/b", "\"/Workspace/${var.nothing}\""},
			want:   []string{"databricks.yml:4:24: error: reference does not exist: ${var.nothing}"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"databricks.yml": {Data: []byte(strings.Replace(sound, c.change[0], c.change[1], 1))}}
			for file, data := range c.more {
				fsys[file] = &fstest.MapFile{Data: []byte(data)}
			}
			var got []string
			for _, f := range bundle.Check(fsys, map[string]string{"dev": "dev", "prd": "prd"}, c.given...) {
				got = append(got, f.String())
			}
			same(t, got, c.want...)
		})
	}
}
