package traceability

import (
	"context"
	"slices"
	"sync"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/release"
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

// Name is what a file of the repository is called in items and findings.
func (r Repository) Name(path string) string {
	if r == Requirements {
		return "requirements:" + path
	}
	return path
}

// Sources reads items out of files, whatever the format of the file.
type Sources interface {
	// Open gives the reader of one repository at one commit. What the repository
	// says of how its files are read is read now; false of read is a file that is
	// not there.
	Open(r Repository, files []release.File, read func(path string) ([]byte, bool, error)) (Reader, []document.Finding, error)
	// TestMap reads the lines of a test map that are right; what is wrong with the
	// others is found when the file is read for items.
	TestMap(data []byte) trace.TestMap
}

// Reader reads the files of one repository at one commit.
type Reader interface {
	// Holds reports whether a file may hold items. The setting is everything but
	// the file itself that decides what Read gives for it.
	Holds(path string) (setting string, ok bool)
	// Read gives the items of one file and what is wrong with it.
	Read(path string, data []byte) ([]trace.Item, []document.Finding)
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
	var items [][]trace.Item
	var findings [][]document.Finding
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
		items, findings = append(items, found.items...), append(findings, found.findings...)
	}
	all, apart := trace.Meet(slices.Concat(items...))
	return all, slices.Concat(slices.Concat(findings...), apart, trace.Check(all, project)), nil
}

// scan reads the items of one repository, file by file.
func (t *Tracer) scan(ctx context.Context, tree Tree, commit string, r Repository) (out scannedFiles, err error) {
	files, err := tree.Files(ctx, commit, "")
	if err != nil {
		return out, err
	}
	reader, wrong, err := t.Sources.Open(r, files, func(path string) ([]byte, bool, error) { return tree.ReadFile(ctx, commit, path) })
	if err != nil {
		return out, err
	}
	out.findings = append(out.findings, wrong)
	for _, f := range files {
		setting, ok := reader.Holds(f.Path)
		if !ok {
			continue
		}
		key := fileKey{r.Name(f.Path), f.Object, setting}
		found, known := t.cache.get(key)
		if !known || f.Object == "" {
			data, _, err := tree.ReadFile(ctx, commit, f.Path)
			if err != nil {
				return out, err
			}
			found.items, found.findings = reader.Read(f.Path, data)
			t.cache.put(key, found)
		}
		out.items, out.findings = append(out.items, found.items), append(out.findings, found.findings)
	}
	return out, nil
}

// scanned is what one file holds.
type scanned struct {
	items    []trace.Item
	findings []document.Finding
}

// scannedFiles is the same for each file of a repository.
type scannedFiles struct {
	items    [][]trace.Item
	findings [][]document.Finding
}

// maxCached is how many files a cache keeps; beyond it, it begins again.
const maxCached = 4096

// fileKey is everything that decides what a file holds: its name, the id of its
// bytes, and the setting that it is read with.
type fileKey struct{ name, object, setting string }

// cache keeps what was read, so that one changed file is one file to read. Its
// zero value is ready.
type cache[K comparable, T any] struct {
	mu   sync.Mutex
	kept map[K]T
}

func (c *cache[K, T]) get(key K) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.kept[key]
	return v, ok
}

func (c *cache[K, T]) put(key K, v T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxCached {
		c.kept = map[K]T{}
	}
	c.kept[key] = v
}
