package databricks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Run runs jobs by their keys in the bundle, one after the other, with one
// result for each task that the program tells of.
func (t *Target) Run(ctx context.Context, c *deploy.Call, a deploy.Artifact, what []string) (_ []deployment.TaskRun, err error) {
	s, err := t.open(ctx, c, a)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
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
