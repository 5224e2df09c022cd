package install

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/trail"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// review makes "dc-release solution review": without --show it asks for one, with
// it writes the document.
func review(env *console.Env) *cobra.Command {
	var q operation.RequestReview
	var shown, dir string
	cmd := &cobra.Command{
		Use: "review KEY", Short: "Review a product over a period; data product owner and QC sign it", Args: cobra.ExactArgs(1),
		Long: "Write the periodic review of a product from the ledger, with your conclusion, and ask for the signatures of the data product owner and QC: dc-release approval sign periodic-review-N. With --show the document is written to a folder; it is final when both have signed.",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			q.Solution = args[0]
			if shown != "" {
				return showReview(cmd, env, operation.ReviewFiles{Solution: args[0], Review: shown}, dir)
			}
			if q.From, err = trail.ParseMoment(q.From); err != nil {
				return err
			}
			if q.To, err = trail.ParseMoment(q.To); err != nil {
				return err
			}
			made, err := console.Ask[operation.Named](cmd.Context(), env, "review.request", q)
			if err != nil {
				return err
			}
			return env.Print("named", map[string]any{"id": made.ID}, func(w *tabwriter.Writer) { fmt.Fprintln(w, made.ID) })
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&q.From, "from", "", "first day of the period, or a time (RFC 3339)")
	fs.StringVar(&q.To, "to", "", "day after the period, or a time")
	fs.StringVar(&q.Conclusion, "conclusion", "", "your conclusion, with incidents and restores of the period")
	fs.StringVar(&q.As, "as", "", "your login")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	fs.StringVar(&shown, "show", "", "periodic-review-N whose document is written")
	fs.StringVar(&dir, "out", ".", "folder for --show")
	return cmd
}

func showReview(cmd *cobra.Command, env *console.Env, q operation.ReviewFiles, dir string) error {
	files, err := console.Ask[operation.Files](cmd.Context(), env, "review.show", q)
	if err != nil {
		return err
	}
	var written []string
	for _, extension := range slices.Sorted(maps.Keys(files.Data)) {
		path := filepath.Join(dir, files.Number+"."+extension)
		if err := os.WriteFile(path, files.Data[extension], 0o600); err != nil {
			return fault.New(fault.Invalid, "--out: %v", err)
		}
		written = append(written, path)
	}
	return env.Print("review", map[string]any{"number": files.Number, "state": files.State, "files": written}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "%s is %s\n", files.Number, files.State)
		for _, p := range written {
			fmt.Fprintln(w, p)
		}
	})
}
