package runner

import (
	"strings"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// scope is what steps have in common: those of the job, or those of one use of
// a composite action.
type scope struct {
	of     *step // the step that uses the action, nil for the job
	steps  []workflow.Step
	uses   map[int]*use              // of the actions of the steps, by their index
	ids    map[string]workflow.Value // what the steps context says of each
	inputs workflow.Value            // of the action

	failed, cancelled bool  // one of the steps
	err               error // why
}

// record takes over how a step has ended. A pre or post script is no step of
// the steps context.
func (in *scope) record(s *step, e ending) {
	switch e.conclusion {
	case pipeline.Failure:
		in.failed = true
	case pipeline.Cancelled:
		in.cancelled = true
	}
	// Ids that begin so are given to steps that have none of their own.
	if s.ID == "" || strings.HasPrefix(s.ID, "__") || s.stage != mainStage {
		return
	}
	in.ids[s.ID] = workflow.Object(
		workflow.Member{Name: "outputs", Value: e.outputs},
		workflow.Member{Name: "outcome", Value: workflow.String(string(e.outcome))},
		workflow.Member{Name: "conclusion", Value: workflow.String(string(e.conclusion))},
	)
}

// context is the steps context, in the order of the steps.
func (in *scope) context() workflow.Value {
	members := make([]workflow.Member, 0, len(in.ids))
	for _, s := range in.steps {
		if v, ok := in.ids[s.ID]; ok {
			members = append(members, workflow.Member{Name: s.ID, Value: v})
		}
	}
	return workflow.Object(members...)
}

// statusOf is what success(), failure() and cancelled() of a step look at. Within
// a composite action it is about the steps of the action alone, as on GitHub,
// except that cancelled() is about the job; what was interrupted by the job's
// cancellation has none but that.
func (j *job) statusOf(s *step) workflow.Status {
	if s == nil || s.in.of == nil || s.stage != mainStage {
		return j.status()
	}
	if s.in.of.interruptible && j.cancelled() {
		return workflow.Status{Cancelled: true}
	}
	return s.in.status(j.cancelled())
}

// status is that of the steps so far.
func (in *scope) status(cancelled bool) workflow.Status {
	return workflow.Status{
		Success: !in.failed && !in.cancelled, Failure: in.failed && !in.cancelled, Cancelled: cancelled,
	}
}

// word is github.action_status.
func (in *scope) word() string {
	return string(statusWord(workflow.Status{Failure: in.failed, Cancelled: in.cancelled}))
}
