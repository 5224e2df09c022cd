package traceability

import (
	"context"
	"sync"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// Pin names the commits that items are read at; they never move.
type Pin struct {
	Solution     string
	Code         string
	Requirements string // "" for no repository of requirements
}

// PinOf is the pin of a registered release.
func PinOf(s gate.Standing) Pin {
	r := s.Registered
	return Pin{Solution: r.Solution, Code: r.Commit, Requirements: r.RequirementsCommit}
}

// Repository is one of the two that hold items.
type Repository string

// The repositories. The files of the second have their name before the path.
const (
	Code         Repository = "code"
	Requirements Repository = "requirements"
)

// prefix tells a file of one repository from one of the other.
func (r Repository) prefix() string {
	if r == Requirements {
		return "requirements:"
	}
	return ""
}

// Sources reads items out of files, whatever the format of the file.
type Sources interface {
	// Holds reports whether a file of a repository may hold items.
	Holds(r Repository, path string) bool
	// Read gives the items of one file and what is wrong with it. The name is
	// what findings call it.
	Read(name string, data []byte) ([]trace.Item, []document.Finding)
}

// Items reads the items of both repositories at their pinned commits, with the
// findings of all of them. Without a profile, as in a rehearsal, nobody knows
// whose ids these are, and those of other projects are not told apart.
func (t *Tracer) Items(ctx context.Context, p Pin) ([]trace.Item, []document.Finding, error) {
	s, err := t.Solutions.Solution(ctx, p.Solution)
	if err != nil {
		return nil, nil, err
	}
	project := p.Solution
	if s.Profile == "" {
		project = ""
	}
	code, err := t.Repositories.CodeTree(ctx, s.Baseline)
	if err != nil {
		return nil, nil, err
	}
	var requirements Tree
	if p.Requirements != "" {
		if requirements, err = t.Repositories.RequirementsTree(ctx, s.Baseline); err != nil {
			return nil, nil, err
		}
	}
	return t.gather(ctx, code, requirements, p, project)
}

// gather reads both trees at the commits of the pin; requirements may be nil.
func (t *Tracer) gather(ctx context.Context, code, requirements Tree, p Pin, project string) ([]trace.Item, []document.Finding, error) {
	var all scanned
	for _, from := range []struct {
		tree   Tree
		commit string
		name   Repository
	}{{requirements, p.Requirements, Requirements}, {code, p.Code, Code}} {
		if from.tree == nil {
			continue
		}
		found, err := t.scan(ctx, from.tree, from.commit, from.name)
		if err != nil {
			return nil, nil, err
		}
		all.items, all.findings = append(all.items, found.items...), append(all.findings, found.findings...)
	}
	return all.items, append(all.findings, trace.Check(all.items, project)...), nil
}

// scan reads the items of one repository.
func (t *Tracer) scan(ctx context.Context, tree Tree, commit string, r Repository) (out scanned, err error) {
	files, err := tree.Files(ctx, commit, "")
	if err != nil {
		return out, err
	}
	for _, f := range files {
		if !t.Sources.Holds(r, f.Path) {
			continue
		}
		name := r.prefix() + f.Path
		found, known := t.cache.get(name, f.Object)
		if !known {
			data, _, err := tree.ReadFile(ctx, commit, f.Path)
			if err != nil {
				return out, err
			}
			found.items, found.findings = t.Sources.Read(name, data)
			t.cache.put(name, f.Object, found)
		}
		out.items, out.findings = append(out.items, found.items...), append(out.findings, found.findings...)
	}
	return out, nil
}

// scanned is what one file holds.
type scanned struct {
	items    []trace.Item
	findings []document.Finding
}

// maxCached is how many files a cache keeps; beyond it, it begins again.
const maxCached = 4096

// cache keeps what a file holds by its name and the id of its bytes, so that
// one changed file is one file to read. Its zero value is ready.
type cache[T any] struct {
	mu    sync.Mutex
	files map[[2]string]T
}

func (c *cache[T]) get(name, object string) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.files[[2]string{name, object}]
	return s, ok && object != ""
}

func (c *cache[T]) put(name, object string, s T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil || len(c.files) >= maxCached {
		c.files = map[[2]string]T{}
	}
	c.files[[2]string{name, object}] = s
}
