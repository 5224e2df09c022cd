package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// TaskRuns is the raw evidence of an operational verification by the target:
// how each task of what was deployed ended when the target ran it. Its problem is
// why nothing could be run, or not all of it.
type TaskRuns struct {
	About
	Call   int                  `json:"call"`   // of the execution, from 1
	Jobs   []string             `json:"jobs"`   // that were asked for, none for all that verify
	Runs   []deployment.TaskRun `json:"runs"`   //
	Record string               `json:"record"` // blob of what the target did meanwhile (deployment.Record), "" for nothing
}

func (TaskRuns) format() string { return evidence.FormatTaskRuns }

func (r TaskRuns) name() string { return taskRunsName(r.Environment, r.Call) }

func taskRunsName(environment string, call int) string {
	return fmt.Sprintf("task-runs-%s-%d.json", environment, call)
}

// named are the outputs of the tasks, and what the target did meanwhile.
func (r TaskRuns) named(read func(digest string) ([]byte, error)) ([]string, error) {
	var out []string
	for _, t := range r.Runs {
		if t.Evidence != "" {
			out = append(out, t.Evidence)
		}
	}
	if r.Record == "" {
		return out, nil
	}
	record, err := NamedBy(r.Record, read)
	return append(out, record...), err
}

// cases are one for each task; the job is its suite, and the case of what has no
// tasks.
func (r TaskRuns) cases() []evidence.Case {
	var out []evidence.Case
	for _, t := range r.Runs {
		k := evidence.Case{
			Name: cmp.Or(t.Task, t.Job), Suite: t.Job, Outcome: evidence.Errored, DurationUS: 1000 * t.Millis,
			IDs: evidence.FindIDs(t.Job + " " + t.Task), Message: pipeline.Short(t.Message),
		}
		if o := evidence.Outcome(t.Outcome); o == evidence.Passed || o == evidence.Failed || o == evidence.Skipped {
			k.Outcome = o
		}
		out = append(out, k)
	}
	if r.Problem != "" {
		out = append(out, evidence.Case{Name: "what was deployed can be run", Suite: "tasks", Outcome: evidence.Errored, Message: r.Problem})
	}
	return out
}

// TasksRequest is a job's call of "dc-release deploy run".
type TasksRequest struct {
	Execution string `json:"execution"`
	Fence     int64  `json:"fence"`
	// Call is the number of the call in its execution, from 1. The same call is
	// recorded once and answered by what was recorded.
	Call int      `json:"call"`
	Jobs []string `json:"jobs"` // by the target's names, none for all that verify
}

// maxTaskJobs bounds how many jobs one call names, maxJobName the bytes of a name.
const (
	maxTaskJobs = 100
	maxJobName  = 256
)

// check refuses names that a command line would take for something else.
func (r TasksRequest) check() error {
	if r.Call < 1 || len(r.Jobs) > maxTaskJobs {
		return fault.New(fault.Invalid, "call %d runs %d jobs: want a call from 1 and at most %d jobs", r.Call, len(r.Jobs), maxTaskJobs)
	}
	for _, name := range r.Jobs {
		if name == "" || len(name) > maxJobName || name[0] == '-' || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return fault.New(fault.Invalid, "%.300q is no name of a job: want the name that the target knows it by, at most %d bytes and no - before it", name, maxJobName)
		}
	}
	return nil
}

// TasksReceipt says how what was run ended.
type TasksReceipt struct {
	Environment string               `json:"environment"`
	Runs        []deployment.TaskRun `json:"runs"`
	Problem     string               `json:"problem"`
	Verdict     string               `json:"verdict"` // of the evidence, "" in a rehearsal
}

// RunTasks serves the job that holds the claim: the target runs what this run
// deployed into the job's place, and how each task ended is recorded as evidence
// of OV there, pOV in PRD. No job can hand such evidence in. Tasks that fail are
// no error. What the target must not run there is an error, which is recorded as
// a refusal. What is started is recorded before; a call that broke off is never
// made again, but recorded as failed evidence that says so.
func (d *Deployer) RunTasks(ctx context.Context, r TasksRequest) (TasksReceipt, error) {
	slot, err := d.Claims.Current(ctx, r.Execution, r.Fence)
	if err != nil {
		return TasksReceipt{}, err
	}
	if slot.Environment == "" {
		return TasksReceipt{}, fault.New(fault.Invalid, "the job has no environment where anything could be run").WithHint("give the job an environment: dev, tst, val or prd")
	}
	if err := r.check(); err != nil {
		return TasksReceipt{}, err
	}
	// One at a time in a place: a call that is made again waits for itself.
	done, err := d.calls.take(ctx, ledger.EnvironmentStream(slot.Solution, slot.Environment))
	if err != nil {
		return TasksReceipt{}, err
	}
	defer done()
	run, err := d.State.Run(ctx, slot.Run)
	if err != nil {
		return TasksReceipt{}, err
	}
	if item, ok := recorded(run, r.Execution, taskRunsName(slot.Environment, r.Call)); ok {
		return d.receipt(ctx, item)
	}
	if started, ok := run.StartedBy(r.Execution, r.Call); ok {
		return d.recordRuns(ctx, slot, r, brokenOff(slot.Solution, started))
	}
	record, err := d.runTasks(ctx, slot, r)
	if fault.KindOf(err) == fault.Forbidden {
		return TasksReceipt{}, errors.Join(err, d.refuse(ctx, slot, r, err))
	}
	if err != nil {
		return TasksReceipt{}, err
	}
	return d.recordRuns(context.WithoutCancel(ctx), slot, r, record) // it happened
}

