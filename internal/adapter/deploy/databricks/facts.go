package databricks

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// facts are the state of a place by path:
//
//	jobs.KEY/same name                      how many jobs have its name
//	jobs.KEY/run_as                         who runs it
//	jobs.KEY/tasks[TASK]/depends_on[TASK]   and every other setting that is not empty
//	jobs.KEY.permissions/user_name:NAME     levels that are set on the job itself
//	files/PATH, artifacts/NAME              SHA-256
//	root/PATH                               the same of what nobody deploys there
//	deployment/commit, /target, /mode       what the deployment says of itself
//
// Each begins with the resource that a plan names when it changes it.
type facts map[string]string

func (f facts) state() (deployment.State, error) {
	var out []deployment.Fact
	for path, value := range f {
		out = append(out, deployment.Fact{Path: path, Value: value})
	}
	return deployment.NewState(out)
}

// jobFacts is what is compared of a job.
type jobFacts struct {
	settings    map[string]any
	runAs       string
	copies      int
	permissions []workspace.Permission
}

const owner = "IS_OWNER"

// job adds a job. Settings that mean the same whether the service says them or not
// are there on both sides.
func (f facts) job(key string, j jobFacts) {
	at := "jobs." + key
	settle(j.settings)
	delete(j.settings, "run_as")
	f.flatten(at, j.settings)
	f[at+"/run_as"] = j.runAs
	f[at+"/same name"] = fmt.Sprint(j.copies)
	levels := map[string][]string{}
	for _, p := range j.permissions {
		who := at + ".permissions/" + string(p.Kind) + ":" + p.Name
		levels[who] = append(levels[who], p.Level)
	}
	for who, of := range levels {
		slices.Sort(of)
		f[who] = strings.Join(slices.Compact(of), ", ")
	}
}

func (f facts) deployment(bundle, target, mode, commit string) {
	for name, value := range map[string]string{"bundle": bundle, "target": target, "mode": mode, "commit": commit} {
		if value != "" {
			f["deployment/"+name] = value
		}
	}
}

// kinds are the resources that members name by their ids.
var kinds = map[string]string{
	"job_id": "jobs", "pipeline_id": "pipelines", "warehouse_id": "sql_warehouses", "dashboard_id": "dashboards", "existing_cluster_id": "clusters", "alert_id": "alerts",
}

// refer puts references in place of ids: what has none before it is deployed can be
// expected all the same. A name of what the bundle does not deploy stays.
func refer(v any, made map[string]string) {
	switch x := v.(type) {
	case map[string]any:
		for name, value := range x {
			if to := made[kinds[name]+" "+fmt.Sprint(value)]; to != "" {
				x[name] = to
				continue
			}
			refer(value, made)
		}
	case []any:
		for _, e := range x {
			refer(e, made)
		}
	}
}

// settle fills in what a job that does not say it has (Jobs API 2.2, defaults of
// the members of jobs/get). Queueing is none of them: it is off where it is not said.
func settle(settings map[string]any) {
	fill(settings, map[string]any{"format": "MULTI_TASK", "max_concurrent_runs": json.Number("1"), "timeout_seconds": json.Number("0")})
	for _, on := range []string{"schedule", "trigger", "continuous"} {
		if s := tree(settings[on]); s != nil {
			fill(s, map[string]any{"pause_status": "UNPAUSED"})
		}
	}
	source := "WORKSPACE"
	if len(tree(settings["git_source"])) > 0 {
		source = "GIT"
	}
	for _, t := range list(settings["tasks"]) {
		settleTask(tree(t), source)
	}
}

// settleTask does it for a task, and for the one that it repeats. The source of what
// a task runs is the repository where the job names one, else the workspace.
func settleTask(task map[string]any, source string) {
	if task == nil {
		return
	}
	fill(task, map[string]any{"run_if": "ALL_SUCCESS", "timeout_seconds": json.Number("0")})
	leave(task, map[string]string{"max_retries": "0", "min_retry_interval_millis": "0", "retry_on_timeout": "false"})
	for _, of := range []any{task["notebook_task"], task["spark_python_task"], task["dbt_task"], tree(task["sql_task"])["file"]} {
		leave(tree(of), map[string]string{"source": source})
	}
	settleTask(tree(tree(task["for_each_task"])["task"]), source)
}

