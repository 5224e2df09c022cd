package databricks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

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
// result for each task that the program tells of; without keys, every job that
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

// tasks are the results of one run. The program exits with 1 when the run failed,
// and may then tell of no task.
func (s *session) tasks(ctx context.Context, job string, args []string, said deploy.Output) ([]deployment.TaskRun, error) {
	kept, err := s.call.Keep(ctx, said.Stdout)
	if err != nil {
		return nil, err
	}
	var out []deployment.TaskRun
	of, err := object(said.Stdout)
	for _, t := range list(of["task_outputs"]) {
		out = append(out, deployment.TaskRun{Job: job, Task: text(tree(t)["TaskKey"]), Outcome: "passed", Evidence: kept})
	}
	switch {
	case said.Exit != 0:
		return append(out, deployment.TaskRun{Job: job, Outcome: "failed", Message: failed(args, said).Error(), Evidence: kept}), nil
	case err != nil:
		return nil, fmt.Errorf("databricks %s: %w", strings.Join(args, " "), err)
	case len(out) == 0:
		out = append(out, deployment.TaskRun{Job: job, Outcome: "passed", Evidence: kept})
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
