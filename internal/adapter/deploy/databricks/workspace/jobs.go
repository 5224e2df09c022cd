package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	jobPath  = "/api/2.2/jobs/get"
	jobsPath = "/api/2.2/jobs/list"
	runsPath = "/api/2.2/jobs/runs/list"
)

// JobName is a job as a list shows it.
type JobName struct {
	ID      int64
	Name    string
	Creator string
}

// JobsByName lists every job of a name, in the order of their ids. The service
// compares names without regard to case; whoever wants one spelling looks at Name.
func (c *Client) JobsByName(ctx context.Context, name string) (Answer[[]JobName], error) {
	var out []JobName
	if name == "" {
		return Answer[[]JobName]{}, errors.New("list jobs: want a name")
	}
	seen, err := pages(ctx, c, jobsPath, url.Values{"name": {name}, "limit": {"100"}}, func(f fields) error {
		for _, j := range f.objects("jobs") {
			out = append(out, JobName{ID: j.id("job_id"), Name: j.object("settings").text("name"), Creator: j.text("creator_user_name")})
		}
		return nil
	})
	if err != nil {
		return Answer[[]JobName]{}, err
	}
	slices.SortFunc(out, func(a, b JobName) int { return cmp.Compare(a.ID, b.ID) })
	return Answer[[]JobName]{out, seen}, nil
}

// Job is a job as the workspace holds it.
type Job struct {
	ID int64
	// Settings is the whole tree, with what this package does not know: see Tree.
	Settings map[string]any
	Creator  string
	RunAs    string // the name that the workspace resolved run_as to
	Created  time.Time
}

// pagedSettings are the members of settings that the service gives in pages of 100.
var pagedSettings = []string{"tasks", "job_clusters", "environments", "parameters"}

// Job reads a job with all its tasks; NotFound when there is none.
func (c *Client) Job(ctx context.Context, id int64) (Answer[Job], error) {
	var out Job
	seen, err := pages(ctx, c, jobPath, url.Values{"job_id": {strconv.FormatInt(id, 10)}}, func(f fields) error {
		if got := f.id("job_id"); got != id {
			return fmt.Errorf("is about job %d", got)
		}
		settings := f.object("settings")
		if settings.of == nil {
			return errors.New("has no settings")
		}
		if out.ID == 0 {
			out = Job{ID: id, Settings: settings.of, Creator: f.text("creator_user_name"), RunAs: f.text("run_as_user_name"), Created: f.moment("created_time")}
			return nil
		}
		first := fields{out.Settings, f.bad}
		for _, name := range pagedSettings {
			if more := settings.list(name); len(more) > 0 {
				out.Settings[name] = append(first.list(name), more...)
			}
		}
		return nil
	})
	if err != nil {
		return Answer[Job]{}, err
	}
	return Answer[Job]{out, seen}, nil
}

// PrincipalKind says what the name of a permission is a name of.
type PrincipalKind string

// The kinds of principals.
const (
	User             PrincipalKind = "user_name"
	Group            PrincipalKind = "group_name"
	ServicePrincipal PrincipalKind = "service_principal_name" // the name is the application id
)

// Permission is one level that one principal has.
type Permission struct {
	Kind      PrincipalKind
	Name      string
	Level     string   // CAN_VIEW, CAN_MANAGE_RUN, CAN_MANAGE, IS_OWNER
	Inherited bool     // from what From names, and not set on the job itself
	From      []string // for example "/jobs/"
}

// JobPermissions reads who may do what with a job, in the order of kinds, names
// and levels; inherited ones are there and marked.
func (c *Client) JobPermissions(ctx context.Context, id int64) (Answer[[]Permission], error) {
	job := strconv.FormatInt(id, 10)
	return one(ctx, c, "/api/2.0/permissions/jobs/"+job, nil, func(f fields, _ http.Header) ([]Permission, error) {
		if got := f.text("object_id"); got != "/jobs/"+job {
			return nil, fmt.Errorf("is about %q", got)
		}
		out := []Permission{}
		for _, entry := range f.objects("access_control_list") {
			p, err := principal(entry)
			if err != nil {
				return nil, err
			}
			for _, level := range entry.objects("all_permissions") {
				p.Level, p.Inherited, p.From = level.text("permission_level"), level.flag("inherited"), level.texts("inherited_from_object")
				if p.Level == "" {
					return nil, fmt.Errorf("gives %s a permission without a level", p.Name)
				}
				out = append(out, p)
			}
		}
		slices.SortFunc(out, func(a, b Permission) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Level, b.Level), slices.Compare(a.From, b.From))
		})
		return out, nil
	})
}

// principal reads the one name of an entry.
func principal(entry fields) (Permission, error) {
	var p Permission
	for _, kind := range []PrincipalKind{User, Group, ServicePrincipal} {
		name := entry.text(string(kind))
		if name == "" {
			continue
		}
		if p.Name != "" {
			return p, fmt.Errorf("an entry names both %q and %q", p.Name, name)
		}
		p.Kind, p.Name = kind, name
	}
	if p.Name == "" {
		return p, errors.New("an entry names nobody")
	}
	return p, nil
}

// Run is a run of a job that has not ended.
type Run struct {
	ID      int64
	State   string // QUEUED, PENDING, RUNNING, TERMINATING, BLOCKED, WAITING_FOR_RETRY
	Started time.Time
	Page    string // address of its page
}

// ActiveRuns lists the runs of a job that have not ended, the newest first.
func (c *Client) ActiveRuns(ctx context.Context, job int64) (Answer[[]Run], error) {
	var out []Run
	query := url.Values{"job_id": {strconv.FormatInt(job, 10)}, "active_only": {"true"}, "limit": {"24"}}
	seen, err := pages(ctx, c, runsPath, query, func(f fields) error {
		for _, r := range f.objects("runs") {
			if got := r.integer("job_id", job); got != job {
				return fmt.Errorf("lists a run of job %d", got)
			}
			state := cmp.Or(r.object("state").text("life_cycle_state"), r.object("status").text("state"))
			out = append(out, Run{ID: r.id("run_id"), State: state, Started: r.moment("start_time"), Page: r.text("run_page_url")})
		}
		return nil
	})
	if err != nil {
		return Answer[[]Run]{}, err
	}
	return Answer[[]Run]{out, seen}, nil
}
