package audit

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/report"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
)

func reviewCommand(env *console.Env) *cobra.Command {
	var r sign.Review
	var signs bool
	var credentials string
	cmd := &cobra.Command{
		Use: "review", Short: "Show the exception list of a release, or sign that it was reviewed", Args: cobra.NoArgs,
		Long: "Show what did not go straight in a release: failed and repeated attempts, late results, manual entries, denied operations, voided gates, rejected and withdrawn signatures, changes of roles and configuration.\n\nWith --sign somebody with role qc who did not act in the release signs the list as it stands (audit-trail-reviewed). Gate approve_for_use stays closed without it, and an entry that comes later makes the review void.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.Version = strings.TrimPrefix(r.Version, "v")
			if r.Solution == "" || r.Version == "" {
				return fault.New(fault.Invalid, "audit review needs --solution and --version")
			}
			if !signs {
				v, err := console.Ask[report.Review](cmd.Context(), env, "audit.exceptions", operation.Version{Solution: r.Solution, Version: r.Version})
				if err != nil {
					return err
				}
				return env.Print("audit-review", map[string]any{"review": v}, func(w *tabwriter.Writer) { writeReview(w, v) })
			}
			if r.As == "" {
				return fault.New(fault.Invalid, "audit review --sign needs --as")
			}
			var err error
			if r.Credentials, err = gate.Credentials(env, credentials); err != nil {
				return err
			}
			s, err := console.Change[sign.Signed](cmd.Context(), env, "audit.review", r)
			if err != nil {
				return err
			}
			return env.Print("signature", map[string]any{"signature": s.Signature, "manifest": s.Manifest, "role": s.Role, "time": s.Time}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "recorded %s as %s at %s over exception list %.12s\n", s.Signature, s.Role, s.Time, s.Manifest)
			})
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&r.Solution, "solution", "", "solution")
	fs.StringVar(&r.Version, "version", "", "version X.Y.Z")
	fs.BoolVar(&signs, "sign", false, "sign that the list was reviewed")
	fs.StringVar(&r.As, "as", "", "your login")
	fs.StringVar(&r.Reason, "reason", "", "reason")
	fs.StringVar(&r.List, "list", "", "SHA-256 of the list that you reviewed; another one is refused")
	fs.StringVar(&credentials, "credentials", "", "file with password and code, - for standard input")
	return cmd
}

func writeReview(w io.Writer, v report.Review) {
	fmt.Fprintf(w, "exception list of %s %s: %d entries, SHA-256 %s\n", v.List.Solution, v.List.Version, len(v.List.Exceptions), v.SHA256)
	if len(v.List.Exceptions) > 0 {
		fmt.Fprintln(w, "EVENT\tTIME\tKIND\tSUBJECT\tTEXT\tDISPOSITION")
	}
	for _, x := range v.List.Exceptions {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", x.Seq, x.At, x.Kind, x.Subject, x.Text, x.Disposition)
	}
	for _, x := range v.Reviews {
		of := "of this list"
		if !x.Current {
			of = "of an earlier list"
		}
		fmt.Fprintf(w, "reviewed by %s at %s, %s\n", x.Name, x.Time, of)
	}
	for _, why := range v.Unreviewed {
		fmt.Fprintln(w, why)
	}
}
