// Package artifact says which execution a name of an artifact belongs to: within
// an attempt of a run it is given once, also by jobs that run at the same time.
// The artifacts themselves are in the ledger, with the results that name them.
package artifact

import (
	"context"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Name is a name of an attempt of a run, and who has it.
type Name struct {
	Run       string
	Attempt   int
	Name      string
	Execution string
	Digest    string // of the blob, "" until it is uploaded
}

// Store keeps the names.
type Store interface {
	// TakeName gives a name to an execution when it is free or when over is set; it
	// reports the execution that has it then.
	TakeName(ctx context.Context, n Name, over bool) (owner string, err error)
	// KeepDigest sets the digest of a name if the execution has it still.
	KeepDigest(ctx context.Context, n Name) error
	// Names gives those of a run.
	Names(ctx context.Context, run string) ([]Name, error)
}

// Names answers jobs.
type Names struct{ Store Store }

// Take lets an execution upload an artifact of a name: one that is free, one that
// it or a former try of its job had, or any when it overwrites.
func (s *Names) Take(ctx context.Context, run pipeline.State, execution, name string, overwrite bool) error {
	attempt := pipeline.AttemptOf(execution)
	taken := fault.New(fault.Conflict, "artifact %q is there: want another name, or overwrite", name)
	if !overwrite && slices.ContainsFunc(run.Artifacts, func(u pipeline.Uploaded) bool {
		return u.Name == name && u.Execution != execution && pipeline.AttemptOf(u.Execution) == attempt
	}) {
		return taken
	}
	n := Name{Run: run.Run.Run, Attempt: attempt, Name: name, Execution: execution}
	owner, err := s.Store.TakeName(ctx, n, overwrite)
	if err == nil && owner != execution && pipeline.JobOf(owner) == pipeline.JobOf(execution) {
		// A try that was lost leaves nothing: what it began to upload is gone.
		owner, err = s.Store.TakeName(ctx, n, true)
	}
	switch {
	case err != nil:
		return fmt.Errorf("name artifact %q: %w", name, err)
	case owner != execution:
		return taken
	}
	return nil
}

// Uploaded keeps what an execution has uploaded under a name that it took.
func (s *Names) Uploaded(ctx context.Context, run pipeline.State, execution, name, digest string) error {
	n := Name{Run: run.Run.Run, Attempt: pipeline.AttemptOf(execution), Name: name, Execution: execution, Digest: digest}
	if err := s.Store.KeepDigest(ctx, n); err != nil {
		return fmt.Errorf("keep artifact %q: %w", name, err)
	}
	return nil
}

// Readable reports whether an execution may read a blob: one of the run's
// artifacts, or one that it uploaded itself.
func (s *Names) Readable(ctx context.Context, run pipeline.State, execution, digest string) (bool, error) {
	if slices.ContainsFunc(run.Artifacts, func(u pipeline.Uploaded) bool { return u.SHA256 == digest }) {
		return true, nil
	}
	names, err := s.Store.Names(ctx, run.Run.Run)
	if err != nil {
		return false, fmt.Errorf("find artifact: %w", err)
	}
	return slices.ContainsFunc(names, func(n Name) bool { return n.Execution == execution && n.Digest == digest && digest != "" }), nil
}

// Current gives the artifacts of a run's finished executions, also those of former
// attempts, without those that were overwritten; the newest of a name is the last.
func (s *Names) Current(ctx context.Context, run pipeline.State) ([]pipeline.Artifact, error) {
	names, err := s.Store.Names(ctx, run.Run.Run)
	if err != nil {
		return nil, fmt.Errorf("list artifacts: %w", err)
	}
	list := []pipeline.Artifact{}
	for _, u := range run.Artifacts {
		if !overwritten(u, names, run.Artifacts) {
			list = append(list, u.Artifact)
		}
	}
	return list, nil
}

// overwritten reports whether the execution that has the name of an artifact now
// left one as well. The order in which they finished says nothing.
func overwritten(u pipeline.Uploaded, names []Name, all []pipeline.Uploaded) bool {
	attempt := pipeline.AttemptOf(u.Execution)
	i := slices.IndexFunc(names, func(n Name) bool { return n.Name == u.Name && n.Attempt == attempt })
	return i >= 0 && names[i].Execution != u.Execution &&
		slices.ContainsFunc(all, func(o pipeline.Uploaded) bool { return o.Name == u.Name && o.Execution == names[i].Execution })
}
