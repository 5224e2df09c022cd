package pipeline

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// gateBefore is the gate that must stand before a place in the profile gxp.
var gateBefore = map[string]string{"val": "pre_val", "prd": "approve_to_prd"}

// promotion checks the way of a release through a plan. Structure is the same
// for every event, conditions are not: what happens for a release is looked at
// with a tag, what happens without one with a push to the main branch.
type promotion struct {
	req   ExpandRequest
	files map[string]*File
	plan  Plan
	steps map[string]known
	index map[string]int // of the plan's jobs by key
}

func promotionOf(e *expander) promotion {
	p := promotion{req: e.req, files: e.files, plan: e.plan, steps: e.steps, index: map[string]int{}}
	p.plan.Jobs = slices.Concat(e.plan.Jobs, e.plan.Templates)
	for i, j := range p.plan.Jobs {
		p.index[j.Key] = i
	}
	return p
}

func (p promotion) job(key string) (Job, bool) {
	i, ok := p.index[key]
	if !ok {
		return Job{}, false
	}
	return p.plan.Jobs[i], true
}

func (p promotion) check() []workflow.Finding {
	if len(p.plan.Jobs) == 0 {
		return nil
	}
	var findings []workflow.Finding
	tagged := p.with(p.tag())
	if p.req.Profile == string(policy.GxP) {
		for _, plan := range []promotion{p, tagged} {
			for _, f := range plan.ungated(tagged) {
				if !slices.Contains(findings, f) {
					findings = append(findings, f)
				}
			}
		}
	}
	findings = append(findings, tagged.unconditional()...)
	findings = append(findings, p.untagged()...)
	return append(findings, p.unpassed()...)
}

// with is the promotion for another event.
func (p promotion) with(t Trigger) promotion {
	req := p.req
	req.Trigger = t
	return promotionOf(expand(req, p.files))
}

// tag is the event of the run when it is a tag, else one that could be.
func (p promotion) tag() Trigger {
	t := p.req.Trigger
	if t.Name == "push" && strings.HasPrefix(t.Ref, "refs/tags/") {
		return t
	}
	t.Name, t.BaseRef, t.HeadRef, t.Number = "push", "", "", 0
	t.Ref = "refs/tags/v1.0.0"
	if ok, _ := p.files[p.req.File].Workflow.On.Match("push", t.Ref, "", ""); !ok {
		t.Ref = "refs/tags/1.0.0"
	}
	return t
}

// ungated finds jobs in val and prd that do not stand behind their gate. A gate
// counts when a tag can reach it.
func (p promotion) ungated(tagged promotion) []workflow.Finding {
	var findings []workflow.Finding
	reached := tagged.reached()
	for _, j := range p.plan.Jobs {
		gate, ok := gateBefore[j.Environment]
		if !ok || j.Kind != Place {
			continue
		}
		before := p.before(j.Key)
		held := slices.ContainsFunc(tagged.plan.Jobs, func(g Job) bool {
			return g.Kind == Gate && g.Environment == gate && reached[g.Key] && before[g.Key]
		})
		if !held {
			findings = append(findings, workflow.Finding{
				At: p.caller(j).At, Severity: workflow.Error, Rule: "missing-gate",
				Message: "job \"" + j.Key + "\" runs in " + j.Environment + " but does not stand behind the gate " + gate,
				Hint: "let job \"" + p.caller(j).ID + "\" need a job that calls dc-release/.github/workflows/" + gateWorkflow[gate] +
					", or one with environment: " + gate,
			})
		}
	}
	return findings
}

var gateWorkflow = map[string]string{"pre_val": "publish.yaml (with environment: tst)", "approve_to_prd": "approve_to_prd.yaml"}

// unconditional finds jobs in val and prd, and calls that hold such, that run
// whatever the jobs before them did.
func (p promotion) unconditional() []workflow.Finding {
	var findings []workflow.Finding
	for _, j := range p.plan.Jobs {
		e, err := workflow.Condition(j.Body.If.Source)
		place := p.guarded(j.Key)
		if err != nil || place == "" || j.Body.If.Source == "" || j.Group != "" {
			continue
		}
		for _, f := range e.Functions() {
			if f == "always" || f == "failure" || f == "cancelled" {
				findings = append(findings, workflow.Finding{
					At: j.Body.If.At, Severity: workflow.Warning, Rule: "ignores-needs",
					Message: "condition of job \"" + j.Key + "\" calls " + f + "(): it may run although a job before it did not succeed",
					Hint:    "remove it; " + place + " stays locked until the gate " + gateBefore[place] + " is consumed",
				})
			}
		}
	}
	return findings
}

