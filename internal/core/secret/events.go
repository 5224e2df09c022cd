package secret

import (
	"maps"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Set records that a secret was given a value; the value stands nowhere in the
// ledger.
type Set struct {
	Name        string `json:"name"`        // in upper case
	Environment string `json:"environment"` // "" for the solution's own
	Version     int64  `json:"version"`     // of the value, from 1; goes on after a removal
}

// Removed records that a secret was taken away.
type Removed struct {
	Name        string `json:"name"`
	Environment string `json:"environment"`
	Version     int64  `json:"version"` // of the last value
}

// KeyRotated records that all secrets were sealed again with another key.
type KeyRotated struct {
	Old string `json:"old"` // ids, from which nothing of a key can be learned
	New string `json:"new"`
}

// EventType implements ledger.Payload.
func (Set) EventType() (string, int) { return "secret.set", 1 }

// EventType implements ledger.Payload.
func (Removed) EventType() (string, int) { return "secret.removed", 1 }

// EventType implements ledger.Payload.
func (KeyRotated) EventType() (string, int) { return "secret.key_rotated", 1 }

// Standing is what the ledger says of one secret.
type Standing struct {
	Scope
	Name    string
	Version int64  // of the last value, also when it was removed
	There   bool   // was not removed
	By      string // id of the person who set it last
	Time    string // when
}

// place is where a secret stands within its solution.
type place struct{ environment, name string }

// Kept are the secrets of one solution.
type Kept struct {
	Solution string
	Stream   int64 // version of the stream

	secrets map[place]Standing
}

// Fold reads the stream of a solution.
func Fold(solution string, events []ledger.Event) Kept {
	k := Kept{Solution: solution, secrets: map[place]Standing{}}
	for _, e := range events {
		k.Stream = e.Version
		switch d := e.Data.(type) {
		case *Set:
			k.secrets[place{d.Environment, d.Name}] = Standing{
				Scope: Scope{Solution: solution, Environment: d.Environment}, Name: d.Name, Version: d.Version,
				There: true, By: e.Actor.ID, Time: e.Time,
			}
		case *Removed:
			s := k.secrets[place{d.Environment, d.Name}]
			s.There = false
			k.secrets[place{d.Environment, d.Name}] = s
		}
	}
	return k
}

// Of gives the standing of a secret; one that was never set is not there.
func (k Kept) Of(environment, name string) Standing {
	s, ok := k.secrets[place{environment, name}]
	if !ok {
		s = Standing{Scope: Scope{Solution: k.Solution, Environment: environment}, Name: name}
	}
	return s
}

// Given is the secret that a job in the environment is given under a name, ""
// for a job without one: the environment's own before the solution's.
func (k Kept) Given(environment, name string) (Standing, bool) {
	s := k.Of(environment, name)
	if !s.There && environment != "" {
		s = k.Of("", name)
	}
	return s, s.There
}

// List gives those that are there, by scope and name.
func (k Kept) List() []Standing {
	return slices.SortedFunc(func(yield func(Standing) bool) {
		for s := range maps.Values(k.secrets) {
			if s.There && !yield(s) {
				return
			}
		}
	}, func(a, b Standing) int {
		if c := strings.Compare(a.Environment, b.Environment); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// Count is how many a scope has.
func (k Kept) Count(environment string) (n int) {
	for at, s := range k.secrets {
		if s.There && at.environment == environment {
			n++
		}
	}
	return n
}
