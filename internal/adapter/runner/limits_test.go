package runner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// flood prints so many kilobytes of one letter without a line break.
func flood(kilobytes int) string {
	return fmt.Sprintf("head -c %d /dev/zero | tr '\\0' x", kilobytes<<10)
}

func TestWhatAJobLeavesWithItsWorkerIsBounded(t *testing.T) {
	t.Parallel()
	twice := func(script string) workflow.Step {
		s := sh(script)
		s.ID, s.ContinueOnError = "big", text("true")
		return s
	}
	for name, c := range map[string]struct {
		run    run
		steps  string
		reason string // of the first step that failed
	}{
		"outputs of several steps": {
			steps(twice("{ printf 'a='; "+flood(15<<10)+"; } >> $GITHUB_OUTPUT"), sh("{ printf 'b='; "+flood(15<<10)+"; } >> $GITHUB_OUTPUT"), sh("{ printf 'c='; "+flood(3<<10)+"; } >> $GITHUB_OUTPUT")),
			"success success failure", `output "c": the outputs of the job's steps are larger than`,
		},
		"an output that replaces itself has room": {
			steps(sh("for i in $(seq 200); do { printf 'a='; "+flood(70)+"; echo; } >> $GITHUB_OUTPUT; done"), sh("for i in $(seq 200); do { printf 'a='; "+flood(70)+"; echo; } >> $GITHUB_OUTPUT; done")),
			"success success", "",
		},
		"output commands": {
			steps(sh("for i in $(seq 50); do printf '::set-output name=o'$i'::'; " + flood(900) + "; echo; done")),
			"failure", `output "o3`,
		},
		"failed commands are told up to a number": {
			steps(sh("for i in $(seq 5000); do echo '::set-env name=x::y'; done")),
			"failure", "and 4990 more",
		},
		"a broken output file": {
			steps(sh(flood(8<<10) + " > $GITHUB_OUTPUT")),
			"failure", "invalid format",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost()
			out := c.run.do(t, h)
			if words(out) != c.steps {
				t.Errorf("got %s, want %s", words(out), c.steps)
			}
			for _, s := range out.Steps {
				if len(s.Reason) > 16<<10 {
					t.Errorf("a reason of %d bytes", len(s.Reason))
				}
				if s.Outcome == pipeline.Failure && !strings.Contains(s.Reason, c.reason) {
					t.Errorf("reason %.500q, want %q in it", s.Reason, c.reason)
				}
			}
		})
	}
}

func TestAnnotationsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHost()
	out := steps(
		sh("printf '::error::'; "+flood(500)+"; echo"),
		sh("for i in $(seq 300); do printf '::warning::'; "+flood(30)+"; echo; done"),
	).do(t, h)
	for _, a := range out.Annotations {
		if len(a.Message) != 4096 {
			t.Errorf("an annotation of %d bytes", len(a.Message))
		}
	}
	if len(out.Annotations) != 11 {
		t.Errorf("%d annotations, want one error and ten warnings", len(out.Annotations))
	}
	if n := strings.Count(h.log("system"), "##[warning]"); n != 300 {
		t.Errorf("the log holds %d warnings of 300", n)
	}
}

func TestSummariesAreBoundedAndSaySo(t *testing.T) {
	t.Parallel()
	var list []workflow.Step
	for range 6 {
		list = append(list, sh(flood(900)+" >> $GITHUB_STEP_SUMMARY"))
	}
	out := steps(list...).do(t, newHost())
	if out.Conclusion != pipeline.Success || len(out.Summary) < 4*900<<10 || len(out.Summary) > 4<<20 {
		t.Errorf("%s with a summary of %d bytes", out.Conclusion, len(out.Summary))
	}
	if len(out.Annotations) != 2 || !strings.Contains(out.Annotations[0].Message, "summaries of a job") {
		t.Errorf("annotations %+v", out.Annotations)
	}
}

// A job that has more masked than the worker can look for fails, and does not
// show what it wanted to be hidden.
func TestMoreMasksThanCanBeLookedForFailTheStep(t *testing.T) {
	h := newHost()
	out := steps(sh(`head -c 700000 /dev/urandom | od -An -v -tx1 -w350 | tr -d ' ' | sed 's/^/::add-mask::/'; echo "::add-mask::last-$(echo secret)"; echo done`)).do(t, h)
	check(t, h, out, want{conclusion: pipeline.Failure, steps: "failure", stdout: []string{"done"}, reason: "more is to be masked"})
	if strings.Contains(h.log(""), "last-secret") {
		t.Error("what could not be masked is in the log")
	}
}
