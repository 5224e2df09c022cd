package standin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

const planVersion = 2

// The actions of a plan.
const (
	create   = "create"
	update   = "update"
	recreate = "recreate" // it is gone from the workspace, or has to be made anew
	destroy  = "delete"
	skip     = "skip"
)

// plan is what a deployment will do, as `bundle plan -o json` prints it. The
// files are no part of it.
type plan struct {
	Version    int              `json:"plan_version"`
	CLIVersion string           `json:"cli_version"`
	Lineage    string           `json:"lineage"`
	Serial     int              `json:"serial"` // of the state that it was made from
	Plan       map[string]*step `json:"plan"`
}

// step is what happens to one resource.
type step struct {
	Action   string            `json:"action"`
	NewState *newState         `json:"new_state,omitempty"`
	Changes  map[string]change `json:"changes,omitempty"`
}

type newState struct {
	Value any `json:"value"`
}

// reference is the id of another job, which exists only after that is made.
var reference = regexp.MustCompile(`\$\{(resources\.[\w-]+(?:\.[\w-]+)*)\}`)

// plan compares what shall be with the state and with the workspace.
func (s *session) plan(ctx context.Context, st state) (*plan, error) {
	want, err := s.desired()
	if err != nil {
		return nil, err
	}
	p := &plan{planVersion, Version, st.Lineage, st.Serial, map[string]*step{}}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, err := known(want[key], st)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if p.Plan[key], err = s.step(ctx, key, value, st); err != nil {
			return nil, fmt.Errorf("plan %s: %w", key, err)
		}
	}
	for key := range st.State {
		if want[key] == nil {
			p.Plan[key] = &step{Action: destroy}
		}
	}
	return p, s.prevented(p)
}

// desired are the settings of jobs and their permissions, by the keys of the
// state.
func (s *session) desired() (map[string]any, error) {
	for _, kind := range s.bundle.Config.Get("resources").Keys() {
		if kind != "jobs" && len(s.bundle.Config.At("resources", kind).Keys()) > 0 {
			return nil, fmt.Errorf("resources.%s: the stand-in deploys jobs only", kind)
		}
	}
	want := map[string]any{}
	for name, job := range s.bundle.Jobs() {
		settings := at(job.Plain())
		given, _ := settings["permissions"].([]any)
		for _, apart := range []string{"permissions", "lifecycle", "id", "url"} {
			delete(settings, apart)
		}
		want[jobKey(name)] = settings
		if len(given) > 0 {
			want[jobKey(name)+permissionSuffix] = map[string]any{"permissions": s.permissions(given)}
		}
	}
	return want, nil
}

// permissions are those of a job with who deploys as its owner.
func (s *session) permissions(given []any) []any {
	owner := map[string]any{"permission_level": "IS_OWNER", "service_principal_name": s.user.Name}
	if s.person {
		owner = map[string]any{"permission_level": "IS_OWNER", "user_name": s.user.Name}
	}
	var out []any
	for _, g := range given {
		p := maps.Clone(at(g))
		p["permission_level"] = p["level"]
		delete(p, "level")
		if p["permission_level"] == "IS_OWNER" {
			owner = nil
		}
		out = append(out, p)
	}
	if owner != nil {
		out = append(out, owner)
	}
	return out
}

// known replaces references to ids that the state has. Others stay until what
// they refer to is made.
func known(v any, st state) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		for k, f := range x {
			f, err := known(f, st)
			if err != nil {
				return nil, err
			}
			x[k] = f
		}
	case []any:
		for i, f := range x {
			f, err := known(f, st)
			if err != nil {
				return nil, err
			}
			x[i] = f
		}
	case string:
		for _, m := range reference.FindAllStringSubmatch(x, -1) {
			job, isID := strings.CutSuffix(m[1], ".id")
			if !isID || strings.Count(job, ".") != 2 || !strings.HasPrefix(job, jobPrefix) {
				return nil, fmt.Errorf("%s: the stand-in knows the ids of jobs only", m[0])
			}
			e, ok := st.State[job]
			switch {
			case ok && m[0] == x:
				return json.Number(e.ID), nil
			case ok:
				x = strings.ReplaceAll(x, m[0], e.ID)
			}
		}
		return x, nil
	}
	return v, nil
}

func (s *session) step(ctx context.Context, key string, value any, st state) (*step, error) {
	next := &step{Action: create, NewState: &newState{value}}
	before, deployed := st.State[key]
	if !deployed {
		return next, nil
	}
	var remote any
	var err error
	if _, isPermission := jobOf(key); isPermission {
		remote, err = s.remotePermissions(ctx, before.ID)
	} else {
		remote, err = s.remoteJob(ctx, before.ID)
	}
	if missing(err) {
		next.Action = recreate
		return next, nil
	}
	if err != nil {
		return nil, err
	}
	old := maps.Clone(at(before.State))
	delete(old, "object_id")
	next.Changes = compare(old, value, remote)
	next.Action = update
	if len(next.Changes) == 0 {
		return &step{Action: skip}, nil
	}
	return next, nil
}

