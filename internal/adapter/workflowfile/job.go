package workflowfile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// callKeys are the keys that a job with uses may have.
var callKeys = []string{"name", "needs", "if", "permissions", "uses", "with", "secrets", "strategy", "concurrency"}

func (r *reader) jobs(n *yaml.Node) []workflow.Job {
	entries := r.mapping(n, "jobs")
	if resolve(n).Kind == yaml.MappingNode && len(resolve(n).Content) == 0 {
		r.report(r.at(n), "empty-value", "add at least one job", "jobs is empty")
	}
	jobs := make([]workflow.Job, 0, len(entries))
	for i, e := range entries {
		if err := workflow.CheckID(e.name); err != nil {
			r.report(r.at(e.key), "invalid-id", "", "job %v", err)
		}
		r.scope = scope{job: i, step: -1}
		jobs = append(jobs, r.job(e))
	}
	r.scope = outside
	return jobs
}

func (r *reader) job(item entry) workflow.Job {
	j := workflow.Job{ID: item.name, At: r.at(item.key)}
	entries := r.section(item.value, jobSection)
	has := map[string]bool{}
	for _, e := range entries {
		has[e.name] = true
	}
	for _, e := range entries {
		if has["uses"] && !slices.Contains(callKeys, e.name) {
			r.report(r.at(e.key), "key-conflict", "a job with uses may have "+strings.Join(callKeys, ", "),
				"job %q calls a workflow and cannot have %s", j.ID, e.name)
			continue
		}
		if !has["uses"] && (e.name == "with" || e.name == "secrets") {
			r.report(r.at(e.key), "key-conflict", "they belong to a job with uses", "job %q has %s but calls no workflow", j.ID, e.name)
			continue
		}
		r.jobKey(&j, e)
	}
	if !has["uses"] {
		for _, key := range []string{"runs-on", "steps"} {
			if !has[key] && resolve(item.value).Kind == yaml.MappingNode {
				r.report(j.At, "missing-key", "add it, or uses: to call a workflow", "job %q has no %s", j.ID, key)
			}
		}
	}
	return j
}

func (r *reader) jobKey(j *workflow.Job, e entry) {
	switch e.name {
	case "name":
		j.Name = r.text(e.value, workflow.KeyJobName)
	case "needs":
		if v := resolve(e.value); v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
			return // allowed, and the same as no needs
		}
		for _, item := range r.list(e.value, "needs") {
			r.needs[j.ID] = append(r.needs[j.ID], r.text(item, workflow.KeyNone))
		}
	case "if":
		j.If = r.condition(e.value, workflow.KeyJobIf)
	case "permissions":
		j.Permissions = r.permissions(e.value)
	case "strategy":
		j.Strategy = r.strategy(e.value)
	case "concurrency":
		j.Concurrency = r.concurrency(e.value, workflow.KeyJobConcurrency)
	case "runs-on":
		j.RunsOn = r.runsOn(e.value)
	case "environment":
		j.Environment, j.EnvironmentURL = r.environment(e.value)
	case "env":
		j.Env = r.bindings(e.value, "env", workflow.KeyJobEnv)
	case "defaults":
		j.Defaults = r.defaults(e.value, workflow.KeyJobDefaults)
	case "outputs":
		for _, b := range r.bindings(e.value, "outputs", workflow.KeyJobOutputs) {
			j.Outputs = append(j.Outputs, workflow.Output(b))
		}
	case "timeout-minutes":
		j.TimeoutMinutes = r.number(e.value, workflow.KeyJobTimeout, e.name)
	case "continue-on-error":
		j.ContinueOnError = r.boolean(e.value, workflow.KeyJobContinueOnError, e.name)
	case "steps":
		j.Steps = r.steps(e.value, workflowSteps)
	default:
		r.callKey(j, e)
	}
}

func (r *reader) callKey(j *workflow.Job, e entry) {
	if j.Call == nil {
		j.Call = &workflow.Call{}
	}
	switch e.name {
	case "uses":
		uses := r.nonEmpty(e.value, workflow.KeyNone, "uses")
		j.Call.Uses, j.Call.At = uses.Source, uses.At
	case "with":
		j.Call.With = r.bindings(e.value, "with", workflow.KeyJobWith)
	case "secrets":
		if v := resolve(e.value); v.Kind == yaml.ScalarNode {
			if j.Call.InheritSecrets = v.Value == "inherit"; !j.Call.InheritSecrets {
				r.report(r.at(v), "wrong-type", "", "secrets is %q: want inherit or a mapping", v.Value)
			}
			return
		}
		j.Call.Secrets = r.bindings(e.value, "secrets", workflow.KeyJobSecrets)
	}
}

func (r *reader) runsOn(n *yaml.Node) []workflow.Text {
	n = resolve(n)
	var labels []workflow.Text
	if n.Kind == yaml.MappingNode {
		for _, e := range r.section(n, runnerSection) {
			labels = r.runsOn(e.value)
		}
		if len(labels) == 0 {
			r.report(r.at(n), "missing-key", "", "runs-on has no labels")
		}
		return labels
	}
	for _, item := range r.list(n, "runs-on") {
		labels = append(labels, r.nonEmpty(item, workflow.KeyJobRunsOn, "label of runs-on"))
	}
	return labels
}

func (r *reader) environment(n *yaml.Node) (name, url workflow.Text) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return r.nonEmpty(n, workflow.KeyJobEnvironment, "environment"), url
	}
	name = workflow.Text{At: r.at(n)}
	given := false
	for _, e := range r.section(n, environmentSection) {
		switch e.name {
		case "name":
			name, given = r.nonEmpty(e.value, workflow.KeyJobEnvironment, "environment name"), true
		case "url":
			url = r.text(e.value, workflow.KeyJobEnvironmentURL)
		}
	}
	if !given {
		r.report(r.at(n), "missing-key", "", "environment has no name")
	}
	return name, url
}

func (r *reader) defaults(n *yaml.Node, key workflow.Key) workflow.Defaults {
	var d workflow.Defaults
	for _, e := range r.section(n, defaultsSection) {
		for _, run := range r.section(e.value, defaultsRunSection) {
			switch run.name {
			case "shell":
				d.Shell = r.shell(run.value, workflow.KeyNone)
			case "working-directory":
				d.WorkingDirectory = r.nonEmpty(run.value, key, run.name)
			}
		}
	}
	return d
}
