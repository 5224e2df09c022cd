package workflowfile

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// places are the keys of steps, which differ between workflows and actions in
// what their expressions may use.
type places struct {
	section                                                               Section
	condition, name, run, shell, directory, env, with, tolerance, timeout workflow.Key
}

var (
	workflowSteps = places{
		section: stepSection, condition: workflow.KeyStepIf, name: workflow.KeyStepName, run: workflow.KeyStepRun, shell: workflow.KeyNone,
		directory: workflow.KeyStepDirectory, env: workflow.KeyStepEnv, with: workflow.KeyStepWith,
		tolerance: workflow.KeyStepContinueOnError, timeout: workflow.KeyStepTimeout,
	}
	actionSteps = places{
		section: actionStepSection, condition: workflow.KeyActionStepIf, name: workflow.KeyActionStepName, run: workflow.KeyActionStepRun,
		shell: workflow.KeyActionStepShell, directory: workflow.KeyActionStepDirectory, env: workflow.KeyActionStepEnv,
		with: workflow.KeyActionStepWith, tolerance: workflow.KeyActionStepContinueOnError,
	}
)

func (r *reader) steps(n *yaml.Node, p places) []workflow.Step {
	var steps []workflow.Step
	ids := map[string]bool{}
	for i, item := range r.sequence(n, "steps") {
		r.scope.step = i
		s := r.step(item, p)
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
// __run_2, __actions_checkout, __self. Expressions cannot refer to them.
func nameSteps(steps []workflow.Step) {
	count := map[string]int{}
	for i := range steps {
		if steps[i].ID != "" {
			continue
		}
		base := "__" + stepName(steps[i].Uses)
		count[base]++
		steps[i].ID = base
		if count[base] > 1 {
			steps[i].ID = fmt.Sprintf("%s_%d", base, count[base])
		}
	}
}

// stepName is what GitHub makes an id of: run, self for an action in the
// workspace, else the owner and name of the action.
func stepName(uses string) string {
	ref, ok := workflow.ParseAction(uses)
	switch {
	case !ok:
		return "run"
	case ref.Local:
		return "self"
	}
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			return c
		}
		return '_'
	}, ref.Repository)
}

func (r *reader) step(n *yaml.Node, p places) workflow.Step {
	s := workflow.Step{At: r.at(n)}
	if n.Kind != yaml.MappingNode {
		r.report(s.At, "wrong-type", "", "step is %s: want a mapping", kindName(n))
		return s
	}
	at := map[string]*yaml.Node{}
	for _, e := range r.section(n, p.section) {
		at[e.name] = e.key
		r.stepKey(&s, e, p)
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
		r.action(s)
	}
	return s
}

func (r *reader) stepKey(s *workflow.Step, e entry, p places) {
	switch e.name {
	case "id":
		s.ID = r.nonEmpty(e.value, workflow.KeyNone, "id").Source
		if err := workflow.CheckID(s.ID); err != nil && s.ID != "" {
			r.report(r.at(e.value), "invalid-id", "", "step %v", err)
		}
	case "name":
		s.Name = r.text(e.value, p.name)
	case "if":
		s.If = r.condition(e.value, p.condition)
	case "run":
		s.Run = r.nonEmpty(e.value, p.run, "run")
	case "shell":
		s.Shell = r.shell(e.value, p.shell)
	case "working-directory":
		s.WorkingDirectory = r.nonEmpty(e.value, p.directory, e.name)
	case "env":
		s.Env = r.bindings(e.value, "env", p.env)
	case "uses":
		uses := r.nonEmpty(e.value, workflow.KeyNone, "uses")
		s.Uses, s.UsesAt = uses.Source, uses.At
	case "with":
		s.With = r.bindings(e.value, "with", p.with)
	case "continue-on-error":
		s.ContinueOnError = r.boolean(e.value, p.tolerance, e.name)
	case "timeout-minutes":
		s.TimeoutMinutes = r.number(e.value, p.timeout, e.name)
	}
}

// Shells are those that the runner starts by name (docs.github.com, "Workflow
// syntax", jobs.<job_id>.steps[*].shell); any other is a command with {0}.
var Shells = []string{"bash", "sh", "python", "pwsh"}

// windowsShells are GitHub's others.
var windowsShells = []string{"cmd", "powershell"}

func (r *reader) shell(n *yaml.Node, key workflow.Key) workflow.Text {
	t := r.text(n, key)
	switch {
	case strings.Contains(t.Source, "${{"), slices.Contains(Shells, t.Source), strings.Contains(t.Source, "{0}"):
	case slices.Contains(windowsShells, t.Source):
		r.report(t.At, "unsupported-shell", "want one of "+strings.Join(Shells, ", "), "shell %q needs Windows: workers run Linux", t.Source)
	default:
		r.report(t.At, "unsupported-shell", "want one of "+strings.Join(Shells, ", ")+", or a command in which {0} stands for the script",
			"shell %q is none that is known", t.Source)
	}
	return t
}

// action refuses a reference that cannot be followed, and inputs of native
// actions that would be ignored. Other actions are looked up when a plan is made.
func (r *reader) action(s workflow.Step) {
	native, ok := workflow.LookupNative(s.Uses)
	if !ok {
		r.reference(s)
		return
	}
	for _, b := range s.With {
		input, ok := native.Input(b.Name)
		if !ok {
			r.report(b.Value.At, "unsupported-input", "the inputs honoured are "+strings.Join(native.InputNames(), ", "),
				"input %q of %s is not honoured by this engine", b.Name, native.Name)
			continue
		}
		if !input.Honours(b.Value.Source) && b.Value.Source != "" {
			r.report(b.Value.At, "unsupported-value", "want "+strings.Join(input.Values, " or ")+", written out",
				"input %q of %s is %q, which is not honoured by this engine", b.Name, native.Name, b.Value.Source)
		}
	}
	for _, input := range native.Inputs {
		given := slices.ContainsFunc(s.With, func(b workflow.Binding) bool {
			return strings.EqualFold(b.Name, input.Name) && b.Value.Source != ""
		})
		if input.Required && !given {
			r.report(s.At, "missing-input", "add it under with", "step gives %s no input %q", native.Name, input.Name)
		}
	}
}

// reference refuses what is no action that this engine could run.
func (r *reader) reference(s workflow.Step) {
	_, ok := workflow.ParseAction(s.Uses)
	switch {
	case ok || s.Uses == "":
	case strings.HasPrefix(s.Uses, "docker://"):
		r.report(s.UsesAt, "unsupported-action", "use run: with a tool of the worker instead", "container %q is not executed by this engine", s.Uses)
	default:
		r.report(s.UsesAt, "unknown-action", "want OWNER/NAME@REF, OWNER/NAME/PATH@REF or ./PATH", "action %q has not the form of one", s.Uses)
	}
}
