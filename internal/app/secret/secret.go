// Package secret keeps the secrets of solutions: sealed in the store with a key
// that lies outside of it, changed by administrators, and given to jobs and
// deployments of the scope that they were set for.
package secret

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/secret"
)

// Sealed is a value as the store keeps it.
type Sealed struct {
	secret.Scope
	Name    string
	Version int64
	Key     string // id of the key that it is sealed with
	Box     []byte
}

// Boxes changes sealed values within a transaction.
type Boxes interface {
	All() ([]Sealed, error)
	Put(v Sealed) error
	Drop(s secret.Scope, name string) error
}

// Store keeps sealed values beside the ledger.
type Store interface {
	// AppendWith appends a batch and changes values in the same transaction.
	AppendWith(ctx context.Context, b ledger.Batch, change func(Boxes) error) ([]ledger.Event, error)
	// Sealed reads one value; ok is false when there is none.
	Sealed(ctx context.Context, s secret.Scope, name string) (v Sealed, ok bool, err error)
	// SealedKeys are the ids of all keys that values are sealed with.
	SealedKeys(ctx context.Context) ([]string, error)
}

// Key seals values and opens them again where they belong.
type Key interface {
	ID() string
	Seal(value, bound []byte) []byte
	Open(box, bound []byte) ([]byte, error)
}

// Solutions finds solutions.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
	List(ctx context.Context) ([]policy.Solution, error)
}

// Secrets keeps and gives secrets.
type Secrets struct {
	Log       ledger.Log
	Store     Store
	State     *state.Reader
	Solutions Solutions
	Keys      Keys
	NewID     func() string

	mu  sync.RWMutex // held for writing by every change
	key Key          // nil where there is none
}

// Use takes the key that values are sealed with from now on; nil for none. What
// is sealed with another one is not given out, and Fits says so.
func (s *Secrets) Use(k Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = k
}

// Fits is nil when the key opens all that is sealed.
func (s *Secrets) Fits(ctx context.Context) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, err := s.inForce(ctx)
	return err
}

// inForce is the key, when everything is sealed with it.
func (s *Secrets) inForce(ctx context.Context) (Key, error) {
	ids, err := s.Store.SealedKeys(ctx)
	if err != nil {
		return nil, err
	}
	hint := "start the server with that key (--secrets-key FILE or env:NAME, else keys/secrets.key of the data directory); nothing was changed. " +
		"If it is lost, remove every secret and set it again: dc-release secret list"
	switch sealed := strings.Join(ids, ", "); {
	case s.key == nil && sealed == "":
		return nil, fault.New(fault.Conflict, "there is no key to seal secrets with").WithHint("start the server again: it makes one in keys/secrets.key of the data directory, unless --secrets-key names another place")
	case s.key == nil:
		return nil, fault.New(fault.Conflict, "the key of the secrets is missing: they are sealed with key %s", sealed).WithHint("%s", hint)
	case sealed != "" && sealed != s.key.ID():
		return nil, fault.New(fault.Conflict, "the key of the secrets is another one: they are sealed with key %s, and this is key %s", sealed, s.key.ID()).WithHint("%s", hint)
	}
	return s.key, nil
}

// appending makes a log of a store, whose batches change values too.
type appending struct {
	ledger.Log
	store  Store
	change func(Boxes) error
}

// Append implements ledger.Log.
func (a appending) Append(ctx context.Context, b ledger.Batch) ([]ledger.Event, error) {
	return a.store.AppendWith(ctx, b, a.change)
}

func (s *Secrets) kept(ctx context.Context, solution string) (secret.Kept, error) {
	events, err := s.Log.Stream(ctx, ledger.SolutionStream(solution), 0)
	return secret.Fold(solution, events), err
}

