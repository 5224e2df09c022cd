package acceptance

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/acceptance"
	"github.com/dc-release/dc-release/internal/app/operation"
	core "github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

func record(env *console.Env) *cobra.Command {
	var q operation.RecordStep
	var verdict string
	var attach []string
	cmd := &cobra.Command{
		Use: "record EXECUTION TEST STEP", Short: "Record what was seen at one step", Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := named(&q.Version); err != nil {
				return err
			}
			q.Acceptance, q.Observation.Test, q.Observation.Verdict = args[0], args[1], core.Verdict(verdict)
			if q.Observation.Step, err = strconv.Atoi(args[2]); err != nil {
				return fault.New(fault.Invalid, "step %q: want a number", args[2])
			}
			for _, path := range attach {
				f, err := captured(env, path)
				if err != nil {
					return err
				}
				q.Observation.Files = append(q.Observation.Files, f)
			}
			return recorded(cmd, env, q)
		},
	}
	fs := cmd.Flags()
	of(fs, &q.Version)
	fs.StringVar(&q.As, "as", "", "your login")
	fs.StringVar(&q.Reason, "reason", "", "reason of a correction")
	fs.StringVar(&q.Observation.Actual, "actual", "", "what was seen")
	fs.StringVar(&verdict, "verdict", "", "passed, failed or blocked")
	fs.StringArrayVar(&attach, "attach", nil, "file that shows it, - for what is pasted to standard input; may be given again")
	return cmd
}

// pasted is what text from standard input is called.
const pasted = "pasted.txt"

// captured reads a file that shows what was seen.
func captured(env *console.Env, path string) (f acceptance.File, err error) {
	if path == "-" {
		f.Name = pasted
		f.Data, err = io.ReadAll(io.LimitReader(env.In, acceptance.MaxAttachment+1))
		return f, err
	}
	in, err := os.Open(path)
	if err != nil {
		return f, fault.New(fault.Invalid, "--attach: %v", err)
	}
	defer in.Close()
	f.Name = filepath.Base(path)
	f.Data, err = io.ReadAll(io.LimitReader(in, acceptance.MaxAttachment+1))
	return f, err
}

// recorded sends a record and says which deviation it opened.
func recorded(cmd *cobra.Command, env *console.Env, q operation.RecordStep) error {
	r, err := console.Ask[operation.Recorded](cmd.Context(), env, "acceptance.record", q)
	if err != nil {
		return err
	}
	return env.Print("acceptance-record", map[string]any{"test": q.Observation.Test, "step": q.Observation.Step, "verdict": q.Observation.Verdict, "deviation": r.Deviation}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "recorded %s: %s\n", q.Observation.Place, q.Observation.Verdict)
		if r.Deviation != "" {
			fmt.Fprintf(w, "opened deviation %s\n", r.Deviation)
		}
	})
}
