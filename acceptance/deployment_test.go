package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAReusableDeploymentWorkflowRunsAsItWasWritten runs what a user would bring:
// a build with a composite action, an artifact, and a matrix of a reusable
// workflow that logs in to each place with the job's identity through a node
// action, deploys, and reports.
func TestAReusableDeploymentWorkflowRunsAsItWasWritten(t *testing.T) {
	need(t, "git")
	need(t, "node")
	address := freeAddress(t)
	party := newRelyingParty(t, "http://"+address)
	s := newSite(t)
	brought := os.DirFS(filepath.Join("testdata", "deployment"))
	if err := os.RemoveAll(filepath.Join(s.clone(), ".github")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.clone(), brought); err != nil {
		t.Fatal(err)
	}
	deploy := filepath.Join(s.clone(), ".github", "workflows", "deploy.yaml")
	mustWrite(t, deploy, []byte(strings.ReplaceAll(string(mustRead(t, deploy)), "RELYING_PARTY", party.URL)))

	run := s.runPush("Deploy", "--issuer", party.issuer, "--listen", address)

	var subjects []string
	for _, claims := range party.all(2) {
		sub := fmt.Sprint(claims["sub"])
		subjects = append(subjects, sub[strings.LastIndex(sub, ":environment:"):])
		if ref := fmt.Sprint(claims["job_workflow_ref"]); !strings.Contains(ref, "/.github/workflows/deploy.yaml@") {
			t.Errorf("job_workflow_ref %q is not that of the called workflow", ref)
		}
		if ref := fmt.Sprint(claims["workflow_ref"]); !strings.Contains(ref, "/.github/workflows/main.yaml@") {
			t.Errorf("workflow_ref %q is not that of the caller", ref)
		}
	}
	if want := []string{":environment:dev", ":environment:tst"}; !slices.Equal(subjects, want) {
		t.Errorf("subjects %q, want %q: one place after the other", subjects, want)
	}
	log := s.want(0, "", "runs", "logs", run).out
	for _, want := range []string{"in the log: ***", "logged out of dev", "logged out of tst"} {
		if !strings.Contains(log, want) {
			t.Errorf("want %q in the log:\n%s", want, log)
		}
	}
	if strings.Contains(log, "session of dev") {
		t.Errorf("the session is in the log:\n%s", log)
	}
}
