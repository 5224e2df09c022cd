package change

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Approval makes "dc-release approval".
func Approval(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "approval", Short: "Waivers, templates, deletions and baselines that wait for signatures"}
	cmd.AddCommand(approvals(env), template(env), deletion(env),
		decide(env, "sign", "approval.sign", "Sign an approval in a role that is missing"),
		decide(env, "refuse", "approval.refuse", "Refuse an approval"))
	return cmd
}

func approvals(env *console.Env) *cobra.Command {
	var q operation.Version
	cmd := &cobra.Command{Use: "list", Short: "List the approvals of a solution, or with --version of a release", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		list, err := console.Ask[[]approval.Approval](cmd.Context(), env, "approval.list", q)
		if err != nil {
			return err
		}
		return env.Print("approval-list", map[string]any{"approvals": list}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "APPROVAL\tSTATE\tASKED\tNEEDS\tABOUT")
			for _, a := range list {
				var needs []string
				for _, r := range a.Missing() {
					needs = append(needs, fmt.Sprintf("%s by %s", r.Meaning, r.Role))
				}
				if a.State != approval.Pending {
					needs = nil
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.Approval, a.State, a.Time, strings.Join(needs, ", "), about(a))
				for _, l := range a.Lost {
					fmt.Fprintf(w, "\t\t\t\ttakes away %s\n", l)
				}
			}
		})
	}}
	of(cmd.Flags(), &q)
	return cmd
}

// about is the content of an approval in a line.
func about(a approval.Approval) string {
	switch {
	case a.Waiver != nil:
		return fmt.Sprintf("%s %s until %s: %s; instead: %s", a.Waiver.Check, a.Waiver.Item, a.Waiver.Expires, a.Waiver.Risk, a.Waiver.Control)
	case a.Deletion != nil:
		return fmt.Sprintf("in %s by plan %.12s: %s", a.Deletion.Environment, a.Deletion.Plan, strings.Join(a.Deletion.Destroys, "; "))
	case a.Template != nil:
		return fmt.Sprintf("%s: at most %d files of %s", a.Template.Name, a.Template.MaxFiles, strings.Join(a.Template.Paths, ", "))
	case a.Review != nil:
		return fmt.Sprintf("%s, from %s until %s", a.Review.Number, a.Review.From, a.Review.To)
	case a.Baseline != nil:
		return fmt.Sprintf("profile %s, workflow %s, branch %s", a.Baseline.Profile, a.Baseline.Workflow, a.Baseline.Branch)
	}
	return ""
}

func template(env *console.Env) *cobra.Command {
	var q operation.RequestTemplate
	cmd := &cobra.Command{Use: "template NAME", Short: "Ask for a template of standard changes; SME and QC sign it", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Template.Name = args[0]
		return named(cmd, env, "template.propose", q)
	}}
	by(cmd.Flags(), &q.ByAdministrator)
	fs := cmd.Flags()
	fs.StringVar(&q.Solution, "solution", "", "solution")
	fs.StringArrayVar(&q.Template.Paths, "path", nil, "pattern of files that such a change may touch")
	fs.IntVar(&q.Template.MaxFiles, "max-files", 20, "how many files it may touch")
	return cmd
}

func deletion(env *console.Env) *cobra.Command {
	var q operation.RequestDeletion
	cmd := &cobra.Command{Use: "deletion PLACE", Short: "Ask for the approval of what a planned deployment deletes; SME and QC sign it", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Environment = args[0]
		return named(cmd, env, "deletion.request", q)
	}}
	by(cmd.Flags(), &q.ByAdministrator)
	cmd.Flags().StringVar(&q.Solution, "solution", "", "solution")
	cmd.Flags().StringVar(&q.Version, "version", "", "version X.Y.Z of the release")
	return cmd
}

func decide(env *console.Env, verb, op, short string) *cobra.Command {
	var r sign.ApprovalRequest
	cmd := &cobra.Command{Use: verb + " APPROVAL", Short: short, Args: cobra.ExactArgs(1)}
	factors := signer(env, cmd.Flags(), &r.By)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r.Approval = args[0]
		if err := factors(); err != nil {
			return err
		}
		return signs(cmd, env, op, r)
	}
	cmd.Flags().StringVar(&r.Solution, "solution", "", "solution")
	cmd.Flags().StringVar(&r.Version, "version", "", "version X.Y.Z of a waiver's release")
	return cmd
}

// Revise asks for another baseline and prints which controls it takes away.
func Revise(cmd *cobra.Command, env *console.Env, q operation.ReviseSolution) error {
	return named(cmd, env, "solution.revise", q)
}
