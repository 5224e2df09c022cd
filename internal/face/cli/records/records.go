// Package records is what can be looked at: runs, releases, evidence,
// environments and the audit trail.
package records

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/trail"
	"github.com/dc-release/dc-release/internal/face/cli/change"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
	"github.com/dc-release/dc-release/internal/face/cli/job"
	"github.com/dc-release/dc-release/internal/face/cli/run"
)

// Runs makes "dc-release runs".
func Runs(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "runs", Short: "Runs and their jobs"}
	cmd.AddCommand(listRuns(env), showRun(env), watch(env), logs(env), changeRun(env, "cancel RUN", "run.cancel", "Stop a run", false),
		changeRun(env, "rerun RUN", "run.rerun", "Begin a new attempt of a finished run, or declare a silent job lost and try it again", true))
	return cmd
}

func listRuns(env *console.Env) *cobra.Command {
	var q operation.Scope
	cmd := &cobra.Command{Use: "list", Short: "List runs", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		runs, err := console.Ask[[]inspect.Run](cmd.Context(), env, "run.list", q)
		if err != nil {
			return err
		}
		return env.Print("run-list", map[string]any{"runs": runs}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "RUN\t#\tSOLUTION\tEVENT\tREF\tCONCLUSION\tSTARTED")
			for _, r := range runs {
				conclusion := r.Conclusion
				if conclusion == "" {
					conclusion = "in progress"
				}
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", r.Run, r.Number, r.Solution, r.Event, r.Ref, conclusion, r.Started.Format(time.RFC3339))
			}
		})
	}}
	cmd.Flags().StringVar(&q.Solution, "solution", "", "only this solution")
	return cmd
}

func showRun(env *console.Env) *cobra.Command {
	return &cobra.Command{Use: "show RUN", Short: "Show a run with its jobs and reasons", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		d, err := console.Ask[inspect.RunDetail](cmd.Context(), env, "run.show", operation.RunID{Run: args[0]})
		if err != nil {
			return err
		}
		return run.ShowRun(env, d)
	}}
}

func changeRun(env *console.Env, use, op, short string, job bool) *cobra.Command {
	var q operation.ChangeRun
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Run = args[0]
		if strings.TrimSpace(q.Reason) == "" || q.As == "" {
			return fault.New(fault.Invalid, "this needs --as and --reason")
		}
		_, err := console.Change[json.RawMessage](cmd.Context(), env, op, q)
		return err
	}}
	if job {
		cmd.Flags().StringVar(&q.Job, "job", "", "only this job and what depends on it, like prd/deploy; one that runs is declared lost")
		cmd.Flags().BoolVar(&q.Failed, "failed", false, "only what did not succeed and what depends on it")
	}
	cmd.Flags().StringVar(&q.As, "as", "", "login of the administrator who acts")
	cmd.Flags().StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}

// Releases makes "dc-release release".
func Releases(env *console.Env, d Author) *cobra.Command {
	cmd := &cobra.Command{Use: "release", Short: "Releases and their gates"}
	var scope inspect.AsOf
	list := &cobra.Command{Use: "list", Short: "List releases, now or as of a past time", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) (err error) {
		if scope.At, err = trail.MomentOrNow(scope.At); err != nil {
			return err
		}
		releases, err := console.Ask[[]inspect.Release](cmd.Context(), env, "release.list", scope)
		if err != nil {
			return err
		}
		return env.Print("release-list", map[string]any{"releases": releases}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "SOLUTION\tVERSION\tSTATE\tCOMMIT\tRUN")
			for _, r := range releases {
				fmt.Fprintf(w, "%s\t%s\t%s\t%.12s\t%s\n", r.Solution, r.Version, r.State, r.SHA, r.Run)
			}
		})
	}}
	asOf(list.Flags(), &scope)
	var q operation.Version
	show := &cobra.Command{Use: "show VERSION", Aliases: []string{"status"}, Short: "Show a release with its gates", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Version = args[0]
		r, err := console.Ask[inspect.ReleaseDetail](cmd.Context(), env, "release.show", q)
		if err != nil {
			return err
		}
		return env.Print("release", map[string]any{"release": r}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "%s %s at %.12s: %s\n", r.Solution, r.Version, r.SHA, r.State)
			for _, n := range r.Notices {
				fmt.Fprintf(w, "  %s\n", n)
			}
			for _, g := range r.Gates {
				gate.Write(w, g)
			}
			writeDecisions(w, r.Decisions)
		})
	}}
	show.Flags().StringVar(&q.Solution, "solution", "", "solution")
	cmd.AddCommand(append(change.OfRelease(env), list, show, draftCommand(env, d.Draft), diffCommand(env, d.Diff))...)
	return cmd
}