// recordRuns makes a record the evidence of its call, unless the execution was
// given up meanwhile.
func (d *Deployer) recordRuns(ctx context.Context, slot pipeline.Slot, r TasksRequest, record TaskRuns) (TasksReceipt, error) {
	item, err := keep(ctx, d.Blobs, record)
	if err != nil {
		return TasksReceipt{}, err
	}
	if _, err := d.Claims.Current(ctx, r.Execution, r.Fence); err != nil {
		return TasksReceipt{}, err
	}
	_, err = d.Log.Append(ctx, ledger.Batch{
		Command: fmt.Sprintf("run-tasks/%s/%d", r.Execution, r.Call), Correlation: slot.Run,
		Actor:  ledger.Actor{Kind: ledger.Machine, ID: "verify", Role: "operation", Authentication: "internal"},
		Events: []ledger.Draft{{Stream: ledger.RunStream(slot.Run), Data: &evidence.Recorded{Execution: r.Execution, Job: pipeline.JobOf(r.Execution), Items: []evidence.Item{item}}}},
	})
	return TasksReceipt{Environment: slot.Environment, Runs: record.Runs, Problem: record.Problem, Verdict: item.Verdict}, err
}

// RunsRecorded reports whether evidence says what became of a start.
func RunsRecorded(run state.Run, s deployment.TasksStarted) bool {
	_, ok := recorded(run, s.Execution, taskRunsName(s.Environment, s.Call))
	return ok
}

// recorded finds what an earlier try of a call recorded.
func recorded(run state.Run, execution, name string) (evidence.Item, bool) {
	for _, rec := range run.Evidence {
		for _, i := range rec.Items {
			if rec.Execution == execution && i.Format == evidence.FormatTaskRuns && i.Name == name {
				return i, true
			}
		}
	}
	return evidence.Item{}, false
}

func (d *Deployer) receipt(ctx context.Context, item evidence.Item) (TasksReceipt, error) {
	raw, err := d.Blobs.Bytes(ctx, item.SHA256)
	if err != nil {
		return TasksReceipt{}, err
	}
	r, err := ReadRaw[TaskRuns](raw)
	return TasksReceipt{Environment: r.Environment, Runs: r.Runs, Problem: r.Problem, Verdict: item.Verdict}, err
}

// runTasks lets the target run what the place holds, when it is of this run.
func (d *Deployer) runTasks(ctx context.Context, slot pipeline.Slot, r TasksRequest) (TaskRuns, error) {
	_, dep, err := d.held(ctx, slot)
	if err != nil {
		return TaskRuns{}, err
	}
	solution, err := d.Solutions.Solution(ctx, slot.Solution)
	if err != nil {
		return TaskRuns{}, err
	}
	tree, err := d.TreeOf(ctx, dep.Deployed)
	if err != nil {
		return TaskRuns{}, err
	}
	target, call, err := d.target(solution, slot.Environment)
	if err != nil {
		return TaskRuns{}, err
	}
	what, err := target.Describe(ctx, call)
	if err != nil {
		return TaskRuns{}, err
	}
	if !slices.Contains(what.Can, deployment.CanRun) {
		return TaskRuns{}, fault.New(fault.Invalid, "the target %s of %s does not run what it deploys", what.Name, slot.Environment).
			WithHint("let the job test what is deployed and hand the results in: dc-release evidence add FILE")
	}
	call.Announce = func(ctx context.Context, jobs []string) error { return d.announce(ctx, slot, r, solution, dep, jobs) }
	out := TaskRuns{About: about(evidence.FormatTaskRuns, slot.Solution, dep.Deployed), Call: r.Call, Jobs: append([]string{}, r.Jobs...)}
	runs, err := target.Run(ctx, call, d.artifactOf(dep.Deployed, tree), r.Jobs)
	switch {
	case call.stopped != nil:
		return TaskRuns{}, call.stopped
	case !call.begun && len(runs) > 0:
		return TaskRuns{}, fmt.Errorf("the target %s ran tasks in %s and did not say so before", what.Name, slot.Environment)
	case !call.begun && ctx.Err() != nil:
		return TaskRuns{}, ctx.Err()
	case !call.begun && fault.KindOf(err) == fault.Forbidden:
		return TaskRuns{}, err
	case err != nil && ctx.Err() != nil:
		out.Problem = "the call broke off before its tasks had ended: " + unknown
	case err != nil:
		out.Problem = pipeline.Short(err.Error())
	}
	out.Runs = append([]deployment.TaskRun{}, runs...)
	out.Record, err = call.kept(context.WithoutCancel(ctx))
	return out, err
}

