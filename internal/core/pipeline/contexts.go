package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// GitHub is the github context of a run. Everything comes from the trigger.
func GitHub(t Trigger, workflowName, file string, id, number int64, attempt int, job string) workflow.Value {
	owner, repo, _ := strings.Cut(t.Repository, "/")
	refType, refName := "branch", t.Ref
	switch {
	case strings.HasPrefix(t.Ref, "refs/tags/"):
		refType, refName = "tag", strings.TrimPrefix(t.Ref, "refs/tags/")
	case strings.HasPrefix(t.Ref, "refs/heads/"):
		refName = strings.TrimPrefix(t.Ref, "refs/heads/")
	case strings.HasPrefix(t.Ref, "refs/pull/"):
		refName = strings.TrimPrefix(t.Ref, "refs/pull/")
	}
	text := func(name, v string) workflow.Member { return workflow.Member{Name: name, Value: workflow.String(v)} }
	return workflow.Object(
		text("event_name", t.Name), text("ref", t.Ref), text("ref_name", refName), text("ref_type", refType),
		workflow.Member{Name: "ref_protected", Value: workflow.Bool(false)},
		text("sha", t.SHA), text("head_ref", t.HeadRef), text("base_ref", t.BaseRef),
		text("actor", t.Actor), text("triggering_actor", t.Actor),
		text("repository", t.Repository), text("repository_owner", owner),
		text("server_url", "https://github.com"), text("api_url", "https://api.github.com"), text("graphql_url", "https://api.github.com/graphql"),
		text("workflow", workflowName), text("workflow_ref", t.Repository+"/"+file+"@"+t.Ref), text("workflow_sha", t.SHA),
		text("run_id", strconv.FormatInt(id, 10)), text("run_number", strconv.FormatInt(number, 10)), text("run_attempt", strconv.Itoa(attempt)),
		text("job", job), workflow.Member{Name: "event", Value: t.payload(owner, repo)},
	)
}

// payload is github.event as far as the trigger knows it.
func (t Trigger) payload(owner, repo string) workflow.Value {
	text := func(name, v string) workflow.Member { return workflow.Member{Name: name, Value: workflow.String(v)} }
	member := func(name string, v workflow.Value) workflow.Member { return workflow.Member{Name: name, Value: v} }
	repository := member("repository", workflow.Object(text("name", repo), text("full_name", t.Repository),
		member("owner", workflow.Object(text("login", owner), text("name", owner))), text("default_branch", "main")))
	sender := member("sender", workflow.Object(text("login", t.Actor)))
	if t.Name == "pull_request" {
		number := workflow.Number(float64(t.Number))
		return workflow.Object(text("action", "synchronize"), member("number", number), repository, sender,
			member("pull_request", workflow.Object(member("number", number),
				member("head", workflow.Object(text("ref", t.HeadRef), text("sha", t.SHA))),
				member("base", workflow.Object(text("ref", t.BaseRef))))))
	}
	return workflow.Object(text("ref", t.Ref), text("after", t.SHA), repository, sender,
		member("pusher", workflow.Object(text("name", t.Actor))),
		member("head_commit", workflow.Object(text("id", t.SHA), text("message", t.Message))))
}

// contexts are those that a job's own keys may use on the server.
func (s State) contexts(j Job, o Outside) map[string]workflow.Value {
	needs := make([]workflow.Member, 0, len(j.Needs))
	for _, key := range j.Needs {
		needs = append(needs, workflow.Member{Name: lastPart(key), Value: s.result(key)})
	}
	return map[string]workflow.Value{
		"github":   GitHub(s.Plan.Trigger, s.Plan.Name, s.Plan.File, s.ID, s.Run.Number, s.Attempt, j.Body.ID),
		"needs":    workflow.Object(needs...),
		"inputs":   s.scopeInputs(j.Scope),
		"vars":     workflow.FromStrings(o.Vars),
		"strategy": s.strategy(j),
		"matrix":   matrixOf(j),
	}
}

// strategy is the context of a leg, and what stands for it elsewhere.
func (s State) strategy(j Job) workflow.Value {
	failFast, index, total, parallel := true, 0, 1, 1
	if j.Leg != nil {
		g := s.Jobs[j.Group]
		failFast, index, total, parallel = g.FailFast, j.Leg.Index, j.Leg.Total, j.Leg.Total
		if g.Parallel > 0 {
			parallel = g.Parallel
		}
	}
	number := func(n int) workflow.Value { return workflow.Number(float64(n)) }
	return workflow.Object(
		workflow.Member{Name: "fail-fast", Value: workflow.Bool(failFast)}, workflow.Member{Name: "job-index", Value: number(index)},
		workflow.Member{Name: "job-total", Value: number(total)}, workflow.Member{Name: "max-parallel", Value: number(parallel)},
	)
}

func matrixOf(j Job) workflow.Value {
	if j.Leg == nil {
		return workflow.Null()
	}
	return j.Leg.Values
}

func (s State) result(key string) workflow.Value {
	st := s.Jobs[key]
	return workflow.Object(workflow.Member{Name: "result", Value: workflow.String(string(st.Conclusion))},
		workflow.Member{Name: "outputs", Value: workflow.FromStrings(st.Outputs)})
}

func (s State) scopeInputs(scope string) workflow.Value {
	if scope == "" {
		return workflow.Object()
	}
	call, _ := s.Plan.Job(scope)
	var members []workflow.Member
	if call.Interface != nil {
		for _, in := range call.Interface.Inputs {
			var v workflow.Value
			if raw, ok := s.Jobs[scope].Inputs[in.Name]; ok && json.Unmarshal([]byte(raw), &v) == nil {
				members = append(members, workflow.Member{Name: in.Name, Value: v})
			}
		}
	}
	return workflow.Object(members...)
}

