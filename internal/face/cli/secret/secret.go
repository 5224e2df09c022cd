// Package secret is about secrets that the server keeps for jobs and
// deployments. A value comes in and never goes out again here.
package secret

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/core/fault"
	core "github.com/dc-release/dc-release/internal/core/secret"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// New makes "dc-release secret".
func New(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "secret", Short: "Secrets that the server keeps sealed for jobs and deployments"}
	cmd.AddCommand(set(env), list(env), remove(env), rotateKey(env))
	return cmd
}

// names is one argument that is a name; a second one would be a value in the
// process list. Nothing of a wrong one is repeated.
func names(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fault.New(fault.Invalid, "want one NAME, and %d arguments were given", len(args)).WithHint("%s", never)
	}
	_, err := core.ParseName(args[0])
	return err
}

const never = "the value is never an argument: it comes from standard input, --from-env VAR or --from-file FILE"

// target is the secret that a command changes.
type target struct {
	operation.ChangeSecret
	all bool
}

func (t *target) flags(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&t.Solution, "solution", "", "solution")
	fs.StringVar(&t.Environment, "environment", "", "environment whose jobs are given it: dev, tst, val, prd")
	fs.BoolVar(&t.all, "all-environments", false, "the solution's own: for jobs of every environment and of none, unless their environment has one of the name")
	who(cmd, &t.ByAdministrator)
}

func who(cmd *cobra.Command, by *operation.ByAdministrator) {
	cmd.Flags().StringVar(&by.As, "as", "", "login of the administrator who acts")
	cmd.Flags().StringVar(&by.Reason, "reason", "", "reason")
}

func (t *target) check(name string) error {
	t.Name = name
	if t.Solution == "" {
		return fault.New(fault.Invalid, "a secret needs --solution KEY")
	}
	if t.all == (t.Environment != "") {
		return fault.New(fault.Invalid, "a secret needs either --environment NAME or --all-environments")
	}
	return nil
}

func set(env *console.Env) *cobra.Command {
	var t target
	var from source
	cmd := &cobra.Command{
		Use: "set NAME", Short: "Give a secret a value, its first or another one", Args: names,
		Long: "Give a secret a value, its first or another one. The value comes from standard input, on a terminal without being shown, or from --from-env or --from-file; one line end at its end is left out of what is read from a file or standard input.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.check(args[0]); err != nil {
				return err
			}
			value, err := from.read(env, core.MaxValue, "value of "+strings.ToUpper(args[0])+": ")
			if err != nil {
				return err
			}
			l, err := console.Ask[secret.Listed](cmd.Context(), env, "secret.set", operation.SetSecret{ChangeSecret: t.ChangeSecret, Value: value})
			if err != nil {
				return err
			}
			return env.Print("secret", map[string]any{"secret": l}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "secret %s of %s: version %d\n", l.Name, l.Scope, l.Version)
			})
		},
	}
	t.flags(cmd)
	from.flags(cmd, "value")
	return cmd
}

func list(env *console.Env) *cobra.Command {
	var q operation.Scope
	cmd := &cobra.Command{Use: "list", Short: "List secrets; values are never shown", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		all, err := console.Ask[[]secret.Listed](cmd.Context(), env, "secret.list", q)
		if err != nil {
			return err
		}
		return env.Print("secret-list", map[string]any{"secrets": all}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "SOLUTION\tENVIRONMENT\tNAME\tVERSION\tSET BY\tTIME")
			for _, l := range all {
				environment := l.Environment
				if environment == "" {
					environment = "all"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", l.Solution, environment, l.Name, l.Version, l.By, l.Time)
			}
		})
	}}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "only of this solution")
	return cmd
}

func remove(env *console.Env) *cobra.Command {
	var t target
	cmd := &cobra.Command{Use: "remove NAME", Short: "Take a secret away", Args: names, RunE: func(cmd *cobra.Command, args []string) error {
		if err := t.check(args[0]); err != nil {
			return err
		}
		_, err := console.Ask[json.RawMessage](cmd.Context(), env, "secret.remove", t.ChangeSecret)
		return err
	}}
	t.flags(cmd)
	return cmd
}

func rotateKey(env *console.Env) *cobra.Command {
	var q operation.RotateSecretsKey
	var from source
	cmd := &cobra.Command{
		Use: "rotate-key", Short: "Seal all secrets again with another key", Args: cobra.NoArgs,
		Long: "Seal all secrets again with another key: one that is made in the data directory, or the one in --from-env or --from-file (32 random bytes in base64), which the next start is told of with --secrets-key.",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if from.given() {
				if q.Key, err = from.read(env, maxKey, ""); err != nil {
					return err
				}
			}
			r, err := console.Ask[secret.Rotation](cmd.Context(), env, "secret.rotate-key", q)
			if err != nil {
				return err
			}
			if from.given() {
				env.Note("key %s is kept nowhere here: from the next start on, --secrets-key names where it is", r.New)
			}
			return env.Print("secret-rotation", map[string]any{"old": r.Old, "new": r.New, "secrets": r.Secrets}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "key %s replaces %s, secrets sealed again: %d\n", r.New, r.Old, r.Secrets)
			})
		},
	}
	from.flags(cmd, "key")
	who(cmd, &q.ByAdministrator)
	return cmd
}

// maxKey bounds what is read of a key.
const maxKey = 4096