// leave takes out what means the same when it is not there.
func leave(of map[string]any, defaults map[string]string) {
	for key, value := range defaults {
		if of[key] != nil && fmt.Sprint(of[key]) == value {
			delete(of, key)
		}
	}
}

func fill(of, defaults map[string]any) {
	for key, value := range defaults {
		if of[key] == nil {
			of[key] = value
		}
	}
}

// keys are the members by which the entries of a list are known.
var keys = []string{"task_key", "environment_key", "job_cluster_key", "name", "key", "id", "path"}

// named are the members whose own members a person names: there an empty value means
// something.
var named = []string{
	"tags", "custom_tags", "spark_conf", "spark_env_vars", "base_parameters", "named_parameters", "job_parameters", "python_named_params", "parameters",
}

// flatten adds every scalar below a value. What is empty is not there, except as an
// entry of a list or where a person names it.
func (f facts) flatten(at string, v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			of, below := tree(x[k]), at+"/"+step(k)
			if !slices.Contains(named, k) || of == nil {
				f.flatten(below, x[k])
				continue
			}
			for name, value := range of {
				f.entry(below+"/"+step(name), value)
			}
		}
	case []any:
		f.entries(at, x)
	case nil:
	case string:
		if x != "" {
			f[at] = told(x)
		}
	default:
		f[at] = told(x)
	}
}

// entries adds those of a list, by their names or else by where they stand.
func (f facts) entries(at string, list []any) {
	seen := map[string]bool{}
	for i, e := range list {
		name := fmt.Sprint(i)
		for _, k := range keys {
			if s := text(tree(e)[k]); s != "" {
				name = s
				break
			}
		}
		if seen[name] {
			name = fmt.Sprintf("%s %d", name, i)
		}
		seen[name] = true
		f.entry(at+"["+step(name)+"]", e)
	}
}

// entry adds a value that is there also when it is empty.
func (f facts) entry(at string, v any) {
	before := len(f)
	f.flatten(at, v)
	if len(f) == before {
		f[at], _ = v.(string) // what is no text is as empty as an empty one
	}
}

// told is a setting as the value of a fact. None may pass for what is not read back.
func told(v any) string {
	s := fmt.Sprint(v)
	if s == deployment.Unread {
		return strconv.Quote(s)
	}
	return s
}

// step is a name within a path, quoted where it would read as more than one.
func step(name string) string {
	if name == "" || strings.ContainsAny(name, `/[]"`) {
		return strconv.Quote(name)
	}
	return deployment.Line(name)
}

func tree(v any) map[string]any { m, _ := v.(map[string]any); return m }
func list(v any) []any          { l, _ := v.([]any); return l }
func text(v any) string         { s, _ := v.(string); return s }

// object reads JSON that has to be an object, with numbers as they are written.
func object(raw []byte) (map[string]any, error) {
	v, err := workspace.Tree(bytes.TrimSpace(raw))
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("want a JSON object, got %.80s", raw)
	}
	return m, nil
}

// runAs is who runs a job by its settings, or by default.
func runAs(settings map[string]any, otherwise string) string {
	as := tree(settings["run_as"])
	return cmp.Or(text(as["user_name"]), text(as["service_principal_name"]), text(as["group_name"]), otherwise)
}

var applicationID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// kindOf says what kind of principal a name is: service principals go by their
// application id.
func kindOf(p workspace.Principal) workspace.PrincipalKind {
	if applicationID.MatchString(p.UserName) {
		return workspace.ServicePrincipal
	}
	return workspace.User
}

func permissionOf(of map[string]any, level string) workspace.Permission {
	for _, kind := range []workspace.PrincipalKind{workspace.User, workspace.Group, workspace.ServicePrincipal} {
		if name := text(of[string(kind)]); name != "" {
			return workspace.Permission{Kind: kind, Name: name, Level: level}
		}
	}
	return workspace.Permission{Level: level}
}
