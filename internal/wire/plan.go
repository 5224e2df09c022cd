package wire

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// planner makes plans from the files of exactly the trigger's commit and from
// the store of actions.
type planner struct {
	pins   *git.Pins
	offers *pipeline.Offers
}

// actionsDir is the store of actions of a data directory.
func actionsDir(data string) string { return filepath.Join(data, "actions") }

// offers are what the worker beside this program has.
func offers(c Config) *pipeline.Offers {
	path := c.Path
	if path == "" {
		path = os.Getenv("PATH")
	}
	o := &pipeline.Offers{Labels: append(append([]string{}, labels...), c.Labels...)}
	for _, name := range pipeline.Checked {
		if onPath(name, path) {
			o.Programs = append(o.Programs, name)
		}
	}
	return o
}

func onPath(name, path string) bool {
	for _, dir := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(found) {
			return true
		}
	}
	return false
}

// plan reads and expands. A plan without a file says that the workflow does not
// start; it was read all the same.
func (p planner) plan(ctx context.Context, r intake.PlanRequest) (pipeline.Plan, []workflow.Finding, map[string][]byte, error) {
	e := p.expansion(ctx, r)
	root, ok := e.sources.Workflow(r.File)
	if e.failed != nil {
		return pipeline.Plan{}, nil, nil, e.failed
	}
	if !ok {
		at := workflow.Position{File: r.File, Line: 1, Column: 1}
		return pipeline.Plan{}, []workflow.Finding{{At: at, Severity: workflow.Error, Rule: "no-workflow", Message: "the workflow is not in commit " + r.Trigger.SHA, Hint: "commit it, or name another with --workflow"}}, nil, nil
	}
	if !refused(root.Findings) {
		if match, _ := root.Workflow.On.Match(r.Trigger.Name, r.Trigger.Ref, r.Trigger.BaseRef, "synchronize"); !match {
			return pipeline.Plan{}, root.Findings, e.files, nil
		}
	}
	plan, findings := pipeline.Expand(e.asks(p.offers))
	return plan, findings, e.files, e.failed
}

// expansion is one plan while it is made: every file that it reads is kept.
type expansion struct {
	request intake.PlanRequest
	sources workflowfile.Sources
	files   map[string][]byte
	failed  error
}

func (p planner) expansion(ctx context.Context, r intake.PlanRequest) *expansion {
	e := &expansion{request: r, files: map[string][]byte{}}
	e.sources = workflowfile.Sources{
		Local: func(path string) ([]byte, bool) {
			data, ok, err := r.Code.ReadFile(ctx, r.Trigger.SHA, path)
			return e.keep(path, data, ok, err)
		},
		Remote: func(repository, ref, path string) ([]byte, string, bool) {
			data, commit, ok, err := p.pins.File(ctx, repository, ref, path)
			data, ok = e.keep(repository+"/"+path+"@"+commit, data, ok, err)
			return data, commit, ok
		},
	}
	return e
}

func (e *expansion) keep(name string, data []byte, ok bool, err error) ([]byte, bool) {
	if err != nil {
		e.failed = err
	}
	if ok && err == nil {
		e.files[name] = data
	}
	return data, ok && err == nil
}

func (e *expansion) asks(o *pipeline.Offers) pipeline.ExpandRequest {
	r := e.request
	return pipeline.ExpandRequest{
		Trigger: r.Trigger, File: r.File, Read: e.sources.Workflow, ReadAction: e.sources.Action, Offers: o,
		Vars: r.Vars, Profile: string(r.Profile), Environments: r.Environments, Branch: r.Branch,
	}
}

func refused(findings []workflow.Finding) bool {
	for _, f := range findings {
		if f.Severity == workflow.Error {
			return true
		}
	}
	return false
}
