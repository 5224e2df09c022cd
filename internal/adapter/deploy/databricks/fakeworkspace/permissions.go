package fakeworkspace

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Grant gives one principal one level on an object. Exactly one of the three names
// is set.
type Grant struct {
	User    string `json:"user_name,omitempty"`
	Group   string `json:"group_name,omitempty"`
	Service string `json:"service_principal_name,omitempty"`
	Level   string `json:"permission_level"`
}

// Access is one principal's rights on an object, with where they come from.
type Access struct {
	User    string  `json:"user_name,omitempty"`
	Group   string  `json:"group_name,omitempty"`
	Service string  `json:"service_principal_name,omitempty"`
	Display string  `json:"display_name,omitempty"`
	All     []Right `json:"all_permissions"`
}

// Right is one level, given on the object itself or on one above it.
type Right struct {
	Level     string   `json:"permission_level"`
	Inherited bool     `json:"inherited"`
	From      []string `json:"inherited_from_object,omitempty"`
}

// permitted is an object that has permissions: jobs or directories, and an id.
type permitted struct {
	kind string
	id   int64
}

const directories = "directories"

func jobObject(id int64) permitted { return permitted{"jobs", id} }

// String is the object's key and, behind a slash, its object_id.
func (p permitted) String() string { return p.kind + "/" + strconv.FormatInt(p.id, 10) }

// kind is what the API says about a kind of object.
type kind struct {
	name   string
	levels []string
	owner  string // level of who makes it
}

var kinds = map[string]kind{
	"jobs":      {"job", []string{"CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"}, "IS_OWNER"},
	directories: {"directory", []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"}, "CAN_MANAGE"},
}

// object is what the path of a call means; it must exist.
func (w *Workspace) permitted(c *call) (permitted, error) {
	name, text, _ := strings.Cut(c.rest, "/")
	id, err := strconv.ParseInt(text, 10, 64)
	if _, ok := kinds[name]; !ok {
		return permitted{}, refuse(http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found for '%s %s'.", c.r.Method, c.r.URL.Path)
	} else if err != nil {
		return permitted{}, invalid("%q is not an id of %s.", text, name)
	}
	p := permitted{name, id}
	if !w.exists(p) {
		return permitted{}, missing("%s %d does not exist.", kinds[name].name, id)
	}
	return p, nil
}

func (w *Workspace) exists(p permitted) bool {
	if p.kind == "jobs" {
		return w.state.Jobs[p.id] != nil
	}
	for _, o := range w.state.Objects {
		if o.ID == p.id && !o.File {
			return true
		}
	}
	return false
}

// owned checks grants and adds the caller as owner where none is named: a job has
// exactly one, and it is no group.
func (w *Workspace) owned(p permitted, grants []Grant, by Principal) ([]Grant, error) {
	owners := 0
	for _, g := range grants {
		if err := g.check(kinds[p.kind]); err != nil {
			return nil, err
		}
		if g.Level != "IS_OWNER" {
			continue
		}
		owners++
		if g.Group != "" {
			return nil, invalid("Group %q cannot be the owner of a job.", g.Group)
		}
	}
	switch {
	case owners > 1:
		return nil, invalid("The job must have exactly one owner, not %d.", owners)
	case p.kind == "jobs" && owners == 0:
		grants = append(slices.Clone(grants), by.grant("IS_OWNER"))
	}
	return grants, nil
}

func (p Principal) grant(level string) Grant {
	if p.Service {
		return Grant{Service: p.UserName, Level: level}
	}
	return Grant{User: p.UserName, Level: level}
}

func (g Grant) check(k kind) error {
	named := 0
	for _, n := range []string{g.User, g.Group, g.Service} {
		if n != "" {
			named++
		}
	}
	if named != 1 {
		return invalid("access_control_list: want one of user_name, group_name and service_principal_name in each entry.")
	}
	if !slices.Contains(k.levels, g.Level) {
		return invalid("permission_level %q of a %s: want one of %s.", g.Level, k.name, strings.Join(k.levels, ", "))
	}
	return nil
}

// accesses are the rights on an object: what was given, and what the group admins
// inherits from the workspace.
func (w *Workspace) accesses(p permitted) []Access {
	var out []Access
	of := func(g Grant, r Right) {
		for i, a := range out {
			if a.User == g.User && a.Group == g.Group && a.Service == g.Service {
				out[i].All = append(a.All, r)
				return
			}
		}
		out = append(out, Access{User: g.User, Group: g.Group, Service: g.Service, Display: g.User + g.Group + g.Service, All: []Right{r}})
	}
	for _, g := range w.state.Grants[p.String()] {
		of(g, Right{Level: g.Level})
	}
	of(Grant{Group: "admins"}, Right{Level: "CAN_MANAGE", Inherited: true, From: []string{"/" + p.kind + "/"}})
	return out
}

func (w *Workspace) describePermissions(p permitted) any {
	return map[string]any{"object_id": "/" + p.String(), "object_type": kinds[p.kind].name, "access_control_list": w.accesses(p)}
}

func getPermissions(w *Workspace, c *call) (any, error) {
	p, err := w.permitted(c)
	if err != nil {
		return nil, err
	}
	return w.describePermissions(p), nil
}

// grants reads the body of a change.
func (c *call) grants() ([]Grant, error) {
	var in struct {
		List []Grant `json:"access_control_list"`
	}
	err := c.decode(&in)
	return in.List, err
}

// setPermissions replaces what was given on the object.
func setPermissions(w *Workspace, c *call) (any, error) {
	p, err := w.permitted(c)
	if err != nil {
		return nil, err
	}
	grants, err := c.grants()
	if err != nil {
		return nil, err
	}
	if grants, err = w.owned(p, grants, c.by); err != nil {
		return nil, err
	}
	w.state.Grants[p.String()] = grants
	return w.describePermissions(p), nil
}

// updatePermissions adds to it; a principal has its last level.
func updatePermissions(w *Workspace, c *call) (any, error) {
	p, err := w.permitted(c)
	if err != nil {
		return nil, err
	}
	added, err := c.grants()
	if err != nil {
		return nil, err
	}
	grants := slices.DeleteFunc(slices.Clone(w.state.Grants[p.String()]), func(g Grant) bool {
		return slices.ContainsFunc(added, func(a Grant) bool { return a.User == g.User && a.Group == g.Group && a.Service == g.Service })
	})
	if grants, err = w.owned(p, append(grants, added...), c.by); err != nil {
		return nil, err
	}
	w.state.Grants[p.String()] = grants
	return w.describePermissions(p), nil
}
