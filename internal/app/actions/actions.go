// Package actions keeps the offline store of actions and reusable workflows of
// other repositories: what workflows may use beyond their own commit, pinned to
// commits by name.
package actions

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Pins is the store.
type Pins interface {
	List() ([]pipeline.Pin, error)
	Find(repository, ref string) (pipeline.Pin, bool, error)
	Resolve(ctx context.Context, repository, ref, source string) (pipeline.Pin, error)
	Put(pipeline.Pin) error
	Verify(ctx context.Context, pin pipeline.Pin, source string) (wrong string, err error)
}

// Actions changes and checks the store.
type Actions struct {
	Log  ledger.Log
	Pins Pins
}

// Request asks for a pin.
type Request struct {
	Uses    string `json:"uses"` // OWNER/NAME@REF
	From    string `json:"from"` // path or URL of its repository
	Replace bool   `json:"replace"`
	Reason  string `json:"reason"`
}

// Add pins a ref to what it is at the source now. A ref that is pinned to
// another commit is refused: that it moved is for a person to judge.
func (a *Actions) Add(ctx context.Context, q Request) (pipeline.Pin, error) {
	repository, ref, ok := strings.Cut(q.Uses, "@")
	if !ok || ref == "" || q.From == "" {
		return pipeline.Pin{}, fault.New(fault.Invalid, "action %q: want OWNER/NAME@REF and where its repository is", q.Uses).
			WithHint("dc-release actions add azure/login@v2 --from PATH")
	}
	if parts := strings.SplitN(repository, "/", 3); len(parts) == 3 { // a path within it is pinned with it
		repository = parts[0] + "/" + parts[1]
	}
	pin, err := a.Pins.Resolve(ctx, repository, ref, q.From)
	if err != nil {
		return pin, err
	}
	before, known, err := a.Pins.Find(repository, ref)
	if err != nil {
		return pin, err
	}
	moved := known && before.Ref == ref && before.Commit != pin.Commit
	switch {
	case moved && !q.Replace:
		return pin, fault.New(fault.Conflict, "%s is pinned to %s and is %s at %s now: the ref moved", pin.Name(), before.Commit, pin.Commit, q.From).
			WithHint("look at what changed, then add it with --replace and --reason")
	case moved && !ledger.SaysWhy(q.Reason):
		return pin, fault.New(fault.Invalid, "replacing a pin needs a reason").WithHint("add --reason TEXT")
	}
	d := &pipeline.ActionPinned{Pin: pin}
	if moved {
		d.Before = before.Commit
	}
	_, err = a.Log.Append(ctx, ledger.Batch{
		Command: fmt.Sprintf("pin/%s/%s/%s", pin.Name(), pin.Commit, d.Before),
		Actor:   ledger.Actor{Kind: ledger.Machine, ID: "socket", Authentication: "socket"},
		Events:  []ledger.Draft{{Stream: ledger.Installation, Data: d, Reason: q.Reason}},
	})
	if err != nil {
		return pin, err
	}
	return pin, a.Pins.Put(pin)
}

// List gives every pin.
func (a *Actions) List() ([]pipeline.Pin, error) { return a.Pins.List() }

// Verified is what was found about a pin.
type Verified struct {
	pipeline.Pin
	Wrong string `json:"wrong"` // "" where it is what was pinned
}

// Verify checks every pin against the objects in the store and, with sources,
// whether its ref has moved where it came from.
func (a *Actions) Verify(ctx context.Context, sources bool) ([]Verified, error) {
	pins, err := a.Pins.List()
	if err != nil {
		return nil, err
	}
	out := []Verified{}
	for _, pin := range pins {
		source := ""
		if sources {
			source = pin.Source
		}
		wrong, err := a.Pins.Verify(ctx, pin, source)
		if err != nil {
			return nil, err
		}
		out = append(out, Verified{Pin: pin, Wrong: wrong})
	}
	return out, nil
}
