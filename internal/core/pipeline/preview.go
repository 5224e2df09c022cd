package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Preview is what can be said of a planned job before the run.
type Preview struct {
	Job         string            `json:"job"`
	Name        string            `json:"name"`
	Needs       []string          `json:"needs,omitempty"`
	Calls       string            `json:"calls,omitempty"`  // the workflow that it calls
	Matrix      *workflow.Value   `json:"matrix,omitempty"` // of a leg
	RunsOn      []string          `json:"runs_on,omitempty"`
	Environment string            `json:"environment,omitempty"`
	Kind        EnvironmentKind   `json:"kind,omitempty"`
	Concurrency string            `json:"concurrency,omitempty"` // the group as far as it is known
	Permissions map[string]string `json:"permissions,omitempty"`
	Secrets     []string          `json:"secrets,omitempty"` // that it reads, by the name under which they are stored
	Steps       int               `json:"steps,omitempty"`
	Decision    Forecast          `json:"decision"`
	Reason      string            `json:"reason"`
}

// Forecast says what becomes of a job as far as that is known.
type Forecast string

// A job Runs when its needs succeed, is Skipped by what is known now, or depends
// on what is known Later only.
const (
	Runs    Forecast = "runs"
	Skips   Forecast = "skipped"
	Depends Forecast = "later"
)

// Foresee is Expand with what can be said of each job, in the plan's order.
// Templates of legs are among them, as leg "?": they are what runs for each.
func Foresee(req ExpandRequest) (Plan, []Preview, []workflow.Finding) {
	files := map[string]*File{}
	plan, findings := expandWith(req, files)
	p := promotionOf(expand(req, files))
	f := foresight{promotion: p, made: map[string]Preview{}}
	var list []Preview
	for _, j := range slices.Concat(plan.Jobs, plan.Templates) {
		list = append(list, f.of(j))
	}
	return plan, list, findings
}

type foresight struct {
	promotion
	made map[string]Preview
}

func (f foresight) of(j Job) Preview {
	if p, ok := f.made[j.Key]; ok {
		return p
	}
	k := f.steps[j.Key]
	p := Preview{Job: strings.ReplaceAll(j.Key, "#0", "#?"), Name: f.name(j, k), Needs: j.Needs, Environment: j.Environment, Kind: j.Kind, Steps: len(j.Body.Steps)}
	if j.IsCall() {
		p.Calls = j.Body.Call.Uses
	}
	if j.Leg != nil {
		p.Matrix = &j.Leg.Values
	}
	for _, t := range j.Body.RunsOn {
		p.RunsOn = append(p.RunsOn, shown(t, k))
	}
	if t := j.Body.Concurrency.Group; t.Source != "" {
		p.Concurrency = shown(t, k)
	}
	if len(j.Permissions) > 0 {
		p.Permissions = map[string]string{}
		for scope, access := range j.Permissions {
			if access != workflow.NoAccess {
				p.Permissions[scope] = string(access)
			}
		}
	}
	for _, name := range f.plan.SecretSources(j.Key) {
		p.Secrets = append(p.Secrets, name)
	}
	slices.Sort(p.Secrets)
	f.made[j.Key] = p // a cycle of needs has been reported
	p.Decision, p.Reason = f.decide(j, k)
	f.made[j.Key] = p
	return p
}

// decide looks at what is around a job, at its needs and at its condition.
func (f foresight) decide(j Job, k known) (Forecast, string) {
	later := ""
	for _, above := range []string{j.Scope, j.Group} {
		outer, ok := f.job(above)
		if !ok || above == "" {
			continue
		}
		switch p := f.of(outer); p.Decision {
		case Skips:
			return Skips, above + " is skipped"
		case Depends:
			later = p.Reason
		}
	}
	if j.Group != "" {
		return f.open(j, later)
	}
	success := true
	for _, need := range j.Needs {
		other, _ := f.job(need)
		switch p := f.of(other); p.Decision {
		case Skips:
			success = false
		case Depends:
			later = "needed job " + need + ": " + p.Reason
		}
	}
	truth, decided := k.condition(j.Body.If, success)
	switch {
	case calls(j, "failure", "cancelled"):
		return Depends, f.unknown(j, k)
	case decided && !truth:
		return Skips, f.why(j, k)
	case !decided:
		return Depends, f.unknown(j, k)
	}
	if later != "" && !calls(j, "always") {
		return Depends, later
	}
	return f.open(j, "")
}

func (f foresight) open(j Job, later string) (Forecast, string) {
	switch {
	case later != "":
		return Depends, later
	case j.Kind == Gate:
		return Runs, "waits at the gate " + j.Environment
	case j.Late:
		return Depends, "the matrix depends on results"
	case len(j.Needs) > 0 && j.Group == "" && calls(j, "always"):
		return Runs, "when " + strings.Join(j.Needs, ", ") + " have ended"
	case len(j.Needs) > 0 && j.Group == "":
		return Runs, "when " + strings.Join(j.Needs, ", ") + " succeeded"
	default:
		return Runs, "at once"
	}
}

// calls reports whether a job's condition calls one of the functions.
func calls(j Job, functions ...string) bool {
	c, err := workflow.Condition(j.Body.If.Source)
	return err == nil && slices.ContainsFunc(c.Functions(), func(f string) bool { return slices.Contains(functions, f) })
}

// why says which need or which values keep a job from running.
func (f foresight) why(j Job, k known) string {
	if truth, decided := k.condition(j.Body.If, true); truth || !decided {
		for _, need := range j.Needs {
			if other, ok := f.job(need); ok && f.of(other).Decision == Skips {
				return "needed job " + need + ": skipped"
			}
		}
	}
	c, err := workflow.Condition(j.Body.If.Source)
	if err != nil {
		return "if cannot be read"
	}
	return fmt.Sprintf("if is false: %s%s", strings.TrimSpace(j.Body.If.Source), values(c.References(), k.env(workflow.Status{})))
}

// unknown names what a condition depends on.
func (f foresight) unknown(j Job, k known) string {
	c, err := workflow.Condition(j.Body.If.Source)
	if err != nil {
		return "if cannot be read"
	}
	var list []string
	for _, ref := range c.References() {
		if !k.has(ref) {
			list = append(list, ref)
		}
	}
	for _, fn := range c.Functions() {
		if fn == "failure" || fn == "cancelled" {
			list = append(list, fn+"()")
		}
	}
	return "if depends on " + strings.Join(list, ", ")
}

// name is the job's name as far as it is known.
func (f foresight) name(j Job, k known) string {
	name := j.Body.ID
	if t := j.Body.Name; t.Source != "" {
		name = shown(t, k)
		if strings.Contains(t.Source, "${{") {
			return name
		}
	}
	if j.Leg != nil {
		return j.Leg.Name(name)
	}
	return name
}

// shown is a text's value, or the text itself where that is not known.
func shown(t workflow.Text, k known) string {
	v, ok, err := k.text(t)
	if err != nil || !ok {
		return t.Source
	}
	if v.Kind() == workflow.KindArray {
		return strings.Join(labelsOf(v), ", ")
	}
	return v.Text()
}
