package wire

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// mirrors keeps a bare mirror of every repository of every solution under
// git/<solution>/<role>.git.
type mirrors struct {
	root string
	mu   sync.Mutex
}

func (m *mirrors) open(ctx context.Context, solution, role, source string) (*git.Repository, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return git.Mirror(ctx, source, m.dir(solution, role))
}

func (m *mirrors) dir(solution, role string) string {
	return filepath.Join(m.root, solution, role+".git")
}

// Code implements intake.Repositories.
func (m *mirrors) Code(ctx context.Context, b policy.Baseline) (intake.Code, error) {
	return m.open(ctx, b.Solution, "code", b.Code)
}

// Requirements implements intake.Repositories.
func (m *mirrors) Requirements(ctx context.Context, b policy.Baseline) (string, error) {
	if b.Requirements == "" {
		return "", nil
	}
	r, err := m.open(ctx, b.Solution, "requirements", b.Requirements)
	if err != nil {
		return "", err
	}
	ref, _, err := r.Resolve(ctx, "refs/heads/"+b.Branch)
	if err != nil || ref.Commit == "" {
		return "", err
	}
	return ref.Commit, r.Keep(ctx, ref.Commit)
}

// CodeTree implements traceability.Repositories.
func (m *mirrors) CodeTree(ctx context.Context, b policy.Baseline) (traceability.Tree, error) {
	return git.Open(ctx, m.dir(b.Solution, "code"))
}

// RequirementsTree implements traceability.Repositories.
func (m *mirrors) RequirementsTree(ctx context.Context, b policy.Baseline) (traceability.Tree, error) {
	return git.Open(ctx, m.dir(b.Solution, "requirements"))
}

// plan reads the workflow files of exactly the trigger's commit and expands
// them. A plan without a file says that the workflow does not start.
func plan(ctx context.Context, r intake.PlanRequest) (pipeline.Plan, []workflow.Finding, map[string][]byte, error) {
	files := map[string][]byte{}
	var failed error
	load := workflowfile.Loader(func(path string) ([]byte, bool) {
		data, ok, err := r.Code.ReadFile(ctx, r.Trigger.SHA, path)
		if err != nil {
			failed = err
		}
		if ok {
			files[path] = data
		}
		return data, ok
	})
	root, ok := load(r.File)
	if failed != nil {
		return pipeline.Plan{}, nil, nil, failed
	}
	if !ok {
		at := workflow.Position{File: r.File, Line: 1, Column: 1}
		return pipeline.Plan{}, []workflow.Finding{{At: at, Severity: workflow.Error, Rule: "no-workflow", Message: "the workflow is not in commit " + r.Trigger.SHA, Hint: "commit it, or name another with --workflow"}}, nil, nil
	}
	if !refused(root.Findings) {
		if match, _ := root.Workflow.On.Match(r.Trigger.Name, r.Trigger.Ref, r.Trigger.BaseRef, "synchronize"); !match {
			return pipeline.Plan{}, root.Findings, files, nil
		}
	}
	p, findings := pipeline.Expand(pipeline.ExpandRequest{
		Trigger: r.Trigger, File: r.File, Read: load, Vars: r.Vars, Profile: string(r.Profile), Environments: r.Environments,
	})
	return p, findings, files, failed
}

func refused(findings []workflow.Finding) bool {
	for _, f := range findings {
		if f.Severity == workflow.Error {
			return true
		}
	}
	return false
}
