package standin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// deploy makes the workspace what the bundle says, in the order of the real
// program: look at the state, lock, wheels, files, deployment.json, jobs,
// permissions, resources.json, metadata.json, unlock. The state is read again
// under the lock.
func (s *session) deploy(ctx context.Context) error {
	if err := s.deployable(); err != nil {
		return err
	}
	files, found := s.bundle.Files()
	if err := s.say(found); err != nil {
		return err
	}
	if _, err := s.status(ctx, s.bundle.RootPath()); err != nil && !missing(err) {
		return err
	}
	if err := s.noTerraform(ctx); err != nil {
		return err
	}
	if _, err := s.readState(ctx); err != nil {
		return err
	}
	before, err := s.readDeployment(ctx)
	if err != nil {
		return err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.deployLocked(ctx, files, before), unlock())
}

// deployable refuses what the stand-in or the checkout cannot do.
func (s *session) deployable() error {
	artifacts := s.bundle.Config.Get("artifacts")
	for _, name := range artifacts.Keys() {
		if a := artifacts.Get(name); !a.Get("build").Null() || a.Get("type").String() == "whl" {
			return fmt.Errorf("artifact %s: the stand-in builds nothing; build before and name the wheel by its path", name)
		}
	}
	git := s.bundle.Config.At("bundle", "git")
	want, is := git.Get("branch").String(), git.Get("actual_branch").String()
	if is != "" && want != is && !s.force { // a detached head is not looked at
		return fmt.Errorf("not on the right Git branch: expected %s, actual %s. Use --force to override", want, is)
	}
	return nil
}

func (s *session) deployLocked(ctx context.Context, files []string, before deployment) error {
	st, err := s.readState(ctx)
	if err != nil {
		return err
	}
	var p *plan
	if s.flags.plan != "" {
		if p, err = s.approved(st); err != nil {
			return err
		}
	}
	if s.failActive {
		if err := s.noActiveRuns(ctx, st); err != nil {
			return err
		}
	}
	if err := s.permitFolder(ctx); err != nil {
		return err
	}
	if err := s.uploadAll(ctx, files, before); err != nil {
		return err
	}
	if p == nil {
		if p, err = s.plan(ctx, st); err != nil {
			return err
		}
	}
	s.tell("Deploying resources...")
	if err := s.apply(ctx, p, &st); err != nil {
		// what is made already is remembered
		return errors.Join(err, s.writeState(ctx, &st))
	}
	s.tell("Updating deployment state...")
	if err := s.writeState(ctx, &st); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	if err := s.writeMetadata(ctx, st); err != nil {
		return err
	}
	s.tell("Deployment complete!")
	return nil
}

// folderLevels are those of a folder for the levels of a bundle.
var folderLevels = map[string]string{"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ", "CAN_RUN": "CAN_RUN"}

// permitFolder gives the root the permissions of the bundle, except among the
// folders that all users may write.
func (s *session) permitFolder(ctx context.Context) error {
	given := s.bundle.Config.Get("permissions").Items()
	root := s.bundle.RootPath()
	if strings.HasPrefix(root, "/Workspace/Shared/") {
		s.tell("Warning: the bundle root path %s is writable by all workspace users", root)
		return nil
	}
	if len(given) == 0 {
		return nil
	}
	o, err := s.usable(ctx, root)
	if err != nil {
		return err
	}
	var list []map[string]any
	for _, g := range given {
		p := at(g.Plain())
		p["permission_level"] = folderLevels[g.Get("level").String()]
		delete(p, "level")
		list = append(list, p)
	}
	return s.client.change(ctx, http.MethodPut, fmt.Sprintf("/api/2.0/permissions/directories/%d", o.ID), map[string]any{"access_control_list": list}, nil)
}

// noActiveRuns refuses to deploy under runs.
func (s *session) noActiveRuns(ctx context.Context, st state) error {
	var active []string
	for _, key := range slices.Sorted(maps.Keys(st.State)) {
		if _, isPermission := jobOf(key); isPermission {
			continue
		}
		var got struct {
			Runs []struct {
				ID int64 `json:"run_id"`
			} `json:"runs"`
		}
		if err := s.client.get(ctx, "/api/2.2/jobs/runs/list", url.Values{"job_id": {st.State[key].ID}, "active_only": {"true"}}, &got); err != nil {
			return err
		}
		for _, r := range got.Runs {
			active = append(active, fmt.Sprintf("run %d of %s", r.ID, key))
		}
	}
	if len(active) > 0 {
		return fmt.Errorf("deployment is blocked by active runs: %s", strings.Join(active, ", "))
	}
	return nil
}

// apply carries a plan out: deletes first, then jobs after those whose ids they
// hold, each with its permissions.
func (s *session) apply(ctx context.Context, p *plan, st *state) error {
	for _, key := range slices.Sorted(maps.Keys(p.Plan)) {
		if p.Plan[key].Action == destroy {
			if err := s.deleteResource(ctx, key, p, st); err != nil {
				return fmt.Errorf("delete %s: %w", key, err)
			}
		}
	}
	order, err := p.order()
	if err != nil {
		return err
	}
	for _, key := range order {
		if err := s.applyStep(ctx, key, p.Plan[key], st); err != nil {
			return fmt.Errorf("%s %s: %w", p.Plan[key].Action, key, err)
		}
	}
	return nil
}

