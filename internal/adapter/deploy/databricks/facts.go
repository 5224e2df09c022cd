package databricks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
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

// job adds a job. Settings that the service fills in when nobody says them are
// there on both sides. Who deploys owns a job for which nobody says permissions.
func (f facts) job(key string, j jobFacts, me workspace.Principal) {
	at := "jobs." + key
	settle(j.settings)
	delete(j.settings, "run_as")
	f.flatten(at, j.settings)
	f[at+"/run_as"] = j.runAs
	f[at+"/same name"] = fmt.Sprint(j.copies)
	if len(j.permissions) == 0 {
		j.permissions = []workspace.Permission{{Kind: kindOf(me), Name: me.UserName, Level: owner}}
	}
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

// settle fills in what a job has when nobody says it (Jobs API 2.2, defaults of
// jobs/create, and what the program adds): the same on both sides.
func settle(settings map[string]any) {
	fill(settings, map[string]any{
		"format": "MULTI_TASK", "max_concurrent_runs": json.Number("1"), "queue": map[string]any{"enabled": true}, "timeout_seconds": json.Number("0"),
	})
	if s := tree(settings["schedule"]); s != nil {
		fill(s, map[string]any{"pause_status": "UNPAUSED"})
	}
	for _, t := range list(settings["tasks"]) {
		if task := tree(t); task != nil {
			fill(task, map[string]any{"run_if": "ALL_SUCCESS", "timeout_seconds": json.Number("0")})
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

// flatten adds every scalar below a value. What is empty is not there.
func (f facts) flatten(at string, v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			f.flatten(at+"/"+k, x[k])
		}
	case []any:
		for i, e := range x {
			name := fmt.Sprint(i)
			for _, k := range keys {
				if s := text(tree(e)[k]); s != "" {
					name = s
					break
				}
			}
			here := at + "[" + name + "]"
			if f.has(here) {
				here = fmt.Sprintf("%s[%s %d]", at, name, i)
			}
			f.flatten(here, e)
		}
	case nil:
	case string:
		if x != "" {
			f[at] = x
		}
	default:
		f[at] = fmt.Sprint(x)
	}
}

func (f facts) has(at string) bool {
	for path := range f {
		if path == at || strings.HasPrefix(path, at+"/") {
			return true
		}
	}
	return false
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
