package job

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// runTasks is "dc-release deploy run".
func runTasks(env *console.Env) *cobra.Command {
	return &cobra.Command{
		Use: "run [JOB...]", Short: "Let the target run what this run deployed, as evidence",
		Long: "Let the target run what this run deployed to the environment of the job that calls it, and record how each task ended as operational verification there.\n\nWithout names it runs every job that is marked to verify. In prd the target runs only what is marked as safe there.",
		RunE: func(cmd *cobra.Command, names []string) error {
			body, err := json.Marshal(append([]string{}, names...))
			if err != nil {
				return err
			}
			r, err := call[deploy.TasksReceipt](cmd.Context(), http.MethodPost, "/deploy/run", "application/json", bytes.NewReader(body))
			if err != nil {
				return err
			}
			if r.Verdict == "" {
				env.Note("rehearsal: would run %s in %s", cmp.Or(strings.Join(names, ", "), "every job that verifies"), r.Environment)
				return nil
			}
			for _, t := range r.Runs {
				fmt.Fprintln(env.Out, taskLine(t))
			}
			if r.Verdict == evidence.VerdictPassed {
				return nil
			}
			return notPassed(r)
		},
	}
}

// taskLine is a task in a line: "failed  main/load  1.2s  run 17: no such table".
func taskLine(t deployment.TaskRun) string {
	name := t.Job
	if t.Task != "" {
		name += "/" + t.Task
	}
	line := fmt.Sprintf("%-7s %s", t.Outcome, name)
	if t.Millis > 0 {
		line += "  " + (time.Duration(t.Millis) * time.Millisecond).String()
	}
	if t.Run != "" {
		line += "  run " + t.Run
	}
	if t.Message != "" {
		line += ": " + strings.Join(strings.Fields(t.Message), " ")
	}
	return line
}

func notPassed(r deploy.TasksReceipt) error {
	passed := 0
	for _, t := range r.Runs {
		if t.Outcome == string(evidence.Passed) {
			passed++
		}
	}
	switch {
	case r.Problem != "":
		return fault.New(fault.RunFailed, "run in %s: %s", r.Environment, r.Problem)
	case len(r.Runs) == 0:
		return fault.New(fault.RunFailed, "nothing was run in %s: no job is marked to verify there", r.Environment)
	}
	return fault.New(fault.RunFailed, "%d of %d tasks passed in %s", passed, len(r.Runs), r.Environment)
}
