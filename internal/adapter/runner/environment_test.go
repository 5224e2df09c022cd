package runner_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestTheEnvironmentURLIsEvaluatedAtTheEnd(t *testing.T) {
	tests := []struct {
		name, url, want string
		fail            string
		log             string
	}{
		{"from the outputs of steps", "https://${{ vars.HOST }}/${{ steps.a.outputs.id }}", "https://adb-1/42", "", "environment URL: https://adb-1/42"},
		{"from GITHUB_ENV, even after a failure", "${{ env.WHERE }}", "https://here", "", ""},
		{"without one", "", "", "", ""},
		{"one that is empty", "${{ steps.a.outputs.none }}", "", "", ""},
		{"one with a secret is left out", "https://x/${{ steps.a.outputs.secret }}", "", "", "##[warning]the URL of environment \"tst\" is left out: it may hold a secret"},
		{"one that cannot be evaluated fails the job", "${{ fromJSON('{') }}", "", "environment url: main.yaml:7:9: evaluate jobs.<job_id>.environment.url", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			h.secrets["TOKEN"] = "hush-hush"
			r := steps(workflow.Step{ID: "a", Run: text("echo id=42 >> $GITHUB_OUTPUT; echo secret=$T >> $GITHUB_OUTPUT; echo WHERE=https://here >> $GITHUB_ENV"), Env: bind("T", "${{ secrets.TOKEN }}")})
			r.secrets = []string{"TOKEN"}
			r.job.EnvironmentURL = text(tt.url)
			r.context = map[string]workflow.Value{"vars": workflow.FromStrings(map[string]string{"HOST": "adb-1"})}
			if strings.Contains(tt.name, "failure") {
				r.job.Steps = append(r.job.Steps, sh("exit 1"))
			}
			got := r.do(t, h)
			if got.URL != tt.want || !strings.Contains(h.log(""), tt.log) || !strings.Contains(got.Reason, tt.fail) {
				t.Errorf("got %q, %q, want %q, %q\n%s", got.URL, got.Reason, tt.want, tt.fail, h.log(""))
			}
			if tt.fail != "" && got.Conclusion != "failure" {
				t.Errorf("got %s", got.Conclusion)
			}
			leaks(t, h, got, "hush-hush")
		})
	}
}

func TestStepsMayAskForAnIdentityTokenWhenTheJobMay(t *testing.T) {
	for _, tt := range []struct {
		name  string
		may   workflow.Permissions
		token string
		want  string
	}{
		{"nothing declared", nil, "t-1", "[] []"},
		{"read is not there", workflow.AllPermissions(workflow.Read), "t-1", "[] []"},
		{"write of all else", workflow.DefaultPermissions(), "t-1", "[] []"},
		{"write", workflow.Permissions{workflow.IDToken: workflow.Write}, "t-1", "[http://127.0.0.1:1/identity-token?api-version=2.0] [***]"},
		{"write, but nobody to ask", workflow.Permissions{workflow.IDToken: workflow.Write}, "", "[] []"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			h.token = tt.token
			r := steps(sh("echo \"[$ACTIONS_ID_TOKEN_REQUEST_URL] [$ACTIONS_ID_TOKEN_REQUEST_TOKEN]\""), uses("bob/a@v1"))
			r.act(h, "bob/a@v1", composite(sh("test $ACTIONS_ID_TOKEN_REQUEST_TOKEN = $DC_RELEASE_JOB_TOKEN || echo other")), nil)
			r.may = tt.may
			got := r.do(t, h)
			if got.Conclusion != "success" || !strings.HasPrefix(h.log("stdout"), tt.want+"\n") {
				t.Errorf("got %s\n%s", got.Conclusion, h.log(""))
			}
			if strings.Contains(h.log("stdout"), "other") != (tt.name != "write") && tt.token != "" {
				t.Errorf("within an action: got\n%s", h.log("stdout"))
			}
		})
	}
}
