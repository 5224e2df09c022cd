// Package runner executes one job: it is the job body of the engine. It gets a
// fully expanded assignment, runs its steps in a sandbox and reports an outcome
// that holds no secret. Semantics are GitHub's (docs.github.com, "Workflow
// syntax", "Workflow commands", "Variables reference"), and where these are
// silent those of its runner.
package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Mismatch says what a set-up action does when the version on PATH cannot be
// read or is not the wanted one. A missing tool is always a failure.
type Mismatch string

// The two answers; the zero value is Refuse.
const (
	Refuse Mismatch = "refuse"
	Warn   Mismatch = "warn"
)

// Config is what a worker's jobs share.
type Config struct {
	// Open opens the sandbox of one execution.
	Open func(context.Context, Place) (Sandbox, error)
	// WorkDir holds one directory per execution while it runs.
	WorkDir string
	// FilesDir holds the files by which steps and the runner talk; they may
	// hold secrets. "" means one of the shared memory file system, or WorkDir.
	FilesDir string
	// Bin is a directory that holds dc-release and nothing else; it stands
	// first on every step's PATH. "" for none.
	Bin string
	// Path is the PATH of the steps. They inherit nothing from the worker.
	Path string
	// Variables are further variables for all steps, such as LANG and TZ.
	Variables map[string]string
	// Name is runner.name.
	Name         string
	Rehearsal    bool
	ToolMismatch Mismatch
	// Debug shows ::debug:: lines.
	Debug bool
	// Now is the clock for recorded times.
	Now func() time.Time
	// Interrupt is how long a step may go on after SIGINT, Terminate how long
	// after SIGTERM, before SIGKILL. 0 means GitHub's 7.5 s and 2.5 s.
	Interrupt, Terminate time.Duration
	// Finish is how long the steps that run in spite of a cancellation may
	// take together. 0 means GitHub's 5 minutes.
	Finish time.Duration
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Interrupt == 0 {
		c.Interrupt = 7500 * time.Millisecond
	}
	if c.Terminate == 0 {
		c.Terminate = 2500 * time.Millisecond
	}
	if c.Finish == 0 {
		c.Finish = 5 * time.Minute
	}
	if c.ToolMismatch == "" {
		c.ToolMismatch = Refuse
	}
	return c
}

// Run executes the assignment to its end and cleans up behind it. A cancelled
// ctx interrupts the running step, lets the steps that ask for it run and gives
// the conclusion cancelled; with the cause ErrLost everything is killed at
// once. What goes wrong outside of a step is the outcome's reason.
func Run(ctx context.Context, c Config, a pipeline.Assignment, h Host) pipeline.Outcome {
	j := newJob(c.withDefaults(), a, h)
	stop := j.deadlines(ctx)
	defer stop()
	if err := j.open(j.soft); err != nil {
		j.fail(err)
		return j.close()
	}
	j.steps()
	j.finish()
	return j.close()
}

// errCancelled, errJobTimeout and errStepTimeout are causes of an interruption.
var (
	errCancelled  = fmt.Errorf("cancelled")
	errFinish     = fmt.Errorf("the steps after a cancellation took too long")
	errJobTimeout = fmt.Errorf("the job has exceeded its maximum execution time")
)

// stepTimeout is the cause of an interruption by timeout-minutes of a step.
type stepTimeout struct{ minutes float64 }

func (t stepTimeout) Error() string {
	return fmt.Sprintf("the step has timed out after %v minutes", t.minutes)
}
