package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

const aboutLogs = `Print the log of a job, or those of all jobs in order.

--follow waits for more until the execution has ended, or for all jobs until
nothing moves without a person; the exit code is 0 whatever the job came to.
People see headings, indentation and the time of each line. --raw prints the
bytes of the log: time, step, stream and text of each line. --json prints an
object for each page, on a line of its own:
  {"schema":"dc-release/log/v1","run":R,"job":J,"execution":E,
   "offset":N,"next":M,"complete":B,"text":T}
"next" is what --offset takes to go on from there, with --execution E.`

// logsCommand is one call of "runs logs".
type logsCommand struct {
	env    *console.Env
	query  inspect.LogQuery
	follow bool
	raw    bool
}

func logs(env *console.Env) *cobra.Command {
	l := &logsCommand{env: env}
	cmd := &cobra.Command{Use: "logs RUN", Short: "Print the logs of a run's jobs", Long: aboutLogs, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		l.query.Run = args[0]
		if err := l.check(); err != nil {
			return err
		}
		return env.Steadily(cmd.Context(), func(s *console.Steady) error {
			if l.single() {
				return l.one(cmd.Context(), s)
			}
			return l.all(cmd.Context(), s)
		})
	}}
	fs := cmd.Flags()
	fs.StringVar(&l.query.Job, "job", "", "only this job: a key like tst/deploy")
	fs.IntVar(&l.query.Attempt, "attempt", 0, "the latest try of this attempt (default: of all)")
	fs.StringVar(&l.query.Execution, "execution", "", "exactly this try: RUN/ATTEMPT/JOB/TRY")
	fs.Int64Var(&l.query.Offset, "offset", 0, "go on after so many bytes")
	fs.BoolVarP(&l.follow, "follow", "f", false, "wait for more until the end")
	fs.BoolVar(&l.raw, "raw", false, "print the bytes of the log")
	return cmd
}

// single reports whether one job is meant.
func (l *logsCommand) single() bool { return l.query.Job != "" || l.query.Execution != "" }

func (l *logsCommand) check() error {
	switch {
	case l.raw && l.env.JSON:
		return fault.New(fault.Invalid, "--raw and --json exclude one another")
	case !l.single() && (l.query.Offset != 0 || l.query.Attempt != 0):
		return fault.New(fault.Invalid, "--offset and --attempt need --job or --execution")
	case l.query.Attempt < 0:
		return fault.New(fault.Invalid, "--attempt %d: want 1 or more", l.query.Attempt)
	}
	return nil
}

// waitSeconds is how long one call waits for something new.
const waitSeconds = 20

// one prints the log of one execution.
func (l *logsCommand) one(ctx context.Context, s *console.Steady) error {
	q, p := l.query, l.printer("")
	for {
		page, err := operation.Ask[inspect.LogPage](ctx, s, "run.log", q)
		if err != nil {
			return errors.Join(err, p.close())
		}
		more := l.follow && !s.Owner()
		if page.Text != "" || page.Complete || !more {
			if err := p.page(page); err != nil {
				return err
			}
		}
		q.Offset = page.Next
		if page.Execution != "" {
			q.Execution = page.Execution // the next try has a log of its own
		}
		switch {
		case page.Complete:
			return p.close()
		case page.Text == "" && !more:
			if l.follow {
				nobodyServes(l.env)
			}
			return p.close()
		case more:
			q.Wait = waitSeconds
		}
	}
}

// all prints the logs of all jobs: one after the other, or as they come.
func (l *logsCommand) all(ctx context.Context, s *console.Steady) error {
	if l.follow {
		return l.together(ctx, s)
	}
	d, err := operation.Ask[inspect.RunDetail](ctx, s, "run.show", operation.RunID{Run: l.query.Run})
	if err != nil {
		return err
	}
	for _, j := range d.Jobs {
		if j.Execution == "" {
			continue
		}
		if !l.raw && !l.env.JSON {
			if _, err := fmt.Fprintf(l.env.Out, "== %s\n", j.Key); err != nil {
				return err
			}
		}
		one := *l
		one.query.Job, one.query.Execution = j.Key, j.Execution
		if err := one.one(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// followed is one execution of a run that is followed.
type followed struct {
	printer printer
	offset  int64
	done    bool
}

// together prints what all jobs print, as it comes, with the job before each
// line. A job that is tried again goes on after the rest of its former try.
func (l *logsCommand) together(ctx context.Context, s *console.Steady) (err error) {
	known := map[string]*followed{}
	var order []string
	defer func() {
		for _, e := range order {
			err = errors.Join(err, known[e].printer.close())
		}
	}()
	q := inspect.WatchQuery{Run: l.query.Run}
	for {
		w, err := operation.Ask[inspect.Watched](ctx, s, "run.watch", q)
		if err != nil {
			return err
		}
		printed := map[string]int64{}
		for _, j := range w.Jobs {
			if j.Execution == "" {
				continue
			}
			if known[j.Execution] == nil {
				known[j.Execution] = &followed{printer: l.printer(j.Key)}
				order = append(order, j.Execution)
			}
			if j.Status == "queued" || j.Status == "running" {
				printed[j.Execution] = j.Log
			}
		}
		for _, e := range order {
			if grown, runs := printed[e]; !known[e].done && (!runs || grown > known[e].offset) {
				if err := l.catchUp(ctx, s, e, known[e]); err != nil {
					return err
				}
			}
		}
		if w.Finished || !w.Moving {
			return l.ended(s, w)
		}
		q.Cursor, q.Wait = w.Cursor, waitSeconds
	}
}

// catchUp prints what there is of an execution's log.
func (l *logsCommand) catchUp(ctx context.Context, s *console.Steady, execution string, f *followed) error {
	for !f.done {
		page, err := operation.Ask[inspect.LogPage](ctx, s, "run.log", inspect.LogQuery{Run: l.query.Run, Execution: execution, Offset: f.offset})
		if err != nil {
			return err
		}
		f.offset, f.done = page.Next, page.Complete
		if page.Text == "" && !page.Complete {
			return nil
		}
		if err := f.printer.page(page); err != nil {
			return err
		}
	}
	return nil
}

func (l *logsCommand) ended(s *console.Steady, w inspect.Watched) error {
	switch {
	case w.Finished:
	case s.Owner():
		nobodyServes(l.env)
	default:
		l.env.Note("the run waits for people")
	}
	return nil
}

// printer prints pages of one log.
type printer interface {
	page(inspect.LogPage) error
	close() error
}

// printer makes one for the kind of output that is wanted; a job is named
// before each line of text.
func (l *logsCommand) printer(job string) printer {
	if l.env.JSON {
		enc := json.NewEncoder(l.env.Out)
		enc.SetEscapeHTML(false)
		return jsonPages{enc}
	}
	if job != "" {
		job += " | "
	}
	return &textPages{out: l.env.Out, prefix: job, raw: l.raw, colour: l.env.Screen().Colour}
}

// jsonPages prints a page as an object on a line of its own.
type jsonPages struct{ enc *json.Encoder }

func (p jsonPages) page(page inspect.LogPage) error {
	return p.enc.Encode(struct {
		Schema string `json:"schema"`
		inspect.LogPage
	}{"dc-release/log/v1", page})
}

func (jsonPages) close() error { return nil }
