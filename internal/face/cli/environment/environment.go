// Package environment is what stands in the places of a solution: what runs
// where, since when and by whose decision; what a deployment would change; and
// how to go back.
package environment

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/trail"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// New makes "dc-release environment".
func New(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "environment", Short: "What runs where, and what would change"}
	cmd.AddCommand(list(env), show(env), drift(env), verify(env), plan(env), check(env))
	return cmd
}

func list(env *console.Env) *cobra.Command {
	var q inspect.AsOf
	cmd := &cobra.Command{Use: "list", Short: "List what is deployed, now or as of a past time", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) (err error) {
		if q.At, err = trail.MomentOrNow(q.At); err != nil {
			return err
		}
		places, err := console.Ask[[]inspect.Environment](cmd.Context(), env, "environment.list", q)
		if err != nil {
			return err
		}
		return env.Print("environment-list", map[string]any{"environments": places}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "SOLUTION\tPLACE\tVERSION\tARTIFACT\tSINCE")
			for _, p := range places {
				mixed := ""
				if p.Unfinished != "" {
					mixed = "\tMIXED? " + p.Unfinished
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%.12s\t%s%s\n", p.Solution, p.Environment, version(p), p.Tree, p.Since.Format(time.RFC3339), mixed)
			}
		})
	}}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "only this solution")
	cmd.Flags().StringVar(&q.At, "at", "", "as of this time: RFC 3339, or the beginning of a day in UTC")
	return cmd
}

func version(p inspect.Environment) string {
	if p.Version == "" {
		return fmt.Sprintf("commit %.12s", p.SHA)
	}
	return p.Version
}

func show(env *console.Env) *cobra.Command {
	var q inspect.PlaceAsOf
	cmd := &cobra.Command{Use: "show PLACE", Short: "Show which version is in a place, since when, by what plan and by whose signatures", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) (err error) {
		q.Environment = args[0]
		if q.At, err = trail.MomentOrNow(q.At); err != nil {
			return err
		}
		p, err := console.Ask[inspect.Place](cmd.Context(), env, "environment.show", q)
		if err != nil {
			return err
		}
		return env.Print("environment", map[string]any{"place": p}, func(w *tabwriter.Writer) { printPlace(w, p) })
	}}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "solution")
	cmd.Flags().StringVar(&q.At, "at", "", "as of this time: RFC 3339, or the beginning of a day in UTC")
	return cmd
}

func printPlace(w *tabwriter.Writer, p inspect.Place) {
	fmt.Fprintf(w, "solution\t%s\nplace\t%s\ntarget\t%s\n", p.Solution, p.Place, p.Target)
	if p.Current == nil {
		fmt.Fprintln(w, "version\tnothing was deployed")
		return
	}
	fmt.Fprintf(w, "version\t%s\ncommit\t%s\nartifact\t%s\nsince\t%s\n", version(*p.Current), p.Current.SHA, p.Current.Tree, p.Current.Since.Format(time.RFC3339))
	if p.Plan != "" {
		fmt.Fprintf(w, "changed\t%s\n", p.Plan)
	}
	if p.Rollback != "" {
		by := "rollback"
		if p.Rehearsal {
			by = "rehearsal"
		}
		fmt.Fprintf(w, "%s\t%s\n", by, p.Rollback)
	}
	if p.Current.Unfinished != "" {
		fmt.Fprintf(w, "MIXED?\t%s: see what is there with: dc-release environment verify %s\n", p.Current.Unfinished, p.Place)
	}
	for _, s := range p.Signatures {
		fmt.Fprintf(w, "signed\t%s, %s: %s at %s, %s\n", s.Name, s.Role, s.Meaning, s.Gate, s.Time)
	}
	switch {
	case p.Current.Version == "" || len(p.Signatures) > 0:
	case p.Automatic:
		fmt.Fprintln(w, "signed\tnobody: the baseline lets the place go back by itself")
	default:
		fmt.Fprintln(w, "signed\tno gate stands before this place")
	}
}

func drift(env *console.Env) *cobra.Command {
	var q operation.Place
	cmd := &cobra.Command{Use: "drift PLACE", Short: "Compare what is there with what was deployed", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Environment = args[0]
		found, err := console.Ask[[]string](cmd.Context(), env, "environment.drift", q)
		if err != nil {
			return err
		}
		if err := env.Print("drift", map[string]any{"environment": q.Environment, "differences": found}, func(w *tabwriter.Writer) {
			for _, d := range found {
				fmt.Fprintln(w, d)
			}
			if len(found) == 0 {
				fmt.Fprintf(w, "%s is what was deployed\n", q.Environment)
			}
		}); err != nil {
			return err
		}
		return differs(len(found) > 0)
	}}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "solution")
	return cmd
}

