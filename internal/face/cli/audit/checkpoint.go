package audit

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

func checkpoint(env *console.Env) *cobra.Command {
	var q operation.Scope
	cmd := &cobra.Command{
		Use: "checkpoint", Short: "Print the checkpoint of the ledger and push it to the release logs now", Args: cobra.NoArgs,
		Long: "Print the signed checkpoint of the ledger and push it to branch checkpoints of the release log of every solution, with the proof that it extends the one before. A server does this once an hour while the ledger grows, and whenever a gate is consumed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := console.Ask[[]publish.Anchored](cmd.Context(), env, "audit.checkpoint", q)
			if err != nil {
				return err
			}
			if len(done) == 0 {
				return fault.New(fault.NotFound, "no solution has a release log").WithHint("give one with: dc-release solution add KEY --release-log REPOSITORY")
			}
			return env.Print("checkpoint", map[string]any{"checkpoints": done}, func(w *tabwriter.Writer) {
				for _, c := range done {
					fmt.Fprintf(w, "%s: size %d, commit %s\n\n%s\n", c.Solution, c.Size, c.Commit, c.Checkpoint)
				}
			})
		},
	}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "only this solution")
	return cmd
}
