package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// step is one step while it runs.
type step struct {
	workflow.Step
	number int // counts from 1
	name   string
	env    environment // of the job, with the step's own over it
	files  stepFiles
	with   map[string]string // evaluated inputs of an action, lower-case names

	commands *commands
	code     int
	skipped  string // why it was not run
}

// action is github.action.
func (s *step) action() string {
	switch {
	case s.ID != "":
		return s.ID
	case s.Uses != "":
		name, _, _ := strings.Cut(s.Uses, "@")
		return "__" + strings.ReplaceAll(name, "/", "_")
	default:
		return "__run"
	}
}

// step runs one step of the job and records it.
func (j *job) step(index int) {
	s := &step{
		Step:   j.a.Job.Body.Steps[index],
		number: index + 1,
		env:    maps.Clone(j.env),
	}
	s.name = s.defaultName()
	s.files = stepFiles{job: j, number: s.number}
	s.commands = newCommands(j, s)
	out := pipeline.StepOutcome{ID: s.ID, StartedUS: j.now()}
	err := j.perform(s)
	err = errors.Join(err, s.commands.failure())
	out.Outcome = j.result(s, err)
	out.Conclusion = out.Outcome
	if out.Outcome == pipeline.Failure && j.toleratesFailure(s) {
		out.Conclusion = pipeline.Success
	}
	if out.Conclusion == pipeline.Failure {
		j.failed = true
	}
	out.Name, out.ExitCode, out.EndedUS = clean(j.mask.mask(s.name)), s.code, j.now()
	switch {
	case s.skipped != "":
		out.Reason = clean(j.mask.mask(s.skipped))
	case err != nil:
		out.Reason = clean(j.mask.mask(err.Error()))
		j.say(s.number, "##[error]"+err.Error())
	}
	outputs, annotations := s.commands.result()
	j.outcome.Annotations = appendLimited(j.outcome.Annotations, annotations)
	j.outcome.Steps = append(j.outcome.Steps, out)
	if s.ID != "" {
		j.ids[s.ID] = workflow.Object(
			workflow.Member{Name: "outputs", Value: outputs},
			workflow.Member{Name: "outcome", Value: workflow.String(string(out.Outcome))},
			workflow.Member{Name: "conclusion", Value: workflow.String(string(out.Conclusion))},
		)
	}
}

func appendLimited(have, more []pipeline.Annotation) []pipeline.Annotation {
	return append(have, more[:min(len(more), maxAnnotations-len(have))]...)
}

// result is the step's outcome.
func (j *job) result(s *step, err error) pipeline.Conclusion {
	switch {
	case s.skipped != "":
		return pipeline.Skipped
	case err == nil:
		return pipeline.Success
	case errors.Is(err, errCancelled), errors.Is(err, errFinish), errors.Is(err, ErrLost), errors.Is(err, errJobTimeout):
		return pipeline.Cancelled
	default:
		return pipeline.Failure
	}
}

// perform does what the step says; an error is its failure.
func (j *job) perform(s *step) error {
	if j.hard.Err() != nil {
		s.skipped = context.Cause(j.hard).Error()
		return nil
	}
	// As on GitHub a step's if: and name: see its own env:.
	if err := j.overlay(s.env, workflow.KeyStepEnv, s.Env, j.expressions(s)); err != nil {
		return err
	}
	run, err := j.condition(s, j.expressions(s))
	if err != nil {
		return err
	}
	if !run {
		s.skipped = j.whySkipped(s)
		return nil
	}
	if err := s.files.make(); err != nil {
		return err
	}
	if s.Name.Source != "" {
		if s.name, err = j.text(workflow.KeyStepName, s.Name, j.expressions(s)); err != nil {
			return err
		}
	}
	ctx, stop, err := j.limits(s)
	if err != nil {
		return err
	}
	defer stop()
	if s.Uses != "" {
		err = j.runAction(ctx, s)
	} else {
		err = j.runScript(ctx, s)
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	return errors.Join(err, j.collect(s))
}

// condition evaluates if:, which has an implicit success().
func (j *job) condition(s *step, env workflow.Env) (bool, error) {
	c, err := workflow.Condition(s.If.Source)
	if err != nil {
		return false, fmt.Errorf("%s: read %s: %w", s.If.At, workflow.KeyStepIf, err)
	}
	v, err := c.Evaluate(env)
	if err != nil {
		return false, fmt.Errorf("%s: evaluate %s: %w", s.If.At, workflow.KeyStepIf, err)
	}
	return v.Truthy(), nil
}

func (j *job) whySkipped(s *step) string {
	if s.If.Source != "" {
		return fmt.Sprintf("if: %q is false, the job being %s so far", s.If.Source, j.conclusion())
	}
	return fmt.Sprintf("the job is %s so far", j.conclusion())
}

// limits gives the context of a step's work. It ends by timeout-minutes, when
// nothing may run any longer, and when the job is cancelled unless the step's
// condition holds even then.
func (j *job) limits(s *step) (context.Context, func(), error) {
	var minutes float64
	if s.TimeoutMinutes.Source != "" {
		v, err := j.value(workflow.KeyStepTimeout, s.TimeoutMinutes, j.expressions(s))
		if err != nil {
			return nil, nil, err
		}
		if minutes = v.Float(); !(minutes > 0) {
			return nil, nil, fmt.Errorf("%s: timeout-minutes is %q: want a number above 0", s.TimeoutMinutes.At, v.Text())
		}
	}
	ctx, cancel := context.WithCancelCause(j.hard)
	stops := []func(){func() { cancel(nil) }}
	if limit := minutes * float64(time.Minute); limit > 0 && limit < float64(1<<62) {
		t := time.AfterFunc(time.Duration(limit), func() { cancel(stepTimeout{minutes}) })
		stops = append(stops, func() { t.Stop() })
	}
	if !j.cancelled() {
		// Evaluated now: the goroutine that waits must not touch the job.
		env := j.expressions(s)
		env.Status = workflow.Status{Cancelled: true}
		env.Contexts["job"] = jobContext(env.Status)
		stays, err := j.condition(s, env)
		if stays = stays && err == nil; !stays {
			release := context.AfterFunc(j.soft, func() {
				cause := context.Cause(j.soft)
				if !errors.Is(cause, ErrLost) && !errors.Is(cause, errJobTimeout) {
					cause = errCancelled
				}
				cancel(cause)
			})
			stops = append(stops, func() { release() })
		}
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
	}, nil
}

// toleratesFailure evaluates continue-on-error.
func (j *job) toleratesFailure(s *step) bool {
	if s.ContinueOnError.Source == "" {
		return false
	}
	v, err := j.value(workflow.KeyStepContinueOnError, s.ContinueOnError, j.expressions(s))
	if err != nil {
		j.say(s.number, "##[error]"+err.Error())
		return false
	}
	return v.Kind() == workflow.KindBool && v.Truthy() || v.Text() == "true"
}

// defaultName is that of a step without name:.
func (s *step) defaultName() string {
	if s.Name.Source != "" {
		return s.Name.Source
	}
	if s.Uses != "" {
		return "Run " + s.Uses
	}
	return "Run " + firstLine(strings.TrimLeft(s.Run.Source, " \t\r\n"))
}

// head logs what the step is about to do, folded under its name.
func (j *job) head(s *step, details ...string) {
	j.say(s.number, "##[group]"+firstLine(s.name))
	for _, d := range details {
		j.say(s.number, d)
	}
	j.say(s.number, "##[endgroup]")
}

func firstLine(s string) string {
	line, _, _ := cutLine(s)
	return line
}
