package databricks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// VerificationTag marks the jobs that verify: with VerificationSafe they may run
// in PRD too, with any other value only before it.
const (
	VerificationTag  = "verification"
	VerificationSafe = "safe"
)

// Run runs jobs by their keys in the bundle, one after the other, with one
// result for each task, read back from the workspace; without keys, every job that
// verifies. In PRD it refuses what is not marked as safe.
func (t *Target) Run(ctx context.Context, c *deploy.Call, a deploy.Artifact, what []string) (_ []deployment.TaskRun, err error) {
	s, err := t.open(ctx, c, a)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if what, err = s.verifying(ctx, a, what); err != nil {
		return nil, err
	}
	s.before = func(ctx context.Context) error { return c.Begin(ctx, what) }
	var out []deployment.TaskRun
	for _, key := range what {
		args := []string{"bundle", "run", key, "--target", s.place.target, "--output", "json"}
		said, err := s.start(ctx, args)
		if err != nil {
			return out, err
		}
		runs, err := s.tasks(ctx, key, args, said)
		if err != nil {
			return out, err
		}
		out = append(out, runs...)
	}
	return out, nil
}

// verifying are the jobs that are run: those that are asked for, or all that are
// marked.
func (s *session) verifying(ctx context.Context, a deploy.Artifact, asked []string) ([]string, error) {
	me, err := s.whoAmI(ctx)
	if err != nil {
		return nil, err
	}
	r, found := s.resolve(a.Commit, me)
	if r == nil {
		return nil, refused(found)
	}
	jobs := r.Jobs()
	mark := func(key string) string { return jobs[key].At("tags", VerificationTag).String() }
	if len(asked) == 0 {
		for _, key := range slices.Sorted(maps.Keys(jobs)) {
			if m := mark(key); m != "" && (s.call.Environment != "prd" || m == VerificationSafe) {
				asked = append(asked, key)
			}
		}
	}
	for _, key := range asked {
		switch {
		case jobs[key] == nil:
			return nil, fault.New(fault.NotFound, "the bundle has no job %q", key)
		case s.call.Environment == "prd" && mark(key) != VerificationSafe:
			return nil, fault.New(fault.Forbidden, "job %s is not run in prd: it is not marked as safe there", key).
				WithHint("if it changes nothing, give it the tag %s: %s", VerificationTag, VerificationSafe)
		}
	}
	return asked, nil
}

// runAddress is where the program says that a run is, before it waits for it.
var runAddress = regexp.MustCompile(`(?m)^Run URL: \S*[/#]jobs?/([0-9]{1,18})/runs?/([0-9]{1,18})`)

