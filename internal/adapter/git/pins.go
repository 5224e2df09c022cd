package git

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// pinsSchema is that of the file pins.json.
const pinsSchema = "dc-release/actions/v1"

// Pins is the offline store of actions and reusable workflows of other
// repositories: a bare mirror of each, and the commits that refs are pinned to.
// A ref that was pinned never moves by itself.
//
//	DIR/pins.json
//	DIR/OWNER/NAME.git
type Pins struct {
	dir string
	mu  sync.Mutex
}

// OpenPins opens a store; a directory that is not there is an empty store.
func OpenPins(dir string) *Pins { return &Pins{dir: dir} }

type pinsFile struct {
	Schema string         `json:"schema"`
	Pins   []pipeline.Pin `json:"pins"`
}

// List gives every pin, sorted.
func (p *Pins) List() ([]pipeline.Pin, error) {
	raw, err := os.ReadFile(filepath.Join(p.dir, "pins.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var f pinsFile
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err == nil && f.Schema != pinsSchema {
		err = fmt.Errorf("schema %q: want %q", f.Schema, pinsSchema)
	}
	if err != nil {
		return nil, fmt.Errorf("read pins of actions: %w", err)
	}
	return f.Pins, nil
}

// Find gives the pin of a repository and ref; a full commit id is found where any
// ref is pinned to it. Repositories have no case.
func (p *Pins) Find(repository, ref string) (pipeline.Pin, bool, error) {
	list, err := p.List()
	for _, pin := range list {
		if strings.EqualFold(pin.Repository, repository) && (pin.Ref == ref || pin.Commit == ref) {
			return pin, true, err
		}
	}
	return pipeline.Pin{}, false, err
}

// Dir is the mirror of a repository.
func (p *Pins) Dir(repository string) string {
	return filepath.Join(p.dir, filepath.FromSlash(strings.ToLower(repository))+".git")
}

var repositoryForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$`)

// Resolve fetches a repository from a source, a path or URL, and says what a ref
// of it (a tag, a branch or a commit id) is there. The commit stays in the store;
// nothing is pinned.
func (p *Pins) Resolve(ctx context.Context, repository, ref, source string) (pipeline.Pin, error) {
	if !repositoryForm.MatchString(repository) || strings.HasSuffix(repository, "/..") || strings.HasSuffix(repository, "/.") {
		return pipeline.Pin{}, fault.New(fault.Invalid, "repository %q: want OWNER/NAME", repository)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := Mirror(ctx, source, p.Dir(repository))
	if err != nil {
		return pipeline.Pin{}, fault.New(fault.Invalid, "%v", err).WithHint("give the path of a clone, a bare repository or a URL that this machine reaches")
	}
	for _, name := range []string{"refs/tags/" + ref, "refs/heads/" + ref, ref} {
		if name == ref && !strings.HasPrefix(ref, "refs/") && !isObject(ref) {
			continue
		}
		at, ok, err := r.Resolve(ctx, name)
		if err != nil {
			return pipeline.Pin{}, err
		}
		if !ok {
			continue
		}
		tree, _, err := r.object(ctx, at.Commit+"^{tree}")
		if err != nil {
			return pipeline.Pin{}, err
		}
		return pipeline.Pin{Repository: repository, Ref: ref, Commit: at.Commit, Tree: tree, Source: source}, r.Keep(ctx, at.Commit)
	}
	return pipeline.Pin{}, fault.New(fault.NotFound, "%s has no tag, branch or commit %q", source, ref)
}

// Put writes a pin, in the place of one for the same ref.
func (p *Pins) Put(pin pipeline.Pin) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, err := p.List()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(have pipeline.Pin) bool {
		return strings.EqualFold(have.Repository, pin.Repository) && have.Ref == pin.Ref
	})
	list = append(list, pin)
	slices.SortFunc(list, func(a, b pipeline.Pin) int { return strings.Compare(a.Name(), b.Name()) })
	raw, err := json.MarshalIndent(pinsFile{Schema: pinsSchema, Pins: list}, "", "  ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(p.dir, "pins.json.tmp")
	if err := os.WriteFile(tmp, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write pins of actions: %w", err)
	}
	return os.Rename(tmp, filepath.Join(p.dir, "pins.json"))
}

// File reads a file of a pinned repository; ok is false when the ref is not
// pinned or the file is not there.
func (p *Pins) File(ctx context.Context, repository, ref, path string) (data []byte, commit string, ok bool, err error) {
	pin, ok, err := p.Find(repository, ref)
	if err != nil || !ok {
		return nil, "", false, err
	}
	r, err := Open(ctx, p.Dir(repository))
	if err != nil {
		return nil, "", false, err
	}
	data, ok, err = r.ReadFile(ctx, pin.Commit, path)
	return data, pin.Commit, ok, err
}

// Verify names what is wrong with a pin: its commit is not whole, or is not what
// was pinned, or the ref has moved at a source, "" for none to ask.
func (p *Pins) Verify(ctx context.Context, pin pipeline.Pin, source string) (string, error) {
	r, err := Open(ctx, p.Dir(pin.Repository))
	if err != nil {
		return "its repository is not in the store", nil
	}
	tree, ok, err := r.object(ctx, pin.Commit+"^{tree}")
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "its commit is not in the store", nil
	case tree != pin.Tree:
		return fmt.Sprintf("its tree is %s, pinned was %s", tree, pin.Tree), nil
	}
	if _, err := r.run(ctx, "fsck", "--no-dangling", "--no-progress", "--strict", pin.Commit); err != nil {
		return fmt.Sprintf("its objects are damaged: %v", err), nil
	}
	if source == "" {
		return "", nil
	}
	now, err := p.Resolve(ctx, pin.Repository, pin.Ref, source)
	switch {
	case err != nil:
		return err.Error(), nil
	case now.Commit != pin.Commit:
		return fmt.Sprintf("the ref moved at %s: it is %s now, pinned was %s", source, now.Commit, pin.Commit), nil
	}
	return "", nil
}
