package operation

import (
	"context"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// EnvironmentsReader reads the file with the places of a solution; name is for
// findings.
type EnvironmentsReader func(name string, data []byte) (map[string]policy.Environment, []workflow.Finding)

// EnvironmentsFile is a file with the places of a solution: their targets with
// configuration, names and protection.
type EnvironmentsFile struct {
	Name string `json:"name"` // for messages
	Text string `json:"text"` // YAML
}

// AddSolution records a baseline.
type AddSolution struct {
	ByAdministrator
	Baseline policy.Baseline `json:"baseline"`
	// Environments says the baseline's places instead of Baseline.Environments.
	Environments EnvironmentsFile `json:"environments,omitzero"`
}

func addSolution(ctx context.Context, a *App, q AddSolution) (None, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return None{}, err
	}
	b, err := a.baseline(q.Baseline, q.Environments)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Solutions.Add(ctx, by, b, q.Reason)
}

// ReviseSolution asks for a new baseline.
type ReviseSolution struct {
	ByAdministrator
	Baseline     policy.Baseline  `json:"baseline"`
	Environments EnvironmentsFile `json:"environments,omitzero"` // as for AddSolution
}

func reviseSolution(ctx context.Context, a *App, q ReviseSolution) (Named, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return Named{}, err
	}
	b, err := a.baseline(q.Baseline, q.Environments)
	if err != nil {
		return Named{}, err
	}
	id, lost, err := a.Approvals.Revise(ctx, by, b, q.Reason)
	return Named{ID: id, Lost: lost}, err
}

// baseline is a baseline with the places of a file, when there is one.
func (a *App) baseline(b policy.Baseline, f EnvironmentsFile) (policy.Baseline, error) {
	if f == (EnvironmentsFile{}) {
		return b, nil
	}
	if len(b.Environments) > 0 {
		return b, fault.New(fault.Invalid, "the places are said twice: by %s and one by one", f.Name).WithHint("give all of them in the file")
	}
	places, findings := a.Environments(f.Name, []byte(f.Text))
	if len(findings) > 0 {
		var lines []string
		for _, x := range findings {
			lines = append(lines, x.String())
		}
		return b, fault.New(fault.Invalid, "%s cannot be used: %d findings", f.Name, len(findings)).WithHint("%s", strings.Join(lines, "\n"))
	}
	b.Environments = places
	return b, nil
}
