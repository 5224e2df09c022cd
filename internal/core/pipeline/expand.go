package pipeline

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Limits of GitHub for reusable workflows (docs.github.com, "Reusing workflow
// configurations", limitations), and ours for a plan.
const (
	maxLevels  = 10 // of workflows, the caller at the top included
	maxCallees = 50 // different called workflows
	maxJobs    = 1000
)

// ExpandRequest is what a plan is made from.
type ExpandRequest struct {
	Trigger Trigger
	File    string // path of the root workflow
	// Read gives a workflow file: the root by its path, a called one by what
	// stands under uses. ok is false when there is none. It is asked once per name.
	Read func(name string) (file File, ok bool)
	Vars map[string]string
	// Profile decides what is an error and what a warning.
	Profile string
	// Environments maps other names of environments to places, without case:
	// "production" to "prd".
	Environments map[string]string
	Branch       string // the branch that releases come from, "" for main
}

// File is one workflow file that was read.
type File struct {
	Workflow workflow.Workflow
	Source   Source
	Findings []workflow.Finding
}

// Expand makes the plan of a run: calls are resolved and flattened, inputs are
// checked, environments are evaluated and what each job may prove is fixed. The
// findings are those of all files and of the plan, also in Plan.Findings; the
// plan may be run only when none of them is an error. An environment that is
// mapped to a place has the name of the place in the plan.
func Expand(req ExpandRequest) (Plan, []workflow.Finding) {
	files := map[string]*File{}
	e := expand(req, files)
	e.findings = append(e.findings, promotionOf(e).check()...)
	for _, name := range e.order {
		e.findings = append(e.findings, files[name].Findings...)
	}
	slices.SortStableFunc(e.findings, func(a, b workflow.Finding) int {
		return cmp.Or(
			cmp.Compare(e.rank(a.At.File), e.rank(b.At.File)),
			cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column),
		)
	})
	e.plan.Findings = slices.Compact(e.findings)
	return e.plan, e.plan.Findings
}

// expander builds one plan; what it reads is shared between plans for several
// triggers.
type expander struct {
	req      ExpandRequest
	files    map[string]*File
	order    []string // names of files in the order in which they are met
	plan     Plan
	steps    map[string]stage
	findings []workflow.Finding
}

// stage is what is known where a job stands: the values for its expressions.
type stage struct {
	known known
	calls []string // keys of the enclosing calls, outermost first
}

func expand(req ExpandRequest, files map[string]*File) *expander {
	e := &expander{req: req, files: files, steps: map[string]stage{}}
	e.plan = Plan{Schema: "dc-release/plan/v1", Engine: Engine, Trigger: req.Trigger, File: req.File}
	root := e.read(req.File)
	if root == nil {
		at := workflow.Position{File: req.File, Line: 1, Column: 1}
		e.report(at, "unknown-workflow", "", "workflow %q is not in the commit", req.File)
		return e
	}
	e.plan.Name = root.Workflow.Name
	if e.plan.Name == "" {
		e.plan.Name = req.File // as GitHub names it
	}
	e.scope(root, "", rootKnown(req), nil, []string{req.File})
	return e
}

// read gives a file once per expansion to the plan's sources.
func (e *expander) read(name string) *File {
	f, asked := e.files[name]
	if !asked {
		if file, ok := e.req.Read(name); ok {
			f = &file
		}
		e.files[name] = f
	}
	if f != nil && !slices.Contains(e.order, name) {
		e.order = append(e.order, name)
		e.plan.Sources = append(e.plan.Sources, f.Source)
	}
	return f
}

// rank orders findings as the files were met.
func (e *expander) rank(file string) int {
	return slices.IndexFunc(e.order, func(name string) bool { return e.files[name].Workflow.File == file })
}

func (e *expander) report(at workflow.Position, rule, hint, format string, args ...any) {
	e.add(workflow.Error, at, rule, hint, format, args...)
}

func (e *expander) add(severity workflow.Severity, at workflow.Position, rule, hint, format string, args ...any) {
	e.findings = append(e.findings, workflow.Finding{
		At: at, Severity: severity, Rule: rule, Hint: hint, Message: fmt.Sprintf(format, args...),
	})
}

