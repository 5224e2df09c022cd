package job_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/job"
)

func TestDeployRunSaysHowEachTaskEnded(t *testing.T) {
	load := deployment.TaskRun{Job: "main", Task: "load", Run: "17", Outcome: "passed", Millis: 1250}
	count := deployment.TaskRun{Job: "main", Task: "count", Run: "17", Outcome: "failed", Message: "no\n  rows"}
	for name, c := range map[string]struct {
		args              []string
		receipt           deploy.TasksReceipt
		body, out, errOut string
		err               string
	}{
		"passed": {
			[]string{"main"},
			deploy.TasksReceipt{Environment: "tst", Runs: []deployment.TaskRun{load, {Job: "other", Outcome: "skipped"}}, Verdict: "passed"},
			`["main"]`, "passed  main/load  1.25s  run 17\nskipped other\n", "", "",
		},
		"failed": {
			nil,
			deploy.TasksReceipt{Environment: "tst", Runs: []deployment.TaskRun{load, count}, Verdict: "failed"},
			`[]`, "passed  main/load  1.25s  run 17\nfailed  main/count  run 17: no rows\n", "", "1 of 2 tasks passed in tst",
		},
		"cut off": {
			nil,
			deploy.TasksReceipt{Environment: "tst", Runs: []deployment.TaskRun{load}, Problem: "the workspace is gone", Verdict: "failed"},
			`[]`, "passed  main/load  1.25s  run 17\n", "", "run in tst: the workspace is gone",
		},
		"nothing": {nil, deploy.TasksReceipt{Environment: "tst", Verdict: "failed"}, `[]`, "", "", "nothing was run in tst: no job is marked to verify there"},
		"a rehearsal of two": {
			[]string{"main", "other"},
			deploy.TasksReceipt{Environment: "prd"},
			`["main","other"]`, "", "rehearsal: would run main, other in prd\n", "",
		},
		"a rehearsal": {nil, deploy.TasksReceipt{Environment: "prd"}, `[]`, "", "rehearsal: would run every job that verifies in prd\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var body []byte
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ = io.ReadAll(r.Body)
				if r.URL.Path != "/deploy/run" || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("asked %s %s", r.Method, r.URL)
				}
				_ = json.NewEncoder(w).Encode(c.receipt)
			}))
			defer s.Close()
			t.Setenv("DC_RELEASE_JOB_URL", s.URL)
			t.Setenv("DC_RELEASE_JOB_TOKEN", "secret")
			var out, errOut bytes.Buffer
			cmd := job.Deploy(&console.Env{Out: &out, Err: &errOut})
			cmd.SetArgs(append([]string{"run"}, c.args...))
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			err := cmd.ExecuteContext(t.Context())
			if string(body) != c.body || out.String() != c.out || errOut.String() != c.errOut {
				t.Errorf("sent %s, printed %q and %q", body, out.String(), errOut.String())
			}
			if (err == nil) != (c.err == "") || err != nil && (err.Error() != c.err || fault.ExitCode(err) != 6) {
				t.Errorf("got %v", err)
			}
		})
	}
}