// deleteResource: permissions go with their job; a job that stays keeps its owner.
func (s *session) deleteResource(ctx context.Context, key string, p *plan, st *state) error {
	e := st.State[key]
	if job, isPermission := jobOf(key); isPermission {
		if of := p.Plan[job]; of != nil && of.Action != destroy && of.Action != recreate {
			if err := s.put(ctx, e.ID, s.permissions(nil)); err != nil {
				return err
			}
		}
	} else if err := s.deleteJob(ctx, e.ID); err != nil {
		return err
	}
	delete(st.State, key)
	return nil
}

func (s *session) deleteJob(ctx context.Context, id string) error {
	err := s.client.post(ctx, "/api/2.2/jobs/delete", map[string]any{"job_id": json.Number(id)}, nil)
	if missing(err) {
		return nil
	}
	return err
}

// order are the keys of what is made or changed, each after what it refers to.
func (p *plan) order() ([]string, error) {
	var out, path []string
	var visit func(key string) error
	visit = func(key string) error {
		at := p.Plan[key]
		if at == nil || at.NewState == nil || slices.Contains(out, key) {
			return nil
		}
		if slices.Contains(path, key) {
			return fmt.Errorf("%s and %s refer to each other", key, path[len(path)-1])
		}
		path = append(path, key)
		for _, m := range reference.FindAllStringSubmatch(encode(at.NewState.Value), -1) {
			if err := visit(strings.TrimSuffix(m[1], ".id")); err != nil {
				return err
			}
		}
		if job, isPermission := jobOf(key); isPermission {
			if err := visit(job); err != nil {
				return err
			}
		}
		path, out = path[:len(path)-1], append(out, key)
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(p.Plan)) {
		if err := visit(key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *session) applyStep(ctx context.Context, key string, at *step, st *state) error {
	value, err := known(at.NewState.Value, *st)
	if err != nil {
		return err
	}
	if left := reference.FindString(encode(value)); left != "" {
		return fmt.Errorf("%s refers to nothing that is deployed", left)
	}
	if job, isPermission := jobOf(key); isPermission {
		of, ok := st.State[job]
		if !ok {
			return fmt.Errorf("%s is not deployed", job)
		}
		return s.setPermissions(ctx, key, "/jobs/"+of.ID, value, st)
	}
	return s.setJob(ctx, key, at.Action, value, st)
}

func (s *session) setJob(ctx context.Context, key, action string, settings any, st *state) error {
	before := st.State[key]
	if action == recreate {
		if err := s.deleteJob(ctx, before.ID); err != nil {
			return err
		}
		delete(st.State, key)
	}
	if action == update {
		body := map[string]any{"job_id": json.Number(before.ID), "new_settings": settings}
		if err := s.client.post(ctx, "/api/2.2/jobs/reset", body, nil); err != nil {
			return err
		}
		st.State[key] = entry{before.ID, settings}
	} else {
		var made struct {
			ID json.Number `json:"job_id"`
		}
		if err := s.client.post(ctx, "/api/2.2/jobs/create", settings, &made); err != nil {
			return err
		}
		st.State[key] = entry{made.ID.String(), settings}
	}
	_, err := s.remoteJob(ctx, st.State[key].ID)
	return err
}

func (s *session) setPermissions(ctx context.Context, key, object string, value any, st *state) error {
	list, _ := at(value)["permissions"].([]any)
	if err := s.put(ctx, object, list); err != nil {
		return err
	}
	st.State[key] = entry{object, map[string]any{"object_id": object, "permissions": list}}
	return nil
}

func (s *session) put(ctx context.Context, object string, list []any) error {
	return s.client.change(ctx, http.MethodPut, "/api/2.0/permissions"+object, map[string]any{"access_control_list": list}, nil)
}

// writeMetadata says which commit is deployed, for whoever looks at the workspace.
func (s *session) writeMetadata(ctx context.Context, st state) error {
	of := at(s.bundle.Config.Get("bundle").Plain())
	jobs := map[string]any{}
	for key, e := range st.State {
		if _, isPermission := jobOf(key); isPermission {
			continue
		}
		name, in := strings.TrimPrefix(key, jobPrefix), ""
		if job := s.bundle.Jobs()[name]; job != nil {
			in = job.Place.File
		}
		jobs[name] = map[string]any{"id": e.ID, "relative_path": in}
	}
	data, err := json.MarshalIndent(map[string]any{
		"version": 1,
		"config": map[string]any{
			"bundle":    map[string]any{"name": of["name"], "target": of["target"], "mode": of["mode"], "git": of["git"]},
			"workspace": map[string]any{"file_path": s.bundle.FilePath()},
			"resources": map[string]any{"jobs": jobs},
		},
		"extra": map[string]any{"cli_version": Version, "time": time.Now().UTC().Format(time.RFC3339)},
	}, "", "  ")
	if err != nil {
		return err
	}
	return s.upload(ctx, s.bundle.StatePath()+"/metadata.json", data, true)
}
