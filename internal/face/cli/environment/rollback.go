package environment

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/rollback"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Rollback makes "dc-release rollback".
func Rollback(env *console.Env) *cobra.Command {
	var q operation.RequestRollback
	cmd := &cobra.Command{Use: "rollback", Short: "Ask for an earlier release to be put back", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if q.Solution == "" || q.To == "" || q.As == "" {
			return fault.New(fault.Invalid, "rollback needs --solution, --to and --as")
		}
		r, err := console.Change[rollback.Requested](cmd.Context(), env, "rollback.request", q)
		if err != nil {
			return err
		}
		return env.Print("rollback", map[string]any{"rollback": r.Rollback, "from": r.From, "to": r.To}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "rollback %s of %s from %s to %s waits at gate approve_rollback\nnot rolled back: data written by %s\n", r.Rollback, q.Solution, r.From, r.To, r.From)
		})
	}}
	cmd.AddCommand(rehearse(env))
	fs := cmd.Flags()
	fs.StringVar(&q.Solution, "solution", "", "solution")
	fs.StringVar(&q.Environment, "environment", "prd", "place")
	fs.StringVar(&q.To, "to", "", "version to go back to")
	fs.BoolVar(&q.Irreversible, "irreversible-data", false, "data written since cannot be read by the earlier version")
	fs.StringVar(&q.As, "as", "", "login of the administrator who asks")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}

func rehearse(env *console.Env) *cobra.Command {
	var q operation.RehearseRollback
	cmd := &cobra.Command{
		Use: "rehearse", Short: "Rehearse the rollback of a release again: back to the release in use, and forth", Args: cobra.NoArgs,
		Long: "Rehearse the rollback of a release again.\n\nThe first rehearsal follows by itself, in the place that the baseline names: TST, or VAL when everything else that its gate demands is there.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Solution == "" || q.Version.Version == "" || q.As == "" {
				return fault.New(fault.Invalid, "rollback rehearse needs --solution, --version and --as")
			}
			items, err := console.Change[[]evidence.Item](cmd.Context(), env, "rollback.rehearse", q)
			if err != nil {
				return err
			}
			failed := false
			if err := env.Print("rehearsal", map[string]any{"evidence": items}, func(w *tabwriter.Writer) {
				for _, i := range items {
					fmt.Fprintf(w, "%s\t%s\t%d as deployed, %d not\n", i.Name, i.Verdict, i.Passed, i.Failed+i.Errors)
					failed = failed || i.Verdict != evidence.VerdictPassed
				}
			}); err != nil {
				return err
			}
			return differs(failed)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&q.Solution, "solution", "", "solution")
	fs.StringVar(&q.Version.Version, "version", "", "version whose rollback is rehearsed")
	fs.StringVar(&q.As, "as", "", "login of the person who asks")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}
