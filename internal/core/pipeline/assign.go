package pipeline

import (
	"maps"
	"math"
	"slices"
	"time"
)

// defaultTimeout of a job, as on GitHub.
const defaultTimeout = 360 * time.Minute

// names are those under which the job reads secrets that a call passes on.
func names(sources map[string]string) []string { return slices.Sorted(maps.Keys(sources)) }

// Assign is the message for the worker that claimed an execution of the job.
// It depends on the same facts as the decision to queue it.
func Assign(s State, key string, o Outside) (Assignment, error) {
	j, _ := s.Plan.Job(key)
	st := s.Jobs[key]
	env := s.env(j, o)
	timeout := defaultTimeout
	if j.Body.TimeoutMinutes.Source != "" {
		v, err := j.Body.TimeoutMinutes.Evaluate(env)
		if err != nil {
			return Assignment{}, err
		}
		if minutes := v.Float(); minutes > 0 && minutes < math.MaxInt32 {
			timeout = time.Duration(minutes * float64(time.Minute))
		}
	}
	return Assignment{
		Execution: st.Execution, Job: j, Name: st.Name, Contexts: env.Contexts,
		SecretNames: names(s.Plan.SecretSources(key)), Commit: s.Plan.Trigger.SHA,
		Actions: s.Plan.ActionsOf(j.Body.Steps), TimeoutUS: timeout.Microseconds(), Sandbox: s.Run.Sandbox,
	}, nil
}
