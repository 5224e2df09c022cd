package secret

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/secret"
)

// Lookup gives the value of a secret in an environment, "" for what runs in none:
// the environment's own, else the solution's; ok is false when there is neither.
// Who asks has looked whether the environment may be entered. What the ledger
// says is there and cannot be opened as exactly that is an error, never nothing.
// A name that no secret can have is none of any, as on GitHub.
func (s *Secrets) Lookup(ctx context.Context, solution, environment, name string) (value string, ok bool, err error) {
	if name, err = secret.ParseName(name); err != nil {
		return "", false, nil
	}
	s.mu.RLock() // nothing is changed between what the ledger says and what the store has
	defer s.mu.RUnlock()
	kept, err := s.kept(ctx, solution)
	if err != nil {
		return "", false, err
	}
	wanted, ok := kept.Given(environment, name)
	if !ok {
		return "", false, nil
	}
	value, err = s.open(ctx, wanted)
	return value, err == nil, err
}

// open opens the value of the version that the ledger names.
func (s *Secrets) open(ctx context.Context, w secret.Standing) (string, error) {
	key, err := s.inForce(ctx)
	if err != nil {
		return "", err
	}
	row, ok, err := s.Store.Sealed(ctx, w.Scope, w.Name)
	if err != nil {
		return "", err
	}
	hint := "set it again: dc-release secret set " + w.Name
	if !ok {
		return "", fault.New(fault.Unverified, "secret %s of %s is in the ledger, and the store has no value of it", w.Name, w.Scope).WithHint("%s", hint)
	}
	bound, err := secret.Bound(w.Scope, w.Name, w.Version)
	if err != nil {
		return "", err
	}
	value, err := key.Open(row.Box, bound)
	if err != nil {
		return "", fault.New(fault.Unverified, "secret %s of %s does not open as version %d of it: what is stored was changed, or belongs elsewhere", w.Name, w.Scope, w.Version).WithHint("%s", hint)
	}
	return string(value), nil
}

// Listed is a secret without its value.
type Listed struct {
	secret.Scope
	Name    string `json:"name"`
	Version int64  `json:"version"` // of the value, from 1
	By      string `json:"by"`      // login of who set it last
	Time    string `json:"time"`
}

// List gives the secrets of a solution, "" for all solutions. It asks the ledger
// alone and opens nothing.
func (s *Secrets) List(ctx context.Context, solution string) ([]Listed, error) {
	keys := []string{solution}
	if solution != "" {
		if _, err := s.Solutions.Solution(ctx, solution); err != nil {
			return nil, err
		}
	} else {
		all, err := s.Solutions.List(ctx)
		if err != nil {
			return nil, err
		}
		keys = keys[:0]
		for _, one := range all {
			keys = append(keys, one.Solution)
		}
	}
	out := []Listed{}
	for _, key := range keys {
		kept, err := s.kept(ctx, key)
		if err != nil {
			return nil, err
		}
		for _, k := range kept.List() {
			listed, err := s.listed(ctx, k)
			if err != nil {
				return nil, err
			}
			out = append(out, listed)
		}
	}
	return out, nil
}

func (s *Secrets) listed(ctx context.Context, k secret.Standing) (Listed, error) {
	who, err := s.State.Person(ctx, k.By)
	return Listed{Scope: k.Scope, Name: k.Name, Version: k.Version, By: who.Login, Time: k.Time}, err
}