// unknown is what is known of a call that broke off, and what to do.
const unknown = "nobody knows which tasks ran or how they ended, and this call runs none again; do the job again: its new attempt runs them, and both stay on record"

// brokenOff is the record of a call that was started, and whose end the ledger
// does not hold: the server was killed.
func brokenOff(solution string, s state.Started) TaskRuns {
	out := TaskRuns{
		About: about(evidence.FormatTaskRuns, solution, deployment.Deployed{Environment: s.Environment, Version: s.Version, Commit: s.Commit, Tree: s.Tree}),
		Call:  s.Call, Jobs: s.Jobs, Runs: []deployment.TaskRun{},
	}
	out.Problem = "the call was started at " + s.Time + " and broke off: " + unknown
	return out
}

// announce records what the target is about to run, when the claim still holds
// and the place what it held.
func (d *Deployer) announce(ctx context.Context, slot pipeline.Slot, r TasksRequest, solution policy.Solution, dep state.Deployment, jobs []string) error {
	if _, err := d.Claims.Current(ctx, r.Execution, r.Fence); err != nil {
		return err
	}
	there, now, err := d.held(ctx, slot)
	if err != nil {
		return err
	}
	if now.Seq != dep.Seq {
		return fault.New(fault.Conflict, "%s was deployed to again meanwhile: nothing was run", slot.Environment).WithHint("call dc-release deploy run again")
	}
	started := &deployment.TasksStarted{
		Execution: r.Execution, Call: r.Call, Environment: slot.Environment, Target: solution.Environments[slot.Environment].Target,
		Deployment: dep.Seq, Version: dep.Version, Commit: dep.Commit, Tree: dep.Tree, Jobs: append([]string{}, r.Jobs...), Found: []string{},
	}
	if len(r.Jobs) == 0 {
		started.Found = found(jobs)
	}
	_, err = d.Log.Append(ctx, ledger.Batch{
		Command: fmt.Sprintf("start-tasks/%s/%d", r.Execution, r.Call), Correlation: slot.Run, Policy: solution.Digest,
		Actor:  ledger.Actor{Kind: ledger.Machine, ID: slot.Worker, Role: "worker", Authentication: "worker"},
		Reads:  []ledger.Read{{Stream: ledger.EnvironmentStream(slot.Solution, slot.Environment), Version: there.Version}},
		Events: []ledger.Draft{{Stream: ledger.RunStream(slot.Run), Data: started}},
	})
	return err
}

// found bounds the names of jobs that a target found.
func found(jobs []string) []string {
	out := []string{}
	for _, name := range jobs[:min(len(jobs), deployment.MaxFound)] {
		out = append(out, strings.ToValidUTF8(name[:min(len(name), deployment.MaxFoundName)], ""))
	}
	return out
}

// held is what the place holds; it is refused unless this run deployed it.
func (d *Deployer) held(ctx context.Context, slot pipeline.Slot) (state.Place, state.Deployment, error) {
	there, err := d.State.Place(ctx, slot.Solution, slot.Environment)
	if err != nil {
		return there, state.Deployment{}, err
	}
	current, ok := there.Current()
	switch {
	case there.Open != nil:
		err = fault.New(fault.Conflict, "a deployment to %s was begun and nobody knows how it ended: what would be run is not known", slot.Environment)
	case !ok:
		err = fault.New(fault.Conflict, "nothing was deployed to %s", slot.Environment).WithHint("call dc-release deploy first")
	case current.Run != slot.Run:
		err = fault.New(fault.Conflict, "%s holds what run %s deployed, not this run", slot.Environment, current.Run).WithHint("call dc-release deploy first")
	}
	return there, current, err
}

// refuse records that the target must not run what was asked for.
func (d *Deployer) refuse(ctx context.Context, slot pipeline.Slot, r TasksRequest, why error) error {
	stream := ledger.RunStream(slot.Run)
	_, err := d.Log.Append(ctx, ledger.Batch{
		Command: fmt.Sprintf("refused/run-tasks/%s/%d", r.Execution, r.Call), Correlation: slot.Run,
		Actor:  ledger.Actor{Kind: ledger.Machine, ID: slot.Worker, Role: "worker", Authentication: "worker"},
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{Operation: "deploy.run", Subject: string(stream), Kind: string(fault.Forbidden), Message: pipeline.Short(why.Error())}}},
	})
	return err
}
