package deploy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Installation is the raw evidence of an installation verification: every file
// that should be there with what is there.
type Installation struct {
	Schema      string               `json:"schema"` // dc-release/installation/v1
	Solution    string               `json:"solution"`
	Environment string               `json:"environment"`
	Version     string               `json:"version"`
	Commit      string               `json:"commit"`
	Tree        string               `json:"tree"`
	Checks      []release.Difference `json:"checks"`
	Problem     string               `json:"problem"` // why nothing could be observed, "" normally
}

// FormatInstallation is the Format of its evidence item.
const FormatInstallation = evidence.FormatInstallation

const installationSchema = "dc-release/installation/v1"

// observeArgs are the arguments of the effect.
type observeArgs struct {
	Execution string `json:"execution"`
}

// Observe verifies the place of a finished execution: the effect that follows
// every job in a place, whatever its workflow mentions.
func (d *Deployer) Observe(ctx context.Context, raw []byte) error {
	var args observeArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return fmt.Errorf("observe: %w", err)
	}
	run, err := d.State.Run(ctx, pipeline.RunOf(args.Execution))
	if err != nil {
		return err
	}
	key := pipeline.JobOf(args.Execution)
	job, _ := run.Plan.Job(key)
	item, err := d.installed(ctx, run.Run, job.Environment)
	if err != nil {
		return err
	}
	_, err = d.Log.Append(ctx, ledger.Batch{
		Command: "observe/" + args.Execution, Actor: ledger.Actor{Kind: ledger.Machine, ID: "verify", Role: "installation", Authentication: "internal"}, Correlation: run.Run.Run,
		Events: []ledger.Draft{{Stream: ledger.RunStream(run.Run.Run), Data: &evidence.Recorded{Execution: args.Execution, Job: key, Items: []evidence.Item{item}}}},
	})
	return err
}

// installed verifies what the run deployed into a place.
func (d *Deployer) installed(ctx context.Context, run pipeline.RunStarted, environment string) (evidence.Item, error) {
	there, err := d.State.Place(ctx, run.Solution, environment)
	if err != nil {
		return evidence.Item{}, err
	}
	if dep, ok := there.Of(run.Run); ok {
		return d.Verify(ctx, dep.Deployed)
	}
	return d.record(ctx, Installation{
		Solution: run.Solution, Environment: environment, Version: run.Version, Commit: run.Trigger.SHA,
		Problem: "the run deployed nothing that can be observed in " + environment,
	})
}

// Verify observes a place and compares it with a deployment.
func (d *Deployer) Verify(ctx context.Context, dep release.Deployed) (evidence.Item, error) {
	run, err := d.State.Run(ctx, dep.Run)
	if err != nil {
		return evidence.Item{}, err
	}
	r := Installation{Solution: run.Run.Solution, Environment: dep.Environment, Version: dep.Version, Commit: dep.Commit, Tree: dep.Tree}
	if r.Checks, err = d.compare(ctx, run.Run.Solution, dep); err != nil {
		r.Problem, r.Checks = err.Error(), nil
	}
	return d.record(ctx, r)
}

func (d *Deployer) record(ctx context.Context, r Installation) (evidence.Item, error) {
	r.Schema = installationSchema
	if r.Checks == nil {
		r.Checks = []release.Difference{}
	}
	raw, err := canonical.Marshal(r)
	if err != nil {
		return evidence.Item{}, err
	}
	digest, err := d.Blobs.PutBytes(ctx, raw)
	return Judge(r, digest, int64(len(raw))), err
}

func (d *Deployer) compare(ctx context.Context, solutionKey string, dep release.Deployed) ([]release.Difference, error) {
	solution, err := d.Solutions.Solution(ctx, solutionKey)
	if err != nil {
		return nil, err
	}
	expected, err := d.TreeOf(ctx, dep)
	if err != nil {
		return nil, err
	}
	target, place, err := d.target(solution, dep.Environment)
	if err != nil {
		return nil, err
	}
	actual, err := target.Observe(ctx, place)
	if err != nil {
		return nil, err
	}
	return release.Compare(expected, actual), nil
}

// Judge makes the evidence item of an installation record; verification counts
// again with it from the raw file.
func Judge(r Installation, digest string, size int64) evidence.Item {
	base := evidence.Item{Name: "installation-" + r.Environment + ".json", SHA256: digest, Size: size, Commit: r.Commit}
	item := evidence.Items(base, r.report(digest), InstallationOrigin(r.Environment), r.Tree)[0]
	if r.Problem != "" {
		item.Flags = append(item.Flags, r.Problem)
	}
	return item
}

// InstallationOrigin is the origin of an installation record: it proves IV of
// its place, pIV in PRD, and nothing else.
func InstallationOrigin(environment string) evidence.Origin {
	v := evidence.IV
	if environment == "prd" {
		v = evidence.PIV
	}
	return evidence.Origin{Environment: environment, Configured: v, Proves: []evidence.Proof{{Verification: v, Environment: environment}}}
}

// ReadInstallation reads a stored installation record as a report with one case
// a file.
func ReadInstallation(raw []byte) (evidence.Report, error) {
	var r Installation
	if err := canonical.Unmarshal(raw, &r); err != nil {
		return evidence.Report{}, fmt.Errorf("read installation record: %w", err)
	}
	if r.Schema != installationSchema {
		return evidence.Report{}, fmt.Errorf("read installation record: schema %q, want %q", r.Schema, installationSchema)
	}
	return r.report(canonical.SHA256(raw)), nil
}

func (r Installation) report(sha256 string) evidence.Report {
	out := evidence.Report{Format: FormatInstallation, SHA256: sha256}
	for _, c := range r.Checks {
		k := evidence.Case{Name: c.Path, Suite: "installation", Outcome: evidence.Passed}
		if c.Expected != c.Actual {
			k.Outcome, k.Message = evidence.Failed, fmt.Sprintf("expected %s, is %s", c.Expected, c.Actual)
		}
		out.Cases = append(out.Cases, k)
	}
	if r.Problem != "" {
		out.Cases = append(out.Cases, evidence.Case{Name: "the place can be observed", Suite: "installation", Outcome: evidence.Errored, Message: r.Problem})
	}
	out.Totals = evidence.Count(out.Cases)
	return out
}

// Drift names every difference between what was deployed last into a place and
// what is there now.
func (d *Deployer) Drift(ctx context.Context, solution, environment string) ([]string, error) {
	there, err := d.State.Place(ctx, solution, environment)
	if err != nil {
		return nil, err
	}
	current, ok := there.Current()
	if !ok {
		return []string{"nothing was deployed"}, nil
	}
	checks, err := d.compare(ctx, solution, current.Deployed)
	if err != nil {
		return []string{err.Error()}, nil
	}
	var out []string
	for _, c := range checks {
		if c.Expected != c.Actual {
			out = append(out, fmt.Sprintf("%s: expected %s, is %s", c.Path, c.Expected, c.Actual))
		}
	}
	return out, nil
}

// Again deploys the kept artifact of an earlier deployment into its place: the
// redeploy of a rollback.
func (d *Deployer) Again(ctx context.Context, solution policy.Solution, dep release.Deployed, rollback string, by ledger.Actor) (Receipt, error) {
	tree, err := d.TreeOf(ctx, dep)
	if err != nil {
		return Receipt{}, err
	}
	dep.Execution, dep.Rollback = "", rollback
	return d.apply(ctx, solution, dep.Environment, tree, dep, by, "rollback-deploy/"+solution.Solution+"/"+rollback)
}
