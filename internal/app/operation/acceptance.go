package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/acceptance"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// BeginAcceptance begins to execute manual tests.
type BeginAcceptance struct {
	ByAdministrator
	Version
	Tests   []string `json:"tests"`   // ids, none for all
	Repeats string   `json:"repeats"` // an earlier execution
}

func beginAcceptance(ctx context.Context, a *App, q BeginAcceptance) (Named, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, policy.Tester)
	if err != nil {
		return Named{}, err
	}
	id, err := a.Acceptances.Begin(ctx, by, q.release(), q.Tests, q.Repeats, q.Reason)
	return Named{ID: id}, err
}

// RecordStep records one step of manual tests. The reason is that of a
// correction.
type RecordStep struct {
	As     string `json:"as"`
	Reason string `json:"reason"`
	Version
	Acceptance  string                 `json:"acceptance"`
	Observation acceptance.Observation `json:"observation"`
}

// Recorded answers with the deviation that a record opened.
type Recorded struct {
	Deviation string `json:"deviation,omitempty"`
}

func recordStep(ctx context.Context, a *App, q RecordStep) (Recorded, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, policy.Tester)
	if err != nil {
		return Recorded{}, err
	}
	opened, err := a.Acceptances.Record(ctx, by, q.release(), q.Acceptance, q.Observation, q.Reason)
	return Recorded{Deviation: opened}, err
}

// AbandonAcceptance ends an execution that will not be submitted.
type AbandonAcceptance struct {
	ByAdministrator
	Version
	Acceptance string `json:"acceptance"`
}

func abandonAcceptance(ctx context.Context, a *App, q AbandonAcceptance) (None, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, policy.Tester)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Acceptances.Abandon(ctx, by, q.release(), q.Acceptance, q.Reason)
}

func (v Version) release() acceptance.Release {
	return acceptance.Release{Solution: v.Solution, Version: v.Version}
}
