package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// stage is a part of a step. Only actions have more than the main one.
type stage string

// The stages; the texts stand before a step's name.
const (
	preStage  stage = "Pre "
	mainStage stage = ""
	postStage stage = "Post "
)

// step is one stage of a step while it runs.
type step struct {
	workflow.Step
	stage  stage
	in     *scope
	number int    // of the job's step that it is or belongs to, counts from 1
	place  string // tells it from all other steps: "3", and "3.2" within a composite action
	index  int    // in its scope
	name   string // without that of the stage
	use    *use   // of its action

	given  environment // env: of the step, over that of the steps around it
	env    environment // of the job, with given over it
	files  stepFiles
	inputs inputs            // of an action, evaluated
	with   map[string]string // of a native action, evaluated, by lower-case names

	commands *commands
	code     int
	skipped  string // why it was not run
	entered  bool   // its condition held, so that github.action_* are its own
	told     bool   // its error is in the log already

	limit context.Context // ends when the step has no more time
	// interruptible says that a cancellation of the job ends the step.
	interruptible bool
}

// ending is how a step has ended.
type ending struct {
	outcome    pipeline.Conclusion
	conclusion pipeline.Conclusion // after continue-on-error
	outputs    workflow.Value
	err        error
}

// newStep makes the i-th step of a scope.
func (j *job) newStep(in *scope, i int, at stage) *step {
	s := &step{Step: in.steps[i], stage: at, in: in, index: i, use: j.useOf(in, i)}
	s.number = len(j.outcome.Steps) + 1
	s.place = strconv.Itoa(s.number)
	if in.of != nil {
		s.place = in.of.place + "." + strconv.Itoa(i+1)
	}
	s.name = s.defaultName()
	if at == postStage {
		s.name = s.use.name
	}
	s.files = stepFiles{job: j, dir: s.place}
	s.commands = newCommands(j, s)
	return s
}

// step runs one step of the job and records it.
func (j *job) step(s *step) {
	out := pipeline.StepOutcome{StartedUS: j.now()}
	if s.stage == mainStage {
		out.ID = s.ID
	}
	e := j.do(s)
	if e.conclusion == pipeline.Failure {
		j.failed = true
	}
	out.Outcome, out.Conclusion = e.outcome, e.conclusion
	out.Name, out.ExitCode, out.EndedUS = clean(j.mask.Mask(string(s.stage)+s.name)), s.code, j.now()
	switch {
	case s.skipped != "":
		out.Reason = clean(j.mask.Mask(s.skipped))
	case e.err != nil:
		out.Reason = clean(j.mask.Mask(e.err.Error()))
	}
	j.outcome.Steps = append(j.outcome.Steps, out)
}

