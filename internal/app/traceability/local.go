package traceability

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// Local asks for the trace of files that are no release: a working directory
// with its results. It is for people who write; no gate reads it.
type Local struct {
	Code, Requirements Tree // the second may be nil
	Project            string
	Results            []LocalResult
	Item               string
	Depth              int
}

// LocalResult is a result file with the place that it is said to come from.
type LocalResult struct {
	Name        string
	Environment string // "" for unit tests
	Report      evidence.Report
}

// ShowLocal computes the trace of files. Every result counts, as the plan that
// would say what a job may prove is not asked.
func (t *Tracer) ShowLocal(ctx context.Context, q Local) (Report, error) {
	items, findings, err := t.gather(ctx, q.Code, q.Requirements, Pin{}, q.Project)
	if err != nil {
		return Report{}, err
	}
	results, err := t.counted(ctx, q)
	if err != nil {
		return Report{}, err
	}
	m := trace.Link(items, results, trace.Scope{})
	out := Report{Solution: q.Project, Matrix: m.Document(), Items: m.Items(items, nil), Findings: nonNil(findings)}
	out.Near, err = near(m, q.Item, q.Depth)
	return out, err
}

// counted are the cases of result files that name an id.
func (t *Tracer) counted(ctx context.Context, q Local) (out []trace.Result, err error) {
	binds, err := t.readTestMap(ctx, q.Code, "")
	if err != nil {
		return nil, err
	}
	for _, r := range q.Results {
		for _, p := range r.Report.Problems {
			if p.Fatal {
				return nil, fault.New(fault.Invalid, "result file %s: %s", r.Name, p)
			}
		}
		for _, j := range evidence.Judge(binds.Bind(r.Report), everything(r)) {
			out = append(out, trace.Results(j, 1, "", r.Report.SHA256)...)
		}
	}
	return out, nil
}

// everything is an origin that lets a file prove whatever it says.
func everything(r LocalResult) evidence.Origin {
	o := evidence.Origin{Path: r.Name, Environment: r.Environment, ByPerson: true}
	for _, v := range evidence.Verifications {
		p := evidence.Proof{Verification: v}
		if !v.BoundToCommit() {
			p.Environment = r.Environment
		}
		o.Proves = append(o.Proves, p)
	}
	return o
}

// Page is the report as a document, for readers.
func (r Report) Page() document.Tree {
	title := r.Solution
	if r.Version != "" {
		title = fmt.Sprintf("%s %s", r.Solution, r.Version)
	}
	return document.TracePage(title, r.Code, r.Requirements, r.Matrix, r.Items)
}
