package fakeworkspace

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// settings are a job's settings, kept key by key as they came: no number is
// rounded and no unknown key is lost.
type settings map[string]json.RawMessage

// job is a job as it is kept.
type job struct {
	ID       int64     `json:"id"`
	Creator  string    `json:"creator"`
	Created  time.Time `json:"created"`
	Settings settings  `json:"settings"`
	LastRun  int       `json:"last_run"` // number_in_job
}

// Job is one job of the workspace.
type Job struct {
	ID          int64           `json:"job_id"`
	Name        string          `json:"name"`
	Creator     string          `json:"creator_user_name"`
	Created     time.Time       `json:"created"`
	Settings    json.RawMessage `json:"settings"` // a JSON object, keys sorted
	Permissions []Access        `json:"permissions"`
}

// Jobs are all jobs in the order of their ids.
func (w *Workspace) Jobs() []Job {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.jobs()
}

func (w *Workspace) jobs() []Job {
	out := []Job{}
	for _, id := range slices.Sorted(maps.Keys(w.state.Jobs)) {
		j := w.state.Jobs[id]
		out = append(out, Job{
			ID: id, Name: j.Settings.text("name"), Creator: j.Creator, Created: j.Created,
			Settings: j.Settings.raw(), Permissions: w.accesses(jobObject(id)),
		})
	}
	return out
}

// raw is the settings as one JSON object.
func (s settings) raw() json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil { // every value was JSON when it came in
		return json.RawMessage("{}")
	}
	return raw
}

// text is a value that is a string, else "".
func (s settings) text(key string) string {
	var v string
	if err := json.Unmarshal(s[key], &v); err != nil {
		return ""
	}
	return v
}

// task is what the sandbox reads of a task.
type task struct {
	Key     string `json:"task_key"`
	Depends []struct {
		Key string `json:"task_key"`
	} `json:"depends_on"`
}

func (s settings) tasks() ([]task, error) {
	var tasks []task
	if raw := s["tasks"]; raw != nil {
		if err := json.Unmarshal(raw, &tasks); err != nil {
			return nil, invalid("tasks: %v.", err)
		}
	}
	return tasks, nil
}

// check applies the rules of the API that a deployment can break.
func (s settings) check() error {
	if raw, ok := s["name"]; ok {
		var name string
		if err := json.Unmarshal(raw, &name); err != nil || len(name) > 4096 {
			return invalid("name: want a text of at most 4096 bytes.")
		}
	}
	tasks, err := s.tasks()
	if err != nil {
		return err
	}
	if len(tasks) > 1000 {
		return invalid("tasks: %d, want at most 1000.", len(tasks))
	}
	seen := map[string]bool{}
	for _, t := range tasks {
		switch {
		case t.Key == "" || len(t.Key) > 100:
			return invalid("task_key %.100q: want 1 to 100 characters.", t.Key)
		case seen[t.Key]:
			return invalid("task_key %q is there twice.", t.Key)
		}
		seen[t.Key] = true
	}
	for _, t := range tasks {
		for _, d := range t.Depends {
			if !seen[d.Key] {
				return invalid("Task %q depends on %q, which is not a task of the job.", t.Key, d.Key)
			}
		}
	}
	return nil
}

// withDefaults adds what the server adds where it is told to.
func (w *Workspace) withDefaults(s settings) settings {
	for k, v := range w.state.Defaults {
		if _, ok := s[k]; !ok {
			s[k] = v
		}
	}
	return s
}

