// Package acceptance is "dc-release acceptance": manual tests, executed step by
// step by a tester and reviewed by a second person.
package acceptance

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dc-release/dc-release/internal/app/acceptance"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
)

// New makes the command.
func New(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "acceptance", Short: "Manual tests, executed step by step"}
	cmd.AddCommand(list(env), show(env), begin(env), run(env), record(env), abandon(env),
		signs(env, "submit", "acceptance.submit", "Sign the protocol as its tester: it becomes evidence"),
		signs(env, "review", "acceptance.review", "Sign the protocol of another tester as a second person"))
	return cmd
}

// of adds the flags that name a release.
func of(fs *pflag.FlagSet, v *operation.Version) {
	fs.StringVar(&v.Solution, "solution", "", "solution")
	fs.StringVar(&v.Version, "version", "", "version X.Y.Z")
}

// named refuses a release that is not named.
func named(v *operation.Version) error {
	if v.Solution == "" || v.Version == "" {
		return fault.New(fault.Invalid, "name the release: --solution and --version")
	}
	v.Version = strings.TrimPrefix(v.Version, "v")
	return nil
}

func list(env *console.Env) *cobra.Command {
	var v operation.Version
	cmd := &cobra.Command{Use: "list", Short: "List the executions of manual tests of a release", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		all, err := executions(cmd, env, &v)
		if err != nil {
			return err
		}
		return env.Print("acceptance-list", map[string]any{"acceptances": all}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "EXECUTION\tSTATE\tTESTER\tSTEPS\tBEGUN\tTESTS")
			for _, a := range all {
				var ids []string
				for _, t := range a.Tests {
					ids = append(ids, t.ID)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%d of %d\t%s\t%s\n", a.Acceptance, a.State, a.Tester, a.Recorded, a.Steps, a.BegunAt, strings.Join(ids, ", "))
			}
		})
	}}
	of(cmd.Flags(), &v)
	return cmd
}

func executions(cmd *cobra.Command, env *console.Env, v *operation.Version) ([]acceptance.Shown, error) {
	if err := named(v); err != nil {
		return nil, err
	}
	return console.Ask[[]acceptance.Shown](cmd.Context(), env, "acceptance.list", *v)
}

// one is an execution by its name.
func one(cmd *cobra.Command, env *console.Env, v *operation.Version, id string) (acceptance.Shown, error) {
	all, err := executions(cmd, env, v)
	if err != nil {
		return acceptance.Shown{}, err
	}
	for _, a := range all {
		if a.Acceptance == id {
			return a, nil
		}
	}
	return acceptance.Shown{}, fault.New(fault.NotFound, "no execution %q of manual tests of version %s", id, v.Version).WithHint("list them with: dc-release acceptance list --solution %s --version %s", v.Solution, v.Version)
}

func show(env *console.Env) *cobra.Command {
	var v operation.Version
	cmd := &cobra.Command{Use: "show EXECUTION", Short: "Show the steps of an execution with what was seen", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		a, err := one(cmd, env, &v, args[0])
		if err != nil {
			return err
		}
		return env.Print("acceptance", map[string]any{"acceptance": a}, func(w *tabwriter.Writer) { write(w, a) })
	}}
	of(cmd.Flags(), &v)
	return cmd
}

