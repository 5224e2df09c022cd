// Package traceability reads the requirements and tests of a release at its
// pinned commits and joins them with the results of its run. It also runs the
// document tests on them.
package traceability

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Tree reads a repository at a commit.
type Tree interface {
	ReadFile(ctx context.Context, commit, path string) ([]byte, bool, error)
	Files(ctx context.Context, commit, folder string) ([]release.File, error)
}

// Repositories gives the mirrors of a solution as they are, without fetching.
type Repositories interface {
	CodeTree(ctx context.Context, b policy.Baseline) (Tree, error)
	RequirementsTree(ctx context.Context, b policy.Baseline) (Tree, error)
}

// Blobs reads result files.
type Blobs interface {
	Bytes(ctx context.Context, digest string) ([]byte, error)
	Open(ctx context.Context, digest string) (io.ReadCloser, error)
}

// Solutions finds the policy of a solution.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
}

// ResultReader reads a result file of any known format.
type ResultReader func(name string, r io.Reader) evidence.Report

// Tracer computes matrices.
type Tracer struct {
	Repositories Repositories
	Blobs        Blobs
	Solutions    Solutions
	Results      ResultReader
}

// Columns are the results that a gate expects.
func Columns(name string) []trace.Column {
	columns := []trace.Column{{Verification: "UT"}, {Verification: "OV", Environment: "tst"}}
	if name != gate.PreVal {
		columns = append(columns, trace.Column{Verification: "OV", Environment: "val"}, trace.Column{Verification: "AV", Environment: "val"})
	}
	if name == gate.ApproveForUse {
		columns = append(columns, trace.Column{Verification: "pOV", Environment: "prd"})
	}
	return columns
}

// Matrix joins items and results of a run at its pinned commits. The
// requirements commit is the release's; a run for no release takes "".
func (t *Tracer) Matrix(ctx context.Context, run state.Run, requirements, name string) (trace.Matrix, []document.Finding, error) {
	items, findings, err := t.Items(ctx, run.Run.Solution, run.Run.Trigger.SHA, requirements)
	if err != nil {
		return trace.Matrix{}, nil, err
	}
	results, err := t.results(ctx, run)
	if err != nil {
		return trace.Matrix{}, nil, err
	}
	return trace.Link(items, results, trace.Scope{Commit: run.Run.Trigger.SHA, Columns: Columns(name)}), findings, nil
}

// Gaps says which requirements have no test planned, and which have no passed
// one by the time of the gate.
func (t *Tracer) Gaps(ctx context.Context, run state.Run, requirements, name string) (unplanned, gaps []string, err error) {
	m, findings, err := t.Matrix(ctx, run, requirements, name)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range findings {
		if f.Severity == workflow.Error {
			unplanned = append(unplanned, f.String())
		}
	}
	for _, g := range m.Gaps() {
		if g.Direct {
			gaps = append(gaps, fmt.Sprintf("%s is %s: %s", g.ID, g.State, g.Reason))
		}
	}
	return unplanned, gaps, nil
}

// Items reads every Markdown file below documentation/ of the code commit and
// every one of the requirements commit, with the findings of all of them.
func (t *Tracer) Items(ctx context.Context, solution, code, requirements string) ([]trace.Item, []document.Finding, error) {
	s, err := t.Solutions.Solution(ctx, solution)
	if err != nil {
		return nil, nil, err
	}
	tree, err := t.Repositories.CodeTree(ctx, s.Baseline)
	if err != nil {
		return nil, nil, err
	}
	items, findings, err := scan(ctx, tree, code, "documentation", "")
	if err != nil {
		return nil, nil, err
	}
	if requirements != "" {
		if tree, err = t.Repositories.RequirementsTree(ctx, s.Baseline); err != nil {
			return nil, nil, err
		}
		more, moreFindings, err := scan(ctx, tree, requirements, "", "requirements:")
		if err != nil {
			return nil, nil, err
		}
		items, findings = append(more, items...), append(moreFindings, findings...)
	}
	project := solution
	if s.Profile == "" {
		project = "" // a rehearsal does not know whose ids these are
	}
	return items, append(findings, trace.Check(items, project)...), nil
}

// scan reads the items of one repository; prefix tells its files from those of
// another.
func scan(ctx context.Context, tree Tree, commit, folder, prefix string) ([]trace.Item, []document.Finding, error) {
	files, err := tree.Files(ctx, commit, folder)
	if err != nil {
		return nil, nil, err
	}
	var items []trace.Item
	var findings []document.Finding
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".md") || strings.HasPrefix(f.Path, "documentation/releases/") {
			continue
		}
		data, _, err := tree.ReadFile(ctx, commit, f.Path)
		if err != nil {
			return nil, nil, err
		}
		more, found := trace.Scan(prefix+f.Path, data)
		items, findings = append(items, more...), append(findings, found...)
	}
	return items, findings, nil
}

// results are the counted cases of every attempt.
func (t *Tracer) results(ctx context.Context, run state.Run) ([]trace.Result, error) {
	var out []trace.Result
	for _, rec := range run.Evidence {
		for _, item := range rec.Items {
			if !item.Counted {
				continue
			}
			_, judged, err := t.Judged(ctx, run, rec, item)
			if err != nil {
				return nil, err
			}
			out = append(out, trace.Results(judged, run.AttemptOf(rec), item.Commit, item.SHA256)...)
		}
	}
	return out, nil
}

// Judged reads the file of an item again, whatever its format, and gives the
// part that the item was made of. A file of several verifications gives each
// case to one item.
func (t *Tracer) Judged(ctx context.Context, run state.Run, rec state.Recorded, item evidence.Item) (evidence.Report, evidence.Judged, error) {
	origin := run.Origin(rec, item)
	if item.Format == deploy.FormatInstallation {
		origin = deploy.InstallationOrigin(item.Environment)
	}
	report, err := t.read(ctx, item)
	if err != nil {
		return report, evidence.Judged{}, fmt.Errorf("evidence %q: %w", item.Name, err)
	}
	judged, ok := item.Find(evidence.Judge(report, origin))
	if !ok {
		return report, judged, fmt.Errorf("evidence %q: it was recorded as %s in %q and holds nothing of it now", item.Name, item.Verification, item.Environment)
	}
	return report, judged, nil
}

// read reads the file of an item. Those of test tools may be of any size.
func (t *Tracer) read(ctx context.Context, item evidence.Item) (report evidence.Report, err error) {
	if item.Format == evidence.FormatConclusion || item.Format == deploy.FormatInstallation {
		raw, err := t.Blobs.Bytes(ctx, item.SHA256)
		if err != nil {
			return report, err
		}
		if item.Format == evidence.FormatConclusion {
			return evidence.ReadConclusion(raw)
		}
		return deploy.ReadInstallation(raw)
	}
	blob, err := t.Blobs.Open(ctx, item.SHA256)
	if err != nil {
		return report, err
	}
	defer blob.Close()
	if report = t.Results(item.Name, blob); report.SHA256 != item.SHA256 {
		return report, fault.New(fault.Unverified, "blob %s holds other bytes (%s)", item.SHA256, report.SHA256)
	}
	return report, nil
}
