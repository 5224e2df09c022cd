package pipeline

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Action is an action that steps of a plan use and that the runner does not
// satisfy natively. Its metadata is part of the plan.
type Action struct {
	Uses string `json:"uses"` // as written
	// Repository is owner/name and Commit what the ref was pinned to; both are ""
	// for an action of the run's own commit.
	Repository string          `json:"repository,omitempty"`
	Commit     string          `json:"commit,omitempty"`
	Path       string          `json:"path"`   // folder within the repository, "" for the root
	SHA256     string          `json:"sha256"` // of the metadata file
	Body       workflow.Action `json:"body"`
}

// Action finds an action of the plan by what stands under uses.
func (p Plan) Action(uses string) (Action, bool) {
	for _, a := range p.Actions {
		if a.Uses == uses {
			return a, true
		}
	}
	return Action{}, false
}

// ActionsOf are the actions that the steps use, and those that these use, each
// once, in the order in which they are met.
func (p Plan) ActionsOf(steps []workflow.Step) []Action {
	var list []Action
	var visit func([]workflow.Step)
	visit = func(steps []workflow.Step) {
		for _, s := range steps {
			a, ok := p.Action(s.Uses)
			if !ok || slices.ContainsFunc(list, func(have Action) bool { return have.Uses == a.Uses }) {
				continue
			}
			list = append(list, a)
			visit(a.Body.Steps)
		}
	}
	visit(steps)
	return list
}

// maxActions is how deep actions may use one another, as on GitHub.
const maxActions = 10

// use adds the actions that steps use to the plan, and those that these use;
// chain holds the actions around the steps.
func (e *expander) use(steps []workflow.Step, chain []string) {
	for _, s := range steps {
		if _, native := workflow.LookupNative(s.Uses); native || s.Uses == "" {
			continue
		}
		if _, ok := workflow.ParseAction(s.Uses); !ok {
			continue // the reader has refused it
		}
		switch {
		case slices.Contains(chain, s.Uses):
			e.report(s.UsesAt, "action-cycle", "remove one of these steps", "action uses itself: %s -> %s", strings.Join(chain, " -> "), s.Uses)
			continue
		case len(chain) >= maxActions:
			e.report(s.UsesAt, "too-many-levels", "use it from an action further up", "actions are nested deeper than %d levels", maxActions)
			continue
		}
		if a := e.action(s); a != nil {
			e.given(s, *a)
			if a.Body.Node() {
				e.program("node", s.UsesAt, "action \""+s.Uses+"\" is run by node")
			}
			e.use(a.Body.Steps, append(slices.Clone(chain), s.Uses))
		}
	}
}

// action finds an action once for the plan; nil when it cannot be used.
func (e *expander) action(s workflow.Step) *Action {
	if a, ok := e.plan.Action(s.Uses); ok {
		return &a
	}
	if e.actions[s.Uses] {
		return nil // refused before
	}
	e.actions[s.Uses] = true
	var f ActionFile
	ok := false
	if e.req.ReadAction != nil {
		f, ok = e.req.ReadAction(s.Uses)
	}
	if !ok {
		hint := "import it: dc-release actions add " + s.Uses + " --from REPOSITORY; satisfied natively are " + strings.Join(nativeNames(), ", ")
		if ref, _ := workflow.ParseAction(s.Uses); ref.Local {
			hint = "add action.yml there, or correct the path"
		}
		e.report(s.UsesAt, "unsupported-action", hint, "action %q is not known", s.Uses)
		return nil
	}
	e.findings = append(e.findings, f.Findings...)
	if slices.ContainsFunc(f.Findings, func(f workflow.Finding) bool { return f.Severity == workflow.Error }) {
		e.report(s.UsesAt, "unsupported-action", "see what is said of its file", "action %q cannot be run", s.Uses)
		return nil
	}
	e.plan.Actions = append(e.plan.Actions, f.Action)
	return &f.Action
}

func nativeNames() []string {
	names := make([]string, len(workflow.Natives))
	for i, a := range workflow.Natives {
		names[i] = a.Name
	}
	return names
}

// given warns of inputs that GitHub warns of: those that the action has not, and
// required ones that it does not get.
func (e *expander) given(s workflow.Step, a Action) {
	names := make([]string, len(a.Body.Inputs))
	for i, in := range a.Body.Inputs {
		names[i] = in.Name
		given := slices.ContainsFunc(s.With, func(b workflow.Binding) bool { return strings.EqualFold(b.Name, in.Name) })
		if in.Required && !given && !in.HasDefault {
			e.find(workflow.Warning, s.UsesAt, "missing-input", "add it under with", "step gives %q no input %q", s.Uses, in.Name)
		}
	}
	for _, b := range s.With {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, b.Name) }) {
			e.find(workflow.Warning, b.Value.At, "unknown-input", "its inputs are "+strings.Join(names, ", "), "step gives %q the input %q, which it does not have", s.Uses, b.Name)
		}
	}
}

// Pin is a ref of another repository that was pinned to a commit.
type Pin struct {
	Repository string `json:"repository"` // owner/name
	Ref        string `json:"ref"`        // as workflows write it
	Commit     string `json:"commit"`
	Tree       string `json:"tree"`   // git's id of the commit's tree
	Source     string `json:"source"` // where it was fetched from
}

// Name is what stands under uses.
func (p Pin) Name() string { return p.Repository + "@" + p.Ref }

// ActionPinned records a pin. Before is the commit that it replaces, "" for a
// first one.
type ActionPinned struct {
	Pin    Pin    `json:"pin"`
	Before string `json:"before"`
}

// EventType implements ledger.Payload.
func (ActionPinned) EventType() (string, int) { return "action.pinned", 1 }