func (s State) env(j Job, o Outside) workflow.Env {
	return workflow.Env{Contexts: s.contexts(j, o), Status: s.status(j)}
}

// status is what the status functions say for a job: about everything that it
// needs, however far behind.
func (s State) status(j Job) workflow.Status {
	cancelled := s.cancelReason(j) != ""
	st := workflow.Status{Success: !cancelled, Cancelled: cancelled}
	for _, key := range s.ancestors(j) {
		switch s.Jobs[key].Conclusion {
		case Success:
		case Failure:
			st.Success, st.Failure = false, true
		default:
			st.Success = false
		}
	}
	return st
}

// condition evaluates a job's if and says what it was computed from, and when it
// is false, which values made it so.
func (s State) condition(j Job, o Outside) (run bool, reason string, made []Decision, err error) {
	source := j.Body.If.Source
	if source == "" && s.status(j).Success {
		return true, "", nil, nil // the common case costs no contexts
	}
	env := s.env(j, o)
	cond, err := workflow.Condition(source)
	if err != nil {
		return false, "", nil, fmt.Errorf("%s: if: %w", j.Body.If.At, err)
	}
	v, err := cond.Evaluate(env)
	if err != nil {
		return false, "", nil, fmt.Errorf("%s: if: %w", j.Body.If.At, err)
	}
	if v.Truthy() {
		if source != "" {
			made = []Decision{{Key: "if", Expression: source, Result: "true", Values: valuesOf(cond.References(), env)}}
		}
		return true, "", made, nil
	}
	if why := s.becauseOfNeeds(j, cond, env); why != "" {
		return false, why, nil, nil
	}
	return false, fmt.Sprintf("if is false: %s%s", strings.TrimSpace(source), values(cond.References(), env)), nil, nil
}

// becauseOfNeeds says which need kept a job from running, "" when its condition
// is false whatever the needs came to.
func (s State) becauseOfNeeds(j Job, cond *workflow.Expression, env workflow.Env) string {
	if env.Status.Success {
		return ""
	}
	env.Status = workflow.Status{Success: true}
	if v, err := cond.Evaluate(env); err != nil || !v.Truthy() {
		return ""
	}
	if reason := s.cancelReason(j); reason != "" {
		return reason
	}
	for _, key := range s.ancestors(j) {
		if c := s.Jobs[key].Conclusion; c != Success {
			return fmt.Sprintf("needed job %s: %s", key, c)
		}
	}
	return ""
}

// values prints what the referenced contexts held.
func values(references []string, env workflow.Env) string {
	held := valuesOf(references, env)
	var parts []string
	for _, ref := range references {
		if v, ok := held[ref]; ok {
			parts = append(parts, fmt.Sprintf("%s was %q", ref, v))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// name is the job's display name; where it cannot be evaluated it is the id. A
// leg has its values behind a name that does not say them itself.
func (s State) name(j Job, o Outside) string {
	name := j.Body.ID
	if text := j.Body.Name; text.Source != "" && !strings.Contains(text.Source, "${{") {
		name = text.Source
	} else if text.Source != "" && !j.IsGroup() {
		if v, err := text.Evaluate(s.env(j, o)); err == nil && v.Text() != "" {
			return v.Text()
		}
	}
	if j.Leg != nil {
		return j.Leg.Name(name)
	}
	return name
}

// inputs evaluates a call's with in the caller's contexts, with defaults.
func (s State) inputs(j Job, o Outside) (map[string]string, error) {
	out := map[string]string{}
	if j.Interface == nil {
		return out, nil
	}
	env := s.env(j, o)
	var errs []error
	for _, in := range j.Interface.Inputs {
		text, ok := in.Default, in.HasDefault
		for _, b := range j.Body.Call.With {
			if strings.EqualFold(b.Name, in.Name) {
				text, ok = b.Value, true
			}
		}
		v := workflow.String("")
		if ok {
			var err error
			if v, err = text.Evaluate(env); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		v, err := typed(in, v)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out[in.Name] = string(raw)
	}
	return out, errors.Join(errs...)
}

// typed brings a value to the declared type of an input; a text that stands
// for a boolean or number is taken as one.
func typed(in workflow.Input, v workflow.Value) (workflow.Value, error) {
	switch in.Type {
	case "boolean":
		switch text := v.Text(); text {
		case "true":
			return workflow.Bool(true), nil
		case "false", "":
			return workflow.Bool(false), nil
		default:
			return v, fmt.Errorf("%s: input %q is %q: want true or false", in.At, in.Name, text)
		}
	case "number":
		f := v.Float()
		if f != f { // NaN
			return v, fmt.Errorf("%s: input %q is %q: want a number", in.At, in.Name, v.Text())
		}
		return workflow.Number(f), nil
	default:
		return workflow.String(v.Text()), nil
	}
}

func (s State) scopeOutputs(j Job, o Outside) (map[string]string, error) {
	if j.Interface == nil || len(j.Interface.Outputs) == 0 {
		return nil, nil
	}
	var jobs []workflow.Member
	for c := range s.Plan.Children(j.Key) {
		jobs = append(jobs, workflow.Member{Name: lastPart(c.Key), Value: s.result(c.Key)})
	}
	inner := Job{Key: j.Key + "/", Scope: j.Key}
	env := workflow.Env{Contexts: s.contexts(inner, o), Status: workflow.Status{Success: true}}
	env.Contexts["jobs"] = workflow.Object(jobs...)
	out := map[string]string{}
	for _, output := range j.Interface.Outputs {
		v, err := output.Value.Evaluate(env)
		if err != nil {
			return nil, err
		}
		out[output.Name] = v.Text()
	}
	return out, nil
}
