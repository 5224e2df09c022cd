package runner_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestAForkBombFailsItsStepAndNamesTheLimit(t *testing.T) {
	h := newHost()
	r := steps(sh(":(){ :|:& };: 2>/dev/null; sleep 1000"), workflow.Step{Run: text("echo goes on"), If: text("always()")})
	r.processes = 64
	check(t, h, r.do(t, h), want{
		conclusion: "failure", steps: "failure success", stdout: []string{"goes on"},
		reason: "more than 64 processes at once, the limit of an execution, held by",
		log:    []string{"##[debug]sandbox namespace: at most 64 processes, held by "},
	})
}
