package runner

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"strings"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// staticContexts are those that no step changes.
func (j *job) staticContexts() map[string]workflow.Value {
	m := map[string]workflow.Value{}
	for _, name := range []string{"github", "inputs", "needs", "vars", "strategy", "matrix"} {
		v, ok := j.a.Contexts[name]
		if !ok || v.IsNull() {
			v = workflow.Object()
		}
		m[name] = v
	}
	m["runner"] = workflow.FromStrings(map[string]string{
		"name":        j.c.Name,
		"os":          "Linux",
		"arch":        architecture(),
		"temp":        j.area.temp(),
		"tool_cache":  j.area.tools(),
		"workspace":   j.area.work(),
		"environment": "self-hosted",
		"debug":       debugWord(j.c.Debug),
	})
	m["secrets"] = workflow.FromStrings(j.secrets)
	return m
}

func debugWord(on bool) string {
	if on {
		return "1"
	}
	return ""
}

// architecture is runner.arch.
func architecture() string {
	switch runtime.GOARCH {
	case "amd64":
		return "X64"
	case "386":
		return "X86"
	default:
		return strings.ToUpper(runtime.GOARCH)
	}
}

// expressions is what an expression is evaluated in: at the job's level when s
// is nil, else within a step.
func (j *job) expressions(s *step) workflow.Env {
	m := maps.Clone(j.static)
	env := j.env
	extra := []workflow.Member{
		{Name: "workspace", Value: workflow.String(j.area.workspace())},
		{Name: "job", Value: workflow.String(j.a.Job.Body.ID)},
		{Name: "event_path", Value: workflow.String(j.area.event())},
	}
	if token := j.token(); token != "" {
		extra = append(extra, workflow.Member{Name: "token", Value: workflow.String(token)})
	}
	if s != nil {
		env = s.env
		extra = append(extra,
			workflow.Member{Name: "action", Value: workflow.String(s.action())},
			workflow.Member{Name: "env", Value: workflow.String(s.files.path("env"))},
			workflow.Member{Name: "path", Value: workflow.String(s.files.path("path"))},
			workflow.Member{Name: "output", Value: workflow.String(s.files.path("output"))},
		)
	}
	m["github"] = workflow.Object(append(m["github"].Members(), extra...)...)
	m["env"] = workflow.FromEnvironment(env)
	m["steps"] = j.stepsContext()
	status := j.status()
	m["job"] = jobContext(status)
	return workflow.Env{Contexts: m, Status: status, HashFiles: j.hashFiles}
}

func jobContext(s workflow.Status) workflow.Value {
	return workflow.FromStrings(map[string]string{"status": string(statusWord(s))})
}

func (j *job) stepsContext() workflow.Value {
	members := make([]workflow.Member, 0, len(j.ids))
	for _, s := range j.a.Job.Body.Steps {
		if v, ok := j.ids[s.ID]; ok && s.ID != "" {
			members = append(members, workflow.Member{Name: s.ID, Value: v})
		}
	}
	return workflow.Object(members...)
}

// token is the job's GITHUB_TOKEN, where it has one and names it.
func (j *job) token() string {
	for name, value := range j.secrets {
		if strings.EqualFold(name, "GITHUB_TOKEN") {
			return value
		}
	}
	return ""
}

// text evaluates a scalar that GitHub wants a string of. Errors begin with its
// position.
func (j *job) text(key workflow.Key, t workflow.Text, env workflow.Env) (string, error) {
	parsed, err := workflow.ParseText(t.Source)
	if err != nil {
		return "", fmt.Errorf("%s: read %s: %w", t.At, key, err)
	}
	s, err := parsed.EvaluateText(env)
	if err != nil {
		return "", fmt.Errorf("%s: evaluate %s: %w", t.At, key, err)
	}
	return s, nil
}

// value evaluates a scalar and keeps its type.
func (j *job) value(key workflow.Key, t workflow.Text, env workflow.Env) (workflow.Value, error) {
	parsed, err := workflow.ParseText(t.Source)
	if err != nil {
		return workflow.Null(), fmt.Errorf("%s: read %s: %w", t.At, key, err)
	}
	v, err := parsed.Evaluate(env)
	if err != nil {
		return workflow.Null(), fmt.Errorf("%s: evaluate %s: %w", t.At, key, err)
	}
	return v, nil
}

// evaluateEnv computes env: of the workflow, then that of the job, which sees
// only what is above it.
func (j *job) evaluateEnv() error {
	j.env = environment{}
	if err := j.overlay(j.env, workflow.KeyEnv, j.a.Job.WorkflowEnv, j.expressions(nil)); err != nil {
		return err
	}
	return j.overlay(j.env, workflow.KeyJobEnv, j.a.Job.Body.Env, j.expressions(nil))
}

// overlay evaluates bindings and puts them over an environment; they do not see
// one another.
func (j *job) overlay(over environment, key workflow.Key, bindings []workflow.Binding, env workflow.Env) error {
	var bad []error
	for _, b := range bindings {
		v, err := j.text(key, b.Value, env)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		over[b.Name] = v
	}
	return errors.Join(bad...)
}

// writeEvent puts github.event where GITHUB_EVENT_PATH says. No step runs yet.
func (j *job) writeEvent(event workflow.Value) error {
	if event.IsNull() {
		event = workflow.Object()
	}
	b, err := event.MarshalJSON()
	if err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if err := os.WriteFile(j.area.event(), b, 0o644); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}

// secretReferences are the secrets that a job's expressions name, lower case;
// all says that one asks for whatever there is.
func secretReferences(p pipeline.Job) (names []string, all bool) {
	note := func(refs []string) {
		for _, r := range refs {
			context, name, _ := strings.Cut(strings.ToLower(r), ".")
			switch {
			case context == "github" && (name == "token" || name == "" || name == "*"):
				names = append(names, "github_token")
			case context != "secrets":
			case name == "" || name == "*":
				all = true
			default:
				names = append(names, strings.TrimSuffix(name, ".*"))
			}
		}
	}
	for _, t := range texts(p) {
		// What does not parse fails where it is evaluated.
		if parsed, err := workflow.ParseText(t.Source); err == nil {
			note(parsed.References())
		}
	}
	for _, s := range p.Body.Steps {
		if c, err := workflow.Condition(s.If.Source); err == nil {
			note(c.References())
		}
	}
	return names, all
}

// texts are all scalars of a job that the runner evaluates, except conditions.
func texts(p pipeline.Job) []workflow.Text {
	var list []workflow.Text
	bindings := func(bs []workflow.Binding) {
		for _, b := range bs {
			list = append(list, b.Value)
		}
	}
	bindings(p.WorkflowEnv)
	bindings(p.Body.Env)
	for _, d := range []workflow.Defaults{p.WorkflowDefaults, p.Body.Defaults} {
		list = append(list, d.Shell, d.WorkingDirectory)
	}
	for _, o := range p.Body.Outputs {
		list = append(list, o.Value)
	}
	for _, s := range p.Body.Steps {
		list = append(list, s.Name, s.Run, s.Shell, s.WorkingDirectory, s.ContinueOnError, s.TimeoutMinutes)
		bindings(s.With)
		bindings(s.Env)
	}
	return list
}
