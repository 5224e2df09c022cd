package records

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/run"
)

const aboutWatch = `Watch a run until it has finished or waits for people only.

A terminal shows its jobs as a tree, with the step and the time of those that
run. Elsewhere each change is a line; with --json it is an object on a line:
  {"schema":"dc-release/run-watch/v1","time":T,"run":R,"finished":B,
   "conclusion":C,"moving":B,"jobs":[...]}
Exit codes: 0 the run succeeded, 3 it waits for people, 6 it failed or was
cancelled, 8 it still moves after --timeout.`

func watch(env *console.Env) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{Use: "watch RUN", Short: "Watch a run until it ends or waits for people", Long: aboutWatch, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		if timeout < 0 {
			return fault.New(fault.Invalid, "--timeout %v: want a duration like 90s or 2h", timeout)
		}
		ctx, cancel := context.WithCancel(cmd.Context())
		defer cancel()
		if timeout > 0 {
			ctx, cancel = context.WithTimeoutCause(ctx, timeout, fault.New(fault.TimedOut, "run %s still moves after %v", args[0], timeout))
			defer cancel()
		}
		return env.Steadily(ctx, func(s *console.Steady) error {
			last, err := watchRun(ctx, s, args[0], newView(env))
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				return err
			case !last.Finished && s.Owner():
				nobodyServes(env)
			}
			return run.Ended(last.RunDetail)
		})
	}}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "give up after this time (exit code 8)")
	return cmd
}

func nobodyServes(env *console.Env) {
	env.Note("nobody serves %s: nothing moves until dc-release serve", env.Data)
}

// view shows a run as it is, again and again.
type view interface {
	// show is told of each change, and of the time that has passed since.
	show(w inspect.Watched, since time.Duration) error
	// passes reports whether the passing of time shows.
	passes() bool
}

func newView(env *console.Env) view {
	switch {
	case env.JSON:
		return &changesJSON{out: env.Out}
	case env.Screen().IsTerminal():
		return &screenView{out: env.Out, screen: env.Screen}
	}
	return &changes{out: env.Out, shown: map[string]string{}}
}

// watchRun shows a run until nothing moves in it without a person.
func watchRun(ctx context.Context, s *console.Steady, id string, v view) (last inspect.Watched, err error) {
	ctx, cancel := context.WithCancel(ctx)
	updates, failed := make(chan inspect.Watched), make(chan error, 1)
	go func() { failed <- poll(ctx, s, id, updates) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-failed)
	}()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	var at time.Time
	for {
		select {
		case last = <-updates:
			at = time.Now()
			if err := v.show(last, 0); err != nil || last.Finished || !last.Moving {
				return last, err
			}
		case <-second.C:
			if v.passes() && !at.IsZero() {
				if err := v.show(last, time.Since(at)); err != nil {
					return last, err
				}
			}
		case err := <-failed:
			failed <- nil
			return last, err
		}
	}
}

// poll asks for each change until ctx ends.
func poll(ctx context.Context, s *console.Steady, id string, updates chan<- inspect.Watched) error {
	q := inspect.WatchQuery{Run: id}
	for {
		w, err := operation.Ask[inspect.Watched](ctx, s, "run.watch", q)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case updates <- w:
		case <-ctx.Done():
			return nil
		}
		q.Cursor, q.Wait = w.Cursor, waitSeconds
	}
}
