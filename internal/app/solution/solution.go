// Package solution keeps the baselines of the solutions that an installation
// releases.
package solution

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Lists reads the view of solutions.
type Lists interface {
	Solutions(ctx context.Context) ([]policy.Solution, error)
	Solution(ctx context.Context, key string) (found policy.Solution, ok bool, err error)
}

// Registry is the list of solutions.
type Registry struct {
	Log   ledger.Log
	Lists Lists
	// Rehearsed is the solution of a rehearsal, which is in no ledger.
	Rehearsed string
}

// List gives every solution by key.
func (r *Registry) List(ctx context.Context) ([]policy.Solution, error) {
	return r.Lists.Solutions(ctx)
}

// Solution finds one.
func (r *Registry) Solution(ctx context.Context, key string) (policy.Solution, error) {
	if r.Rehearsed != "" && key == r.Rehearsed {
		return policy.Solution{Baseline: policy.Baseline{Solution: key, Branch: "main"}}, nil
	}
	s, ok, err := r.Lists.Solution(ctx, key)
	if err != nil || ok {
		return s, err
	}
	return policy.Solution{}, fault.New(fault.NotFound, "no solution %q", key).WithHint("list them with: dc-release solution list")
}

// Add records the baseline of a new solution. Changing one is a signed change
// and not done here.
func (r *Registry) Add(ctx context.Context, by ledger.Actor, b policy.Baseline, reason string) error {
	if b.Branch == "" {
		b.Branch = "main"
	}
	if b.Workflow == "" {
		b.Workflow = ".github/workflows/main.yaml"
	}
	if errs := b.Check(); len(errs) > 0 {
		return fault.New(fault.Invalid, "%v", errors.Join(errs...))
	}
	if reason == "" {
		return fault.New(fault.Invalid, "adding a solution needs a reason").WithHint("add --reason TEXT")
	}
	stream := ledger.SolutionStream(b.Solution)
	events, err := r.Log.Append(ctx, ledger.Batch{
		Command: "solution/" + b.Solution, Actor: by, Reads: []ledger.Read{{Stream: stream, Version: 0}},
		Events: []ledger.Draft{{Stream: stream, Data: &policy.SolutionAdded{Baseline: b}, Reason: reason}},
	})
	if errors.Is(err, ledger.ErrConflict) {
		return taken(b)
	}
	if err != nil {
		return fmt.Errorf("add solution %q: %w", b.Solution, err)
	}
	for _, e := range events { // of the first time when it comes twice
		if added, ok := e.Data.(*policy.SolutionAdded); ok && !same(added.Baseline, b) {
			return taken(b)
		}
	}
	return nil
}

func taken(b policy.Baseline) error {
	return fault.New(fault.Invalid, "solution %q is there already with another baseline", b.Solution)
}

// same compares baselines as they are recorded.
func same(a, b policy.Baseline) bool {
	one, errOne := json.Marshal(a)
	two, errTwo := json.Marshal(b)
	return errOne == nil && errTwo == nil && bytes.Equal(one, two)
}
