package deploy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Installation is the raw evidence of an installation verification: every file
// that should be there with what is there. Its problem is why nothing could be
// observed.
type Installation struct {
	About
	Checks  []deployment.Difference `json:"checks"`
	Answers []deployment.Answer     `json:"answers,omitempty"` // raw, of what was asked
}

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
	return keep(ctx, d.Blobs, Installation{
		About: About{
			Schema: schema(evidence.FormatInstallation), Solution: run.Solution, Environment: environment, Version: run.Version, Commit: run.Trigger.SHA,
			Problem: "the run deployed nothing that can be observed in " + environment,
		},
		Checks: []deployment.Difference{},
	})
}

// Verify observes a place and compares it with a deployment.
func (d *Deployer) Verify(ctx context.Context, dep deployment.Deployed) (evidence.Item, error) {
	run, err := d.State.Run(ctx, dep.Run)
	if err != nil {
		return evidence.Item{}, err
	}
	return keep(ctx, d.Blobs, d.read(ctx, run.Run.Solution, dep))
}

// read is the record of a place as it is read back; what keeps it from being
// read is its problem.
func (d *Deployer) read(ctx context.Context, solution string, dep deployment.Deployed) Installation {
	r := Installation{About: about(evidence.FormatInstallation, solution, dep), Checks: []deployment.Difference{}}
	checks, answers, err := d.compare(ctx, solution, dep)
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	r.Checks, r.Answers = checks, answers
	return r
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

func (Installation) format() string { return evidence.FormatInstallation }

func (r Installation) name() string { return "installation-" + r.Environment + ".json" }

// cases are one for each fact.
func (r Installation) cases() []evidence.Case {
	var out []evidence.Case
	for _, c := range r.Checks {
		k := evidence.Case{Name: c.Path, Suite: "installation", Outcome: evidence.Passed}
		if c.Unread() {
			k.Outcome, k.Message = evidence.Skipped, "it is not read back: nothing is verified of it here"
		} else if !c.Same() {
			k.Outcome, k.Message = evidence.Failed, fmt.Sprintf("expected %s, is %s", c.Expected, c.Actual)
		}
		out = append(out, k)
	}
	if r.Problem != "" {
		out = append(out, evidence.Case{Name: "the place can be observed", Suite: "installation", Outcome: evidence.Errored, Message: r.Problem})
	}
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
