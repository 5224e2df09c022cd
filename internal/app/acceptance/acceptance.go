// Package acceptance lets a tester execute the manual tests of a release step by
// step. What is recorded is in the ledger at once, so that an execution goes on
// where it was left; the signature over the whole is given in app/sign.
package acceptance

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// Items reads the items of a release at its pinned commits.
type Items interface {
	Items(ctx context.Context, p traceability.Pin) ([]trace.Item, []document.Finding, error)
}

// Blobs keeps scripts and captured files.
type Blobs interface {
	Bytes(ctx context.Context, digest string) ([]byte, error)
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
}

// Acceptances keeps the executions of manual tests.
type Acceptances struct {
	Log   ledger.Log
	State *state.Reader
	Items Items
	Blobs Blobs
}

// Release names the release that is tested.
type Release struct {
	Solution string `json:"solution"`
	Version  string `json:"version"`
}

// world is what decisions are made on.
type world struct {
	stream   ledger.Stream
	standing gate.Standing
	run      state.Run
	place    state.Place
	tree     string // deployed in val by the run, "" for none
}

// environment is where acceptance tests are executed.
const environment = "val"

func (a *Acceptances) world(ctx context.Context, r Release) (w world, err error) {
	w.stream = ledger.ReleaseStream(r.Solution, r.Version)
	if w.standing, err = a.State.Standing(ctx, w.stream); err != nil {
		return w, err
	}
	if w.standing.Registered == nil {
		return w, fault.New(fault.NotFound, "version %q of %s is not registered", r.Version, r.Solution)
	}
	if w.run, err = a.State.Run(ctx, w.standing.Registered.Run); err != nil {
		return w, err
	}
	if w.place, err = a.State.Place(ctx, r.Solution, environment); err != nil {
		return w, err
	}
	if d, ok := w.place.Of(w.run.Run.Run); ok {
		w.tree = d.Tree
	}
	return w, nil
}

// decided is a decision over everything that was read.
func (w world) decided(r Release, command string, by ledger.Actor, events ...ledger.Draft) ledger.Batch {
	return ledger.Batch{
		Command: fmt.Sprintf("acceptance/%s/%s/%d", command, w.run.Run.Run, w.run.Version), Actor: by, Correlation: w.run.Run.Run,
		Reads: []ledger.Read{
			{Stream: w.stream, Version: w.standing.Version},
			{Stream: ledger.RunStream(w.run.Run.Run), Version: w.run.Version},
			{Stream: ledger.EnvironmentStream(r.Solution, environment), Version: w.place.Version},
		},
		Events: events,
	}
}

// may refuses a person who must not test, and a release that is not there to be
// tested.
func (a *Acceptances) may(ctx context.Context, w world, r Release, by ledger.Actor) error {
	person, err := a.State.Person(ctx, by.ID)
	if err != nil {
		return err
	}
	if reasons := gate.MayTest(w.standing, person, r.Solution); len(reasons) > 0 {
		return fault.New(fault.Forbidden, "%s", strings.Join(reasons, "; "))
	}
	if w.tree == "" {
		return fault.New(fault.Blocked, "version %s is not deployed to %s", r.Version, environment).WithHint("wait for it with: dc-release release show %s --solution %s", r.Version, r.Solution)
	}
	return nil
}
