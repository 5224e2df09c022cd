// Package deploy puts artifacts into places, keeps the bytes of the first hand
// in so that every later place gets the same, and verifies afterwards what is
// really there.
package deploy

import (
	"context"
	"io"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Place is one environment of a solution with its target's configuration.
type Place struct {
	Solution    string
	Environment string
	Config      map[string]string
}

// Opener opens the bytes of an artifact's file.
type Opener func(ctx context.Context, digest string) (io.ReadCloser, error)

// Target is a kind of place to deploy to.
type Target interface {
	// Apply makes an artifact the one that runs; doing it again is harmless.
	Apply(ctx context.Context, p Place, tree release.Tree, open Opener) error
	// Observe reads back what is there, from the place and not from what was
	// sent; nothing deployed is an empty tree.
	Observe(ctx context.Context, p Place) (release.Tree, error)
}

// Blobs keeps artifacts.
type Blobs interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
	Bytes(ctx context.Context, digest string) ([]byte, error)
	Open(ctx context.Context, digest string) (io.ReadCloser, error)
}

// Claims says whether a worker's claim is current.
type Claims interface {
	Current(ctx context.Context, execution string, fence int64) (pipeline.Slot, error)
}

// Solutions finds the policy of a solution.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
}

// Deployer deploys for jobs and for rollbacks.
type Deployer struct {
	Log       ledger.Log
	State     *state.Reader
	Blobs     Blobs
	Claims    Claims
	Solutions Solutions
	Targets   map[string]Target // by kind
}

// Request is a job's call of "dc-release deploy".
type Request struct {
	Execution string             `json:"execution"`
	Fence     int64              `json:"fence"`
	Files     []release.TreeFile `json:"files"` // handed in, their bytes are blobs; empty takes the kept ones
}

// Receipt says what was deployed.
type Receipt struct {
	Environment string `json:"environment"`
	Version     string `json:"version"`
	Tree        string `json:"tree"`
	Files       int    `json:"files"`
	Previous    string `json:"previous"` // tree that was there before
}

// Deploy serves the job that holds the claim: it keeps what is handed in, or
// takes what was kept, and makes it current in the job's place.
func (d *Deployer) Deploy(ctx context.Context, r Request) (Receipt, error) {
	slot, err := d.Claims.Current(ctx, r.Execution, r.Fence)
	if err != nil {
		return Receipt{}, err
	}
	if slot.Environment == "" {
		return Receipt{}, fault.New(fault.Invalid, "the job has no environment to deploy to").WithHint("give the job an environment: dev, tst, val or prd")
	}
	run, err := d.State.Run(ctx, slot.Run)
	if err != nil {
		return Receipt{}, err
	}
	solution, err := d.Solutions.Solution(ctx, slot.Solution)
	if err != nil {
		return Receipt{}, err
	}
	tree, err := d.artifact(ctx, run, solution, r)
	if err != nil {
		return Receipt{}, err
	}
	return d.apply(ctx, solution, slot.Environment, tree, release.Deployed{
		Environment: slot.Environment, Version: run.Run.Version, Commit: run.Run.Trigger.SHA, Run: slot.Run, Execution: r.Execution,
	}, ledger.Actor{Kind: ledger.Machine, ID: slot.Worker, Role: "worker", Authentication: "worker"}, "deploy/"+r.Execution)
}

// artifact is what will be deployed: handed in the first time, kept afterwards.
// Another digest in the same run was rebuilt and not promoted.
func (d *Deployer) artifact(ctx context.Context, run state.Run, solution policy.Solution, r Request) (release.Tree, error) {
	if len(r.Files) == 0 {
		if run.Kept == nil {
			return nil, fault.New(fault.Invalid, "no artifact was handed in yet in this run").WithHint("the first deploying job calls: dc-release deploy --artifact PATH")
		}
		return d.Kept(ctx, *run.Kept)
	}
	tree, err := release.NewTree(r.Files)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%v", err)
	}
	switch {
	case run.Kept == nil:
		return tree, d.keep(ctx, run, r, tree)
	case run.Kept.Tree == tree.Digest():
		return tree, nil
	case solution.Profile == policy.GxP && solution.Rebuilds != "accepted":
		return nil, fault.New(fault.Forbidden, "artifact %.12s differs from %.12s that this run handed in first: it was rebuilt, not promoted", tree.Digest(), run.Kept.Tree).
			WithHint("call dc-release deploy without --artifact after the first deployment")
	}
	return tree, nil
}

