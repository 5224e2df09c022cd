package audit

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	apptrail "github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/trail"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// sheet writes an export page by page.
type sheet interface {
	begin(w io.Writer, h trail.Head) error
	page(w io.Writer, p apptrail.Exported) error
	end(w io.Writer) error
}

// formats is the list. To add one: its sheet, a line here.
var formats = map[string]func() sheet{
	"html":  func() sheet { return &htmlSheet{} },
	"csv":   func() sheet { return &csvSheet{} },
	"jsonl": func() sheet { return jsonSheet{} },
}

func exportCommand(env *console.Env, bundle Bundle) *cobra.Command {
	var f filtering
	var format, file, log string
	cmd := &cobra.Command{
		Use: "export", Short: "Export the audit trail for readers or for verification elsewhere", Args: cobra.NoArgs,
		Long: "Export the events that the filter selects, the oldest first. Every form begins with the filter, how many of how many events are shown, and the range of the ledger.\n\nhtml is for readers and csv for spreadsheets. jsonl holds every event with its proof and the signed checkpoint, so that it verifies without this installation: dc-release audit verify --export FILE.\n\nbundle is everything that was published of one release (--version, with --release-log DIR or --solution), in one ZIP file with an index that opens without a server.",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if format == bundleFormat || log != "" {
				return exportBundle(cmd.Context(), env, bundle, Inspected{ReleaseLog: log, Data: env.Data, Solution: f.filter.Solution, Version: strings.TrimPrefix(f.filter.Version, "v")}, file)
			}
			made, ok := formats[format]
			if !ok {
				return fault.New(fault.Invalid, "--format %q: want one of %s", format, strings.Join(slices.Sorted(maps.Keys(formats)), ", ")+", "+bundleFormat)
			}
			filter, err := f.read()
			if err != nil {
				return err
			}
			return into(env, file, func(out io.Writer) error {
				return env.With(cmd.Context(), func(s console.Session) error { return export(cmd.Context(), s, filter, made(), out) })
			})
		},
	}
	f.flags(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "html", "html, csv, jsonl or bundle")
	cmd.Flags().StringVar(&log, "release-log", "", "folder of a release log that the bundle is made of (default: what the data directory has of it)")
	cmd.Flags().StringVar(&file, "out", "", "new file (default: standard output)")
	return cmd
}

// into writes to a new file, or to standard output without a name. Half an export
// is none.
func into(env *console.Env, file string, write func(io.Writer) error) (err error) {
	if file == "" {
		return write(env.Out)
	}
	to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.New(fault.Invalid, "--out: %v", err).WithHint("name a file that is not there yet")
	}
	defer func() {
		if err = errors.Join(err, to.Close()); err != nil {
			err = errors.Join(err, os.Remove(file))
		}
	}()
	return write(to)
}

// export writes all pages of one size of the ledger.
func export(ctx context.Context, s console.Session, filter trail.Filter, to sheet, out io.Writer) error {
	w := bufio.NewWriter(out)
	q := apptrail.ExportQuery{Filter: filter}
	for {
		p, err := operation.Ask[apptrail.Exported](ctx, s, "audit.export", q)
		if err != nil {
			return err
		}
		if q.Size == 0 {
			if err := to.begin(w, p.Head); err != nil {
				return err
			}
		}
		if err := to.page(w, p); err != nil {
			return err
		}
		if !p.More {
			return errors.Join(to.end(w), w.Flush())
		}
		q.Size, q.After = p.Head.Size, p.Rows[len(p.Rows)-1].Seq
	}
}

// jsonSheet writes JSON lines, each canonical.
type jsonSheet struct{}

func (jsonSheet) begin(w io.Writer, h trail.Head) error {
	raw, err := canonical.Marshal(h)
	if err != nil {
		return err
	}
	return line(w, string(raw))
}

func (jsonSheet) page(w io.Writer, p apptrail.Exported) error {
	for _, l := range p.Lines {
		if err := line(w, l); err != nil {
			return err
		}
	}
	return nil
}

func (jsonSheet) end(io.Writer) error { return nil }

func line(w io.Writer, text string) error {
	_, err := io.WriteString(w, text+"\n")
	return err
}
