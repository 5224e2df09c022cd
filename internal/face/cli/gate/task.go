package gate

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// tasks makes "gate tasks LOGIN".
func tasks(env *console.Env) *cobra.Command {
	return &cobra.Command{Use: "tasks LOGIN", Short: "List what waits for a person at gates", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		all, err := console.Ask[operation.Tasks](cmd.Context(), env, "gate.tasks", operation.Login{Login: args[0]})
		if err != nil {
			return err
		}
		return env.Print("task-list", map[string]any{"signatures": all.Signatures, "tasks": all.Tasks}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "SOLUTION\tVERSION\tTASK\tABOUT")
			for _, x := range all.Signatures {
				about := fmt.Sprintf("gate %s asks for %s", x.Gate, x.Meaning)
				if len(x.Refused) > 0 {
					about += ": not by you, " + strings.Join(x.Refused, "; ")
				}
				fmt.Fprintf(w, "%s\t%s\tsign\t%s\n", x.Solution, x.Version, about)
			}
			for _, t := range all.Tasks {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.Solution, t.Version, t.Kind, t.Text)
			}
		})
	}}
}

// comment makes "gate comment GATE".
func comment(env *console.Env) *cobra.Command {
	var q operation.CommentGate
	cmd := &cobra.Command{Use: "comment GATE", Short: "Say what you think of an open gate; it is no signature", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		if q.Gate = args[0]; q.Solution == "" || q.Version.Version == "" || q.As == "" {
			return fault.New(fault.Invalid, "gate comment needs --solution, --version and --as")
		}
		_, err := console.Change[json.RawMessage](cmd.Context(), env, "gate.comment", q)
		return err
	}}
	fs := cmd.Flags()
	fs.StringVar(&q.Solution, "solution", "", "solution")
	fs.StringVar(&q.Version.Version, "version", "", "version X.Y.Z")
	fs.StringVar(&q.As, "as", "", "your login")
	fs.StringVar(&q.Text, "text", "", "what you think")
	return cmd
}
