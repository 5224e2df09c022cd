package environment

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/rollback"
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
	fs := cmd.Flags()
	fs.StringVar(&q.Solution, "solution", "", "solution")
	fs.StringVar(&q.Environment, "environment", "prd", "place")
	fs.StringVar(&q.To, "to", "", "version to go back to")
	fs.BoolVar(&q.Irreversible, "irreversible-data", false, "data written since cannot be read by the earlier version")
	fs.StringVar(&q.As, "as", "", "login of the administrator who asks")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}
