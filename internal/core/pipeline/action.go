package pipeline

import (
	"slices"

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
