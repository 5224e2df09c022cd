// Package workflows is the commands about workflow files and their language.
package workflows

import (
	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// New is the command workflows. To add a subcommand: its file, a line here, an
// acceptance script.
func New(env *console.Env, preview Preview) *cobra.Command {
	cmd := &cobra.Command{Use: "workflows", Short: "Workflow files and their expressions"}
	cmd.AddCommand(planCommand(env, preview), evalCommand(env))
	return cmd
}
