package traceability

import (
	"context"
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// Query asks for the trace of a release.
type Query struct {
	Solution string `json:"solution"`
	Version  string `json:"version"`
	Gate     string `json:"gate,omitempty"` // whose expectations count, "" for those of the last gate that was reached
	Item     string `json:"item,omitempty"` // its neighbourhood
	Depth    int    `json:"depth,omitempty"`
}

// Report is a trace as it is printed: everything pinned to the two commits.
type Report struct {
	Solution     string              `json:"solution,omitempty"`
	Version      string              `json:"version,omitempty"`
	Code         string              `json:"code,omitempty"`         // commit
	Requirements string              `json:"requirements,omitempty"` // commit
	Gate         string              `json:"gate,omitempty"`
	Matrix       document.Matrix     `json:"matrix"`
	Items        []document.Item     `json:"items"`
	Findings     []document.Finding  `json:"findings"`
	Near         trace.Neighbourhood `json:"neighbourhood,omitzero"`
	// Plan says what the change since the previous release asks to be run again;
	// nil for a first release.
	Plan *trace.Plan `json:"plan,omitempty"`
}

// Show computes the trace of a release as it stands at a time (UTC).
func (t *Tracer) Show(ctx context.Context, q Query, now string) (Report, error) {
	s, err := t.Releases.Release(ctx, q.Solution, q.Version)
	if err != nil {
		return Report{}, err
	}
	if s.Registered == nil {
		return Report{}, fault.New(fault.NotFound, "release %q of %q is not known", q.Version, q.Solution)
	}
	run, err := t.Releases.Run(ctx, s.Registered.Run)
	if err != nil {
		return Report{}, err
	}
	name := q.Gate
	if name == "" {
		name = reached(s)
	}
	traced, err := t.Trace(ctx, run, s, name, now)
	if err != nil {
		return Report{}, err
	}
	pin := PinOf(s)
	out := Report{
		Solution: pin.Solution, Version: q.Version, Code: pin.Code, Requirements: pin.Requirements, Gate: name,
		Matrix: traced.Matrix.Document(), Items: traced.Printed(), Findings: nonNil(traced.Findings),
	}
	if out.Near, err = near(traced.Matrix, q.Item, q.Depth); err != nil {
		return Report{}, err
	}
	out.Plan, err = t.plan(ctx, s, traced.Before, traced.Items)
	return out, err
}

// near is the neighbourhood of an item, empty without one.
func near(m trace.Matrix, item string, depth int) (trace.Neighbourhood, error) {
	if item == "" {
		return trace.Neighbourhood{}, nil
	}
	if depth < 1 {
		depth = 2
	}
	n := m.Neighbourhood(item, depth)
	if len(n.Nodes) == 0 {
		return n, fault.New(fault.NotFound, "item %q is not at these commits", item)
	}
	return n, nil
}

func nonNil(findings []document.Finding) []document.Finding {
	if findings == nil {
		return []document.Finding{}
	}
	return findings
}

// reached is the last gate of the profile that was looked at, the first one
// before that.
func reached(s gate.Standing) string {
	last := gate.PreVal
	for _, name := range []string{gate.PreVal, gate.ApproveToPrd, gate.ApproveForUse} {
		if s.Gate(name).Phase != "" {
			last = name
		}
	}
	return last
}

// plan follows the change since the previous release.
func (t *Tracer) plan(ctx context.Context, s gate.Standing, before, after []trace.Item) (*trace.Plan, error) {
	if s.Registered.Previous == "" {
		return nil, nil
	}
	files, err := t.changed(ctx, s)
	if err != nil {
		return nil, err
	}
	p := trace.Impact(before, after, files)
	return &p, nil
}

// changed are the paths of the code whose bytes or mode differ from those of
// the previous release.
func (t *Tracer) changed(ctx context.Context, s gate.Standing) ([]string, error) {
	r := s.Registered
	previous, err := t.Releases.Release(ctx, r.Solution, r.Previous)
	if err != nil || previous.Registered == nil {
		return nil, err
	}
	solution, err := t.Solutions.Solution(ctx, r.Solution)
	if err != nil {
		return nil, err
	}
	tree, err := t.Repositories.CodeTree(ctx, solution.Baseline)
	if err != nil {
		return nil, err
	}
	was, err := tree.Files(ctx, previous.Registered.Commit, "")
	if err != nil {
		return nil, err
	}
	is, err := tree.Files(ctx, r.Commit, "")
	if err != nil {
		return nil, err
	}
	return differing(was, is), nil
}

func differing(was, is []release.File) []string {
	then := map[string]release.File{}
	for _, f := range was {
		then[f.Path] = f
	}
	var out []string
	for _, f := range is {
		if then[f.Path] != f {
			out = append(out, f.Path)
		}
		delete(then, f.Path)
	}
	for path := range then {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}
