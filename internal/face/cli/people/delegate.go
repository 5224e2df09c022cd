package people

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
)

// delegate makes "role delegate" and "role recall": who delegates signs it.
func delegate(env *console.Env, verb, op, short string) *cobra.Command {
	var d sign.Delegation
	var since, until, credentials string
	cmd := &cobra.Command{Use: verb + " LOGIN ROLE", Short: short, Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) (err error) {
		d.To, d.Role = args[0], policy.Role(args[1])
		if d.Solution == "" || d.As == "" {
			return fault.New(fault.Invalid, "role %s needs --solution and --as", verb)
		}
		if d.Since, err = Moment("--since", since); err != nil {
			return err
		}
		if d.Until, err = Moment("--until", until); err != nil {
			return err
		}
		if d.Credentials, err = gate.Credentials(env, credentials); err != nil {
			return err
		}
		signed, err := console.Change[sign.Signed](cmd.Context(), env, op, d)
		if err != nil {
			return err
		}
		return env.Print("signature", map[string]any{"signature": signed.Signature, "role": signed.Role, "time": signed.Time}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "recorded %s at %s\n", signed.Signature, signed.Time)
		})
	}}
	fs := cmd.Flags()
	fs.StringVar(&d.Solution, "solution", "", "solution")
	fs.StringVar(&d.As, "as", "", "your login")
	fs.StringVar(&d.Reason, "reason", "", "reason")
	fs.StringVar(&credentials, "credentials", "", "file with {\"password\": ..., \"code\": ...}, - for standard input")
	if verb == "delegate" {
		fs.StringVar(&since, "since", "", "from when, RFC 3339 or YYYY-MM-DD in UTC (default: now)")
		fs.StringVar(&until, "until", "", "until when, RFC 3339 or YYYY-MM-DD in UTC")
	}
	return cmd
}

// Moment reads a time as people write it; "" stays "".
func Moment(flag, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return ledger.FormatTime(t), nil
		}
	}
	return "", fault.New(fault.Invalid, "%s %q: want RFC 3339 or YYYY-MM-DD", flag, text)
}
