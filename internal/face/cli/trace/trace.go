// Package trace prints what is required, specified, assessed and tested, and
// where it stands.
package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/trail"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Request asks for the trace of a working directory.
type Request struct {
	Dir, Requirements, Project string
	Results                    []string // FILE, or ENVIRONMENT=FILE
	Item                       string
	Depth                      int
}

// Deps is what the wiring gives.
type Deps struct {
	Local func(ctx context.Context, q Request) (traceability.Report, error)
	HTML  func(document.Tree) ([]byte, error)
}

// options are the flags.
type options struct {
	query          traceability.Query
	local          Request
	format         string
	place, at      string // what ran there then is the release
	plan, isStrict bool
}

const help = `Print the trace from requirement to specification, risk, test and result.

With --version it is that of a release, at its pinned commits and with the
results of its run. Without, it is that of the files in --dir and in
--requirements, with the results of --results (unit tests: FILE; those of a
place: tst=FILE). With --environment, and --at for a past time, it is that of the
release that ran there.

--item ID prints what is above and below one item. --plan prints which tests the
change since the previous release asks to be run again, and why. --strict ends
with 7 when there is a gap or an error.`

// New makes "dc-release trace".
func New(env *console.Env, d Deps) *cobra.Command {
	var o options
	cmd := &cobra.Command{Use: "trace", Short: "Print the trace from requirement to result", Long: help, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		r, err := o.ask(cmd.Context(), env, d)
		if err != nil {
			return err
		}
		if err := o.print(env, d, r); err != nil {
			return err
		}
		if o.isStrict && faulty(r) {
			return fault.New(fault.Unverified, "the trace has gaps or errors")
		}
		return nil
	}}
	fs := cmd.Flags()
	fs.StringVar(&o.query.Solution, "solution", "", "solution; without --version, the project whose ids these are")
	fs.StringVar(&o.query.Version, "version", "", "release")
	fs.StringVar(&o.place, "environment", "", "release that runs in this environment")
	fs.StringVar(&o.at, "at", "", "with --environment: as of this time, RFC 3339 or the beginning of a day in UTC")
	fs.StringVar(&o.query.Gate, "gate", "", "gate whose expectations count (default: the last one that was looked at)")
	fs.StringVar(&o.local.Dir, "dir", ".", "folder of the code, when no --version is given")
	fs.StringVar(&o.local.Requirements, "requirements", "", "folder of the requirements")
	fs.StringArrayVar(&o.local.Results, "results", nil, "result file, or ENVIRONMENT=FILE")
	fs.StringVar(&o.query.Item, "item", "", "only what is above and below this item")
	fs.IntVar(&o.query.Depth, "depth", 2, "links up and down from --item")
	fs.StringVar(&o.format, "format", "", "text, json, csv, html, needs or sarif")
	fs.BoolVar(&o.plan, "plan", false, "which tests have to run again since the previous release, and why")
	fs.BoolVar(&o.isStrict, "strict", false, "end with 7 when there is a gap or an error")
	return cmd
}

func (o *options) ask(ctx context.Context, env *console.Env, d Deps) (traceability.Report, error) {
	if o.format == "" {
		o.format = "text"
		if env.JSON {
			o.format = "json"
		}
	}
	if _, ok := formats[o.format]; !ok && o.format != "text" && o.format != "json" {
		return traceability.Report{}, fault.New(fault.Invalid, "--format %q: want text, json, csv, html, needs or sarif", o.format)
	}
	if err := o.running(ctx, env); err != nil {
		return traceability.Report{}, err
	}
	if o.query.Version == "" {
		if o.plan {
			return traceability.Report{}, fault.New(fault.Invalid, "--plan needs --version: it compares a release with the one before")
		}
		o.local.Project, o.local.Item, o.local.Depth = o.query.Solution, o.query.Item, o.query.Depth
		return d.Local(ctx, o.local)
	}
	return console.Ask[traceability.Report](ctx, env, "trace.show", o.query)
}

// running finds the version that runs, or ran, in the place that was named.
func (o *options) running(ctx context.Context, env *console.Env) (err error) {
	switch {
	case o.place == "" && o.at == "":
		return nil
	case o.place == "" || o.query.Version != "" || o.query.Solution == "":
		return fault.New(fault.Invalid, "--environment and --at take the place of --version, and need --solution")
	}
	q := inspect.AsOf{Solution: o.query.Solution}
	if o.at != "" {
		if q.At, err = trail.ParseMoment(o.at); err != nil {
			return err
		}
	}
	places, err := console.Ask[[]inspect.Environment](ctx, env, "environment.list", q)
	if err != nil {
		return err
	}
	for _, p := range places {
		if p.Environment == o.place {
			o.query.Version = p.Version
		}
	}
	if o.query.Version == "" {
		return fault.New(fault.NotFound, "no release of %s was in %s then", o.query.Solution, o.place)
	}
	return nil
}

