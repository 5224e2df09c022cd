package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// cancelAt gives a context that is cancelled when a line is logged.
func cancelAt(t *testing.T, h *host, line string, cause error) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	h.onLog = func(l runner.Line) {
		if l.Text == line && l.Stream == runner.Stdout {
			cancel(cause)
		}
	}
	return ctx
}

// afterwards are the steps whose running in spite of a cancellation is asked for.
var afterwards = []workflow.Step{
	{Run: text("echo plain")},
	{Run: text("echo failed"), If: text("failure()")},
	{Run: text("echo always, job ${{ job.status }}"), If: text("always()")},
	{Run: text("echo cancelled"), If: text("cancelled()")},
}

func TestACancelledJobInterruptsItsStepAndRunsWhatAsksForIt(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Namespace, sandbox.UID, sandbox.None} {
		t.Run(string(kind), func(t *testing.T) {
			h := newHost()
			r := steps(append([]workflow.Step{sh("trap 'echo interrupted; exit 5' INT; echo up; sleep 1000 & wait")}, afterwards...)...)
			r.ctx, r.kind = cancelAt(t, h, "up", nil), kind
			got := r.do(t, h)
			check(t, h, got, want{
				conclusion: "cancelled", steps: "cancelled skipped skipped success success",
				stdout: []string{"interrupted", "always, job cancelled", "cancelled"}, reason: "the job was cancelled",
			})
		})
	}
}

func TestCancellationKillsWhatIsDeafAndWhatLeftItsSession(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Namespace, sandbox.UID, sandbox.None} {
		t.Run(string(kind), func(t *testing.T) {
			h := newHost()
			r := steps(
				sh(`trap '' INT TERM; (setsid sh -c 'trap "" INT TERM; echo $$ > child; while :; do sleep 1000; done' &) ; while ! test -s child; do sleep 0.01; done; echo up; while :; do sleep 1000; done`),
				workflow.Step{Run: text("grep -qs 'State:.[^Z]' /proc/$(cat child)/status && echo alive; echo looked"), If: text("always()")})
			r.ctx, r.kind = cancelAt(t, h, "up", nil), kind
			check(t, h, r.do(t, h), want{conclusion: "cancelled", steps: "cancelled success", stdout: []string{"looked"}})
			if strings.Contains(h.log("stdout"), "alive") {
				t.Error("a child in a session of its own survived the cancellation of its step")
			}
		})
	}
}

func TestAStepThatAlwaysRunsIsNotInterrupted(t *testing.T) {
	h := newHost()
	r := steps(workflow.Step{Run: text("echo up; sleep 0.3; echo through"), If: text("always()")}, sh("echo no"))
	r.ctx = cancelAt(t, h, "up", nil)
	check(t, h, r.do(t, h), want{conclusion: "cancelled", steps: "success skipped", stdout: []string{"through"}})
}

func TestStepsAfterACancellationHaveALimitTogether(t *testing.T) {
	h := newHost()
	r := steps(sh("echo up; sleep 1000"), workflow.Step{Run: text("sleep 1000"), If: text("always()")}, workflow.Step{Run: text("echo no"), If: text("always()")})
	r.ctx = cancelAt(t, h, "up", nil)
	r.config = func(c *runner.Config) { c.Finish = 500 * time.Millisecond }
	check(t, h, r.do(t, h), want{conclusion: "cancelled", steps: "cancelled cancelled skipped", reason: "took too long"})
}

func TestALostExecutionIsKilledAtOnce(t *testing.T) {
	h := newHost()
	r := steps(sh("trap '' INT TERM; echo up; while :; do sleep 1000; done"), workflow.Step{Run: text("echo no"), If: text("always()")})
	r.ctx = cancelAt(t, h, "up", runner.ErrLost)
	r.config = func(c *runner.Config) { c.Interrupt, c.Terminate = time.Hour, time.Hour }
	check(t, h, r.do(t, h), want{conclusion: "cancelled", steps: "cancelled skipped", reason: "lost to this worker"})
}

func TestAJobTimesOut(t *testing.T) {
	h := newHost()
	r := steps(append([]workflow.Step{sh("sleep 1000")}, afterwards...)...)
	r.timeout = 300 * time.Millisecond
	check(t, h, r.do(t, h), want{
		conclusion: "cancelled", steps: "cancelled skipped skipped success success",
		stdout: []string{"always, job cancelled"}, reason: "exceeded its maximum execution time of 300ms",
	})
}

func TestAJobThatIsCancelledBeforeItBeginsRunsNothing(t *testing.T) {
	h := newHost()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := steps(sh("echo no"))
	r.ctx = ctx
	got := r.do(t, h)
	if got.Conclusion != "cancelled" || strings.Contains(h.log("stdout"), "no") {
		t.Errorf("got %+v", got)
	}
}

func TestTimesComeFromTheClock(t *testing.T) {
	h := newHost()
	got := steps(sh("true"), sh("true")).do(t, h)
	last := clock.UnixMicro()
	for _, s := range got.Steps {
		if s.StartedUS <= last || s.EndedUS <= s.StartedUS {
			t.Errorf("got times %d to %d after %d", s.StartedUS, s.EndedUS, last)
		}
		last = s.EndedUS
	}
	for _, l := range h.lines {
		if l.TimeUS <= clock.UnixMicro() || l.TimeUS > clock.Add(time.Hour).UnixMicro() {
			t.Errorf("a line of another clock: %+v", l)
		}
	}
}

func TestASandboxThatDoesNotOpenIsTheReason(t *testing.T) {
	h := newHost()
	r := steps(sh("true"))
	r.config = func(c *runner.Config) {
		c.Open = func(context.Context, runner.Place) (runner.Sandbox, error) { return nil, os.ErrPermission }
	}
	check(t, h, r.do(t, h), want{conclusion: "failure", steps: "", reason: "permission denied"})
}

func TestAWorkDirectoryThatIsMissingIsTheReason(t *testing.T) {
	h := newHost()
	r := steps(sh("true"))
	r.config = func(c *runner.Config) { c.WorkDir = filepath.Join(c.WorkDir, "missing") }
	check(t, h, r.do(t, h), want{conclusion: "failure", steps: "", reason: "make work directory"})
}
