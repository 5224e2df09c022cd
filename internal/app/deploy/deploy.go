// Package deploy puts artifacts into places, keeps the bytes of the first hand
// in so that every later place gets the same, and verifies afterwards what is
// really there.
package deploy

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
)

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
	turns     turns             // to deploy
	calls     turns             // to run what was deployed
}

// Request is a job's call of "dc-release deploy".
type Request struct {
	Execution string                `json:"execution"`
	Fence     int64                 `json:"fence"`
	Files     []deployment.TreeFile `json:"files"` // handed in, their bytes are blobs; empty takes the kept ones
	// Names are those of several artifacts that are handed in at once, each a folder
	// at the top; none is one artifact without a name.
	Names []string `json:"names,omitempty"`
}

// Receipt says what was deployed.
type Receipt struct {
	Environment string `json:"environment"`
	Version     string `json:"version"`
	Tree        string `json:"tree"`
	Files       int    `json:"files"`
	Previous    string `json:"previous"` // tree that was there before
	Changes     string `json:"changes"`  // what was planned, in a line
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
	what := deployment.Deployed{
		Environment: slot.Environment, Version: run.Run.Version, Commit: run.Run.Trigger.SHA, Run: slot.Run, Execution: r.Execution, Tree: tree.Digest(),
	}
	by := ledger.Actor{Kind: ledger.Machine, ID: slot.Worker, Role: "worker", Authentication: "worker"}
	done, err := d.turns.take(ctx, ledger.EnvironmentStream(solution.Solution, slot.Environment))
	if err != nil {
		return Receipt{}, err
	}
	defer done()
	digest, plan, err := d.decided(ctx, solution, what)
	if err == nil && digest == "" {
		digest, plan, err = d.plan(ctx, solution, what, tree, by, "")
	}
	if err != nil {
		return Receipt{}, err
	}
	what.Plan = digest
	return d.apply(ctx, solution, what, tree, plan, by)
}

// artifact is what will be deployed: handed in the first time, kept afterwards.
// Another digest in the same run was rebuilt and not promoted. Several artifacts
// are handed in at once, so that one digest binds them.
func (d *Deployer) artifact(ctx context.Context, run state.Run, solution policy.Solution, r Request) (deployment.Tree, error) {
	if len(r.Files) == 0 && len(r.Names) == 0 {
		if run.Kept == nil {
			return nil, fault.New(fault.Invalid, "no artifact was handed in yet in this run").WithHint("the first deploying job calls: dc-release deploy --artifact PATH")
		}
		return d.Kept(ctx, *run.Kept)
	}
	tree, err := deployment.NewTree(r.Files)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%v", err)
	}
	parts, err := tree.Parts(r.Names)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%v", err)
	}
	switch {
	case run.Kept == nil:
		return tree, d.keep(ctx, run, r, tree, parts)
	case run.Kept.Tree == tree.Digest():
		return tree, nil
	case solution.Profile == policy.GxP && solution.Rebuilds != "accepted":
		return nil, fault.New(fault.Forbidden, "%s", differs(*run.Kept, tree.Digest(), parts)).
			WithHint("call dc-release deploy without --artifact after the first deployment")
	}
	return tree, nil
}

// differs names what is not as the run handed it in first.
func differs(kept pipeline.ArtifactKept, tree string, parts []deployment.Part) string {
	const rebuilt = " differs from %.12s that this run handed in first: it was rebuilt, not promoted"
	if len(kept.Parts) == 0 || len(parts) == 0 {
		return fmt.Sprintf("artifact %.12s"+rebuilt, tree, kept.Tree)
	}
	first, now := map[string]string{}, map[string]string{}
	for _, p := range kept.Parts {
		first[p.Name] = p.Tree
	}
	var out []string
	for _, p := range parts {
		now[p.Name] = p.Tree
		switch was, ok := first[p.Name]; {
		case !ok:
			out = append(out, fmt.Sprintf("artifact %s was not handed in first", p.Name))
		case was != p.Tree:
			out = append(out, fmt.Sprintf("artifact %s %.12s"+rebuilt, p.Name, p.Tree, was))
		}
	}
	for _, p := range kept.Parts {
		if now[p.Name] == "" {
			out = append(out, fmt.Sprintf("artifact %s is missing, which this run handed in first", p.Name))
		}
	}
	return strings.Join(out, "; ")
}

func (d *Deployer) keep(ctx context.Context, run state.Run, r Request, tree deployment.Tree, parts []deployment.Part) error {
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
			Execution: r.Execution, Tree: tree.Digest(), Manifest: manifest, Files: len(tree), Parts: parts,
		}}},
	})
	return err
}

// Kept reads the file list of a kept artifact.
func (d *Deployer) Kept(ctx context.Context, k pipeline.ArtifactKept) (deployment.Tree, error) {
	raw, err := d.Blobs.Bytes(ctx, k.Manifest)
	if err != nil {
		return nil, err
	}
	var tree deployment.Tree
	if err := canonical.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	if tree.Digest() != k.Tree {
		return nil, fault.New(fault.Unverified, "kept artifact %.12s has another file list", k.Tree)
	}
	return tree, nil
}

// TreeOf finds the file list of an earlier deployment in its run.
func (d *Deployer) TreeOf(ctx context.Context, dep deployment.Deployed) (deployment.Tree, error) {
	tree, err := d.keptOf(ctx, dep.Run)
	if err == nil && tree.Digest() != dep.Tree {
		return nil, fault.New(fault.NotFound, "artifact %.12s is not kept", dep.Tree)
	}
	return tree, err
}

// keptOf is the artifact of a run.
func (d *Deployer) keptOf(ctx context.Context, id string) (deployment.Tree, error) {
	run, err := d.State.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	if run.Kept == nil {
		return nil, fault.New(fault.NotFound, "run %s keeps no artifact", id)
	}
	return d.Kept(ctx, *run.Kept)
}
