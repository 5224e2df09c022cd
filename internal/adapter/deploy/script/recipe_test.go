package script_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/adapter/deploy/script"
	"github.com/dc-release/dc-release/internal/adapter/solutionfile"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// recipe is what docs/targets.md prints for PRD below a heading.
func recipe(t *testing.T, heading string) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../../../docs/targets.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "\n### "+heading+"\n")
	_, rest, ok2 := strings.Cut(rest, "\n```yaml\n")
	block, _, ok3 := strings.Cut(rest, "\n```\n")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("docs/targets.md has no recipe %q", heading)
	}
	places, findings := solutionfile.ReadEnvironments("docs/targets.md", []byte(block))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	return maps.Clone(places["prd"].Config)
}

func TestThePageHasNoMistakeInItsConfiguration(t *testing.T) {
	recipe(t, "dbt")
	page, err := os.ReadFile("../../../../docs/targets.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "\n```yaml\n")[1:]
	for _, b := range blocks {
		block, _, _ := strings.Cut(b, "\n```\n")
		if _, findings := solutionfile.ReadEnvironments("docs/targets.md", []byte(block)); len(findings) > 0 {
			t.Errorf("%v\n%s", findings, block)
		}
	}
	if len(blocks) != 5 {
		t.Errorf("%d blocks", len(blocks))
	}
}

// place is PRD with a recipe, in a directory of its own.
func prd(config map[string]string, dir string) deploy.Place {
	config[policy.DirectoryKey] = dir
	return deploy.Place{Solution: "corp-procurement", Environment: "prd", Config: config}
}

var recipeSecrets = map[string]string{
	"prd/ARM_CLIENT_SECRET": "s-1", "prd/HELM_KUBETOKEN": "helm-write-token", "prd/HELM_READ_TOKEN": "helm-read-token", "prd/DBT_ENV_SECRET_TOKEN": "dbt-token-value",
}

func TestTheRecipeForTerraform(t *testing.T) {
	need.Program(t, "jq")
	real := need.Foreign(t, "terraform", "the recipe was not run")
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture {
		dir := filepath.Join(t.TempDir(), "place")
		state := filepath.Join(dir, "terraform.tfstate")
		release := func(input, more string) deploytest.Files {
			return deploytest.Files{
				"main.tf":       "terraform {\n  backend \"local\" {}\n}\nvariable \"input\" {}\nresource \"terraform_data\" \"main\" {\n  input = var.input\n}\n" + more,
				"prd.tfvars":    "input = \"" + input + "\"\n",
				"prd.tfbackend": "path = \"" + state + "\"\n",
			}
		}
		return deploytest.Fixture{
			Target: script.Target{Host: newHost(t, recipeSecrets, filepath.Dir(real))}, Place: prd(recipe(t, "Terraform and OpenTofu"), dir),
			One: release("one", "resource \"terraform_data\" \"old\" {}\n"), Two: release("two", "resource \"terraform_data\" \"new\" {}\n"),
			Tamper: func(t *testing.T) { replace(t, state, `"one"`, `"by hand"`) },
		}
	})
}

// replace changes a text in a file.
func replace(t *testing.T, path, from, to string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		if !strings.Contains(string(data), from) {
			t.Fatalf("%s has no %s", path, from)
		}
		err = os.WriteFile(path, []byte(strings.ReplaceAll(string(data), from, to)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// standIn puts a shell script that answers as a program would first on a PATH.
func standIn(t *testing.T, name, body string) string {
	t.Helper()
	need.Program(t, "jq")
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nset -eu\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// helm keeps its only release in a file; its manifest is the chart's and the
// values' text.
const helm = `
store=$DC_RELEASE_DIRECTORY/manifest
case "$1 $*" in
"list "*) [ ! -e "$store" ] || echo corp-procurement ;;
"get "*) cat "$store"; echo ;;
"uninstall "*) rm -f "$store" ;;
*--dry-run=server*) cat "$4/values" "$6" | jq -Rs '{manifest: .}'; [ -n "$HELM_KUBETOKEN" ] ;;
"upgrade "*) [ "$HELM_KUBETOKEN" = helm-write-token ]; cat "$4/values" "$6" >"$store" ;;
*) echo "unknown $*" >&2; exit 1 ;;
esac
`

func TestTheRecipeForHelm(t *testing.T) {
	path := standIn(t, "helm", helm)
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture {
		dir := filepath.Join(t.TempDir(), "cluster")
		return deploytest.Fixture{
			Target: script.Target{Host: newHost(t, recipeSecrets, path)}, Place: prd(recipe(t, "Helm"), dir),
			One: deploytest.Files{"chart/values": "replicas: 1\n", "prd.yaml": "a: 1\n"}, Two: deploytest.Files{"chart/values": "replicas: 2\n", "prd.yaml": "a: 1\n"},
			Tamper: func(t *testing.T) { replace(t, filepath.Join(dir, "manifest"), "1", "7") },
		}
	})
}

// dbt leaves the results of tests as dbt does.
const dbt = `
command=$1; shift
[ "$DBT_ENV_SECRET_TOKEN" = dbt-token-value ]
[ "$1" = --project-dir ] && [ -f "$2/dbt_project.yml" ]
case $command in
parse) ;;
build) mkdir "$2/target"; echo built ;;
test) mkdir "$2/target"; cat >"$2/target/run_results.json" <<'R'
{"results": [{"unique_id": "test.orders_unique", "status": "pass", "execution_time": 0.25, "message": null},
 {"unique_id": "test.orders_not_null", "status": "fail", "execution_time": 1, "message": "2 rows"}]}
R
exit 1 ;;
*) exit 2 ;;
esac
`

func TestTheRecipeForDbt(t *testing.T) {
	path := standIn(t, "dbt", dbt)
	one := deploytest.Files{"dbt_project.yml": "name: corp\n", "profiles.yml": "corp: {}\n", "models/orders.sql": "select 1\n"}
	fresh := func(t *testing.T) deploytest.Fixture {
		dir := filepath.Join(t.TempDir(), "place")
		return deploytest.Fixture{
			Target: script.Target{Host: newHost(t, recipeSecrets, path)}, Place: prd(recipe(t, "dbt"), dir),
			One: one, Two: deploytest.Files{"dbt_project.yml": "name: corp\n", "profiles.yml": "corp: {}\n", "models/spend.sql": "select 2\n"},
			Tamper: func(t *testing.T) { replace(t, filepath.Join(dir, "models/orders.sql"), "1", "7") },
		}
	}
	deploytest.Run(t, fresh)
	f := fresh(t)
	runs, err := f.Target.Run(t.Context(), f.Call(), one.Artifact(t), []string{"orders"})
	if err != nil || len(runs) != 2 || runs[0].Outcome != "passed" || runs[0].Millis != 250 || runs[1].Outcome != "failed" || runs[1].Message != "2 rows" {
		t.Errorf("%+v, %v", runs, err)
	}
	found, err := f.Target.Check(t.Context(), f.Call(), deploytest.Files{"x": ""}.Artifact(t))
	if err != nil || len(found) != 1 || found[0].Severity != deployment.Error {
		t.Errorf("a project that does not parse: %v, %v", found, err)
	}
}
