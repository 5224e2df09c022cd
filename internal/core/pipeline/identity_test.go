package pipeline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

func identityOf(t *testing.T, trigger pipeline.Trigger, key string) pipeline.Identity {
	t.Helper()
	req := request(map[string]string{
		"main.yaml": `on: {push: {branches: [main], tags: ['*']}, pull_request: {}}
permissions: {id-token: write}
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: a}]}
  deploy: {uses: ./.github/workflows/deploy.yaml, with: {place: "Production: EU"}}
`,
		"deploy.yaml": `on: {workflow_call: {inputs: {place: {type: string}}}}
jobs:
  go: {runs-on: ubuntu-latest, environment: "${{ inputs.place }}", steps: [{run: a}]}
`,
	})
	req.Profile, req.Trigger, req.Environments = "non-gxp", trigger, map[string]string{"production: eu": "dev"}
	plan, findings := pipeline.Expand(req)
	for _, f := range findings {
		if f.Severity == "error" {
			t.Fatal(f)
		}
	}
	s := pipeline.Apply(pipeline.NewState(plan), ledger.Event{Header: ledger.Header{Seq: 7, Version: 1}, Data: &pipeline.RunStarted{Run: "R", Number: 3}})
	return s.Identity(key)
}

func TestIdentityIsThatOfGitHub(t *testing.T) {
	for _, test := range []struct {
		name, key, subject, environment, workflow string
		trigger                                   pipeline.Trigger
	}{
		{"a branch", "build", "repo:acme/corp-procurement:ref:refs/heads/main", "", "acme/corp-procurement/.github/workflows/main.yaml@refs/heads/main", onMain},
		{"a tag", "build", "repo:acme/corp-procurement:ref:refs/tags/v1.2.0", "", "acme/corp-procurement/.github/workflows/main.yaml@refs/tags/v1.2.0", onTag},
		{"a pull request", "build", "repo:acme/corp-procurement:pull_request", "", "acme/corp-procurement/.github/workflows/main.yaml@refs/pull/7/merge", onPull},
		{"an environment comes before all, as it is written", "deploy/go", "repo:acme/corp-procurement:environment:Production%3A EU", "Production: EU", "acme/corp-procurement/.github/workflows/deploy.yaml@refs/pull/7/merge", onPull},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := identityOf(t, test.trigger, test.key)
			if got.Subject != test.subject || got.Environment != test.environment || got.JobWorkflowRef != test.workflow {
				t.Errorf("sub %q, environment %q, job_workflow_ref %q", got.Subject, got.Environment, got.JobWorkflowRef)
			}
		})
	}
	got := identityOf(t, onTag, "deploy/go")
	want := pipeline.Identity{
		Subject: got.Subject, Environment: "Production: EU", Ref: "refs/tags/v1.2.0", RefType: "tag", RefProtected: "false", SHA: sha,
		Repository: "acme/corp-procurement", RepositoryOwner: "acme", Actor: "ada", EventName: "push",
		Workflow: root, WorkflowRef: "acme/corp-procurement/" + root + "@refs/tags/v1.2.0", WorkflowSHA: sha,
		JobWorkflowRef: "acme/corp-procurement/.github/workflows/deploy.yaml@refs/tags/v1.2.0", JobWorkflowSHA: sha,
		RunID: "7", RunNumber: "3", RunAttempt: "1", RunnerEnvironment: "self-hosted",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
