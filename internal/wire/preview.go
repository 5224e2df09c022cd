package wire

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/solutionfile"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/workflow"
	"github.com/dc-release/dc-release/internal/face/cli/workflows"
)

// Preview plans workflow files of a repository without a data directory; the
// store of actions is that of the one that the configuration names.
func Preview(ctx context.Context, c Config, q workflows.Request) ([]workflows.Planned, error) {
	code, err := git.Open(ctx, q.Repo)
	if err != nil {
		return nil, err
	}
	full, ref, err := findRef(ctx, code, code, q.Event, q.Ref)
	if err != nil {
		return nil, err
	}
	subject, err := code.Subject(ctx, ref.Commit)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(q.Repo)
	if err != nil {
		return nil, err
	}
	r := intake.PlanRequest{
		Trigger: intake.NewTrigger(q.Event, full, ref, repositoryName(code.RemoteURL(ctx, "origin")), filepath.Base(abs), q.Actor, subject),
		Code:    code, Vars: q.Vars,
	}
	config, findings, err := commitConfig(ctx, code, ref.Commit)
	if err != nil {
		return nil, err
	}
	r.Profile, r.Environments, r.Branch = config.Profile, config.Named(), config.Branch
	files, err := workflowFiles(ctx, code, ref.Commit, q.Workflow)
	if err != nil {
		return nil, err
	}
	p := planner{pins: git.OpenPins(actionsDir(c.Data)), offers: offers(c)}
	out := []workflows.Planned{}
	for _, file := range files {
		r.File = file
		planned, err := p.preview(ctx, r)
		if err != nil {
			return nil, err
		}
		planned.Findings = append(append([]workflow.Finding{}, findings...), planned.Findings...)
		out = append(out, planned)
	}
	return out, nil
}

// commitConfig is what dc-release.yaml of a commit says, nothing for no such
// file.
func commitConfig(ctx context.Context, code *git.Repository, commit string) (policy.File, []workflow.Finding, error) {
	raw, ok, err := code.ReadFile(ctx, commit, policy.FileName)
	if err != nil || !ok {
		return policy.File{}, nil, err
	}
	f, findings := solutionfile.Read(raw)
	return f, findings, nil
}

// workflowFiles are those of a commit, or the one that is named.
func workflowFiles(ctx context.Context, code *git.Repository, commit, named string) ([]string, error) {
	if named != "" {
		return []string{strings.TrimPrefix(named, "./")}, nil
	}
	files, err := code.Files(ctx, commit, ".github/workflows")
	if err != nil {
		return nil, err
	}
	var list []string
	for _, f := range files {
		if ext := filepath.Ext(f.Path); ext == ".yaml" || ext == ".yml" {
			list = append(list, f.Path)
		}
	}
	if len(list) == 0 {
		return nil, fault.New(fault.NotFound, "commit %.12s has no file below .github/workflows", commit)
	}
	return list, nil
}

// preview expands a file whether the event triggers it or not.
func (p planner) preview(ctx context.Context, r intake.PlanRequest) (workflows.Planned, error) {
	e := p.expansion(ctx, r)
	out := workflows.Planned{File: r.File, Trigger: r.Trigger, Jobs: []pipeline.Preview{}, Findings: []workflow.Finding{}}
	root, ok := e.sources.Workflow(r.File)
	if e.failed != nil {
		return out, e.failed
	}
	if !ok {
		return out, fault.New(fault.NotFound, "workflow %q is not in commit %.12s", r.File, r.Trigger.SHA)
	}
	plan, jobs, findings := pipeline.Foresee(e.asks(p.offers))
	out.Name, out.Sources, out.Actions = plan.Name, plan.Sources, plan.Actions
	out.Jobs, out.Findings = append(out.Jobs, jobs...), append(out.Findings, findings...)
	out.Triggered, out.Reason = root.Workflow.On.Match(r.Trigger.Name, r.Trigger.Ref, r.Trigger.BaseRef, "synchronize")
	return out, e.failed
}