// scope adds the jobs of one file; chain holds the names of the files above it
// and itself.
func (e *expander) scope(f *File, scope string, k known, calls, chain []string) {
	prefix := ""
	if scope != "" {
		prefix = scope + "/"
	}
	for _, body := range f.Workflow.Jobs {
		if len(e.plan.Jobs) >= maxJobs {
			e.report(body.At, "too-many-jobs", "call fewer workflows", "plan has more than %d jobs", maxJobs)
			return
		}
		j := Job{
			Key: prefix + body.ID, Scope: scope, Body: body,
			WorkflowEnv: f.Workflow.Env, WorkflowDefaults: f.Workflow.Defaults,
			Framework: f.Source.Origin == "embedded",
		}
		for _, need := range body.Needs {
			j.Needs = append(j.Needs, prefix+need)
		}
		e.steps[j.Key] = stage{known: k, calls: calls}
		if body.Call != nil {
			e.call(j, k, calls, chain)
			continue
		}
		e.environment(&j, k)
		e.checkouts(j, k)
		e.plan.Jobs = append(e.plan.Jobs, j)
	}
}

// local is the only form of a workflow of the same repository.
var local = regexp.MustCompile(`^\./\.github/workflows/[^/@]+\.ya?ml$`)

// call adds a call and the jobs of the workflow that it calls.
func (e *expander) call(j Job, k known, calls, chain []string) {
	uses, at := j.Body.Call.Uses, j.Body.Call.At
	index := len(e.plan.Jobs)
	e.plan.Jobs = append(e.plan.Jobs, j)
	callee := e.callee(uses, at, chain)
	if callee == nil {
		return
	}
	if callee.Source.Origin == "embedded" && !pinned(uses) {
		e.add(workflow.Warning, at, "mutable-ref", "pin it to a commit; this engine runs the workflow that it brings along",
			"the framework is referenced at %q, which can move", uses[strings.LastIndexByte(uses, '@'):])
	}
	e.plan.Jobs[index].Interface = callee.Workflow.Call
	e.secrets(j, *callee.Workflow.Call)
	inner := k.inside(e.inputs(j, *callee.Workflow.Call, k))
	e.scope(callee, j.Key, inner, append(slices.Clone(calls), j.Key), append(slices.Clone(chain), uses))
}

// callee finds a called workflow; nil, with a finding, when it cannot be called.
func (e *expander) callee(uses string, at workflow.Position, chain []string) *File {
	switch {
	case strings.HasPrefix(uses, "./") && !local.MatchString(uses):
		e.report(at, "unknown-workflow", "want ./.github/workflows/NAME.yaml", "local workflow %q has not the form of one", uses)
		return nil
	case slices.ContainsFunc(chain, func(name string) bool { return sameFile(name, uses) }):
		e.report(at, "call-cycle", "remove this call", "workflow calls itself: %s -> %s", strings.Join(chain, " -> "), uses)
		return nil
	case len(chain) >= maxLevels:
		e.report(at, "too-many-levels", "call it from a workflow further up", "more than %d levels of workflows", maxLevels)
		return nil
	case len(e.order) > maxCallees && !slices.Contains(e.order, uses):
		e.report(at, "too-many-workflows", "call fewer workflows", "more than %d different workflows are called", maxCallees)
		return nil
	}
	f := e.read(uses)
	switch {
	case f == nil && strings.HasPrefix(uses, "./"):
		e.report(at, "unknown-workflow", "add the file, or correct the name", "workflow %q is not in the commit", uses)
		return nil
	case f == nil:
		e.report(at, "unsupported-workflow", "copy it into ./.github/workflows; of other repositories only the release framework's workflows are executed",
			"workflow %q of another repository is not executed by this engine", uses)
		return nil
	case f.Workflow.Call == nil:
		e.report(at, "not-callable", "add on: workflow_call to it", "workflow %q cannot be called", uses)
		return nil
	}
	return f
}

// sameFile compares the path of a root with the name under uses.
func sameFile(name, uses string) bool {
	return strings.TrimPrefix(name, "./") == strings.TrimPrefix(uses, "./")
}

var commit = regexp.MustCompile(`@[0-9a-f]{40}$`)

func pinned(uses string) bool { return commit.MatchString(uses) }