// do runs a step of the job or of a composite action.
func (j *job) do(s *step) ending {
	err := errors.Join(j.perform(s), s.commands.failure())
	e := ending{outcome: j.result(s, err), err: err}
	e.conclusion = e.outcome
	if e.outcome == pipeline.Failure && j.toleratesFailure(s) {
		e.conclusion = pipeline.Success
	}
	if err != nil && !s.told {
		j.say(s.number, "##[error]"+err.Error())
	}
	var annotations []pipeline.Annotation
	e.outputs, annotations = s.commands.result()
	for _, a := range annotations {
		j.annotate(s.number, a)
	}
	s.in.record(s, e)
	return e
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
	if cause := context.Cause(s.in.limit(j)); cause != nil {
		s.skipped = cause.Error()
		return nil
	}
	// As on GitHub a step's if: and name: see its own env:.
	if err := j.stepEnv(s); err != nil {
		return err
	}
	before := j.cancelled()
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
	if s.Name.Source != "" && s.stage != postStage {
		if s.name, err = j.text(workflow.KeyStepName, s.Name, j.expressions(s)); err != nil {
			return err
		}
	}
	ctx, stop, err := j.limits(s, before)
	if err != nil {
		return err
	}
	defer stop()
	s.entered = true
	if s.Uses != "" {
		j.register(s)
		err = j.runAction(ctx, s)
	} else {
		err = j.runScript(ctx, s)
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	return errors.Join(err, j.collect(s))
}

// stepEnv evaluates env:. Within a composite action that of the steps around it
// counts too.
func (j *job) stepEnv(s *step) error {
	s.given = environment{}
	if of := s.in.of; of != nil {
		maps.Copy(s.given, of.given)
	}
	s.env = maps.Clone(j.env)
	maps.Copy(s.env, s.given)
	err := j.overlay(s.given, workflow.KeyStepEnv, s.Env, j.expressions(s))
	maps.Copy(s.env, s.given)
	return err
}

// ifText is the condition of the stage; pre and post scripts run always unless
// their action says otherwise.
func (s *step) ifText() workflow.Text {
	text := s.If
	switch s.stage {
	case preStage:
		text = s.use.action.Body.PreIf
	case postStage:
		text = s.use.postIf()
	}
	if text.Source == "" && s.stage != mainStage {
		text.Source = "always()"
	}
	return text
}

// parseIf reads if:, which has an implicit success(). Those of pre and post
// scripts have none.
func (s *step) parseIf() (*workflow.Expression, error) {
	source := s.ifText().Source
	if s.stage == mainStage {
		return workflow.Condition(source)
	}
	inner, ok := strings.CutPrefix(strings.TrimSpace(source), "${{")
	if ok {
		source = strings.TrimSuffix(inner, "}}")
	}
	return workflow.ParseExpression(source)
}

// condition evaluates the condition of a stage.
func (j *job) condition(s *step, env workflow.Env) (bool, error) {
	at := s.ifText().At
	c, err := s.parseIf()
	if err != nil {
		return false, fmt.Errorf("%s: read %s: %w", at, workflow.KeyStepIf, err)
	}
	v, err := c.Evaluate(env)
	if err != nil {
		return false, fmt.Errorf("%s: evaluate %s: %w", at, workflow.KeyStepIf, err)
	}
	return v.Truthy(), nil
}

func (j *job) whySkipped(s *step) string {
	what, so := "job", j.conclusion()
	if s.in.of != nil && s.stage == mainStage {
		what, so = "action", statusWord(j.statusOf(s))
	}
	if text := s.ifText(); text.Source != "" {
		return fmt.Sprintf("if: %q is false, the %s being %s so far", text.Source, what, so)
	}
	return fmt.Sprintf("the %s is %s so far", what, so)
}

// limit ends when the steps of the scope have no more time.
func (in *scope) limit(j *job) context.Context {
	if in.of != nil {
		return in.of.limit
	}
	return j.hard
}

// limits gives the context of a step's work. It ends by timeout-minutes, when
// nothing may run any longer, and when the job is cancelled unless the step
// began after that or its condition holds even then.
func (j *job) limits(s *step, cancelled bool) (context.Context, func(), error) {
	limit, stopLimit, err := j.timeout(s)
	if err != nil {
		return nil, nil, err
	}
	s.limit = limit
	ctx, cancel := context.WithCancelCause(limit)
	stop := func() {
		cancel(nil)
		stopLimit()
	}
	if cancelled || s.in.of != nil && !s.in.of.interruptible {
		return ctx, stop, nil
	}
	// Evaluated now: the goroutine that waits must not touch the job.
	env := j.expressions(s)
	env.Status = workflow.Status{Cancelled: true}
	env.Contexts["job"] = jobContext(env.Status)
	stays, err := j.condition(s, env)
	if stays && err == nil {
		return ctx, stop, nil
	}
	s.interruptible = true
	release := context.AfterFunc(j.soft, func() {
		cause := context.Cause(j.soft)
		if !errors.Is(cause, ErrLost) && !errors.Is(cause, errJobTimeout) {
			cause = errCancelled
		}
		cancel(cause)
	})
	return ctx, func() {
		release()
		stop()
	}, nil
}

// timeout gives a context that ends by timeout-minutes.
func (j *job) timeout(s *step) (context.Context, func(), error) {
	ctx, cancel := context.WithCancelCause(s.in.limit(j))
	stop := func() { cancel(nil) }
	if s.TimeoutMinutes.Source == "" {
		return ctx, stop, nil
	}
	v, err := j.value(workflow.KeyStepTimeout, s.TimeoutMinutes, j.expressions(s))
	if err == nil && !(v.Float() > 0) {
		err = fmt.Errorf("%s: timeout-minutes is %q: want a number above 0", s.TimeoutMinutes.At, v.Text())
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	minutes := v.Float()
	limit := minutes * float64(time.Minute)
	if limit >= float64(1<<62) {
		return ctx, stop, nil
	}
	t := time.AfterFunc(time.Duration(limit), func() { cancel(stepTimeout{minutes}) })
	return ctx, func() {
		t.Stop()
		stop()
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
	if s.stage == postStage {
		j.say(s.number, "cleaning up after the job's steps")
	}
	j.say(s.number, "##[group]"+firstLine(string(s.stage)+s.name))
	for _, d := range details {
		j.say(s.number, d)
	}
	j.say(s.number, "##[endgroup]")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r")
}
