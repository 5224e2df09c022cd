package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// DescribeOperation is what a refused report is recorded under.
const DescribeOperation = "artifact.describe"

// DescribeRequest is a job's call of "dc-release describe".
type DescribeRequest struct {
	Execution string         `json:"execution"`
	Fence     int64          `json:"fence"`
	Files     []DescribeFile `json:"files"` // their bytes are blobs
}

// DescribeFile is one report that is handed in.
type DescribeFile struct {
	Kind   component.Kind `json:"kind"`
	Name   string         `json:"name"`
	SHA256 string         `json:"sha256"`
	Size   int64          `json:"size"`
}

// Describe keeps reports about the artifact of the caller's run, all of them or
// none. They are about the artifact that the run keeps: one that names another is
// refused, and so are all before there is one, because nothing would bind them to
// the bytes that are deployed. A refusal is recorded.
func (d *Deployer) Describe(ctx context.Context, r DescribeRequest) (component.Described, error) {
	slot, err := d.Claims.Current(ctx, r.Execution, r.Fence)
	if err != nil {
		return component.Described{}, err
	}
	run, err := d.State.Run(ctx, slot.Run)
	if err != nil {
		return component.Described{}, err
	}
	call, err := canonical.Digest(r)
	if err != nil {
		return component.Described{}, err
	}
	b := ledger.Batch{
		Command: "describe/" + r.Execution + "/" + call, Correlation: slot.Run,
		Actor: ledger.Actor{Kind: ledger.Machine, ID: slot.Worker, Role: "worker", Authentication: "worker"},
	}
	out, refusal := d.described(ctx, run, r)
	if refusal != nil {
		own := fault.KindOf(refusal)
		if own == fault.Internal {
			return out, refusal
		}
		b.Command += "/refused"
		b.Events = []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{
			Operation: DescribeOperation, Subject: string(ledger.RunStream(slot.Run)), Kind: string(own), Message: r.Execution + ": " + refusal.Error(),
		}}}
	} else {
		b.Events = []ledger.Draft{{Stream: ledger.RunStream(slot.Run), Data: &out}}
	}
	if _, err := d.Log.Append(ctx, b); err != nil {
		return component.Described{}, err
	}
	return out, refusal
}

// described reads the reports and holds them against the kept artifact.
func (d *Deployer) described(ctx context.Context, run state.Run, r DescribeRequest) (component.Described, error) {
	var out component.Described
	switch {
	case len(r.Files) == 0 || len(r.Files) > component.MaxReports:
		return out, fault.New(fault.Invalid, "%d reports: want 1 to %d", len(r.Files), component.MaxReports)
	case run.Kept == nil:
		return out, fault.New(fault.Invalid, "no artifact was handed in yet in this run, so that there is nothing to describe").
			WithHint("describe it after the first deploying job called: dc-release deploy --artifact PATH")
	}
	tree, err := d.Kept(ctx, *run.Kept)
	if err != nil {
		return out, err
	}
	digests := []string{run.Kept.Tree}
	for _, f := range tree {
		digests = append(digests, f.SHA256)
	}
	out = component.Described{Execution: r.Execution, Tree: run.Kept.Tree}
	var wrong []string
	for i, f := range r.Files {
		handed, err := d.report(ctx, f, digests)
		if err == nil && slices.ContainsFunc(r.Files[:i], func(x DescribeFile) bool { return x.Kind == f.Kind && x.Name == f.Name }) {
			err = fault.New(fault.Invalid, "is handed in twice")
		}
		if err != nil && fault.KindOf(err) == fault.Internal {
			return out, err
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s %.100q: %v", f.Kind, f.Name, err))
		}
		out.Reports = append(out.Reports, handed)
	}
	if len(wrong) > 0 {
		return out, fault.New(fault.Invalid, "%s", brief(strings.Join(wrong, "\n")))
	}
	return out, nil
}

// report reads one report, which has to be about one of the digests.
func (d *Deployer) report(ctx context.Context, f DescribeFile, digests []string) (component.Handed, error) {
	if !component.CheckName(f.Name) {
		return component.Handed{}, fault.New(fault.Invalid, "want a file name of one line")
	}
	if f.Size > component.MaxSize {
		return component.Handed{}, fault.New(fault.Invalid, "%d bytes: want at most %d", f.Size, component.MaxSize)
	}
	raw, err := d.Blobs.Bytes(ctx, f.SHA256)
	if err != nil {
		return component.Handed{}, err
	}
	read, err := component.Read(f.Kind, raw)
	if err == nil {
		err = read.Tells(digests)
	}
	if err != nil {
		return component.Handed{}, fault.New(fault.Invalid, "%v", err)
	}
	return read.Hand(f.Kind, f.Name, f.SHA256, int64(len(raw))), nil
}

// brief bounds what a refusal says, so that an event holds it.
func brief(s string) string {
	const most = 16 << 10
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
