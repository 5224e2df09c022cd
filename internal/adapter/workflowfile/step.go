package workflowfile

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

var stepSection = section{
	what: "step",
	keys: []string{
		"id", "name", "if", "run", "shell", "working-directory", "env", "uses", "with",
		"continue-on-error", "timeout-minutes",
	},
	unsupported: map[string]string{
		"background":             "steps run one after the other",
		"cancel-timeout-minutes": "remove it: the worker's time to stop is fixed",
	},
}

// shells are the shells that the runner starts.
var shells = []string{"bash", "sh", "python"}

func (r *reader) steps(n *yaml.Node) []workflow.Step {
	var steps []workflow.Step
	ids := map[string]bool{}
	for i, item := range r.sequence(n, "steps") {
		r.scope.step = i
		s := r.step(item)
		if s.ID != "" {
			folded := strings.ToUpper(s.ID)
			if ids[folded] {
				r.report(s.At, "duplicate-id", "ids have no case; give the step another one", "step id %q is already used in this job", s.ID)
			}
			ids[folded] = true
		}
		steps = append(steps, s)
	}
	r.scope.step = -1
	nameSteps(steps)
	return steps
}

// nameSteps gives ids to the steps that have none, as GitHub does: __run,
// __run_2, __actions_checkout. Expressions cannot refer to them.
func nameSteps(steps []workflow.Step) {
	count := map[string]int{}
	for i := range steps {
		if steps[i].ID != "" {
			continue
		}
		base := "__run"
		if uses, _, _ := strings.Cut(steps[i].Uses, "@"); uses != "" {
			base = "__" + strings.Map(func(c rune) rune {
				if c == '/' || c == '.' || c == ':' {
					return '_'
				}
				return c
			}, uses)
		}
		count[base]++
		steps[i].ID = base
		if count[base] > 1 {
			steps[i].ID = fmt.Sprintf("%s_%d", base, count[base])
		}
	}
}

func (r *reader) step(n *yaml.Node) workflow.Step {
	s := workflow.Step{At: r.at(n)}
	if n.Kind != yaml.MappingNode {
		r.report(s.At, "wrong-type", "", "step is %s: want a mapping", kindName(n))
		return s
	}
	at := map[string]*yaml.Node{}
	for _, e := range r.section(n, stepSection) {
		at[e.name] = e.key
		r.stepKey(&s, e)
	}
	switch {
	case at["run"] != nil && at["uses"] != nil:
		r.report(r.at(at["uses"]), "key-conflict", "make two steps of it", "step has both run and uses")
	case at["run"] == nil && at["uses"] == nil:
		r.report(s.At, "missing-key", "add run: or uses:", "step has neither run nor uses")
	case at["run"] != nil && at["with"] != nil:
		r.report(r.at(at["with"]), "key-conflict", "with belongs to a step with uses", "step with run cannot have with")
	case at["uses"] != nil:
		for _, key := range []string{"shell", "working-directory"} {
			if at[key] != nil {
				r.report(r.at(at[key]), "key-conflict", key+" belongs to a step with run", "step with uses cannot have %s", key)
			}
		}
		r.action(s, at)
	}
	return s
}

func (r *reader) stepKey(s *workflow.Step, e entry) {
	switch e.name {
	case "id":
		s.ID = r.nonEmpty(e.value, workflow.KeyNone, "id").Source
		if err := workflow.CheckID(s.ID); err != nil && s.ID != "" {
			r.report(r.at(e.value), "invalid-id", "", "step %v", err)
		}
	case "name":
		s.Name = r.text(e.value, workflow.KeyStepName)
	case "if":
		s.If = r.condition(e.value, workflow.KeyStepIf)
	case "run":
		s.Run = r.nonEmpty(e.value, workflow.KeyStepRun, "run")
	case "shell":
		s.Shell = r.shell(e.value)
	case "working-directory":
		s.WorkingDirectory = r.nonEmpty(e.value, workflow.KeyStepDirectory, e.name)
	case "env":
		s.Env = r.bindings(e.value, "env", workflow.KeyStepEnv)
	case "uses":
		s.Uses = r.nonEmpty(e.value, workflow.KeyNone, "uses").Source
	case "with":
		s.With = r.bindings(e.value, "with", workflow.KeyStepWith)
	case "continue-on-error":
		s.ContinueOnError = r.boolean(e.value, workflow.KeyStepContinueOnError, e.name)
	case "timeout-minutes":
		s.TimeoutMinutes = r.number(e.value, workflow.KeyStepTimeout, e.name)
	}
}

// shell must be written out, so that the worker's needs are known beforehand.
func (r *reader) shell(n *yaml.Node) workflow.Text {
	t, ok := r.scalar(n)
	if ok && !slices.Contains(shells, t.Source) {
		r.report(t.At, "unsupported-shell", "want "+strings.Join(shells, ", ")+", or no shell for the default", "shell %q is not executed by this engine", t.Source)
	}
	return t
}

// action refuses an action that is not satisfied natively and inputs that would
// be ignored.
func (r *reader) action(s workflow.Step, at map[string]*yaml.Node) {
	action, ok := workflow.LookupNative(s.Uses)
	if !ok {
		r.report(r.at(at["uses"]), "unsupported-action", "use run: instead; satisfied natively are "+actionNames(),
			"action %q is not executed by this engine", s.Uses)
		return
	}
	for _, b := range s.With {
		input, ok := action.Input(b.Name)
		if !ok {
			r.report(b.Value.At, "unsupported-input", "the inputs honoured are "+strings.Join(action.InputNames(), ", "),
				"input %q of %s is not honoured by this engine", b.Name, action.Name)
			continue
		}
		if !input.Honours(b.Value.Source) && b.Value.Source != "" {
			r.report(b.Value.At, "unsupported-value", "want "+strings.Join(input.Values, " or ")+", written out",
				"input %q of %s is %q, which is not honoured by this engine", b.Name, action.Name, b.Value.Source)
		}
	}
	for _, input := range action.Inputs {
		given := slices.ContainsFunc(s.With, func(b workflow.Binding) bool {
			return strings.EqualFold(b.Name, input.Name) && b.Value.Source != ""
		})
		if input.Required && !given {
			r.report(s.At, "missing-input", "add it under with", "step gives %s no input %q", action.Name, input.Name)
		}
	}
}

func actionNames() string {
	names := make([]string, len(workflow.Natives))
	for i, a := range workflow.Natives {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}
