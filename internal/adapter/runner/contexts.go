package runner

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
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

// ofActions are the contexts that the steps of a composite action have.
var ofActions = []string{"github", "strategy", "matrix", "runner"}

// expressions is what an expression is evaluated in: at the job's level when s
// is nil, else within a step.
func (j *job) expressions(s *step) workflow.Env {
	m := maps.Clone(j.static)
	env, in := j.env, j.top
	if s != nil {
		env, in = s.env, s.in
	}
	if in.of != nil {
		maps.DeleteFunc(m, func(name string, _ workflow.Value) bool { return !slices.Contains(ofActions, name) })
		m["inputs"] = in.inputs
	}
	m["github"] = workflow.Object(append(m["github"].Members(), j.githubExtras(s)...)...)
	m["env"] = workflow.FromEnvironment(env)
	m["steps"] = in.context()
	m["job"] = jobContext(j.status())
	return workflow.Env{Contexts: m, Status: j.statusOf(s), HashFiles: j.hashFiles}
}

// githubExtras is what the worker knows of the github context.
func (j *job) githubExtras(s *step) []workflow.Member {
	var list []workflow.Member
	add := func(name, value string) {
		list = append(list, workflow.Member{Name: name, Value: workflow.String(value)})
	}
	add("workspace", j.area.workspace())
	add("job", j.a.Job.Body.ID)
	add("event_path", j.area.event())
	if token := j.token(); token != "" {
		add("token", token)
	}
	if s == nil {
		return list
	}
	add("action", s.outermost().action())
	for _, f := range commandFiles() {
		add(f.variable, s.files.path(f.variable))
	}
	if of := s.in.of; of != nil {
		add("action_path", of.use.dir)
		add("action_status", s.in.word())
	}
	// As on GitHub they are about the action that the step belongs to until it is
	// run, and then about the action that it uses itself.
	if by := s.usedBy(); by != nil {
		ref, _ := workflow.ParseAction(by.Uses)
		add("action_repository", ref.Repository)
		add("action_ref", ref.Ref)
	}
	return list
}

// usedBy is the step whose action github.action_repository is about.
func (s *step) usedBy() *step {
	if s.entered {
		return s
	}
	return s.in.of
}

// outermost is the step of the job that s is or belongs to.
func (s *step) outermost() *step {
	for s.in.of != nil {
		s = s.in.of
	}
	return s
}

// action is github.action.
func (s *step) action() string {
	switch {
	case s.ID != "":
		return s.ID
	case s.Uses != "":
		name, _, _ := strings.Cut(s.Uses, "@")
		return "__" + strings.ReplaceAll(name, "/", "_")
	default:
		return "__run"
	}
}

func jobContext(s workflow.Status) workflow.Value {
	return workflow.FromStrings(map[string]string{"status": string(statusWord(s))})
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

// secretReferences are the secrets that the expressions of a job and of its
// actions name, lower case;
// all says that one asks for whatever there is.
func secretReferences(p pipeline.Assignment) (names []string, all bool) {
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
	for _, t := range conditions(p.Job.Body.Steps, p.Actions) {
		if c, err := workflow.Condition(t.Source); err == nil {
			note(c.References())
		}
	}
	return names, all
}

// texts are all scalars of a job and its actions that the runner evaluates,
// except conditions.
func texts(p pipeline.Assignment) []workflow.Text {
	var list []workflow.Text
	bindings := func(bs []workflow.Binding) {
		for _, b := range bs {
			list = append(list, b.Value)
		}
	}
	outputs := func(os []workflow.Output) {
		for _, o := range os {
			list = append(list, o.Value)
		}
	}
	steps := func(ss []workflow.Step) {
		for _, s := range ss {
			list = append(list, s.Name, s.Run, s.Shell, s.WorkingDirectory, s.ContinueOnError, s.TimeoutMinutes)
			bindings(s.With)
			bindings(s.Env)
		}
	}
	bindings(p.Job.WorkflowEnv)
	bindings(p.Job.Body.Env)
	for _, d := range []workflow.Defaults{p.Job.WorkflowDefaults, p.Job.Body.Defaults} {
		list = append(list, d.Shell, d.WorkingDirectory)
	}
	outputs(p.Job.Body.Outputs)
	list = append(list, p.Job.Body.EnvironmentURL)
	steps(p.Job.Body.Steps)
	for _, a := range p.Actions {
		for _, in := range a.Body.Inputs {
			list = append(list, in.Default)
		}
		outputs(a.Body.Outputs)
		steps(a.Body.Steps)
	}
	return list
}

// conditions are those of steps, of a job and of its actions.
func conditions(steps []workflow.Step, actions []pipeline.Action) []workflow.Text {
	var list []workflow.Text
	for _, s := range steps {
		list = append(list, s.If)
	}
	for _, a := range actions {
		list = append(list, a.Body.PreIf, a.Body.PostIf)
		for _, s := range a.Body.Steps {
			list = append(list, s.If)
		}
	}
	return list
}
