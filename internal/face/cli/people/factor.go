package people

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
)

func invite(env *console.Env) *cobra.Command {
	var q operation.InvitePerson
	var service bool
	cmd := &cobra.Command{
		Use: "invite LOGIN", Short: "Invite a person, who enrols the factors alone", Args: cobra.ExactArgs(1),
		Long: "Invite a person. The secret of the link is printed once; whoever has it enrols: on the page /enrol of serve --listen, or with person enrol.\n\nA service account (--service) has no factors and can never sign.",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Login = args[0]
			if service {
				q.Kind = policy.Service
			}
			made, err := console.Change[person.Invitation](cmd.Context(), env, "person.invite", q)
			if err != nil {
				return err
			}
			return printLink(env, q.Login, made)
		},
	}
	cmd.Flags().StringVar(&q.Name, "name", "", "name as it is printed on documents")
	cmd.Flags().BoolVar(&service, "service", false, "an account of a machine")
	by(cmd, &q.ByAdministrator)
	return cmd
}

func printLink(env *console.Env, login string, made person.Invitation) error {
	return env.Print("invitation", map[string]any{"person": made.Person, "login": login, "secret": made.Secret, "since": made.Since, "until": made.Until}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "person\t%s (%s)\n", login, made.Person)
		if made.Secret != "" {
			fmt.Fprintf(w, "secret\t%s\nworks\tat /enrol from %s to %s, once\n", made.Secret, made.Since, made.Until)
		}
	})
}

func enrol(env *console.Env) *cobra.Command {
	var q operation.UseLink
	var from, secret string
	cmd := &cobra.Command{
		Use: "enrol", Short: "Enrol with the secret of an invitation", Args: cobra.NoArgs,
		Long: "Enrol with the secret of an invitation in --secret-file. Without --credentials the seed of the one-time codes is shown; with it the password and a code of that seed are enrolled.",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if secret == "" {
				return fault.New(fault.Invalid, "person enrol needs --secret-file FILE")
			}
			if q.Secret, err = password(env, secret); err != nil {
				return err
			}
			if from == "" {
				shown, err := console.Ask[person.Enrolment](cmd.Context(), env, "person.enrolment", q)
				if err != nil {
					return err
				}
				return env.Print("enrolment", map[string]any{"login": shown.Login, "purpose": shown.Purpose, "totp_seed": shown.Seed}, func(w *tabwriter.Writer) {
					fmt.Fprintf(w, "login\t%s\nTOTP seed\t%s\n", shown.Login, shown.Seed)
				})
			}
			given, err := gate.Credentials(env, from)
			if err != nil {
				return err
			}
			q.Password, q.Code = given.Password, given.Code
			_, err = console.Change[person.Added](cmd.Context(), env, "person.enrol", q)
			return err
		},
	}
	cmd.Flags().StringVar(&secret, "secret-file", "", "file with the secret of the link")
	cmd.Flags().StringVar(&from, "credentials", "", "file with {\"password\": ..., \"code\": ...}, - for standard input")
	return cmd
}

func lose(env *console.Env) *cobra.Command {
	var q operation.LoseFactor
	cmd := &cobra.Command{Use: "lose LOGIN", Short: "Report a factor lost: it is refused at once, and sessions end", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Login = args[0]
		_, err := console.Change[json.RawMessage](cmd.Context(), env, "person.lose", q)
		return err
	}}
	cmd.Flags().StringVar(&q.Factor, "factor", "", "id or kind of the factor; all of them without")
	by(cmd, &q.ByAdministrator)
	return cmd
}

func reset(env *console.Env) *cobra.Command {
	var q operation.AboutPerson
	var credentials string
	var cancel bool
	cmd := &cobra.Command{
		Use: "reset LOGIN", Short: "Let a person enrol anew: two people, with their factors", Args: cobra.ExactArgs(1),
		Long: "Let a person enrol anew. An administrator asks; another administrator or QC agrees and gets the link, which works after a day. The person and QC see it and can object with --cancel.",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			q.Login = args[0]
			if q.As == "" {
				return fault.New(fault.Invalid, "person reset needs --as")
			}
			if q.Credentials, err = gate.Credentials(env, credentials); err != nil {
				return err
			}
			if cancel {
				_, err = console.Change[json.RawMessage](cmd.Context(), env, "person.cancel-reset", q)
				return err
			}
			made, err := console.Change[person.Invitation](cmd.Context(), env, "person.reset", q)
			if err != nil {
				return err
			}
			return printLink(env, q.Login, made)
		},
	}
	cmd.Flags().StringVar(&q.As, "as", "", "your login")
	cmd.Flags().StringVar(&q.Reason, "reason", "", "reason")
	cmd.Flags().StringVar(&credentials, "credentials", "", "file with {\"password\": ..., \"code\": ...}, - for standard input")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "object to a reset that is under way")
	return cmd
}

func show(env *console.Env) *cobra.Command {
	return &cobra.Command{Use: "show LOGIN", Short: "Show a person's roles, factors and what is missing for a signature", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		p, err := console.Ask[inspect.PersonDetail](cmd.Context(), env, "person.show", operation.Login{Login: args[0]})
		if err != nil {
			return err
		}
		return env.Print("person-detail", map[string]any{"person": p}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "login\t%s\nname\t%s\nid\t%s\nkind\t%s\nroles\t%s\n", p.Login, p.Name, p.Person.Person, p.Kind, strings.Join(roles(p.Person), ", "))
			for _, f := range p.Factors {
				fmt.Fprintf(w, "factor\t%s\t%s\tsince %s\n", f.Kind, f.ID, f.Since)
			}
			for _, t := range p.Trained {
				fmt.Fprintf(w, "trained\t%s revision %s\tuntil %s\n", t.SOP, t.Revision, t.Until)
			}
			fmt.Fprintf(w, "identity checked\t%t\nstatement accepted\tversion %d\naccess review due\t%s\n", p.IdentityChecked, p.Statement, p.ReviewDue)
			for _, l := range p.Lacking {
				fmt.Fprintf(w, "lacking\t%s\n", l)
			}
			for _, n := range p.Notices {
				fmt.Fprintf(w, "notice\t%s\n", n)
			}
		})
	}}
}

// roles are a person's as they are listed.
func roles(p inspect.Person) []string {
	var out []string
	for _, g := range p.Grants {
		role := string(g.Role)
		if g.Solution != "" {
			role += "@" + g.Solution
		}
		out = append(out, role)
	}
	if p.Disabled {
		out = append(out, "(disabled)")
	}
	if p.Locked {
		out = append(out, "(signing locked)")
	}
	return out
}