// formats are those that are one file of bytes.
var formats = map[string]func(d Deps, r traceability.Report) ([]byte, error){
	"csv":   func(_ Deps, r traceability.Report) ([]byte, error) { return traceability.CSV(r.Matrix), nil },
	"html":  func(d Deps, r traceability.Report) ([]byte, error) { return d.HTML(r.Page()) },
	"needs": func(_ Deps, r traceability.Report) ([]byte, error) { return traceability.Needs(r) },
	"sarif": func(_ Deps, r traceability.Report) ([]byte, error) {
		return traceability.SARIF(document.Tested{Findings: r.Findings})
	},
}

func (o *options) print(env *console.Env, d Deps, r traceability.Report) error {
	if write, ok := formats[o.format]; ok {
		data, err := write(d, r)
		if err != nil {
			return err
		}
		_, err = env.Out.Write(data)
		return err
	}
	fields := map[string]any{}
	if env.JSON = o.format == "json"; env.JSON {
		raw, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &fields); err != nil {
			return err
		}
	}
	return env.Print("trace", fields, func(w *tabwriter.Writer) {
		switch {
		case o.plan:
			writePlan(w, r)
		case o.query.Item != "":
			writeNear(w, r, o.query.Item)
		default:
			writeMatrix(w, r)
		}
	})
}

// faulty reports whether an item is not what it should be.
func faulty(r traceability.Report) bool {
	for _, g := range r.Matrix.Gaps {
		if g.State != "JUSTIFIED" {
			return true
		}
	}
	return document.Refused(r.Findings)
}

func writeMatrix(w *tabwriter.Writer, r traceability.Report) {
	columns := []string{"REQUIREMENT", "SPECIFICATION", "RISK", "TEST"}
	for _, c := range r.Matrix.Columns {
		columns = append(columns, c.Title())
	}
	fmt.Fprintln(w, strings.Join(append(columns, "STATE", "REASON"), "\t"))
	for _, row := range r.Matrix.Rows {
		cells := []string{dash(row.URS.ID), dash(row.FS.ID), dash(row.Risk), test(row.Test)}
		for _, c := range row.Cells {
			cells = append(cells, dash(c.State))
		}
		fmt.Fprintln(w, strings.Join(append(cells, row.State, visible(row.Reason)), "\t"))
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "COVERED\tOF\tWAIVED")
	for _, c := range r.Matrix.Coverage {
		fmt.Fprintf(w, "%d/%d\t%s\t%d\n", c.Covered, c.Total, strings.TrimSpace(c.Kind+" "+of(c)), c.Waived)
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
	}
	for _, f := range r.Findings {
		fmt.Fprintln(w, visible(f.String()))
	}
}

func of(c document.Coverage) string {
	switch {
	case c.Environment != "":
		return "in " + strings.ToUpper(c.Environment)
	case c.Risk != "":
		return "of risk " + c.Risk
	}
	return ""
}

func test(t document.ItemRef) string {
	if t.ID == "" && t.Title != "" {
		return visible("(" + t.Title + ")")
	}
	return dash(t.ID)
}

func writeNear(w *tabwriter.Writer, r traceability.Report, id string) {
	for _, i := range r.Items {
		if i.ID != id {
			continue
		}
		fmt.Fprintf(w, "%s  %s\n%s\nfingerprint %s\n", i.ID, visible(i.Title), visible(i.Source), i.Fingerprint)
		for _, p := range i.Places {
			fmt.Fprintf(w, "also at %s\n", visible(p))
		}
		for _, a := range i.Attributes {
			fmt.Fprintf(w, "%s: %s\n", visible(a.Key), visible(a.Value))
		}
		if i.Text != "" {
			fmt.Fprintf(w, "\n%s\n", document.Visible(i.Text))
		}
		for n, s := range i.Steps {
			fmt.Fprintf(w, "\n%d. %s\n", n+1, document.Visible(s.Action))
			if s.Expected != "" {
				fmt.Fprintf(w, "   expected: %s\n", document.Visible(s.Expected))
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "ITEM\tSTATE\tRISK\tTITLE\tREASON")
	for _, n := range r.Near.Nodes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", n.ID, n.State, dash(string(n.Risk)), visible(n.Title), visible(n.Reason))
	}
	if r.Near.Left > 0 {
		fmt.Fprintf(w, "and %d more\n", r.Near.Left)
	}
	fmt.Fprintln(w)
	for _, e := range r.Near.Edges {
		fmt.Fprintf(w, "%s\t%s\t%s\n", e.To, e.Kind, e.From)
	}
}

func writePlan(w *tabwriter.Writer, r traceability.Report) {
	if r.Plan == nil {
		fmt.Fprintln(w, "This is the first release: every test has to run.")
		return
	}
	fmt.Fprintln(w, "TEST\tRUNS AGAIN\tBECAUSE")
	for _, p := range r.Plan.Again {
		for i, why := range p.Because {
			if i == 0 {
				fmt.Fprintf(w, "%s\tyes\t%s\n", p.Test, visible(why))
				continue
			}
			fmt.Fprintf(w, "\t\t%s\n", visible(why))
		}
	}
	for _, p := range r.Plan.Kept {
		fmt.Fprintf(w, "%s\tno\t%s\n", p.Test, visible(strings.Join(p.Because, ", ")))
	}
}

// visible is foreign text on one line of a table.
func visible(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(document.Visible(s))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