// differs ends a command whose place is not what it should be.
func differs(yes bool) error {
	if !yes {
		return nil
	}
	return &console.Exit{Code: fault.ExitCode(fault.New(fault.Unverified, ""))}
}

func verify(env *console.Env) *cobra.Command {
	var q operation.Place
	cmd := &cobra.Command{Use: "verify PLACE", Short: "Read a place back and print every check of its installation", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Environment = args[0]
		r, err := console.Ask[deploy.Installation](cmd.Context(), env, "environment.verify", q)
		if err != nil {
			return err
		}
		bad, unread := 0, 0
		if err := env.Print("installation", map[string]any{"installation": r}, func(w *tabwriter.Writer) {
			for _, c := range r.Checks {
				if c.Unread() {
					unread++
					fmt.Fprintf(w, "NOT VERIFIED\t%s\t%s\n", c.Path, c.Actual)
					continue
				}
				if !c.Same() {
					bad++
					fmt.Fprintf(w, "FAIL\t%s\texpected %s, is %s\n", c.Path, c.Expected, c.Actual)
					continue
				}
				fmt.Fprintf(w, "ok\t%s\t%s\n", c.Path, c.Actual)
			}
			if r.Problem != "" {
				fmt.Fprintf(w, "FAIL\t\t%s\n", r.Problem)
			}
			fmt.Fprintf(w, "%d checks, %d failed", len(r.Checks)-unread, bad)
			if unread > 0 {
				fmt.Fprintf(w, ", %d not verified", unread)
			}
			fmt.Fprintln(w)
		}); err != nil {
			return err
		}
		return differs(r.Problem != "" || bad > 0)
	}}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "solution")
	return cmd
}

func check(env *console.Env) *cobra.Command {
	var q operation.Place
	cmd := &cobra.Command{Use: "check PLACE", Short: "Find what would keep a deployment to a place from working", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Environment = args[0]
		found, err := console.Ask[[]deployment.Finding](cmd.Context(), env, "environment.check", q)
		if err != nil {
			return err
		}
		errors := 0
		if err := env.Print("environment-check", map[string]any{"environment": q.Environment, "findings": found}, func(w *tabwriter.Writer) {
			for _, f := range found {
				if f.Severity == deployment.Error {
					errors++
				}
				fmt.Fprintln(w, f)
			}
			if len(found) == 0 {
				fmt.Fprintf(w, "nothing speaks against a deployment to %s\n", q.Environment)
			}
		}); err != nil {
			return err
		}
		return differs(errors > 0)
	}}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "solution")
	return cmd
}

func plan(env *console.Env) *cobra.Command {
	var q operation.PlanPlace
	cmd := &cobra.Command{Use: "plan PLACE", Short: "Plan what a release would change in a place, again when the place has changed", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Environment = args[0]
		p, err := console.Change[deployment.Plan](cmd.Context(), env, "environment.plan", q)
		if err != nil {
			return err
		}
		return env.Print("plan", map[string]any{"plan": p}, func(w *tabwriter.Writer) { printPlan(w, p) })
	}}
	fs := cmd.Flags()
	fs.StringVar(&q.Solution, "solution", "", "solution")
	fs.StringVar(&q.Version, "version", "", "version X.Y.Z of the release")
	fs.StringVar(&q.As, "as", "", "login of who asks")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}

func printPlan(w *tabwriter.Writer, p deployment.Plan) {
	fmt.Fprintf(w, "%s %s in %s: %s\n", p.Solution, p.Version, p.Environment, p.Summary())
	for _, c := range p.Changes {
		fmt.Fprintf(w, "%s\t%s", c.Action, c.Resource)
		if c.Loses != "" {
			fmt.Fprintf(w, "\tloses %s", c.Loses)
		}
		fmt.Fprintln(w)
		for _, f := range c.Fields {
			fmt.Fprintf(w, "\t%s: %s -> %s\n", f.Path, f.Old, f.New)
		}
	}
	if len(p.Kept) > 0 {
		fmt.Fprintf(w, "not touched: %s\n", strings.Join(p.Kept, "; "))
	}
}