func write(w *tabwriter.Writer, a acceptance.Shown) {
	fmt.Fprintf(w, "%s of %s %s in %s: %s, %d of %d steps, by %s\n", a.Acceptance, a.Release.Solution, a.Release.Version, a.Environment, a.State, a.Recorded, a.Steps, a.Tester)
	if a.Protocol != "" {
		fmt.Fprintf(w, "protocol %s\n", a.Protocol)
	}
	for _, t := range a.Tests {
		fmt.Fprintf(w, "\n%s %s\n", t.ID, document.Visible(t.Title))
		for i, s := range t.Steps {
			fmt.Fprintf(w, "  %d. %s\n", i+1, indented(s.Action))
			if s.Expected != "" {
				fmt.Fprintf(w, "     expected  %s\n", indented(s.Expected))
			}
			if s.Seen == nil {
				fmt.Fprintln(w, "     not recorded")
				continue
			}
			fmt.Fprintf(w, "     seen      %s\n     %s at %s\n", indented(s.Seen.Actual), s.Seen.Verdict, s.Seen.At)
			for _, f := range s.Seen.Attachments {
				fmt.Fprintf(w, "     file      %s, %d bytes, SHA-256 %s\n", f.Name, f.Size, f.SHA256)
			}
			if s.Seen.Deviation != "" {
				fmt.Fprintf(w, "     deviation %s\n", s.Seen.Deviation)
			}
			for _, c := range s.Corrects {
				fmt.Fprintf(w, "     before    %s (%s at %s)\n", indented(c.Actual), c.Verdict, c.At)
			}
		}
	}
}

// indented keeps the lines of a text below one another.
func indented(text string) string {
	return strings.ReplaceAll(document.Visible(strings.TrimSpace(text)), "\n", "\n               ")
}

func begin(env *console.Env) *cobra.Command {
	var q operation.BeginAcceptance
	cmd := &cobra.Command{Use: "begin [TEST...]", Short: "Begin to execute manual tests, all of them without names", RunE: func(cmd *cobra.Command, args []string) error {
		if err := named(&q.Version); err != nil {
			return err
		}
		q.Tests = args
		if q.Reason == "" {
			q.Reason = "executes manual tests"
		}
		made, err := console.Ask[operation.Named](cmd.Context(), env, "acceptance.begin", q)
		if err != nil {
			return err
		}
		return env.Print("named", map[string]any{"id": made.ID}, func(w *tabwriter.Writer) { fmt.Fprintln(w, made.ID) })
	}}
	fs := cmd.Flags()
	of(fs, &q.Version)
	fs.StringVar(&q.As, "as", "", "your login")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	fs.StringVar(&q.Repeats, "repeat", "", "an earlier execution whose tests are executed again")
	return cmd
}

func abandon(env *console.Env) *cobra.Command {
	var q operation.AbandonAcceptance
	cmd := &cobra.Command{Use: "abandon EXECUTION", Short: "End an execution that will not be submitted", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		if err := named(&q.Version); err != nil {
			return err
		}
		q.Acceptance = args[0]
		_, err := console.Ask[operation.None](cmd.Context(), env, "acceptance.abandon", q)
		return err
	}}
	fs := cmd.Flags()
	of(fs, &q.Version)
	fs.StringVar(&q.As, "as", "", "your login")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}

func signs(env *console.Env, verb, op, short string) *cobra.Command {
	var q sign.Protocol
	var v operation.Version
	var from string
	cmd := &cobra.Command{Use: verb + " EXECUTION", Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) (err error) {
		if err := named(&v); err != nil {
			return err
		}
		if q.As == "" {
			return fault.New(fault.Invalid, "a signature needs --as")
		}
		q.Solution, q.Version, q.Acceptance = v.Solution, v.Version, args[0]
		if q.Credentials, err = gate.Credentials(env, from); err != nil {
			return err
		}
		signed, err := console.Change[sign.Signed](cmd.Context(), env, op, q)
		if err != nil {
			return err
		}
		return env.Print("signature", map[string]any{"signature": signed.Signature, "manifest": signed.Manifest, "role": signed.Role, "time": signed.Time}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "recorded %s as %s at %s over protocol %.12s\n", signed.Signature, signed.Role, signed.Time, signed.Manifest)
		})
	}}
	fs := cmd.Flags()
	of(fs, &v)
	fs.StringVar(&q.As, "as", "", "your login")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	fs.StringVar(&from, "credentials", "", "file with {\"password\": ..., \"code\": ...}, - for standard input")
	return cmd
}
