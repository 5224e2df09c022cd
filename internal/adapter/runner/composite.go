package runner

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// runComposite runs the steps of a composite action, or the pre or post scripts
// of the actions that these use. A failed step does not end it: what asks for
// failure() or always() still runs, and the outputs are set all the same.
func (j *job) runComposite(s *step) error {
	body := s.use.action.Body
	if depth := s.depth(); depth > maxDepth {
		return fmt.Errorf("action %q is used at depth %d: want at most %d", s.Uses, depth, maxDepth)
	}
	if s.stage == mainStage {
		s.use.ids = map[string]workflow.Value{}
		j.warnOfPre(s)
	}
	in := &scope{of: s, steps: body.Steps, uses: s.use.uses, ids: s.use.ids, inputs: s.inputs.value()}
	for _, i := range j.inner(in, s.stage) {
		inner := j.newStep(in, i, s.stage)
		e := j.do(inner)
		if e.conclusion != pipeline.Failure && e.conclusion != pipeline.Cancelled {
			continue
		}
		if in.err == nil || e.conclusion == pipeline.Cancelled {
			in.err = fmt.Errorf("step %q of %s: %w", inner.name, s.Uses, e.err)
		}
		s.code, s.told = inner.code, true
	}
	if s.interruptible && j.cancelled() && in.err == nil {
		in.err = errCancelled // steps that did not run because of it are no success
	}
	if s.stage != mainStage {
		return in.err
	}
	if err := j.compositeOutputs(s, in); err != nil {
		s.told = false
		return err
	}
	return in.err
}

// depth counts the composite actions around the action of a step, and itself.
func (s *step) depth() int {
	n := 1
	for of := s.in.of; of != nil; of = of.in.of {
		n++
	}
	return n
}

// inner are the steps of a composite action that have a part in a stage, in the
// order in which these run.
func (j *job) inner(in *scope, at stage) []int {
	var list []int
	for i, s := range in.steps {
		switch {
		case at == mainStage,
			at == preStage && j.hasPre(s.Uses, 0),
			at == postStage && in.uses[i] != nil && in.uses[i].due:
			list = append(list, i)
		}
	}
	if at == postStage {
		slices.Reverse(list)
	}
	return list
}

// warnOfPre says what GitHub does not do for an action of the workspace either:
// its pre scripts are not there when they would run.
func (j *job) warnOfPre(s *step) {
	a := s.use.action
	if a.Repository != "" || s.stage != mainStage {
		return
	}
	if a.Body.Pre != "" || slices.ContainsFunc(a.Body.Steps, func(inner workflow.Step) bool { return j.hasPre(inner.Uses, 0) }) {
		s.commands.warn(fmt.Sprintf("the pre script of %s was not run: an action of the workspace is not there yet when it is due", s.Uses))
	}
}

// compositeOutputs evaluates the outputs of a composite action.
func (j *job) compositeOutputs(s *step, in *scope) error {
	// In what a step of the action would see after all others.
	last := &step{in: in, stage: mainStage, given: s.given, env: s.env, entered: true, Step: workflow.Step{Uses: s.Uses}, files: s.files}
	if err := j.stepEnv(last); err != nil {
		return err
	}
	env := j.expressions(last)
	for _, o := range s.use.action.Body.Outputs {
		value, err := j.text(workflow.KeyActionOutput, o.Value, env)
		if err != nil {
			return fmt.Errorf("output %q of %s: %w", o.Name, s.Uses, err)
		}
		s.commands.setOutputValue(o.Name, value)
	}
	return nil
}
