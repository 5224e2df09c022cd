package wire

import (
	"context"
	"io"
	"slices"

	"github.com/dc-release/dc-release/internal/app/cache"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// visible gives the solution of an execution and the refs whose caches it reads;
// it writes those of the first alone.
func (s server) visible(ctx context.Context, e work.Execution) (solution string, scopes []string, err error) {
	slot, err := s.o.App.Claims.Current(ctx, e.Execution, e.Fence)
	if err != nil {
		return "", nil, err
	}
	run, err := s.o.state.Run(ctx, slot.Run)
	if err != nil {
		return "", nil, err
	}
	known, err := s.o.App.Solutions.Solution(ctx, slot.Solution)
	if err != nil {
		return "", nil, err
	}
	return slot.Solution, cache.Scopes(run.Run.Trigger, known.Branch), nil
}

// FindCache implements work.Server.
func (s server) FindCache(ctx context.Context, q work.CacheQuery) (work.CacheEntry, error) {
	solution, scopes, err := s.visible(ctx, q.Execution)
	if err != nil {
		return work.CacheEntry{}, err
	}
	e, ok, err := s.o.caches.Find(ctx, cache.Query{Solution: solution, Scopes: scopes, Keys: q.Keys, Version: q.Version})
	return work.CacheEntry{Found: ok, Scope: e.Scope, Key: e.Key}, err
}

// ReadCache implements work.Server.
func (s server) ReadCache(ctx context.Context, r work.CacheRead) (io.ReadCloser, error) {
	solution, scopes, err := s.visible(ctx, r.Execution)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(scopes, r.Scope) {
		return nil, fault.New(fault.Forbidden, "caches of %q are not for this run", r.Scope)
	}
	return s.o.caches.Read(ctx, cache.Query{Solution: solution, Scopes: []string{r.Scope}, Keys: []string{r.Key}, Version: r.Version})
}

// SaveCache implements work.Server.
func (s server) SaveCache(ctx context.Context, q work.CacheSave, r io.Reader) (work.CacheSaved, error) {
	solution, scopes, err := s.visible(ctx, q.Execution)
	if err != nil {
		return work.CacheSaved{}, err
	}
	saved, err := s.o.caches.Save(ctx, cache.Entry{Solution: solution, Scope: scopes[0], Key: q.Key, Version: q.Version}, r)
	return work.CacheSaved{Saved: saved}, err
}
