package document

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

func templateCommand(env *console.Env, d Deps) *cobra.Command {
	cmd := &cobra.Command{Use: "template", Short: "Templates of an organisation"}
	cmd.AddCommand(&cobra.Command{
		Use: "check FILE...", Short: "Make documents with templates, of a typical, an empty and a hostile release", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			found := []document.Finding{}
			for _, file := range files {
				data, err := os.ReadFile(file)
				if err != nil {
					return fault.New(fault.NotFound, "%v", err)
				}
				found = append(found, d.Template(file, data)...)
			}
			if err := env.Print("template-check", map[string]any{"findings": found}, func(w *tabwriter.Writer) {
				for _, f := range found {
					fmt.Fprintln(w, f)
				}
				if len(found) == 0 {
					fmt.Fprintf(w, "%d templates are right\n", len(files))
				}
			}); err != nil {
				return err
			}
			if len(found) > 0 {
				return fault.New(fault.Unverified, "what was found keeps a gate closed")
			}
			return nil
		},
	})
	return cmd
}