// tasks are the results of one run, as the workspace itself tells them: the
// program names no task that did not succeed. Where it does not say which run it
// was, its own words are all there is.
func (s *session) tasks(ctx context.Context, job string, args []string, said deploy.Output) ([]deployment.TaskRun, error) {
	at := runAddress.FindSubmatch(said.Stderr)
	if at == nil {
		return s.told(ctx, job, args, said)
	}
	id, _ := strconv.ParseInt(string(at[2]), 10, 64) // digits, as many as it holds
	read, err := s.client.JobRun(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read run %d of job %s back: %w", id, job, err)
	}
	if of := strconv.FormatInt(read.Value.Job, 10); of != string(at[1]) {
		return nil, fault.New(fault.Unverified, "run %d is of job %s, and the program says that it is of %s", id, of, at[1])
	}
	kept := ""
	for i, x := range read.Seen {
		if kept, err = s.output(ctx, x); err != nil {
			return nil, err
		}
		s.call.Record.Answers = append(s.call.Record.Answers, deployment.Answer{Name: fmt.Sprintf("run %d of %s, page %d", id, job, i+1), SHA256: kept})
	}
	var out []deployment.TaskRun
	for _, t := range read.Value.Tasks {
		r := result(job, id, t.State)
		if r.Task, r.Evidence = t.Key, kept; !t.Started.IsZero() && t.Ended.After(t.Started) {
			r.Millis = t.Ended.Sub(t.Started).Milliseconds()
		}
		if err := s.left(ctx, t, &r); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	whole := result(job, id, read.Value.State)
	if whole.Outcome == passed && said.Exit != 0 {
		whole.Outcome, whole.Message = notPassed, s.failed(args, said).Error()
	}
	whole.Evidence = kept
	if len(out) == 0 || whole.Outcome != passed && !slices.ContainsFunc(out, func(r deployment.TaskRun) bool { return r.Outcome == notPassed }) {
		out = append(out, whole)
	}
	return out, nil
}

// The outcomes of a task.
const (
	passed    = "passed"
	notPassed = "failed"
	skipped   = "skipped"
)

// result is how a run or a task ended. What did not run because something before
// it failed, or because nobody wanted it to, was skipped; what has not ended is
// failed.
func result(job string, run int64, s workspace.RunState) deployment.TaskRun {
	out := deployment.TaskRun{Job: job, Run: strconv.FormatInt(run, 10), Outcome: notPassed, Message: s.Message}
	switch {
	case s.Result == "SUCCESS" && s.LifeCycle == "TERMINATED":
		out.Outcome = passed
	case s.LifeCycle == "SKIPPED", slices.Contains([]string{"UPSTREAM_FAILED", "UPSTREAM_CANCELED", "EXCLUDED", "DISABLED", "SKIPPED"}, s.Result):
		out.Outcome = skipped
	}
	if out.Outcome != passed {
		out.Message = cmp.Or(out.Message, strings.TrimSpace("it is "+s.LifeCycle+" "+s.Result))
	}
	return out
}

// left adds the output of a task that ran, where its type has one.
func (s *session) left(ctx context.Context, t workspace.TaskRun, r *deployment.TaskRun) error {
	if r.Outcome == skipped {
		return nil
	}
	got, err := s.client.TaskOutput(ctx, t.ID)
	for _, none := range []workspace.Kind{workspace.Refused, workspace.NotFound, workspace.Denied, workspace.TooLarge} {
		if errors.Is(err, none) {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("read the output of task %s back: %w", t.Key, err)
	}
	if why := got.Value.Error; why != "" && !strings.Contains(r.Message, why) {
		r.Message = strings.TrimSpace(r.Message + " " + why)
	}
	r.Message = s.redacted(r.Message)
	r.Evidence, err = s.output(ctx, got.Seen[0])
	return err
}

// output keeps an answer that what was run had a say in.
func (s *session) output(ctx context.Context, x workspace.Exchange) (string, error) {
	return s.call.Keep(ctx, []byte(s.redacted(string(x.Raw))))
}

// redacted is a text without what the program was given.
func (s *session) redacted(text string) string {
	return workspace.Redact(text, s.given...)
}

// told are the results of one run in the program's own words. It exits with 1
// when the run failed, and may then tell of no task.
func (s *session) told(ctx context.Context, job string, args []string, said deploy.Output) ([]deployment.TaskRun, error) {
	kept, err := s.call.Keep(ctx, []byte(s.redacted(string(said.Stdout))))
	if err != nil {
		return nil, err
	}
	if said.Exit != 0 {
		return []deployment.TaskRun{{Job: job, Outcome: notPassed, Message: s.failed(args, said).Error(), Evidence: kept}}, nil
	}
	of, err := object(said.Stdout)
	if err != nil {
		return nil, fmt.Errorf("databricks %s: %w", strings.Join(args, " "), err)
	}
	var out []deployment.TaskRun
	for _, t := range list(of["task_outputs"]) {
		out = append(out, deployment.TaskRun{Job: job, Task: text(tree(t)["TaskKey"]), Outcome: passed, Evidence: kept})
	}
	if len(out) == 0 {
		out = append(out, deployment.TaskRun{Job: job, Outcome: passed, Evidence: kept})
	}
	return out, nil
}

// Destroy removes what the bundle deployed, with all its files.
func (t *Target) Destroy(ctx context.Context, c *deploy.Call, a deploy.Artifact) (err error) {
	s, err := t.open(ctx, c, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	_, err = s.run(ctx, "bundle", "destroy", "--target", s.place.target, "--auto-approve")
	return err
}
