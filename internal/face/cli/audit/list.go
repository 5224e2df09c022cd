package audit

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	apptrail "github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/trail"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// filtering are the flags of a filter.
type filtering struct {
	filter       trail.Filter
	since, until string
}

func (f *filtering) flags(fs *pflag.FlagSet) {
	fs.StringVar(&f.filter.Who, "who", "", "only by this person (login or id) or machine (id)")
	fs.StringVar(&f.filter.Type, "type", "", "only types with this beginning, like signature.")
	fs.StringVar(&f.filter.Stream, "stream", "", "only streams with this beginning, like release/corp-procurement/")
	fs.StringVar(&f.since, "since", "", "only from this time on: RFC 3339, or a day in UTC")
	fs.StringVar(&f.until, "until", "", "only before this time")
	fs.StringVar(&f.filter.Why, "why", "", "only with this text in the reason")
	fs.StringVar(&f.filter.Solution, "solution", "", "only about this solution")
	fs.StringVar(&f.filter.Version, "version", "", "only about this version of the solution")
}

func (f *filtering) read() (out trail.Filter, err error) {
	out = f.filter
	if f.since != "" {
		if out.Since, err = trail.ParseMoment(f.since); err != nil {
			return out, err
		}
	}
	if f.until != "" {
		if out.Until, err = trail.ParseMoment(f.until); err != nil {
			return out, err
		}
	}
	return out, out.Check()
}

func listCommand(env *console.Env) *cobra.Command {
	var f filtering
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List events of the audit trail, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.read()
			if err != nil {
				return err
			}
			l, err := console.Ask[apptrail.List](cmd.Context(), env, "audit.list", apptrail.Query{Filter: filter, Limit: limit})
			if err != nil {
				return err
			}
			if n := len(l.Events); int64(n) < l.Total {
				env.Note("the newest %d of %d events; more with --limit, or narrow them down", n, l.Total)
			}
			return env.Print("audit-list", map[string]any{"events": l.Events, "total": l.Total, "filter": l.Filter}, func(w *tabwriter.Writer) {
				fmt.Fprintln(w, "SEQ\tTIME\tSTREAM\tTYPE\tACTOR\tREASON")
				for _, r := range l.Events {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", r.Seq, r.Time, r.Stream, r.Type, actor(r), r.Reason)
					for _, text := range signedLines(r) {
						fmt.Fprintf(w, "\t  %s\n", text)
					}
				}
			})
		},
	}
	f.flags(cmd.Flags())
	cmd.Flags().IntVar(&limit, "limit", 0, fmt.Sprintf("at most so many (default %d)", apptrail.DefaultLimit))
	return cmd
}

// actor is who acted, as people know them.
func actor(r apptrail.Row) string {
	if r.Login != "" {
		return r.Login
	}
	return r.Actor.Kind + " " + r.Actor.ID
}

// signedLines are what was signed, a line each, nothing of other events.
func signedLines(r apptrail.Row) []string {
	switch {
	case r.Signature != nil:
		return append([]string{"signed by " + r.Signature.Name}, r.Signature.Lines()...)
	case r.Unreadable != "":
		return []string{"what was signed cannot be shown: " + r.Unreadable}
	}
	return nil
}