// scope finds the solution and the environment of a scope.
func (s *Secrets) scope(ctx context.Context, at secret.Scope) (secret.Scope, error) {
	solution, err := s.Solutions.Solution(ctx, at.Solution)
	if err != nil || at.Environment == "" {
		return at, err
	}
	at.Environment = strings.ToLower(at.Environment)
	if _, ok := solution.Environments[at.Environment]; !ok {
		return at, fault.New(fault.Invalid, "environment %q of %s: want one of %s", at.Environment, at.Solution,
			strings.Join(slices.Sorted(maps.Keys(solution.Environments)), ", "))
	}
	return at, nil
}

// Set gives a secret a value, its first or another one.
func (s *Secrets) Set(ctx context.Context, by ledger.Actor, at secret.Scope, name, value, reason string) (Listed, error) {
	name, nameErr := secret.ParseName(name)
	if err := errors.Join(nameErr, secret.CheckValue(value)); err != nil {
		return Listed{}, err
	}
	at, err := s.scope(ctx, at)
	if err != nil {
		return Listed{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, err := s.inForce(ctx)
	if err != nil {
		return Listed{}, err
	}
	var box Sealed
	log := appending{s.Log, s.Store, func(b Boxes) error { return b.Put(box) }}
	err = s.decide(ctx, log, at, by, "set", reason, func(k secret.Kept) (ledger.Payload, error) {
		before := k.Of(at.Environment, name)
		if !before.There && k.Count(at.Environment) >= secret.MaxScope {
			return nil, fault.New(fault.Invalid, "%s has %d secrets, and there are no more", at, secret.MaxScope)
		}
		box = Sealed{Scope: at, Name: name, Version: before.Version + 1, Key: key.ID()}
		bound, err := secret.Bound(at, name, box.Version)
		box.Box = key.Seal([]byte(value), bound)
		return &secret.Set{Name: name, Environment: at.Environment, Version: box.Version}, err
	})
	if err != nil {
		return Listed{}, fmt.Errorf("set secret %s of %s: %w", name, at, err)
	}
	kept, err := s.kept(ctx, at.Solution)
	if err != nil {
		return Listed{}, err
	}
	return s.listed(ctx, kept.Of(at.Environment, name))
}

// Remove takes a secret away. It needs no key.
func (s *Secrets) Remove(ctx context.Context, by ledger.Actor, at secret.Scope, name, reason string) error {
	name, err := secret.ParseName(name)
	if err != nil {
		return err
	}
	at.Environment = strings.ToLower(at.Environment)
	s.mu.Lock()
	defer s.mu.Unlock()
	log := appending{s.Log, s.Store, func(b Boxes) error { return b.Drop(at, name) }}
	return s.decide(ctx, log, at, by, "removed", reason, func(k secret.Kept) (ledger.Payload, error) {
		before := k.Of(at.Environment, name)
		if !before.There {
			return nil, none(at, name)
		}
		return &secret.Removed{Name: name, Environment: at.Environment, Version: before.Version}, nil
	})
}

func none(at secret.Scope, name string) error {
	return fault.New(fault.NotFound, "no secret %s of %s", name, at).WithHint("list them with: dc-release secret list --solution %s", at.Solution)
}

// decide appends one event of a solution's secrets.
func (s *Secrets) decide(ctx context.Context, log ledger.Log, at secret.Scope, by ledger.Actor, what, reason string, payload func(secret.Kept) (ledger.Payload, error)) error {
	id, stream := s.NewID(), ledger.SolutionStream(at.Solution)
	_, err := ledger.Decide(ctx, log, func() (ledger.Batch, error) {
		kept, err := s.kept(ctx, at.Solution)
		if err != nil {
			return ledger.Batch{}, err
		}
		data, err := payload(kept)
		if err != nil {
			return ledger.Batch{}, err
		}
		return ledger.Batch{
			Command: "secret/" + what + "/" + id, Actor: by, Correlation: "solution/" + at.Solution,
			Reads:  []ledger.Read{{Stream: stream, Version: kept.Stream}},
			Events: []ledger.Draft{{Stream: stream, Data: data, Reason: reason}},
		}, nil
	})
	return err
}
