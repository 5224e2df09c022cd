package workflows

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Request says what is planned.
type Request struct {
	Repo, Event, Ref, Workflow, Actor string
	Vars                              map[string]string
}

// Planned is one workflow file for an event.
type Planned struct {
	File      string             `json:"file"`
	Name      string             `json:"name"`
	Triggered bool               `json:"triggered"`
	Reason    string             `json:"reason"` // why it is triggered or not
	Trigger   pipeline.Trigger   `json:"trigger"`
	Sources   []pipeline.Source  `json:"sources"`
	Actions   []pipeline.Action  `json:"actions,omitempty"`
	Jobs      []pipeline.Preview `json:"jobs"`
	Findings  []workflow.Finding `json:"findings"`
}

// refused counts the findings that keep the workflow from being run.
func (p Planned) refused() int {
	n := 0
	for _, f := range p.Findings {
		if f.Severity == workflow.Error {
			n++
		}
	}
	return n
}

// Preview plans workflow files of a repository without running anything.
type Preview func(ctx context.Context, q Request) ([]Planned, error)

const planHelp = `Print what would run for an event, and why, without running anything.

Every workflow file is read whole, also one that the event does not trigger; with
--workflow only that one. What cannot be run here is refused with file, line and
column, all of it at once, and the exit code is 2.`

func planCommand(env *console.Env, preview Preview) *cobra.Command {
	var q Request
	var vars []string
	cmd := &cobra.Command{Use: "plan", Short: "Print the plan of a repository's workflows for an event", Long: planHelp, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		q.Vars = map[string]string{}
		for _, v := range vars {
			name, value, ok := strings.Cut(v, "=")
			if !ok {
				return fault.New(fault.Invalid, "--var %q: want NAME=VALUE", v)
			}
			q.Vars[name] = value
		}
		planned, err := preview(cmd.Context(), q)
		if err != nil {
			return err
		}
		return printPlans(env, planned)
	}}
	fs := cmd.Flags()
	fs.StringVar(&q.Repo, "repo", ".", "repository: a clone or a bare repository")
	fs.StringVar(&q.Event, "event", "push", "event, like push or pull_request")
	fs.StringVar(&q.Ref, "ref", "", "branch, tag or full reference (default refs/heads/main)")
	fs.StringVar(&q.Workflow, "workflow", "", "only this workflow file")
	fs.StringVar(&q.Actor, "actor", "local", "who caused the event (github.actor)")
	fs.StringArrayVar(&vars, "var", nil, "NAME=VALUE of the vars context")
	return cmd
}

func printPlans(env *console.Env, planned []Planned) error {
	var refused []string
	for _, p := range planned {
		if n := p.refused(); n > 0 {
			refused = append(refused, fmt.Sprintf("%s (%d)", p.File, n))
		}
	}
	err := env.Print("workflow-plan", map[string]any{"workflows": planned}, func(w *tabwriter.Writer) {
		for i, p := range planned {
			if i > 0 {
				fmt.Fprintln(w)
			}
			writePlan(w, p)
		}
	})
	if err == nil && len(refused) > 0 {
		err = fault.New(fault.Invalid, "refused: %s", strings.Join(refused, ", "))
	}
	return err
}

func writePlan(w *tabwriter.Writer, p Planned) {
	said := "is triggered"
	if !p.Triggered {
		said = "is not triggered"
	}
	fmt.Fprintf(w, "%s %s by %s of %s at %.12s: %s\n", p.File, said, p.Trigger.Name, p.Trigger.Ref, p.Trigger.SHA, p.Reason)
	for _, f := range p.Findings {
		fmt.Fprintf(w, "%s\n", f)
	}
	if p.refused() > 0 || len(p.Jobs) == 0 {
		return
	}
	fmt.Fprintln(w, "\nJOB\tDECISION\tNAME\tWHERE\tREASON")
	for _, j := range p.Jobs {
		where := strings.Join(j.RunsOn, ", ")
		switch {
		case j.Calls != "":
			where = "calls " + j.Calls
		case j.Environment != "":
			where += " in " + j.Environment
		}
		reason := j.Reason
		if j.Concurrency != "" {
			reason += "; group " + j.Concurrency
		}
		if len(j.Secrets) > 0 {
			reason += "; reads " + strings.Join(j.Secrets, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", j.Job, j.Decision, j.Name, where, reason)
	}
}
