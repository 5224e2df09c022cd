package people

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Token makes "dc-release token".
func Token(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "API tokens of programs that read; a token never signs"}
	cmd.AddCommand(createToken(env), listTokens(env), revokeToken(env))
	return cmd
}

func createToken(env *console.Env) *cobra.Command {
	var q operation.CreateToken
	cmd := &cobra.Command{Use: "create LOGIN", Short: "Make a token; its secret is printed once", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Login = args[0]
		made, err := console.Change[access.NewToken](cmd.Context(), env, "token.create", q)
		if err != nil {
			return err
		}
		return env.Print("token", map[string]any{"token": made.ID, "secret": made.Secret, "scopes": made.Scopes, "until": ledger.FormatTime(made.Until)}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "token\t%s\nsecret, shown once\t%s\nuntil\t%s\n", made.ID, made.Secret, ledger.FormatTime(made.Until))
		})
	}}
	cmd.Flags().StringSliceVar(&q.Scopes, "scope", nil, "operation that the token may ask for, like run.* (repeat)")
	cmd.Flags().IntVar(&q.Days, "days", 30, "how long it works")
	by(cmd, &q.ByAdministrator)
	return cmd
}

func listTokens(env *console.Env) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List tokens", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		tokens, err := console.Ask[[]access.Token](cmd.Context(), env, "token.list", operation.None{})
		if err != nil {
			return err
		}
		return env.Print("token-list", map[string]any{"tokens": tokens}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "TOKEN\tPERSON\tSCOPES\tUNTIL")
			for _, t := range tokens {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.ID, t.Person, strings.Join(t.Scopes, " "), ledger.FormatTime(t.Until))
			}
		})
	}}
}

func revokeToken(env *console.Env) *cobra.Command {
	var q operation.RevokeToken
	cmd := &cobra.Command{Use: "revoke TOKEN", Short: "End a token", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Token = args[0]
		_, err := console.Change[json.RawMessage](cmd.Context(), env, "token.revoke", q)
		return err
	}}
	by(cmd, &q.ByAdministrator)
	return cmd
}
