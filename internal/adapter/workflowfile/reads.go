package workflowfile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// scope is where an expression stands: the indexes of job and step, -1 outside,
// and the name of the binding that holds it.
type scope struct {
	job, step int
	name      string
}

var outside = scope{job: -1, step: -1}

// read is one reading of a context.
type read struct {
	scope
	path string
	at   workflow.Position
}

func (r *reader) record(n *yaml.Node, reads []workflow.Reference) {
	for _, ref := range reads {
		r.reads = append(r.reads, read{scope: r.scope, path: ref.Path, at: r.within(n, ref.Offset)})
	}
}

// checkReads finds what could only be known after the whole file was read:
// secrets by computed name, tokens, and names that are never there.
func (r *reader) checkReads(w *workflow.Workflow) {
	for _, read := range r.reads {
		root, rest, _ := strings.Cut(read.path, ".")
		name, _, _ := strings.Cut(rest, ".")
		switch root {
		case "secrets":
			r.checkSecret(w, read, name)
		case "github":
			if strings.EqualFold(name, "token") {
				r.checkToken(w, read)
			}
		case "needs":
			if read.job >= 0 && name != "" && name != "*" && !contains(w.Jobs[read.job].Needs, name) {
				r.warn(read.at, "unknown-need-reference", "add "+name+" to needs", "needs.%s is always null: job %q does not need it",
					name, w.Jobs[read.job].ID)
			}
		case "steps":
			r.checkStep(w, read, name)
		case "inputs":
			r.checkInput(w, read, name)
		case "jobs":
			if name != "" && name != "*" && !slices.ContainsFunc(w.Jobs, func(j workflow.Job) bool { return strings.EqualFold(j.ID, name) }) {
				r.warn(read.at, "unknown-job-reference", "the jobs are "+jobIDs(w), "jobs.%s is always null: there is no such job", name)
			}
		}
	}
}

func contains(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

func (r *reader) checkSecret(w *workflow.Workflow, read read, name string) {
	switch {
	case name == "" || name == "*":
		r.report(read.at, "dynamic-secret", "name each secret: ${{ secrets.NAME }}",
			"secrets are read by a computed name: a job is given those that it names only")
	case strings.EqualFold(name, "GITHUB_TOKEN"):
		r.checkToken(w, read)
	}
}

// checkToken refuses the token of GitHub, which this engine does not issue,
// except where a native action would take it and needs none.
func (r *reader) checkToken(w *workflow.Workflow, read read) {
	if read.step >= 0 && strings.EqualFold(read.name, "token") {
		if _, ok := workflow.LookupNative(w.Jobs[read.job].Steps[read.step].Uses); ok {
			return
		}
	}
	r.report(read.at, "no-token", "store a token of your own as a secret with another name", "this engine issues no GitHub token")
}

func (r *reader) checkStep(w *workflow.Workflow, read read, name string) {
	if read.job < 0 || name == "" || name == "*" {
		return
	}
	steps := w.Jobs[read.job].Steps
	if read.step >= 0 {
		steps = steps[:read.step]
	}
	if !slices.ContainsFunc(steps, func(s workflow.Step) bool { return strings.EqualFold(s.ID, name) }) {
		r.warn(read.at, "unknown-step-reference", "give an earlier step that id", "steps.%s is always null: no earlier step has that id", name)
	}
}

func (r *reader) checkInput(w *workflow.Workflow, read read, name string) {
	if name == "" || name == "*" || slices.Contains(w.On.Other, "workflow_dispatch") {
		return
	}
	if w.Call != nil && slices.ContainsFunc(w.Call.Inputs, func(in workflow.Input) bool { return strings.EqualFold(in.Name, name) }) {
		return
	}
	r.warn(read.at, "unknown-input-reference", "declare it under on.workflow_call.inputs", "inputs.%s is always null: the workflow has no such input", name)
}
