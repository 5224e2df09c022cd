package people

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
)

func train(env *console.Env) *cobra.Command {
	var q operation.ChangePerson
	cmd := &cobra.Command{Use: "train LOGIN", Short: "Record that a person was trained in a procedure", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Login = args[0]
		_, err := console.Change[json.RawMessage](cmd.Context(), env, "person.train", q)
		return err
	}}
	cmd.Flags().StringVar(&q.Training.SOP, "sop", "", "id of the procedure")
	cmd.Flags().StringVar(&q.Training.Revision, "revision", "", "revision of the procedure")
	cmd.Flags().StringVar(&q.Training.Until, "until", "", "last day that the training counts (2027-01-31)")
	by(cmd, &q.ByAdministrator)
	return cmd
}

func acceptStatement(env *console.Env) *cobra.Command {
	var q operation.AcceptStatement
	var credentials string
	cmd := &cobra.Command{
		Use: "accept-statement", Short: "Accept the statement on electronic signatures, with your factors", Args: cobra.NoArgs,
		Long: "Accept the statement on electronic signatures in its present version. Without --as the statement is printed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := console.Ask[operation.Statement](cmd.Context(), env, "person.statement", operation.None{})
			if err != nil {
				return err
			}
			if q.As != "" {
				if q.SHA256 != "" && q.SHA256 != s.SHA256 {
					return fault.New(fault.Forbidden, "the statement has SHA-256 %s: read it again", s.SHA256)
				}
				q.SHA256 = s.SHA256
				if q.Credentials, err = gate.Credentials(env, credentials); err != nil {
					return err
				}
				if _, err := console.Change[json.RawMessage](cmd.Context(), env, "person.accept-statement", q); err != nil {
					return err
				}
			}
			return env.Print("statement", map[string]any{"version": s.Version, "sha256": s.SHA256, "text": s.Text, "accepted_by": q.As}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "%s\n(version %d, SHA-256 %s)\n", s.Text, s.Version, s.SHA256)
				if q.As != "" {
					fmt.Fprintf(w, "accepted by %s\n", q.As)
				}
			})
		},
	}
	cmd.Flags().StringVar(&q.As, "as", "", "your login")
	cmd.Flags().StringVar(&q.SHA256, "sha256", "", "digest of the text that you read; another one is refused")
	cmd.Flags().StringVar(&credentials, "credentials", "", "file with {\"password\": ..., \"code\": ...}, - for standard input")
	return cmd
}
