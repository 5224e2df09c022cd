package records

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// DiffRequest asks for the difference of two commits of a working copy.
type DiffRequest struct{ Dir, Project, From, To string }

// Author is what people do before a release, without an installation.
type Author struct {
	Draft WriteDraft
	Diff  func(ctx context.Context, q DiffRequest) (traceability.Difference, error)
}

const diffHelp = `Print what differs between two releases of a solution: documents with their
sections, requirements, specifications, risks and tests, results of tests by
place, and files of the code.

With --code, A and B are tags, versions, branches or commits of a working copy;
requirements of another repository and results are then not compared.`

func diffCommand(env *console.Env, local func(context.Context, DiffRequest) (traceability.Difference, error)) *cobra.Command {
	var q DiffRequest
	cmd := &cobra.Command{Use: "diff A B", Short: "Print what differs between two releases", Long: diffHelp, Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) (err error) {
		var d traceability.Difference
		if q.From, q.To = args[0], args[1]; q.Dir != "" {
			d, err = local(cmd.Context(), q)
		} else {
			d, err = console.Ask[traceability.Difference](cmd.Context(), env, "release.diff", traceability.DiffQuery{Solution: q.Project, From: q.From, To: q.To})
		}
		if err != nil {
			return err
		}
		return env.Print("release-diff", map[string]any{"difference": d}, func(w *tabwriter.Writer) { writeDiff(w, d) })
	}}
	cmd.Flags().StringVar(&q.Project, "solution", "", "solution; with --code, the project whose ids these are")
	cmd.Flags().StringVar(&q.Dir, "code", "", "working copy of the code")
	return cmd
}

func writeDiff(w *tabwriter.Writer, d traceability.Difference) {
	fmt.Fprintf(w, "%s at %.12s to %s at %.12s\n", plainCell(d.From.Name), d.From.Code, plainCell(d.To.Name), d.To.Code)
	for _, l := range d.Left {
		fmt.Fprintf(w, "not compared: %s\n", l)
	}
	fmt.Fprintf(w, "\nDOCUMENTS (%d)\tKIND\tCHANGE\tSECTIONS\n", len(d.Documents))
	for _, c := range d.Documents {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", plainCell(c.Name), c.Kind, c.Change, plainCell(sections(c.Sections)))
	}
	fmt.Fprintf(w, "\nITEMS (%d)\tCHANGE\tTITLE\n", len(d.Items))
	for _, i := range d.Items {
		fmt.Fprintf(w, "%s\t%s\t%s\n", i.ID, i.Change, plainCell(i.Title))
	}
	fmt.Fprintf(w, "\nRESULTS (%d, %d are the same)\tPLACE\tFROM\tTO\n", len(d.Results), d.SameResults)
	for _, r := range d.Results {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", plainCell(r.Test), r.Place, none(r.From), none(r.To))
	}
	fmt.Fprintf(w, "\nFILES (%d)\tCHANGE\n", len(d.Files))
	for _, f := range d.Files {
		fmt.Fprintf(w, "%s\t%s\n", plainCell(f.Path), f.Change)
	}
}

// sections are the titles of what was changed, added and removed.
func sections(all []document.SectionChange) string {
	var parts []string
	for _, change := range []string{document.WasChanged, document.WasAdded, document.WasRemoved} {
		var titles []string
		for _, s := range all {
			if s.Change == change {
				titles = append(titles, cmp.Or(s.Title, "(beginning)"))
			}
		}
		if titles != nil {
			parts = append(parts, change+": "+strings.Join(titles, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// plainCell is foreign text in a cell of a table.
func plainCell(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(document.Visible(s))
}

func none(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
