// Package consult gives people their part at gates by the RACI matrix: what
// waits for them, and the word of those who are consulted.
package consult

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Lists reads the view of releases.
type Lists interface {
	Releases(ctx context.Context, solution string) ([]inspect.Release, error)
}

// Solutions finds the policy of a solution.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
}

// Consultations are people's tasks and comments.
type Consultations struct {
	Log       ledger.Log
	State     *state.Reader
	Lists     Lists
	Solutions Solutions
}

// Task is a task with the release that it is about.
type Task struct {
	Solution string `json:"solution"`
	Version  string `json:"version"`
	gate.Task
}

// Tasks are what waits for a person in releases that are on their way.
func (c *Consultations) Tasks(ctx context.Context, p policy.Subject) ([]Task, error) {
	releases, err := c.Lists.Releases(ctx, "")
	if err != nil {
		return nil, err
	}
	out := []Task{}
	for _, r := range releases {
		solution, err := c.Solutions.Solution(ctx, r.Solution)
		if err != nil {
			return nil, err
		}
		s, err := c.State.Release(ctx, r.Solution, r.Version)
		if err != nil {
			return nil, err
		}
		for _, t := range gate.Tasks(s, solution.Activities(), p, r.Solution) {
			out = append(out, Task{r.Solution, r.Version, t})
		}
	}
	return out, nil
}

// Comment records what somebody says about an open gate.
func (c *Consultations) Comment(ctx context.Context, p policy.Subject, solution, version, name, text string) error {
	if len(strings.TrimSpace(text)) < 3 || len(text) > 4000 {
		return fault.New(fault.Invalid, "a comment has 3 to 4000 characters").WithHint("add --text TEXT")
	}
	policies, err := c.Solutions.Solution(ctx, solution)
	if err != nil {
		return err
	}
	stream := ledger.ReleaseStream(solution, version)
	_, err = ledger.Decide(ctx, c.Log, func() (ledger.Batch, error) {
		s, err := c.State.Standing(ctx, stream)
		if err != nil {
			return ledger.Batch{}, err
		}
		if why := gate.MayComment(s, name, policies.Activities(), p, solution); len(why) > 0 {
			return ledger.Batch{}, fault.New(fault.Forbidden, "%s", strings.Join(why, "; "))
		}
		return ledger.Batch{
			Command: fmt.Sprintf("comment/%s/%s/%d", stream, p.ID, s.Version), Correlation: string(stream), Policy: policies.Digest,
			Actor: ledger.Actor{Kind: ledger.Person, ID: p.ID, Role: string(policy.InvolvedAs(policies.Activities(), name, p, solution)), Authentication: "socket"},
			Reads: []ledger.Read{{Stream: stream, Version: s.Version}},
			Events: []ledger.Draft{{Stream: stream, Reason: "consulted about gate " + name, Data: &gate.Commented{
				Gate: name, Manifest: s.Gate(name).Opened.Manifest, Text: text,
			}}},
		}, nil
	})
	return err
}