// guarded is the place behind a gate that a job or a job of a call runs in, ""
// for none.
func (p promotion) guarded(key string) string {
	for _, j := range p.plan.Jobs {
		if j.Kind == Place && gateBefore[j.Environment] != "" && within(j.Key, key) {
			return j.Environment
		}
	}
	return ""
}

// untagged finds the gate before production where a push to the main branch
// reaches it.
func (p promotion) untagged() []workflow.Finding {
	t := p.req.Trigger
	t.Name, t.BaseRef, t.HeadRef, t.Number, t.Ref = "push", "", "", 0, "refs/heads/main"
	if p.req.Branch != "" {
		t.Ref = "refs/heads/" + p.req.Branch
	}
	if ok, _ := p.files[p.req.File].Workflow.On.Match("push", t.Ref, "", ""); !ok {
		return nil
	}
	pushed := p.with(t)
	reached := pushed.reached()
	var findings []workflow.Finding
	for _, j := range pushed.plan.Jobs {
		if j.Kind == Gate && j.Environment == "approve_to_prd" && reached[j.Key] {
			findings = append(findings, workflow.Finding{
				At: p.caller(j).At, Severity: workflow.Warning, Rule: "untagged-promotion",
				Message: "a push to " + shortRef(t.Ref) + " reaches the gate approve_to_prd in job \"" + j.Key + "\": only a version tag can be promoted",
				Hint:    "add if: ${{ startsWith(github.ref, 'refs/tags/') }} to job \"" + p.caller(j).ID + "\"",
			})
		}
	}
	return findings
}

// unpassed finds secrets that a called workflow reads and no call passes on.
func (p promotion) unpassed() []workflow.Finding {
	var findings []workflow.Finding
	for _, j := range p.plan.Jobs {
		sources := p.plan.SecretSources(j.Key)
		for _, name := range j.SecretNames() {
			if _, ok := sources[name]; !ok {
				call, _ := p.job(j.Scope)
				findings = append(findings, workflow.Finding{
					At: call.Body.Call.At, Severity: workflow.Warning, Rule: "secret-not-passed",
					Message: "job \"" + j.Key + "\" reads the secret " + name + ", which no call passes on: it is empty",
					Hint:    "add it under secrets, or secrets: inherit",
				})
			}
		}
	}
	return findings
}

// caller is the body of the job of the root workflow that a job comes from.
func (p promotion) caller(j Job) workflow.Job {
	top, _, _ := strings.Cut(j.Key, "/")
	root, _ := p.job(top)
	return root.Body
}

// before is every job that is done before a job can start: what it and its
// enclosing calls need, with all jobs of the calls among them.
func (p promotion) before(key string) map[string]bool {
	set := map[string]bool{}
	p.collect(key, set)
	return set
}

func (p promotion) collect(key string, set map[string]bool) {
	j, ok := p.job(key)
	if !ok {
		return
	}
	if j.Scope != "" {
		p.collect(j.Scope, set)
	}
	for _, need := range j.Needs {
		if set[need] {
			continue
		}
		for _, other := range p.plan.Jobs {
			if within(other.Key, need) {
				set[other.Key] = true
			}
		}
		p.collect(need, set)
	}
}

// reached are the jobs that can run for the event: those whose conditions, and
// those of their calls, are not known to be false.
func (p promotion) reached() map[string]bool {
	state := map[string]bool{}
	done := map[string]bool{}
	var visit func(key string) bool
	visit = func(key string) bool {
		if done[key] {
			return state[key]
		}
		done[key] = true // a cycle is reported by the reader; its jobs are not reached
		j, ok := p.job(key)
		if !ok || j.Scope != "" && !visit(j.Scope) {
			return false
		}
		success := true
		for _, need := range j.Needs {
			success = visit(need) && success
		}
		truth, decided := p.steps[key].condition(j.Body.If, success)
		state[key] = truth || !decided
		return state[key]
	}
	for _, j := range p.plan.Jobs {
		visit(j.Key)
	}
	return state
}
