package deploy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Installation is the raw evidence of an installation verification: every file
// that should be there with what is there.
type Installation struct {
	Schema      string                  `json:"schema"` // dc-release/installation/v1
	Solution    string                  `json:"solution"`
	Environment string                  `json:"environment"`
	Version     string                  `json:"version"`
	Commit      string                  `json:"commit"`
	Tree        string                  `json:"tree"`
	Checks      []deployment.Difference `json:"checks"`
	Answers     []deployment.Answer     `json:"answers,omitempty"` // raw, of what was asked
	Problem     string                  `json:"problem"`           // why nothing could be observed, "" normally
	// Rehearsal is the id of the half of a rehearsal that led here, "" for what is
	// to stay.
	Rehearsal string `json:"rehearsal,omitempty"`
}

// FormatInstallation is the Format of its evidence item.
const FormatInstallation = evidence.FormatInstallation

const installationSchema = "dc-release/installation/v1"

// observeArgs are the arguments of the effect.
type observeArgs struct {
	Execution string `json:"execution"`
}

// FailedEffect is the kind of the effect that follows an installation of PRD
// that did not hold, where the baseline lets PRD go back by itself.
const FailedEffect = "installation-failed"

// FailedArgs are the arguments of the effect.
type FailedArgs struct {
	Solution string `json:"solution"`
	Version  string `json:"version"` // of the release that failed
	// Execution is what was verified; a later attempt is another.
	Execution string `json:"execution"`
}

// afterwards are the effects of an installation's verdict.
func (d *Deployer) afterwards(ctx context.Context, run pipeline.RunStarted, execution string, i evidence.Item) ([]ledger.Effect, error) {
	if i.Verification != string(evidence.PIV) || i.Verdict == evidence.VerdictPassed || run.Version == "" {
		return nil, nil
	}
	solution, err := d.Solutions.Solution(ctx, run.Solution)
	if err != nil || !solution.Rollback.Automatic {
		return nil, err
	}
	args, err := json.Marshal(FailedArgs{Solution: run.Solution, Version: run.Version, Execution: execution})
	return []ledger.Effect{{Kind: FailedEffect, Key: FailedEffect + "/" + execution, Args: args}}, err
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
	effects, err := d.afterwards(ctx, run.Run, args.Execution, item)
	if err != nil {
		return err
	}
	_, err = d.Log.Append(ctx, ledger.Batch{
		Effects: effects,
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
		Schema: installationSchema, Checks: []deployment.Difference{}, Solution: run.Solution, Environment: environment, Version: run.Version, Commit: run.Trigger.SHA,
		Problem: "the run deployed nothing that can be observed in " + environment,
	})
}

// Verify observes a place and compares it with a deployment.
func (d *Deployer) Verify(ctx context.Context, dep deployment.Deployed) (evidence.Item, error) {
	run, err := d.State.Run(ctx, dep.Run)
	if err != nil {
		return evidence.Item{}, err
	}
	return d.record(ctx, d.read(ctx, run.Run.Solution, dep))
}

// read is the record of a place as it is read back; what keeps it from being
// read is its problem.
func (d *Deployer) read(ctx context.Context, solution string, dep deployment.Deployed) Installation {
	r := Installation{
		Schema: installationSchema, Solution: solution, Environment: dep.Environment, Version: dep.Version, Commit: dep.Commit, Tree: dep.Tree,
		Checks: []deployment.Difference{},
	}
	checks, answers, err := d.compare(ctx, solution, dep)
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	r.Checks, r.Answers = checks, answers
	return r
}

func (d *Deployer) record(ctx context.Context, r Installation) (evidence.Item, error) {
	raw, err := canonical.Marshal(r)
	if err != nil {
		return evidence.Item{}, err
	}
	digest, err := d.Blobs.PutBytes(ctx, raw)
	return Judge(r, digest, int64(len(raw))), err
}

// compare reads a place back and holds it against a deployment.
func (d *Deployer) compare(ctx context.Context, solutionKey string, dep deployment.Deployed) ([]deployment.Difference, []deployment.Answer, error) {
	solution, err := d.Solutions.Solution(ctx, solutionKey)
	if err != nil {
		return nil, nil, err
	}
	expected, err := d.expected(ctx, dep)
	if err != nil {
		return nil, nil, err
	}
	target, call, err := d.target(solution, dep.Environment)
	if err != nil {
		return nil, nil, err
	}
	actual, err := target.Observe(ctx, call)
	if err != nil {
		return nil, nil, err
	}
	return deployment.Compare(expected, actual), call.Record.Answers, nil
}

// expected is what a deployment left in its place.
func (d *Deployer) expected(ctx context.Context, dep deployment.Deployed) (deployment.State, error) {
	if dep.Plan != "" {
		plan, err := d.ReadPlan(ctx, dep.Plan)
		return plan.Expected, err
	}
	tree, err := d.TreeOf(ctx, dep)
	return tree.State(), err
}

// Judge makes the evidence item of an installation record; verification counts
// again with it from the raw file.
func Judge(r Installation, digest string, size int64) evidence.Item {
	base := evidence.Item{Name: "installation-" + r.Environment + ".json", SHA256: digest, Size: size, Commit: r.Commit}
	item := evidence.Items(base, r.report(digest), InstallationOrigin(r.verification(), r.Environment), r.Tree)[0]
	if r.Problem != "" {
		item.Flags = append(item.Flags, r.Problem)
	}
	return item
}

// verification is what the record proves: IV of its place, pIV in PRD, or the
// rehearsal of a rollback.
func (r Installation) verification() evidence.Verification {
	switch {
	case r.Rehearsal != "":
		return evidence.RR
	case r.Environment == "prd":
		return evidence.PIV
	}
	return evidence.IV
}

// InstallationOrigin is the origin of an installation record: it proves one thing
// of its place and nothing else.
func InstallationOrigin(v evidence.Verification, environment string) evidence.Origin {
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
		if !c.Same() {
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

// Installed reads a place back and holds it against what was deployed last.
func (d *Deployer) Installed(ctx context.Context, solution, environment string) (Installation, error) {
	there, err := d.State.Place(ctx, solution, environment)
	if err != nil {
		return Installation{}, err
	}
	current, ok := there.Current()
	if !ok {
		return Installation{}, fault.New(fault.NotFound, "nothing was deployed to %s of %s", environment, solution)
	}
	return d.read(ctx, solution, current.Deployed), nil
}