// Evidence makes "dc-release evidence".
func Evidence(env *console.Env, read ReadResult) *cobra.Command {
	cmd := &cobra.Command{Use: "evidence", Short: "Evidence of runs and of people"}
	cmd.AddCommand(addEvidence(env), readEvidence(env, read), &cobra.Command{Use: "list RUN", Short: "List the evidence of a run", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		items, err := console.Ask[[]inspect.Evidence](cmd.Context(), env, "evidence.list", operation.RunID{Run: args[0]})
		if err != nil {
			return err
		}
		return env.Print("evidence-list", map[string]any{"evidence": items}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "VERIFICATION\tPLACE\tVERDICT\tPASSED\tFAILED\tSKIPPED\tCOUNTS\tNAME\tJOB")
			for _, i := range items {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%v\t%s\t%s\n", i.Verification, i.Environment, i.Verdict, i.Passed, i.Failed+i.Errors, i.Skipped, i.Counted, i.Name, i.Job)
			}
		})
	}})
	return cmd
}

func addEvidence(env *console.Env) *cobra.Command {
	var x sign.Execution
	var credentials string
	cmd := &cobra.Command{
		Use: "add FILE...", Short: "Hand in result files: in a job, or as a tester with your signature", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if job.Inside() {
				return job.AddEvidence(cmd.Context(), env, args)
			}
			if x.Solution == "" || x.Version == "" || x.As == "" || len(args) != 1 {
				return fault.New(fault.Invalid, "outside of a job, evidence add takes one file and needs --solution, --version and --as")
			}
			var err error
			if x.Data, err = os.ReadFile(args[0]); err != nil {
				return fault.New(fault.Invalid, "evidence: %v", err)
			}
			x.Name, x.Version = args[0][strings.LastIndexByte(args[0], '/')+1:], strings.TrimPrefix(x.Version, "v")
			if x.Credentials, err = gate.Credentials(env, credentials); err != nil {
				return err
			}
			s, err := console.Change[sign.Signed](cmd.Context(), env, "evidence.add", x)
			if err != nil {
				return err
			}
			return env.Print("signature", map[string]any{"signature": s.Signature, "manifest": s.Manifest, "role": s.Role, "time": s.Time}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "recorded %s, signed as %s at %s\n", x.Name, s.Role, s.Time)
			})
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&x.Solution, "solution", "", "solution")
	fs.StringVar(&x.Version, "version", "", "version X.Y.Z")
	fs.StringVar(&x.Environment, "environment", "val", "place that was tested")
	fs.StringVar(&x.Verification, "verification", "AV", "AV, the one that people execute")
	fs.StringVar(&x.As, "as", "", "your login")
	fs.StringVar(&x.Reason, "reason", "", "reason")
	fs.StringVar(&credentials, "credentials", "", "file with password and code, - for standard input")
	return cmd
}

// asOf adds the flags of a past moment.
func asOf(fs *pflag.FlagSet, q *inspect.AsOf) {
	fs.StringVar(&q.Solution, "solution", "", "only this solution")
	fs.StringVar(&q.At, "at", "", "as of this time: RFC 3339, or the beginning of a day in UTC")
}
