// Package change is what people decide about a change beside its gates:
// "dc-release deviation", "dc-release approval", holds and freezes.
package change

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
	"github.com/dc-release/dc-release/internal/face/cli/people"
)

// Deviation makes "dc-release deviation".
func Deviation(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "deviation", Short: "Failed attempts, their dispositions, and waivers"}
	cmd.AddCommand(list(env), open(env), closing(env), waive(env))
	return cmd
}

// of adds the flags that name a release.
func of(fs *pflag.FlagSet, v *operation.Version) {
	fs.StringVar(&v.Solution, "solution", "", "solution")
	fs.StringVar(&v.Version, "version", "", "version X.Y.Z")
}

// by adds the flags of who asks.
func by(fs *pflag.FlagSet, b *operation.ByAdministrator) {
	fs.StringVar(&b.As, "as", "", "your login")
	fs.StringVar(&b.Reason, "reason", "", "reason")
}

// signer adds the flags of a signature; the result reads the factors.
func signer(env *console.Env, fs *pflag.FlagSet, b *sign.By) (factors func() error) {
	var from string
	fs.StringVar(&b.As, "as", "", "your login")
	fs.StringVar(&b.Reason, "reason", "", "reason")
	fs.StringVar(&from, "credentials", "", "file with {\"password\": ..., \"code\": ...}, - for standard input")
	return func() (err error) {
		if b.As == "" {
			return fault.New(fault.Invalid, "a signature needs --as")
		}
		b.Credentials, err = gate.Credentials(env, from)
		return err
	}
}

// signs calls an operation that is signed and prints what was recorded.
func signs(cmd *cobra.Command, env *console.Env, op string, request any) error {
	signed, err := console.Change[sign.Signed](cmd.Context(), env, op, request)
	if err != nil {
		return err
	}
	return env.Print("signature", map[string]any{"signature": signed.Signature, "role": signed.Role, "time": signed.Time}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "recorded %s as %s at %s\n", signed.Signature, signed.Role, signed.Time)
	})
}

// named calls an operation that makes something and prints its name.
func named(cmd *cobra.Command, env *console.Env, op string, request any) error {
	made, err := console.Change[operation.Named](cmd.Context(), env, op, request)
	if err != nil {
		return err
	}
	return env.Print("named", map[string]any{"id": made.ID, "lost": made.Lost}, func(w *tabwriter.Writer) {
		fmt.Fprintln(w, made.ID)
		for _, l := range made.Lost {
			fmt.Fprintf(w, "  takes away\t%s\n", l)
		}
	})
}

func list(env *console.Env) *cobra.Command {
	var q operation.Version
	cmd := &cobra.Command{Use: "list", Short: "List the deviations of a release", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		r, err := console.Ask[inspect.ReleaseDetail](cmd.Context(), env, "release.show", q)
		if err != nil {
			return err
		}
		return env.Print("deviation-list", map[string]any{"deviations": r.Deviations}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "DEVIATION\tOPENED\tSTATE\tSIGNED BY\tWHAT FAILED")
			for _, d := range r.Deviations {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Deviation, d.Time, d.State, d.Signer, d.Text)
			}
		})
	}}
	of(cmd.Flags(), &q)
	return cmd
}

func open(env *console.Env) *cobra.Command {
	var q operation.ReportDeviation
	cmd := &cobra.Command{Use: "open", Short: "Report a deviation that you have seen", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return named(cmd, env, "deviation.open", q)
	}}
	of(cmd.Flags(), &q.Version)
	by(cmd.Flags(), &q.ByAdministrator)
	cmd.Flags().StringVar(&q.Text, "text", "", "what you saw")
	return cmd
}

func closing(env *console.Env) *cobra.Command {
	var d sign.Disposition
	var kind string
	cmd := &cobra.Command{Use: "close DEVIATION", Short: "Sign the disposition of a deviation", Args: cobra.ExactArgs(1)}
	factors := signer(env, cmd.Flags(), &d.By)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d.Deviation, d.Disposition = args[0], deviation.Disposition(kind)
		if err := factors(); err != nil {
			return err
		}
		return signs(cmd, env, "deviation.close", d)
	}
	fs := cmd.Flags()
	fs.StringVar(&d.Solution, "solution", "", "solution")
	fs.StringVar(&d.Version, "version", "", "version X.Y.Z")
	fs.StringVar(&kind, "disposition", "", fmt.Sprintf("one of %v", deviation.Dispositions))
	fs.StringVar(&d.Cause, "cause", "", "why it failed")
	fs.StringVar(&d.Action, "action", "", "what is done about it")
	return cmd
}

func waive(env *console.Env) *cobra.Command {
	var q operation.RequestWaiver
	var until string
	cmd := &cobra.Command{Use: "waive", Short: "Ask for an exception from a check; SME and QC sign it", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) (err error) {
		if q.Waiver.Expires, err = people.Moment("--expires", until); err != nil {
			return err
		}
		return named(cmd, env, "deviation.waive", q)
	}}
	of(cmd.Flags(), &q.Version)
	by(cmd.Flags(), &q.ByAdministrator)
	fs := cmd.Flags()
	fs.StringVar(&q.Waiver.Check, "check", "", "name of the check")
	fs.StringVar(&q.Waiver.Item, "item", "", "requirement or test, as the check names it")
	fs.StringVar(&q.Waiver.Risk, "risk", "", "what may happen")
	fs.StringVar(&q.Waiver.Control, "control", "", "what is done instead")
	fs.StringVar(&until, "expires", "", "until when, RFC 3339 or YYYY-MM-DD in UTC")
	return cmd
}
