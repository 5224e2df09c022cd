// Package run is "dc-release run": it runs the workflows of a repository for
// an event, as a rehearsal or counted.
package run

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/rehearse"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Rehearsal is what is run without counting.
type Rehearsal struct {
	Repo, Event, Ref, Workflow, Actor string
	Secrets, Vars                     map[string]string
	Keep                              bool
}

// Outcome is what came of it.
type Outcome struct {
	Run      inspect.RunDetail
	Gates    []rehearse.Gate
	Findings []workflow.Finding
	Data     string // kept data directory
}

// Rehearse runs a rehearsal and reports its progress.
type Rehearse func(ctx context.Context, q Rehearsal, progress func(inspect.RunDetail)) (Outcome, error)

type flags struct {
	Rehearsal
	rehearse bool
	solution string
	values   Values
}

// New makes the command.
func New(env *console.Env, do Rehearse) *cobra.Command {
	f := flags{}
	cmd := &cobra.Command{
		Use: "run", Short: "Run a repository's workflows for an event", Args: cobra.NoArgs,
		Long: "Run the workflows of a repository for an event.\n\nWith --rehearse nothing is published or counted: gates and intake rules are evaluated and reported.\nWithout it --solution names a solution of this installation, and the run counts.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.rehearse {
				return rehearsal(cmd.Context(), env, do, f)
			}
			return counted(cmd.Context(), env, f)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.Repo, "repo", ".", "repository: a clone or a bare repository")
	fs.StringVar(&f.Event, "event", "push", "push or pull_request")
	fs.StringVar(&f.Ref, "ref", "", "branch, tag or full reference (default refs/heads/main)")
	fs.StringVar(&f.Workflow, "workflow", "", "workflow file, when several start")
	fs.StringVar(&f.Actor, "actor", "local", "who caused the event (github.actor)")
	fs.StringVar(&f.solution, "solution", "", "solution of a counted run")
	f.values.Flags(cmd)
	fs.BoolVar(&f.rehearse, "rehearse", false, "run without counting")
	fs.BoolVar(&f.Keep, "keep", false, "keep the rehearsal's data directory")
	return cmd
}

func rehearsal(ctx context.Context, env *console.Env, do Rehearse, f flags) (err error) {
	if f.Event != "push" && f.Event != "pull_request" {
		return fault.New(fault.Invalid, "event %q: want push or pull_request", f.Event)
	}
	if err := f.values.Read(env); err != nil {
		return err
	}
	f.Secrets, f.Vars = env.Secrets, env.Vars
	shown := map[string]string{}
	out, err := do(ctx, f.Rehearsal, func(d inspect.RunDetail) { Progress(env, d, shown) })
	if err != nil {
		for _, finding := range out.Findings {
			if finding.Severity == workflow.Warning {
				env.Note("%s", finding)
			}
		}
		return err
	}
	if err := report(env, out); err != nil {
		return err
	}
	if out.Run.Conclusion == "failure" || out.Run.Conclusion == "cancelled" {
		return &console.Exit{Code: fault.ExitCode(fault.New(fault.RunFailed, ""))}
	}
	return nil
}

// Progress prints each job once for every state that matters.
func Progress(env *console.Env, d inspect.RunDetail, shown map[string]string) {
	for _, j := range d.Jobs {
		state := j.Conclusion
		if state == "" && (j.Status == "running" || j.Status == "waiting") {
			state = j.Status
		}
		if state == "" || shown[j.Key] == state || j.Call && j.Conclusion == "" {
			continue
		}
		shown[j.Key] = state
		line := fmt.Sprintf("%-11s %s", state, j.Key)
		if state == "running" && j.Environment != "" {
			line += " in " + j.Environment
		}
		if j.Reason != "" {
			line += "  (" + j.Reason + ")"
		}
		env.Note("%s", line)
	}
}

// jobRow is one job in JSON.
type jobRow struct {
	Key        string `json:"key"`
	Name       string `json:"name"`
	Conclusion string `json:"conclusion"`
	Reason     string `json:"reason"`
}

