// Package cache keeps what jobs want to find again in later runs: dependencies,
// build results. It is no part of the record: nothing follows from it, what does
// not fit makes room, and it is neither rebuilt nor exported.
package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Limit is how many bytes a solution's entries may have together, as on GitHub.
const Limit = 10 << 30

// Entry is one thing that is kept.
type Entry struct {
	Solution, Scope, Key, Version string
	Digest                        string // of a blob of Caches.Blobs
	Size                          int64
	CreatedUS, UsedUS             int64 // microseconds since the epoch, UTC
}

// Store keeps the entries.
type Store interface {
	// CacheEntries gives those of one version in a scope, the newest first.
	CacheEntries(ctx context.Context, solution, scope, version string) ([]Entry, error)
	// AddCache reports false where solution, scope, version and key are taken.
	AddCache(ctx context.Context, e Entry) (added bool, err error)
	// UseCache sets the time of the last use.
	UseCache(ctx context.Context, e Entry) error
	DropCache(ctx context.Context, e Entry) error
	// TrimCaches removes entries of a solution, the longest unused first, until
	// the others have at most limit bytes; it gives the digests that no entry has
	// any more.
	TrimCaches(ctx context.Context, solution string, limit int64) (unused []string, err error)
	// CacheDigests are those that entries have.
	CacheDigests(ctx context.Context) (map[string]bool, error)
}

// Blobs keeps the bytes, and nothing else.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (digest string, size int64, err error)
	Open(ctx context.Context, digest string) (io.ReadCloser, error)
	Remove(ctx context.Context, digest string) error
	Digests(ctx context.Context) ([]string, error)
}

// Caches answers jobs.
type Caches struct {
	Store Store
	Blobs Blobs
	Now   func() time.Time
	Limit int64 // 0 means the constant
}

// Scopes are the refs whose entries a run reads, in order: its own, the one that
// a pull request goes to, the default branch. It writes the first alone.
func Scopes(t pipeline.Trigger, branch string) []string {
	var list []string
	add := func(ref string) {
		if !slices.Contains(list, ref) {
			list = append(list, ref)
		}
	}
	add(t.Ref)
	if t.BaseRef != "" {
		add("refs/heads/" + t.BaseRef)
	}
	add("refs/heads/" + branch)
	return list
}

// Query asks for an entry.
type Query struct {
	Solution string
	Scopes   []string // in the order in which they are looked at
	Keys     []string
	Version  string
}

// Find gives the entry for the first scope that has one: for each key in order
// the entry of that key, else the newest whose key begins with it.
func (c *Caches) Find(ctx context.Context, q Query) (Entry, bool, error) {
	for _, scope := range q.Scopes {
		entries, err := c.Store.CacheEntries(ctx, q.Solution, scope, q.Version)
		if err != nil {
			return Entry{}, false, fmt.Errorf("find cache: %w", err)
		}
		for _, key := range q.Keys {
			if e, ok := match(entries, key); ok {
				return e, true, nil
			}
		}
	}
	return Entry{}, false, nil
}

// match finds a key among entries of which the newest is the first.
func match(entries []Entry, key string) (Entry, bool) {
	if key == "" {
		return Entry{}, false // would begin every key
	}
	for _, e := range entries {
		if e.Key == key {
			return e, true
		}
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Key, key) {
			return e, true
		}
	}
	return Entry{}, false
}

// Read gives the bytes of the entry that a query with one scope and one key
// names exactly.
func (c *Caches) Read(ctx context.Context, q Query) (io.ReadCloser, error) {
	e, ok, err := c.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	if !ok || len(q.Keys) != 1 || e.Key != q.Keys[0] {
		return nil, fault.New(fault.NotFound, "cache %q is not there", q.Keys)
	}
	r, err := c.Blobs.Open(ctx, e.Digest)
	if fault.KindOf(err) == fault.NotFound {
		// Its bytes made room at the moment it was saved again: it is no cache.
		return nil, errors.Join(err, c.Store.DropCache(ctx, e))
	}
	if err != nil {
		return nil, err
	}
	e.UsedUS = c.Now().UnixMicro()
	if err := c.Store.UseCache(ctx, e); err != nil {
		return nil, errors.Join(fmt.Errorf("read cache %q: %w", e.Key, err), r.Close())
	}
	return r, nil
}

// Save keeps bytes under a key; it reports false, and reads nothing, where the
// key is taken. Entries that were not used for long make room.
func (c *Caches) Save(ctx context.Context, e Entry, r io.Reader) (saved bool, err error) {
	if e.Key == "" || e.Version == "" || e.Scope == "" {
		return false, fault.New(fault.Invalid, "save cache: want a key, a version and a ref")
	}
	entries, err := c.Store.CacheEntries(ctx, e.Solution, e.Scope, e.Version)
	if err != nil {
		return false, fmt.Errorf("save cache: %w", err)
	}
	for _, have := range entries {
		if have.Key == e.Key {
			return false, nil
		}
	}
	if saved, err = c.add(ctx, &e, r); err != nil {
		return false, fmt.Errorf("save cache %q: %w", e.Key, err)
	}
	if !saved {
		return false, c.discard(ctx, e.Digest)
	}
	unused, err := c.Store.TrimCaches(ctx, e.Solution, c.limit())
	if err != nil {
		return true, fmt.Errorf("make room for cache %q: %w", e.Key, err)
	}
	return true, c.remove(ctx, unused)
}

func (c *Caches) add(ctx context.Context, e *Entry, r io.Reader) (bool, error) {
	var err error
	if e.Digest, e.Size, err = c.Blobs.Put(ctx, io.LimitReader(r, c.limit()+1)); err != nil {
		return false, err
	}
	if e.Size > c.limit() {
		err := fault.New(fault.Invalid, "it is larger than %d bytes, the limit of all of a solution", c.limit())
		return false, errors.Join(err, c.discard(ctx, e.Digest))
	}
	e.CreatedUS = c.Now().UnixMicro()
	e.UsedUS = e.CreatedUS
	return c.Store.AddCache(ctx, *e)
}

func (c *Caches) limit() int64 {
	if c.Limit > 0 {
		return c.Limit
	}
	return Limit
}

// discard removes bytes unless an entry has them.
func (c *Caches) discard(ctx context.Context, digest string) error {
	used, err := c.Store.CacheDigests(ctx)
	if err != nil || used[digest] {
		return err
	}
	return c.Blobs.Remove(ctx, digest)
}

// Sweep removes bytes that no entry has, as a process leaves that was killed. It
// runs before anything is saved.
func (c *Caches) Sweep(ctx context.Context) error {
	used, err := c.Store.CacheDigests(ctx)
	if err != nil {
		return fmt.Errorf("sweep caches: %w", err)
	}
	there, err := c.Blobs.Digests(ctx)
	if err != nil {
		return fmt.Errorf("sweep caches: %w", err)
	}
	unused := slices.DeleteFunc(there, func(digest string) bool { return used[digest] })
	return c.remove(ctx, unused)
}

func (c *Caches) remove(ctx context.Context, digests []string) error {
	for _, digest := range digests {
		if err := c.Blobs.Remove(ctx, digest); err != nil {
			return fmt.Errorf("remove cache %s: %w", digest, err)
		}
	}
	return nil
}
