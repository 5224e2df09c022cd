package audit

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

func rotateCommand(env *console.Env) *cobra.Command {
	var q operation.RotateKey
	cmd := &cobra.Command{
		Use: "rotate KEY", Short: "Replace a key of the installation by a new one", Args: cobra.ExactArgs(1), ValidArgs: releaselog.KeyNames,
		Long: "Replace the key ledger (checkpoints), attest (envelopes of signatures and statements) or document (indexes of the release log) by a new one.\n\nThe event key.rotated is signed by both. From it on the old key signs nothing; what it signed before verifies for ever, and a trust file or a witness that knows the old key follows to the new one. The ledger is anchored in every release log at once.",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Key = args[0]
			r, err := console.Change[keys.Rotation](cmd.Context(), env, "audit.rotate", q)
			if err != nil {
				return err
			}
			return env.Print("key", map[string]any{"key": r.Key, "seq": r.Seq, "old": r.Old, "new": r.New}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "key %s: %s replaces %s since event %d\n", r.Key, r.New, r.Old, r.Seq)
			})
		},
	}
	cmd.Flags().StringVar(&q.As, "as", "", "login of the administrator who acts")
	cmd.Flags().StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}
