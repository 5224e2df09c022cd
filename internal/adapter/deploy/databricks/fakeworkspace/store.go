package fakeworkspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Open makes a workspace whose state is kept in a file: read now if it is there,
// and replaced after each change. Processes may use it one after another, never at
// once. It survives a process that is killed, not a power cut. Each change writes
// the whole file, which is for bundles of some hundred files; the log of what only
// read is written with the next change or by Save.
func Open(c Config, file string) (*Workspace, error) {
	w := New(c)
	raw, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("open sandbox workspace: %w", err)
	default:
		if w.state, err = readState(raw); err != nil {
			return nil, fmt.Errorf("open sandbox workspace %s: %w; delete the file to begin anew", file, err)
		}
		w.makeHomes()
	}
	w.path = file
	return w, w.save()
}

func readState(raw []byte) (state, error) {
	var s state
	if err := json.Unmarshal(raw, &s); err != nil {
		return state{}, err
	}
	if s.Schema != schema {
		return state{}, fmt.Errorf("schema %q: want %q", s.Schema, schema)
	}
	s.complete()
	for p, o := range s.Objects {
		if o == nil {
			return state{}, fmt.Errorf("object %q: it is null", p)
		}
	}
	for id, j := range s.Jobs {
		if j == nil || j.Settings == nil {
			return state{}, fmt.Errorf("job %d: it has no settings", id)
		}
	}
	for i, r := range s.Runs {
		if r == nil {
			return state{}, fmt.Errorf("run %d of the list: it is null", i)
		}
	}
	for i, f := range s.Faults {
		if f == nil {
			return state{}, fmt.Errorf("fault %d of the list: it is null", i)
		}
	}
	for i, f := range s.Failing {
		if f == nil {
			return state{}, fmt.Errorf("failing run %d of the list: it is null", i)
		}
	}
	return s, nil
}

// Save writes the state with the log of requests up to now; changes save it by
// themselves. Without a file it does nothing.
func (w *Workspace) Save() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.save()
}

func (w *Workspace) save() error {
	if w.path == "" {
		return nil
	}
	raw, err := json.Marshal(w.state)
	if err != nil {
		return fmt.Errorf("save sandbox workspace: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(w.path), "."+filepath.Base(w.path)+"-")
	if err != nil {
		return fmt.Errorf("save sandbox workspace: %w", err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), w.path)
	}
	if err != nil {
		return fmt.Errorf("save sandbox workspace: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
