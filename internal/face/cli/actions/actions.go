// Package actions is the commands of the offline store: what workflows may use
// of other repositories, pinned to commits.
package actions

import (
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/actions"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// New makes "dc-release actions".
func New(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "actions", Short: "Actions and reusable workflows of other repositories, pinned to commits"}
	cmd.AddCommand(add(env), list(env), verify(env))
	return cmd
}

const addHelp = `Import a repository and pin a ref of it to the commit that it is now.

Workflows may then use the actions and reusable workflows of that repository by
that ref, or by the commit. A ref that was pinned never moves by itself: adding it
again is refused when it is another commit at the source, unless --replace says
that the change was looked at.`

func add(env *console.Env) *cobra.Command {
	var q actions.Request
	cmd := &cobra.Command{Use: "add OWNER/NAME@REF --from REPOSITORY", Short: "Pin a ref of another repository", Long: addHelp, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Uses = args[0]
		if _, err := os.Stat(q.From); err == nil { // the owner may stand elsewhere
			if q.From, err = filepath.Abs(q.From); err != nil {
				return err
			}
		}
		pin, err := console.Ask[pipeline.Pin](cmd.Context(), env, "actions.add", q)
		if err != nil {
			return err
		}
		return env.Print("action-pin", map[string]any{"pin": pin}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "%s is pinned to %s\n", pin.Name(), pin.Commit)
		})
	}}
	fs := cmd.Flags()
	fs.StringVar(&q.From, "from", "", "its repository: a clone, a bare repository or a URL")
	fs.BoolVar(&q.Replace, "replace", false, "pin it anew although it moved")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}

func list(env *console.Env) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List what is pinned", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		pins, err := console.Ask[[]pipeline.Pin](cmd.Context(), env, "actions.list", operation.None{})
		if err != nil {
			return err
		}
		if pins == nil {
			pins = []pipeline.Pin{}
		}
		return env.Print("action-list", map[string]any{"pins": pins}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "USES\tCOMMIT\tFROM")
			for _, p := range pins {
				fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name(), p.Commit, p.Source)
			}
		})
	}}
}

func verify(env *console.Env) *cobra.Command {
	var q operation.VerifyActions
	cmd := &cobra.Command{Use: "verify", Short: "Compare the store with what was pinned", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		found, err := console.Ask[[]actions.Verified](cmd.Context(), env, "actions.verify", q)
		if err != nil {
			return err
		}
		wrong := 0
		if err := env.Print("action-verification", map[string]any{"pins": found}, func(w *tabwriter.Writer) {
			for _, v := range found {
				said := "is what was pinned"
				if v.Wrong != "" {
					said = v.Wrong
				}
				fmt.Fprintf(w, "%s\t%.12s\t%s\n", v.Name(), v.Commit, said)
			}
		}); err != nil {
			return err
		}
		for _, v := range found {
			if v.Wrong != "" {
				wrong++
			}
		}
		if wrong > 0 {
			return fault.New(fault.Unverified, "%d of %d pins are not what was pinned", wrong, len(found))
		}
		return nil
	}}
	cmd.Flags().BoolVar(&q.Sources, "sources", false, "ask the repositories that they came from too, whether a ref moved there")
	return cmd
}
