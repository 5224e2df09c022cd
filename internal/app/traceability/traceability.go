// Package traceability reads the requirements and tests of a release at its
// pinned commits and joins them with the results of its run. It also runs the
// document tests on them.
package traceability

import (
	"context"
	"fmt"
	"io"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
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
	History(ctx context.Context, b policy.Baseline, r Repository) (History, error)
}

// History lists the commits of a repository, the newest first.
type History interface {
	Commits(ctx context.Context, from, to string) ([]release.Commit, error)
	// History gives each commit the paths that it changed, as far as it touched a
	// folder ("" for every one).
	History(ctx context.Context, from, to, folder string) ([]release.Commit, error)
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

// Releases finds releases and their runs.
type Releases interface {
	Release(ctx context.Context, solution, version string) (gate.Standing, error)
	Run(ctx context.Context, run string) (state.Run, error)
}

// Tracer computes matrices.
type Tracer struct {
	Repositories Repositories
	Blobs        Blobs
	Solutions    Solutions
	Results      ResultReader
	Sources      Sources
	Page         func(data []byte) []document.Block // reads a page of Markdown
	Releases     Releases
	Readers      Readers

	cache   cache[fileKey, scanned]
	maps    cache[Pin, trace.TestMap]
	surveys cache[fileKey, document.Outline]
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

// Waivable is the check of a gate that the waiver of an item belongs to.
const Waivable = "matrix-without-gaps"

// Traced is the trace of a release with what it was made of.
type Traced struct {
	Matrix   trace.Matrix
	Findings []document.Finding
	Items    []trace.Item // at the commits of the release
	Before   []trace.Item // of the release that it follows
}

// Printed are the items as documents print them.
func (t Traced) Printed() []document.Item { return t.Matrix.Items(t.Items, t.Before) }

// Trace joins the items and results of a release at its pinned commits. What a
// waiver excepts, and holds at the time, is JUSTIFIED; what its previous release
// held is the baseline that links were reviewed against.
func (t *Tracer) Trace(ctx context.Context, run state.Run, s gate.Standing, name, at string) (out Traced, err error) {
	if out.Items, out.Findings, err = t.Items(ctx, PinOf(s)); err != nil {
		return out, err
	}
	if out.Before, err = t.before(ctx, s); err != nil {
		return out, err
	}
	results, err := t.results(ctx, run)
	if err != nil {
		return out, err
	}
	scope := trace.Scope{Commit: run.Run.Trigger.SHA, Columns: Columns(name), Waived: waived(s, at), Approved: trace.Fingerprints(out.Before)}
	if policy.Profile(run.Run.Profile) == policy.GxP {
		scope.Minimum = trace.Minimum
	}
	out.Matrix = trace.Link(out.Items, results, scope)
	return out, nil
}

// before are the items of the release that a release follows, nil for the first.
func (t *Tracer) before(ctx context.Context, s gate.Standing) ([]trace.Item, error) {
	if s.Registered.Previous == "" {
		return nil, nil
	}
	before, err := t.Releases.Release(ctx, s.Registered.Solution, s.Registered.Previous)
	if err != nil || before.Registered == nil {
		return nil, err
	}
	items, _, err := t.Items(ctx, PinOf(before))
	return items, err
}

// waived names what waivers except from the matrix at a time.
func waived(s gate.Standing, at string) map[string]string {
	out := map[string]string{}
	for _, w := range approval.Effective(s.Approvals, at) {
		if w.Check == Waivable {
			out[w.Item] = "a waiver until " + w.Expires
		}
	}
	return out
}

// Gaps says which requirements have no test planned, and which have no passed
// one by the time of the gate. What is excepted is no gap.
func (t *Tracer) Gaps(ctx context.Context, run state.Run, s gate.Standing, name, at string) (unplanned, gaps []string, err error) {
	traced, err := t.Trace(ctx, run, s, name, at)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range traced.Findings {
		if f.Severity == workflow.Error {
			unplanned = append(unplanned, f.String())
		}
	}
	for _, g := range traced.Matrix.Gaps() {
		if g.Direct && g.State != trace.Justified {
			gaps = append(gaps, fmt.Sprintf("%s is %s: %s", g.ID, g.State, g.Reason))
		}
	}
	return unplanned, gaps, nil
}