func createJob(w *Workspace, c *call) (any, error) {
	in := settings{}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in == nil {
		in = settings{}
	}
	var grants []Grant
	if raw, ok := in["access_control_list"]; ok {
		if err := json.Unmarshal(raw, &grants); err != nil {
			return nil, invalid("access_control_list: %v.", err)
		}
		delete(in, "access_control_list")
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	grants, err := w.owned(jobObject(0), grants, c.by)
	if err != nil {
		return nil, err
	}
	id := w.addJob(in, c.by, c.at)
	w.state.Grants[jobObject(id).String()] = grants
	return map[string]int64{"job_id": id}, nil
}

func (w *Workspace) addJob(s settings, by Principal, at time.Time) int64 {
	if s.text("name") == "" {
		s["name"] = json.RawMessage(`"Untitled"`)
	}
	id := next(&w.state.LastID.Job)
	w.state.Jobs[id] = &job{ID: id, Creator: by.UserName, Created: at, Settings: w.withDefaults(s)}
	return id
}

func (w *Workspace) job(id int64) (*job, error) {
	j := w.state.Jobs[id]
	if j == nil {
		return nil, missing("Job %d does not exist.", id)
	}
	return j, nil
}

// describe is a job as jobs/get and jobs/list write it.
func (j *job) describe(s settings) map[string]any {
	runAs := j.Creator
	var as struct {
		User    string `json:"user_name"`
		Service string `json:"service_principal_name"`
	}
	if err := json.Unmarshal(j.Settings["run_as"], &as); err == nil && as.User+as.Service != "" {
		runAs = as.User + as.Service
	}
	return map[string]any{
		"job_id": j.ID, "creator_user_name": j.Creator, "run_as_user_name": runAs,
		"created_time": millis(j.Created), "settings": s,
	}
}

// paged are the lists of which jobs/get gives a hundred elements a page.
var paged = []string{"tasks", "job_clusters", "environments", "parameters"}

const elementsPerPage = 100

func getJob(w *Workspace, c *call) (any, error) {
	id, err := c.id("job_id")
	if err != nil {
		return nil, err
	}
	j, err := w.job(id)
	if err != nil {
		return nil, err
	}
	from, err := c.position("job")
	if err != nil {
		return nil, err
	}
	s, more := maps.Clone(j.Settings), int64(0)
	for _, key := range paged {
		var all []json.RawMessage
		if err := json.Unmarshal(s[key], &all); err != nil || (from == 0 && len(all) <= elementsPerPage) {
			continue
		}
		page, then := cut(all, from, elementsPerPage)
		more = max(more, then)
		raw, err := json.Marshal(page)
		if err != nil {
			return nil, err
		}
		s[key] = raw
	}
	out := j.describe(s)
	if more > 0 {
		out["next_page_token"] = pageToken("job", more)
	}
	return out, nil
}

func resetJob(w *Workspace, c *call) (any, error) {
	var in struct {
		ID       int64    `json:"job_id"`
		Settings settings `json:"new_settings"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	j, err := w.job(in.ID)
	if err != nil {
		return nil, err
	}
	if in.Settings == nil {
		return nil, invalid("Missing required field: new_settings.")
	}
	if err := in.Settings.check(); err != nil {
		return nil, err
	}
	if in.Settings.text("name") == "" {
		in.Settings["name"] = json.RawMessage(`"Untitled"`)
	}
	j.Settings = w.withDefaults(in.Settings)
	return empty{}, nil
}

func deleteJob(w *Workspace, c *call) (any, error) {
	var in struct {
		ID int64 `json:"job_id"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if _, err := w.job(in.ID); err != nil {
		return nil, err
	}
	delete(w.state.Jobs, in.ID)
	delete(w.state.Grants, jobObject(in.ID).String())
	return empty{}, nil
}

// listJobs gives jobs in the order of their ids, those of one name if asked (case
// does not matter), without tasks unless expand_tasks is true.
func listJobs(w *Workspace, c *call) (any, error) {
	limit, err := c.limit("limit", 20, 100)
	if err != nil {
		return nil, err
	}
	expand, err := c.flag("expand_tasks")
	if err != nil {
		return nil, err
	}
	after, err := c.position("jobs")
	if err != nil {
		return nil, err
	}
	jobs := []map[string]any{}
	var last int64
	for _, id := range slices.Sorted(maps.Keys(w.state.Jobs)) {
		j := w.state.Jobs[id]
		if name := c.query.Get("name"); id <= after || (name != "" && !strings.EqualFold(name, j.Settings.text("name"))) {
			continue
		}
		if len(jobs) == limit {
			return map[string]any{"jobs": jobs, "has_more": true, "next_page_token": pageToken("jobs", last)}, nil
		}
		s := maps.Clone(j.Settings)
		if !expand {
			delete(s, "tasks")
			delete(s, "job_clusters")
		}
		jobs, last = append(jobs, j.describe(s)), id
	}
	if len(jobs) == 0 {
		return map[string]any{"has_more": false}, nil
	}
	return map[string]any{"jobs": jobs, "has_more": false}, nil
}