// paged are the lists of a job that come in pages.
var paged = []string{"tasks", "job_clusters", "environments", "parameters"}

// remoteJob are the settings of a job, with all pages.
func (s *session) remoteJob(ctx context.Context, id string) (any, error) {
	var whole map[string]any
	query := url.Values{"job_id": {id}}
	for {
		var got struct {
			Settings map[string]any `json:"settings"`
			Next     string         `json:"next_page_token"`
		}
		if err := s.client.get(ctx, "/api/2.2/jobs/get", query, &got); err != nil {
			return nil, err
		}
		if whole == nil {
			whole = got.Settings
		} else {
			for _, key := range paged {
				first, _ := whole[key].([]any)
				if more, ok := got.Settings[key].([]any); ok {
					whole[key] = append(first, more...)
				}
			}
		}
		if got.Next == "" {
			return whole, nil
		}
		query.Set("page_token", got.Next)
	}
}

// remotePermissions are those that were given on the job itself. object is
// /jobs/ID.
func (s *session) remotePermissions(ctx context.Context, object string) (any, error) {
	var got struct {
		List []map[string]any `json:"access_control_list"`
	}
	if err := s.client.get(ctx, "/api/2.0/permissions"+object, nil, &got); err != nil {
		return nil, err
	}
	out := []any{}
	for _, access := range got.List {
		rights, _ := access["all_permissions"].([]any)
		for _, right := range rights {
			if at(right)["inherited"] == true {
				continue
			}
			own := map[string]any{"permission_level": at(right)["permission_level"]}
			for _, k := range []string{"group_name", "user_name", "service_principal_name"} {
				if access[k] != nil {
					own[k] = access[k]
				}
			}
			out = append(out, own)
		}
	}
	return map[string]any{"permissions": out}, nil
}

// prevented refuses to delete what the configuration protects. A block that is
// gone protects nothing.
func (s *session) prevented(p *plan) error {
	var all []error
	for name, job := range s.bundle.Jobs() {
		at := p.Plan[jobKey(name)]
		if job.At("lifecycle", "prevent_destroy").String() == "true" && at != nil && (at.Action == recreate || at.Action == destroy) {
			all = append(all, fmt.Errorf("%s has lifecycle.prevent_destroy set, but the plan calls for its %s", jobKey(name), at.Action))
		}
	}
	return errors.Join(all...)
}

func (s *session) showPlan(ctx context.Context) error {
	if _, err := s.status(ctx, s.bundle.RootPath()); err != nil && !missing(err) {
		return err
	}
	if err := s.noTerraform(ctx); err != nil {
		return err
	}
	st, err := s.readState(ctx)
	if err != nil {
		return err
	}
	p, err := s.plan(ctx, st)
	if err != nil {
		return err
	}
	if s.json() {
		return s.print(p)
	}
	for _, key := range slices.Sorted(maps.Keys(p.Plan)) {
		if a := p.Plan[key].Action; a != skip {
			fmt.Fprintf(s.out, "%s %s\n", a, strings.TrimPrefix(key, "resources."))
		}
	}
	_, err = fmt.Fprintln(s.out, p.summary())
	return err
}

func (p *plan) summary() string {
	n := map[string]int{}
	for _, s := range p.Plan {
		n[s.Action]++
	}
	return fmt.Sprintf("Plan: %d to add, %d to change, %d to delete, %d unchanged",
		n[create]+n[recreate], n[update], n[destroy]+n[recreate], n[skip])
}

// approved is the plan of --plan. It must have been made from this state, and
// for this place.
func (s *session) approved(st state) (*plan, error) {
	data, err := os.ReadFile(s.flags.plan)
	if err != nil {
		return nil, err
	}
	var p plan
	if err := decode(data, &p); err != nil {
		return nil, fmt.Errorf("plan %s: %w", s.flags.plan, err)
	}
	switch {
	case p.Version != planVersion:
		return nil, fmt.Errorf("plan %s: plan_version %d, want %d", s.flags.plan, p.Version, planVersion)
	case p.Lineage != st.Lineage:
		return nil, fmt.Errorf("plan lineage %q does not match state lineage %q", p.Lineage, st.Lineage)
	case p.Serial != st.Serial:
		return nil, fmt.Errorf("plan serial %d does not match state serial %d", p.Serial, st.Serial)
	}
	for key, step := range p.Plan {
		if step == nil {
			return nil, fmt.Errorf("plan %s: %s is null", s.flags.plan, key)
		}
		if step.NewState == nil {
			if step.Action == create || step.Action == update || step.Action == recreate {
				return nil, fmt.Errorf("plan %s: %s has no new_state", s.flags.plan, key)
			}
			continue
		}
		if _, isPermission := jobOf(key); isPermission {
			continue
		}
		of, want := at(step.NewState.Value, "deployment")["metadata_file_path"], s.bundle.StatePath()+"/metadata.json"
		if of != want {
			return nil, fmt.Errorf("plan %s is for another place: %s has its metadata at %v, want %s", s.flags.plan, key, of, want)
		}
	}
	return &p, nil
}