func (d *Deployer) keep(ctx context.Context, run state.Run, r Request, tree release.Tree) error {
	for _, f := range tree {
		blob, err := d.Blobs.Open(ctx, f.SHA256)
		if err != nil {
			return err
		}
		if err := blob.Close(); err != nil {
			return err
		}
	}
	raw, err := canonical.Marshal(tree)
	if err != nil {
		return err
	}
	manifest, err := d.Blobs.PutBytes(ctx, raw)
	if err != nil {
		return err
	}
	_, err = d.Log.Append(ctx, ledger.Batch{
		Command: "keep/" + r.Execution, Actor: ledger.Actor{Kind: ledger.Machine, ID: "deploy", Authentication: "worker"}, Correlation: run.Run.Run,
		Events: []ledger.Draft{{Stream: ledger.RunStream(run.Run.Run), Data: &pipeline.ArtifactKept{
			Execution: r.Execution, Tree: tree.Digest(), Manifest: manifest, Files: len(tree),
		}}},
	})
	return err
}

// Kept reads the file list of a kept artifact.
func (d *Deployer) Kept(ctx context.Context, k pipeline.ArtifactKept) (release.Tree, error) {
	raw, err := d.Blobs.Bytes(ctx, k.Manifest)
	if err != nil {
		return nil, err
	}
	var tree release.Tree
	if err := canonical.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	if tree.Digest() != k.Tree {
		return nil, fault.New(fault.Unverified, "kept artifact %.12s has another file list", k.Tree)
	}
	return tree, nil
}

// apply brings the tree into a place and records it. A crash in between is
// healed by doing it again.
func (d *Deployer) apply(ctx context.Context, solution policy.Solution, environment string, tree release.Tree, what release.Deployed, by ledger.Actor, command string) (Receipt, error) {
	target, place, err := d.target(solution, environment)
	if err != nil {
		return Receipt{}, err
	}
	there, err := d.State.Place(ctx, solution.Solution, environment)
	if err != nil {
		return Receipt{}, err
	}
	before, _ := there.Current()
	if err := target.Apply(ctx, place, tree, d.Blobs.Open); err != nil {
		return Receipt{}, err
	}
	what.Tree, what.Target = tree.Digest(), solution.Environments[environment].Target
	_, err = d.Log.Append(ctx, ledger.Batch{
		Command: command, Actor: by, Correlation: what.Run, Policy: solution.Digest,
		Events: []ledger.Draft{{Stream: ledger.EnvironmentStream(solution.Solution, environment), Data: &what}},
	})
	return Receipt{Environment: environment, Version: what.Version, Tree: what.Tree, Files: len(tree), Previous: before.Tree}, err
}

func (d *Deployer) target(solution policy.Solution, environment string) (Target, Place, error) {
	e, ok := solution.Environments[environment]
	if !ok {
		return nil, Place{}, fault.New(fault.Invalid, "solution %s has no environment %q", solution.Solution, environment)
	}
	t, ok := d.Targets[e.Target]
	if !ok {
		return nil, Place{}, fault.New(fault.Invalid, "environment %s: target %q cannot be deployed to by dc-release deploy", environment, e.Target)
	}
	return t, Place{Solution: solution.Solution, Environment: environment, Config: e.Config}, nil
}

// Expected is the file list that was deployed last into a place; ok is false
// when nothing was.
func (d *Deployer) Expected(ctx context.Context, there state.Place) (tree release.Tree, current state.Deployment, ok bool, err error) {
	current, ok = there.Current()
	if !ok {
		return nil, current, false, nil
	}
	tree, err = d.TreeOf(ctx, current.Deployed)
	return tree, current, true, err
}

// TreeOf finds the file list of an earlier deployment in its run.
func (d *Deployer) TreeOf(ctx context.Context, dep release.Deployed) (release.Tree, error) {
	run, err := d.State.Run(ctx, dep.Run)
	if err != nil {
		return nil, err
	}
	if run.Kept == nil || run.Kept.Tree != dep.Tree {
		return nil, fault.New(fault.NotFound, "artifact %.12s is not kept", dep.Tree)
	}
	return d.Kept(ctx, *run.Kept)
}
