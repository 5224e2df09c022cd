package runner

import (
	"maps"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// environment is a set of variables; names are case-sensitive.
type environment map[string]string

// list gives "name=value" entries, sorted.
func (e environment) list() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(e[name], "\x00") {
			continue // execve cannot carry it
		}
		out = append(out, name+"="+e[name])
	}
	return out
}

// githubVariables are the properties of the github context that every step has
// as GITHUB_NAME (docs.github.com, "Variables reference").
var githubVariables = []string{
	"action", "action_path", "action_ref", "action_repository", "actor", "actor_id", "api_url", "base_ref", "event_name", "event_path", "graphql_url", "head_ref", "job",
	"ref", "ref_name", "ref_protected", "ref_type", "repository", "repository_id", "repository_owner",
	"repository_owner_id", "retention_days", "run_attempt", "run_id", "run_number", "server_url", "sha",
	"triggering_actor", "workflow", "workflow_ref", "workflow_sha", "workspace",
}

// runnerVariables are those of the runner context, as RUNNER_NAME.
var runnerVariables = []string{"arch", "debug", "environment", "name", "os", "temp", "tool_cache", "workspace"}

// isReserved reports whether a variable is set by the engine for every step, so
// that nobody else can set it.
func isReserved(name string) bool {
	upper := strings.ToUpper(name)
	if rest, ok := strings.CutPrefix(upper, "GITHUB_"); ok {
		rest = strings.ToLower(rest)
		return rest == "actions" || slices.Contains(githubVariables, rest) ||
			slices.ContainsFunc(commandFiles(), func(f commandFile) bool { return f.variable == rest })
	}
	if rest, ok := strings.CutPrefix(upper, "RUNNER_"); ok {
		return slices.Contains(runnerVariables, strings.ToLower(rest))
	}
	return strings.HasPrefix(upper, "DC_RELEASE_")
}

// variables is the whole environment of a step's process, from nothing.
func (j *job) variables(s *step) environment {
	e := environment{"CI": "true", "HOME": j.area.home(), "PATH": j.c.Path}
	if !j.privateTmp() {
		e["TMPDIR"] = j.area.tmp()
	}
	maps.Copy(e, j.c.Variables)
	maps.Copy(e, s.env)
	for name := range e {
		if isReserved(name) {
			delete(e, name)
		}
	}
	contexts := j.expressions(s).Contexts
	export(e, "GITHUB_", contexts["github"], githubVariables)
	export(e, "RUNNER_", contexts["runner"], runnerVariables)
	e["GITHUB_ACTIONS"] = "true"
	for _, f := range commandFiles() {
		e["GITHUB_"+strings.ToUpper(f.variable)] = s.files.path(f.variable)
	}
	url, token := j.h.JobAPI()
	for name, value := range map[string]string{"DC_RELEASE_JOB_URL": url, "DC_RELEASE_JOB_TOKEN": token} {
		if value != "" {
			e[name] = value
		}
	}
	if url != "" && j.a.Job.Permissions.Allows(workflow.IDToken, workflow.Write) {
		e["ACTIONS_ID_TOKEN_REQUEST_URL"] = url + "/identity-token?api-version=2.0"
		e["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = token
	}
	if j.c.Rehearsal {
		e["DC_RELEASE_REHEARSAL"] = "1"
	}
	e["PATH"] = j.searchPath(e["PATH"], j.paths)
	return e
}

// searchPath puts dc-release and then what GITHUB_PATH got before a PATH.
func (j *job) searchPath(base string, added []string) string {
	var dirs []string
	if j.c.Bin != "" {
		dirs = append(dirs, j.c.Bin)
	}
	dirs = append(dirs, added...)
	if base != "" {
		dirs = append(dirs, base)
	}
	return strings.Join(dirs, ":")
}

func export(e environment, prefix string, from workflow.Value, names []string) {
	for _, name := range names {
		if v := from.Property(name); !v.IsNull() && v.Kind() != workflow.KindObject && v.Kind() != workflow.KindArray {
			if text := v.Text(); text != "" || prefix == "GITHUB_" {
				e[prefix+strings.ToUpper(name)] = text
			}
		}
	}
}

// privateTmp reports whether /tmp is the execution's own.
func (j *job) privateTmp() bool { return j.a.Sandbox == "namespace" }
