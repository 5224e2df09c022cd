package pipeline

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// SecretNames are the names under which the job reads secrets, in upper case as
// GitHub stores them, sorted; of a call those that it passes on by name. Nothing
// is resolved: a computed name is refused when the file is read.
func (j Job) SecretNames() []string {
	var names []string
	for _, t := range j.texts() {
		parsed, err := workflow.ParseText(t.Source)
		if err != nil {
			continue
		}
		for _, path := range parsed.References() {
			if name, ok := strings.CutPrefix(path, "secrets."); ok && name != "*" {
				names = append(names, strings.ToUpper(name))
			}
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "GITHUB_TOKEN" })
}

// texts are all scalars of the job that may read a secret.
func (j Job) texts() []workflow.Text {
	var list []workflow.Text
	bindings := func(b []workflow.Binding) {
		for _, one := range b {
			list = append(list, one.Value)
		}
	}
	if j.IsCall() {
		bindings(j.Body.Call.Secrets)
		return list
	}
	bindings(j.WorkflowEnv)
	bindings(j.Body.Env)
	for _, o := range j.Body.Outputs {
		list = append(list, o.Value)
	}
	for _, s := range j.Body.Steps {
		list = append(list, s.Name, s.Run, s.WorkingDirectory, s.ContinueOnError, s.TimeoutMinutes)
		bindings(s.Env)
		bindings(s.With)
	}
	return list
}

// SecretSources maps the names under which a job reads secrets to the names
// under which they are stored, through the calls that enclose the job. A secret
// that a call does not pass on is not in the map: its value is empty, as on
// GitHub.
func (p Plan) SecretSources(key string) map[string]string {
	j, ok := p.Job(key)
	if !ok {
		return nil
	}
	sources := map[string]string{}
	for _, name := range j.SecretNames() {
		if stored, ok := p.source(j.Scope, name); ok {
			sources[name] = stored
		}
	}
	return sources
}

// source follows a name outwards from a scope.
func (p Plan) source(scope, name string) (string, bool) {
	for scope != "" {
		call, ok := p.Job(scope)
		if !ok || call.Body.Call == nil {
			return "", false
		}
		if !call.Body.Call.InheritSecrets {
			i := slices.IndexFunc(call.Body.Call.Secrets, func(b workflow.Binding) bool { return strings.EqualFold(b.Name, name) })
			if i < 0 {
				return "", false
			}
			if name, ok = renamed(call.Body.Call.Secrets[i].Value); !ok {
				return "", false
			}
		}
		scope = call.Scope
	}
	return name, true
}

// renamed is the name of the secret when a text is ${{ secrets.NAME }} and no
// more.
func renamed(t workflow.Text) (string, bool) {
	inner, opened := strings.CutPrefix(t.Source, "${{")
	inner, closed := strings.CutSuffix(inner, "}}")
	if !opened || !closed {
		return "", false
	}
	e, err := workflow.ParseExpression(inner)
	if err != nil {
		return "", false
	}
	name, ok := strings.CutPrefix(strings.Join(e.References(), " "), "secrets.")
	plain := strings.EqualFold(strings.TrimSpace(inner), "secrets."+name)
	return strings.ToUpper(name), ok && plain && name != "*" && !strings.Contains(name, ".")
}
