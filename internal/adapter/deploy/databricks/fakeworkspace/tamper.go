package fakeworkspace

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"time"
)

// intruder is who tampers: somebody beside the deployment.
var intruder = Principal{UserName: "somebody.else@example.com"}

// alter changes the state from outside of the REST API and saves it. Nothing is
// changed when it answers an error.
func (w *Workspace) alter(change func(at time.Time) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := change(w.config.Clock().UTC()); err != nil {
		return err
	}
	return w.save()
}

// TamperJob changes settings of a job by hand: the keys of a JSON object replace
// those of the settings, null removes one.
func (w *Workspace) TamperJob(id int64, changes json.RawMessage) error {
	return w.alter(func(time.Time) error {
		j, err := w.job(id)
		if err != nil {
			return err
		}
		var s settings
		if err := json.Unmarshal(changes, &s); err != nil || s == nil {
			return invalid("changes of job %d: want a JSON object.", id)
		}
		changed := maps.Clone(j.Settings)
		for k, v := range s {
			if changed[k] = v; string(v) == "null" {
				delete(changed, k)
			}
		}
		if err := changed.check(); err != nil {
			return err
		}
		j.Settings = changed
		return nil
	})
}

// TamperDuplicate makes a second job with the settings and so the name of another
// one, and gives its id.
func (w *Workspace) TamperDuplicate(id int64) (int64, error) {
	var made int64
	err := w.alter(func(at time.Time) error {
		j, err := w.job(id)
		if err != nil {
			return err
		}
		made = w.addJob(maps.Clone(j.Settings), intruder, at)
		w.state.Grants[jobObject(made).String()] = []Grant{intruder.grant("IS_OWNER")}
		return nil
	})
	return made, err
}

// TamperDelete removes a job.
func (w *Workspace) TamperDelete(id int64) error {
	return w.alter(func(time.Time) error {
		if _, err := w.job(id); err != nil {
			return err
		}
		delete(w.state.Jobs, id)
		delete(w.state.Grants, jobObject(id).String())
		return nil
	})
}

// TamperGrant adds a permission to a job.
func (w *Workspace) TamperGrant(id int64, g Grant) error {
	return w.alter(func(time.Time) error {
		if _, err := w.job(id); err != nil {
			return err
		}
		if err := g.check(kinds["jobs"]); err != nil {
			return err
		}
		key := jobObject(id).String()
		w.state.Grants[key] = append(slices.Clone(w.state.Grants[key]), g)
		return nil
	})
}

// TamperFile writes a file by hand, over another one or new, with the folders that
// it needs. A lock of a deployment held by another is such a file.
func (w *Workspace) TamperFile(name string, data []byte) error {
	return w.alter(func(at time.Time) error {
		kept, err := objectPath(name)
		if err != nil {
			return err
		}
		if file := w.makeDirectories(path.Dir(kept), intruder, at); file != "" {
			return invalid("%s is a file, not a folder.", file)
		}
		return w.put(kept, slices.Clone(data), intruder, at)
	})
}

// TamperRemove removes a file.
func (w *Workspace) TamperRemove(name string) error {
	return w.alter(func(time.Time) error {
		kept, o, err := w.find(name)
		switch {
		case err != nil:
			return err
		case !o.File:
			return invalid("%s is a folder: want a file.", name)
		}
		delete(w.state.Objects, kept)
		return nil
	})
}

// TamperRun starts a run of a job that stays active until EndRun, and gives its id.
func (w *Workspace) TamperRun(job int64) (int64, error) {
	var id int64
	err := w.alter(func(at time.Time) error {
		j, err := w.job(job)
		if err != nil {
			return err
		}
		r, err := w.start(j, intruder, at)
		if err == nil {
			id = r.ID
		}
		return err
	})
	return id, err
}

// EndRun ends an active run with a result, Success, Failed or Canceled.
func (w *Workspace) EndRun(id int64, result string) error {
	return w.alter(func(at time.Time) error {
		r, _, err := w.lookUp(id)
		switch {
		case err != nil:
			return err
		case !r.Ended.IsZero():
			return invalid("Run %d is not active.", id)
		case !slices.Contains([]string{Success, Failed, Canceled}, result):
			return invalid("result %q: want %s, %s or %s.", result, Success, Failed, Canceled)
		}
		r.Ended, r.Result = at, result
		for i := range r.Tasks {
			r.Tasks[i].Result = result
		}
		return nil
	})
}
