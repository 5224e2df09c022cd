package people

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// matrix makes "role matrix": who is responsible, accountable, consulted and
// informed.
func matrix(env *console.Env) *cobra.Command {
	var q operation.Scope
	var guide bool
	cmd := &cobra.Command{Use: "matrix", Short: "Print the RACI matrix", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		m, err := console.Ask[operation.Matrix](cmd.Context(), env, "role.matrix", q)
		if err != nil {
			return err
		}
		return env.Print("role-matrix", map[string]any{"activities": m.Activities, "guide": m.Guide, "findings": m.Findings}, func(w *tabwriter.Writer) {
			if guide {
				writeMatrix(w, m.Guide)
				for _, f := range m.Findings {
					fmt.Fprintf(w, "  %s\n", f)
				}
				return
			}
			writeMatrix(w, m.Activities)
		})
	}}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "of this solution (default: the shipped one)")
	cmd.Flags().BoolVar(&guide, "guide", false, "the guide's matrix, with what is wrong in it")
	return cmd
}

func writeMatrix(w *tabwriter.Writer, activities []policy.Activity) {
	var shown []policy.Role
	for _, r := range policy.Roles {
		for _, a := range activities {
			if a.By[r] != "" {
				shown = append(shown, r)
				break
			}
		}
	}
	titles := []string{"ACTIVITY"}
	for _, r := range shown {
		titles = append(titles, strings.ToUpper(r.Title()))
	}
	fmt.Fprintln(w, strings.Join(titles, "\t"))
	for _, a := range activities {
		cells := []string{a.Name}
		for _, r := range shown {
			cells = append(cells, string(a.By[r]))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
}
