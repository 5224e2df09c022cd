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
	// ReadAction gives the action of a uses: value that is not satisfied natively.
	// ok is false when there is none. It is asked once per value; nil knows none.
	ReadAction func(uses string) (action ActionFile, ok bool)
	// Offers is what the workers have; nil where that is not known.
	Offers *Offers
}

// File is one workflow file that was read.
type File struct {
	Workflow workflow.Workflow
	Source   Source
	// Base is "OWNER/NAME/.github/workflows/%s@COMMIT" for a file of another
	// repository: what its local references mean. "" for the run's own.
	Base     string
	Findings []workflow.Finding
}

// ActionFile is the metadata of one action that was read.
type ActionFile struct {
	Action   Action
	Findings []workflow.Finding
}

// Expand makes the plan of a run: calls are resolved and flattened, inputs are
// checked, environments are evaluated and what each job may prove is fixed. The
// findings are those of all files and of the plan, also in Plan.Findings; the
// plan may be run only when none of them is an error. An environment that is
// mapped to a place has the name of the place in the plan.
func Expand(req ExpandRequest) (Plan, []workflow.Finding) {
	return expandWith(req, map[string]*File{})
}

func expandWith(req ExpandRequest, files map[string]*File) (Plan, []workflow.Finding) {
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
	steps    map[string]known // what is known where a job stands, by its key
	actions  map[string]bool  // that were asked for
	late     bool             // the jobs that are added are templates
	findings []workflow.Finding
}

// level is where the jobs of a file stand: their scope, what their expressions
// may know, the names of the files above and their own, and what the caller's
// permissions leave.
type level struct {
	file  *File
	scope string
	known known
	chain []string
	limit workflow.Permissions // nil where no caller declared any
}

func expand(req ExpandRequest, files map[string]*File) *expander {
	e := &expander{req: req, files: files, steps: map[string]known{}, actions: map[string]bool{}}
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
	e.plan.Concurrency = root.Workflow.Concurrency
	e.scope(level{file: root, known: rootKnown(req), chain: []string{req.File}})
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
	e.find(workflow.Error, at, rule, hint, format, args...)
}

func (e *expander) find(severity workflow.Severity, at workflow.Position, rule, hint, format string, args ...any) {
	e.findings = append(e.findings, workflow.Finding{
		At: at, Severity: severity, Rule: rule, Hint: hint, Message: fmt.Sprintf(format, args...),
	})
}

// scope adds the jobs of one file.
func (e *expander) scope(l level) {
	prefix := ""
	if l.scope != "" {
		prefix = l.scope + "/"
	}
	for _, body := range l.file.Workflow.Jobs {
		if len(e.plan.Jobs)+len(e.plan.Templates) >= maxJobs {
			e.report(body.At, "too-many-jobs", "call fewer workflows", "plan has more than %d jobs", maxJobs)
			return
		}
		j := Job{
			Key: prefix + body.ID, Scope: l.scope, Body: body,
			WorkflowEnv: l.file.Workflow.Env, WorkflowDefaults: l.file.Workflow.Defaults,
			Framework: l.file.Source.Origin == "embedded", Permissions: explicit(body, l),
		}
		for _, need := range body.Needs {
			j.Needs = append(j.Needs, prefix+need)
		}
		if j.Body.Strategy.HasMatrix() {
			e.group(j, l)
			continue
		}
		e.one(j, l, l.known)
	}
}

// add puts a job into the plan and gives its place; templates stand apart.
func (e *expander) add(j Job, k known) *Job {
	e.steps[j.Key] = k
	list := &e.plan.Jobs
	if e.late {
		list = &e.plan.Templates
	}
	*list = append(*list, j)
	return &(*list)[len(*list)-1]
}

// one adds a job that is no group, with the jobs of the workflow that it calls.
func (e *expander) one(j Job, l level, k known) {
	if j.Body.Call != nil {
		e.call(j, l, k)
		return
	}
	e.environment(&j, k)
	e.checkouts(j, k)
	e.offered(j, k)
	e.use(j.Body.Steps, nil)
	e.add(j, k)
}

// local is the only form of a workflow of the same repository.
var local = regexp.MustCompile(`^\./\.github/workflows/([^/@]+\.ya?ml)$`)

// call adds a call and the jobs of the workflow that it calls.
func (e *expander) call(j Job, l level, k known) {
	uses, at := j.Body.Call.Uses, j.Body.Call.At
	if m := local.FindStringSubmatch(uses); m != nil && l.file.Base != "" {
		uses = fmt.Sprintf(l.file.Base, m[1])
	}
	callee := e.callee(uses, at, l.chain)
	if callee != nil {
		j.Interface, j.Within = callee.Workflow.Call, callee.Workflow.Concurrency
	}
	e.add(j, k)
	if callee == nil {
		return
	}
	if callee.Source.Origin == "embedded" && !pinned(uses) {
		e.find(workflow.Warning, at, "mutable-ref", "pin it to a commit; this engine runs the workflow that it brings along",
			"the framework is referenced at %q, which can move", uses[strings.LastIndexByte(uses, '@'):])
	}
	e.secrets(j, *callee.Workflow.Call)
	e.limits(j, callee, l)
	e.scope(level{
		file: callee, scope: j.Key, known: k.inside(e.inputs(j, *callee.Workflow.Call, k)),
		chain: append(slices.Clone(l.chain), uses), limit: explicit(j.Body, l),
	})
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
		e.report(at, "unknown-workflow", "import its repository: dc-release actions add OWNER/NAME@REF --from REPOSITORY",
			"workflow %q of another repository is not in the store of actions", uses)
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
