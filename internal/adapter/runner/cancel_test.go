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
	"github.com/dc-release/dc-release/internal/archtest/need"
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
	r.timeout = 2 * time.Second // opening the sandbox counts
	check(t, h, r.do(t, h), want{
		conclusion: "cancelled", steps: "cancelled skipped skipped success success",
		stdout: []string{"always, job cancelled"}, reason: "exceeded its maximum execution time of 2s",
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

// withAction is a run whose first step uses an action of these steps.
func withAction(h *host, condition string, list ...workflow.Step) run {
	r := steps(append([]workflow.Step{{Uses: "bob/a@v1", If: text(condition)}}, afterwards...)...)
	r.act(h, "bob/a@v1", composite(list...), nil)
	return r
}

func TestACancelledJobInterruptsTheStepOfACompositeActionAndRunsWhatAsksForIt(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Namespace, sandbox.UID, sandbox.None} {
		t.Run(string(kind), func(t *testing.T) {
			h := newHost()
			r := withAction(h, "", sh("trap 'echo interrupted; exit 5' INT; echo up; sleep 1000 & wait"), sh("echo no"),
				workflow.Step{Run: text("echo no"), If: text("failure()")},
				workflow.Step{Run: text("echo within always, ${{ github.action_status }}"), If: text("always()")},
				workflow.Step{Run: text("echo within cancelled"), If: text("cancelled()")})
			r.ctx, r.kind = cancelAt(t, h, "up", nil), kind
			check(t, h, r.do(t, h), want{
				conclusion: "cancelled", steps: "cancelled skipped skipped success success",
				stdout: []string{"interrupted", "within always, cancelled", "within cancelled", "always, job cancelled"}, reason: "the job was cancelled",
			})
			if strings.Contains(h.log("stdout"), "no\n") {
				t.Error("a step ran that is for success or failure")
			}
		})
	}
}

func TestACompositeActionThatAlwaysRunsIsNotInterrupted(t *testing.T) {
	h := newHost()
	r := withAction(h, "always()", sh("echo up; sleep 0.3; echo through"), sh("echo and on"))
	r.ctx = cancelAt(t, h, "up", nil)
	check(t, h, r.do(t, h), want{
		conclusion: "cancelled", steps: "success skipped skipped success success", stdout: []string{"through", "and on"},
	})
}

func TestACompositeActionThatBeginsAfterTheCancellationRunsWhole(t *testing.T) {
	h := newHost()
	r := steps(sh("echo up; sleep 1000"), workflow.Step{Uses: "bob/clean@v1", If: text("cancelled()")})
	r.act(h, "bob/clean@v1", composite(sh("echo one"), sh("echo two ${{ github.action_status }}")), nil)
	r.ctx = cancelAt(t, h, "up", nil)
	check(t, h, r.do(t, h), want{conclusion: "cancelled", steps: "cancelled success", stdout: []string{"one", "two success"}})
}

func TestPostScriptsRunAfterACancellation(t *testing.T) {
	need.Program(t, nodePath)
	// It leaves a child in a session of its own, which is deaf.
	hang := `require('child_process').spawn('setsid', ['sh', '-c', 'trap "" INT TERM; echo $$ > child; while :; do sleep 1000; done'], {detached: true, stdio: 'inherit'});
const t = setInterval(() => { if (require('fs').existsSync('child')) { clearInterval(t); console.log('up'); setInterval(() => {}, 1000); } }, 5);`
	tests := []struct {
		name   string
		kind   sandbox.Kind
		within bool // a composite action
	}{
		{"cancelled in " + string(sandbox.Namespace), sandbox.Namespace, false},
		{"cancelled in " + string(sandbox.UID), sandbox.UID, false},
		{"cancelled in " + string(sandbox.None), sandbox.None, false},
		{"cancelled within a composite action", sandbox.Namespace, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			uses := map[bool]string{false: "bob/a@v1", true: "bob/c@v1"}[tt.within]
			r := steps(workflow.Step{Uses: "bob/ok@v1"}, workflow.Step{Uses: uses},
				workflow.Step{Run: text("grep -qs 'State:.[^Z]' /proc/$(cat child)/status && echo alive; echo looked"), If: text("always()")})
			action := workflow.Action{Using: "node20", Main: "main.js", Post: "post.js"}
			r.act(h, "bob/a@v1", action, map[string]string{"main.js": hang, "post.js": "console.log('post a')"})
			r.act(h, "bob/c@v1", composite(workflow.Step{Uses: "bob/a@v1"}), nil)
			action.PostIf = text("success()")
			r.act(h, "bob/ok@v1", action, map[string]string{"main.js": "", "post.js": "console.log('no')"})
			r.kind = tt.kind
			r.ctx = cancelAt(t, h, "up", nil)
			check(t, h, r.do(t, h), want{
				conclusion: "cancelled", steps: "success cancelled success success skipped", stdout: []string{"looked", "post a"},
			})
			if out := h.log("stdout"); strings.Contains(out, "alive") || strings.Contains(out, "no\n") {
				t.Errorf("a child survived, or a post script ran that is for success:\n%s", out)
			}
		})
	}
}

func TestPostScriptsAfterACancellationHaveTheirLimitToo(t *testing.T) {
	need.Program(t, nodePath)
	h := newHost()
	r := steps(uses("bob/a@v1"), uses("bob/b@v1"))
	action := workflow.Action{Using: "node20", Main: "main.js", Post: "post.js"}
	r.act(h, "bob/a@v1", action, map[string]string{"main.js": "", "post.js": "console.log('no')"})
	r.act(h, "bob/b@v1", action, map[string]string{"main.js": "console.log('up'); setInterval(() => {}, 1000)", "post.js": "setInterval(() => {}, 1000)"})
	r.ctx = cancelAt(t, h, "up", nil)
	r.config = func(c *runner.Config) { c.Finish = time.Second }
	check(t, h, r.do(t, h), want{conclusion: "cancelled", steps: "success cancelled cancelled skipped", reason: "took too long"})
}