func report(env *console.Env, out Outcome) error {
	jobs := Jobs(out.Run)
	findings := out.Findings
	if findings == nil {
		findings = []workflow.Finding{}
	}
	return env.Print("run", map[string]any{
		"run": out.Run.Run, "conclusion": out.Run.Conclusion, "event": out.Run.Event, "ref": out.Run.Ref, "sha": out.Run.SHA,
		"jobs": jobs, "gates": out.Gates, "findings": findings, "rehearsal": true, "data": out.Data,
	}, func(w *tabwriter.Writer) {
		fmt.Fprintln(w, "JOB\tCONCLUSION\tNAME\tREASON")
		for _, j := range jobs {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", j.Key, j.Conclusion, j.Name, j.Reason)
		}
		for _, g := range out.Gates {
			fmt.Fprintf(w, "\ngate %s at job %s was not waited for", g.Gate, g.Job)
			if len(g.Signatures) > 0 {
				fmt.Fprintf(w, "; it asks for %s", strings.Join(g.Signatures, ", "))
			}
			for _, m := range g.Missing {
				fmt.Fprintf(w, "\n  missing: %s", m)
			}
			fmt.Fprintln(w)
		}
		for _, f := range findings {
			fmt.Fprintln(w, f)
		}
		fmt.Fprintf(w, "\n%s of %s: %s\n", out.Run.Event, out.Run.Ref, out.Run.Conclusion)
		if out.Data != "" {
			fmt.Fprintf(w, "data directory: %s\n", out.Data)
		}
	})
}

// Jobs are the jobs that came to something.
func Jobs(d inspect.RunDetail) []jobRow {
	jobs := []jobRow{}
	for _, j := range d.Jobs {
		if j.Conclusion != "" {
			jobs = append(jobs, jobRow{Key: j.Key, Name: j.Name, Conclusion: j.Conclusion, Reason: j.Reason})
		}
	}
	return jobs
}

// counted hands the event to the installation and, as the owner, drives it.
func counted(ctx context.Context, env *console.Env, f flags) error {
	if f.solution == "" {
		return fault.New(fault.Invalid, "a counted run needs --solution").WithHint("or try it without counting: dc-release run --rehearse --repo DIR")
	}
	ref := f.Ref
	switch {
	case ref == "":
		ref = "refs/heads/main"
	case !strings.HasPrefix(ref, "refs/"):
		return fault.New(fault.Invalid, "ref %q: a counted run takes a full reference like refs/tags/v1.0.0", ref)
	}
	if err := f.values.Read(env); err != nil {
		return err
	}
	var started intake.Started
	var detail inspect.RunDetail
	err := env.With(ctx, func(s console.Session) (err error) {
		started, err = operation.Ask[intake.Started](ctx, s, "intake.accept", intake.Push{Solution: f.solution, Event: f.Event, Ref: ref, Actor: f.Actor})
		if err != nil || started.Run == "" {
			return err
		}
		if err := s.WaitIdle(ctx); err != nil {
			return err
		}
		detail, err = operation.Ask[inspect.RunDetail](ctx, s, "run.show", operation.RunID{Run: started.Run})
		return err
	})
	if err != nil {
		return err
	}
	if started.Run == "" {
		return fault.New(fault.Invalid, "%s", started.Reason)
	}
	if err := ShowRun(env, detail); err != nil {
		return err
	}
	return Ended(detail)
}

// ShowRun prints a run with its jobs.
func ShowRun(env *console.Env, d inspect.RunDetail) error {
	return env.Print("run", map[string]any{
		"run": d.Run, "solution": d.Solution, "number": d.Number, "event": d.Event, "ref": d.Ref, "sha": d.SHA, "version": d.Version,
		"conclusion": d.Conclusion, "artifact": d.Kept, "jobs": d.Jobs, "findings": d.Findings,
	}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "run %s, %s of %s at %.12s: %s\n", d.Run, d.Event, d.Ref, d.SHA, orWaiting(d.Conclusion))
		writeKept(w, d.Kept)
		fmt.Fprintln(w)
		fmt.Fprintln(w, "JOB\tSTATE\tNAME\tREASON")
		for _, j := range d.Jobs {
			state := j.Conclusion
			if state == "" {
				state = j.Status
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", j.Key, state, j.Name, j.Reason)
		}
	})
}

// writeKept prints what was handed in, and by which job.
func writeKept(w io.Writer, k *pipeline.ArtifactKept) {
	if k == nil {
		return
	}
	fmt.Fprintf(w, "artifact %.12s, %d files, handed in by %s\n", k.Tree, k.Files, pipeline.JobOf(k.Execution))
	for _, p := range k.Parts {
		fmt.Fprintf(w, "  %s %.12s, %d files\n", p.Name, p.Tree, p.Files)
	}
}

func orWaiting(conclusion string) string {
	if conclusion == "" {
		return "in progress"
	}
	return conclusion
}

// Ended gives the exit code of a run that nothing moves any more.
func Ended(d inspect.RunDetail) error {
	switch {
	case !d.Finished:
		return &console.Exit{Code: fault.ExitCode(fault.New(fault.Blocked, ""))}
	case d.Conclusion == "failure" || d.Conclusion == "cancelled":
		return &console.Exit{Code: fault.ExitCode(fault.New(fault.RunFailed, ""))}
	}
	return nil
}
