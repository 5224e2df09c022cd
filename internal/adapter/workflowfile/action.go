package workflowfile

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// ActionFiles are the names that an action's metadata file may have, in the
// order in which GitHub looks for them.
var ActionFiles = []string{"action.yml", "action.yaml"}

// ReadAction reads an action's metadata file; path names it in findings. The
// action is nil when the file is no YAML mapping; it may be run only when no
// finding is an error.
func ReadAction(path string, data []byte) (*workflow.Action, []workflow.Finding) {
	r := newReader(path, data)
	root := r.decode(data)
	if root == nil {
		return nil, r.findings
	}
	a := r.metadata(root)
	return a, r.sorted()
}

func (r *reader) metadata(root *yaml.Node) *workflow.Action {
	a := &workflow.Action{File: r.file}
	var runs *yaml.Node
	var outputs []entry
	for _, e := range r.section(root, actionSection) {
		switch e.name {
		case "name":
			a.Name = r.text(e.value, workflow.KeyNone).Source
		case "inputs":
			for _, item := range r.optional(e.value, "inputs") {
				a.Inputs = append(a.Inputs, r.actionInput(item))
			}
		case "outputs":
			outputs = r.optional(e.value, "outputs")
		case "runs":
			runs = e.value
		}
	}
	if runs == nil {
		r.report(r.at(root), "missing-key", "add runs:", "action has no runs")
		return a
	}
	r.runs(a, runs)
	for _, item := range outputs {
		a.Outputs = append(a.Outputs, r.actionOutput(item, a.Composite()))
	}
	return a
}

// optional is a mapping that may be empty.
func (r *reader) optional(n *yaml.Node, what string) []entry {
	if isNull(resolve(n)) {
		return nil
	}
	return r.mapping(n, what)
}

func (r *reader) actionInput(item entry) workflow.ActionInput {
	in := workflow.ActionInput{Name: item.name}
	if isNull(item.value) {
		return in
	}
	for _, e := range r.section(item.value, actionInputSection) {
		switch e.name {
		case "required":
			t, _ := r.scalar(e.value) // a text "true" counts too, as on GitHub
			in.Required = t.Source == "true"
		case "default":
			in.Default, in.HasDefault = r.text(e.value, workflow.KeyActionInputDefault), true
		case "deprecationMessage":
			in.Deprecated = r.text(e.value, workflow.KeyNone).Source
		}
	}
	return in
}

func (r *reader) actionOutput(item entry, composite bool) workflow.Output {
	o := workflow.Output{Name: item.name}
	if isNull(item.value) {
		return o
	}
	for _, e := range r.section(item.value, actionOutputSection) {
		if e.name == "value" && composite {
			o.Value = r.text(e.value, workflow.KeyActionOutput)
		}
	}
	return o
}

// nodeForm is runs.using of an action that node runs.
var nodeForm = regexp.MustCompile(`^node([0-9]+)$`)

// oldestNode is the first version that GitHub ran actions with.
const oldestNode = 12

func (r *reader) runs(a *workflow.Action, n *yaml.Node) {
	using := ""
	at := r.at(resolve(n))
	for _, e := range r.mapping(n, "runs") {
		if e.name == "using" {
			t := r.text(e.value, workflow.KeyNone)
			using, at = strings.ToLower(t.Source), t.At
		}
	}
	a.Using = using
	version := nodeForm.FindStringSubmatch(using)
	switch {
	case using == "composite":
		r.compositeRuns(a, n)
	case version != nil:
		if number, err := strconv.Atoi(version[1]); err != nil || number < oldestNode {
			r.report(at, "unsupported-action", "", "action is run by %q: want node%d or newer", using, oldestNode)
		}
		r.nodeRuns(a, n)
	case using == "docker":
		r.report(at, "unsupported-action", "use an action that is composite or run by node, or run: with a tool of the worker", "action runs in a container, which this engine does not execute")
	case using == "":
		r.report(at, "missing-key", "add using: composite, or node20", "runs has no using")
	default:
		r.report(at, "unsupported-action", "want composite or node20", "action is run by %q, which is unknown", using)
	}
}

func (r *reader) compositeRuns(a *workflow.Action, n *yaml.Node) {
	given := false
	for _, e := range r.section(n, compositeSection) {
		if e.name == "steps" {
			given = true
			a.Steps = r.steps(e.value, actionSteps)
		}
	}
	if !given {
		r.report(r.at(resolve(n)), "missing-key", "add steps:", "composite action has no steps")
	}
	for _, s := range a.Steps {
		if s.Run.Source != "" && s.Shell.Source == "" {
			r.report(s.At, "missing-key", "add shell: bash", "step of a composite action with run has no shell")
		}
	}
}

func (r *reader) nodeRuns(a *workflow.Action, n *yaml.Node) {
	for _, e := range r.section(n, nodeSection) {
		switch e.name {
		case "main":
			a.Main = r.script(e.value, e.name)
		case "pre":
			a.Pre = r.script(e.value, e.name)
		case "post":
			a.Post = r.script(e.value, e.name)
		case "pre-if":
			a.PreIf = r.condition(e.value, workflow.KeyActionPreIf)
		case "post-if":
			a.PostIf = r.condition(e.value, workflow.KeyActionPostIf)
		}
	}
	if a.Main == "" {
		r.report(r.at(resolve(n)), "missing-key", "add main:", "node action has no main")
	}
}

// script is a file of the action; a name that leaves its folder is refused.
func (r *reader) script(n *yaml.Node, what string) string {
	t := r.nonEmpty(n, workflow.KeyNone, what)
	if strings.HasPrefix(t.Source, "/") || strings.Contains("/"+t.Source+"/", "/../") {
		r.report(t.At, "wrong-type", "", "%s is %q: want a file of the action", what, t.Source)
	}
	return t.Source
}
