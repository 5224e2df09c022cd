// Package people is "dc-release person" and "dc-release role".
package people

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Person makes "dc-release person".
func Person(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "person", Short: "People of this installation"}
	cmd.AddCommand(list(env), add(env),
		change(env, "map LOGIN", "person.map", "Bind a git identity to a person", true),
		change(env, "check-identity LOGIN", "person.check-identity", "Record that you saw who a person is; the reason says how", false),
		change(env, "review LOGIN", "person.review", "Record that you reviewed a person's roles and factors", false),
		train(env), acceptStatement(env), invite(env), enrol(env), lose(env), reset(env), show(env),
		change(env, "unlock LOGIN", "person.unlock", "Give back the right to sign after failed ceremonies", false),
		change(env, "disable LOGIN", "person.disable", "End a person's access; signatures stay", false))
	return cmd
}

// Role makes "dc-release role".
func Role(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "role", Short: "Roles of people"}
	cmd.AddCommand(grant(env, "grant", "role.grant"), grant(env, "revoke", "role.revoke"),
		matrix(env),
		delegate(env, "delegate", "role.delegate", "Let somebody act in your role for a time"),
		delegate(env, "recall", "role.recall", "End a delegation before its time"))
	return cmd
}

func list(env *console.Env) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List people and their roles", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		people, err := console.Ask[[]inspect.Person](cmd.Context(), env, "person.list", operation.None{})
		if err != nil {
			return err
		}
		return env.Print("person-list", map[string]any{"persons": people}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "LOGIN\tNAME\tROLES\tFACTORS")
			for _, p := range people {
				var factors []string
				for _, f := range p.Factors {
					factors = append(factors, f.Kind)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Login, p.Name, strings.Join(roles(p), ", "), strings.Join(factors, ", "))
			}
		})
	}}
}

func add(env *console.Env) *cobra.Command {
	var q operation.NewPerson
	var from string
	var bootstrap bool
	cmd := &cobra.Command{
		Use: "add LOGIN", Short: "Add a person with password and TOTP seed", Args: cobra.ExactArgs(1),
		Long: "Add a person. The password is read from --password-file (- for standard input); the TOTP seed is printed once.\n\nThe first person of an installation is added with --bootstrap and becomes its administrator.",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			q.Login = args[0]
			if q.Password, err = password(env, from); err != nil {
				return err
			}
			op := "person.add"
			if bootstrap {
				op = "person.bootstrap"
			}
			added, err := console.Change[person.Added](cmd.Context(), env, op, q)
			if err != nil {
				return err
			}
			return env.Print("person", map[string]any{"person": added.Person, "login": q.Login, "totp_seed": added.Seed}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "added %s (%s)\nTOTP seed, shown once: %s\n", q.Login, added.Person, added.Seed)
			})
		},
	}
	cmd.Flags().StringVar(&q.Name, "name", "", "name as it is printed on documents")
	cmd.Flags().StringVar(&from, "password-file", "", "file with the password, - for standard input")
	cmd.Flags().BoolVar(&bootstrap, "bootstrap", false, "the first person of this installation")
	by(cmd, &q.ByAdministrator)
	return cmd
}

func by(cmd *cobra.Command, b *operation.ByAdministrator) {
	cmd.Flags().StringVar(&b.As, "as", "", "login of the administrator who acts")
	cmd.Flags().StringVar(&b.Reason, "reason", "", "reason")
}

func password(env *console.Env, from string) (string, error) {
	if from == "" {
		if env.Terminal {
			return console.Secret(env, "password: ")
		}
		return "", fault.New(fault.Invalid, "a person needs --password-file FILE or -")
	}
	if from == "-" {
		raw, err := io.ReadAll(io.LimitReader(env.In, 4096))
		return strings.TrimRight(string(raw), "\r\n"), err
	}
	raw, err := os.ReadFile(from)
	if err != nil {
		return "", fault.New(fault.Invalid, "--password-file: %v", err)
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}

func change(env *console.Env, use, op, short string, email bool) *cobra.Command {
	var q operation.ChangePerson
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Login = args[0]
		_, err := console.Change[json.RawMessage](cmd.Context(), env, op, q)
		return err
	}}
	if email {
		cmd.Flags().StringVar(&q.Email, "git-identity", "", "e-mail of commits and tags")
	}
	by(cmd, &q.ByAdministrator)
	return cmd
}

func grant(env *console.Env, verb, op string) *cobra.Command {
	var q operation.ChangePerson
	var role string
	cmd := &cobra.Command{Use: verb + " LOGIN ROLE", Short: verb + " a role", Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) error {
		q.Login, role = args[0], args[1]
		q.Grant.Role = policy.Role(role)
		_, err := console.Change[json.RawMessage](cmd.Context(), env, op, q)
		return err
	}}
	cmd.Flags().StringVar(&q.Grant.Solution, "solution", "", "only for this solution")
	by(cmd, &q.ByAdministrator)
	return cmd
}
