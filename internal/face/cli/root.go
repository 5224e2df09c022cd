// Package cli is the command line: one package for each noun.
package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/acceptance"
	"github.com/dc-release/dc-release/internal/face/cli/actions"
	"github.com/dc-release/dc-release/internal/face/cli/audit"
	"github.com/dc-release/dc-release/internal/face/cli/change"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/demo"
	"github.com/dc-release/dc-release/internal/face/cli/document"
	"github.com/dc-release/dc-release/internal/face/cli/environment"
	"github.com/dc-release/dc-release/internal/face/cli/gate"
	"github.com/dc-release/dc-release/internal/face/cli/install"
	"github.com/dc-release/dc-release/internal/face/cli/job"
	"github.com/dc-release/dc-release/internal/face/cli/people"
	"github.com/dc-release/dc-release/internal/face/cli/records"
	"github.com/dc-release/dc-release/internal/face/cli/run"
	"github.com/dc-release/dc-release/internal/face/cli/sandbox"
	"github.com/dc-release/dc-release/internal/face/cli/secret"
	"github.com/dc-release/dc-release/internal/face/cli/trace"
	"github.com/dc-release/dc-release/internal/face/cli/workflows"
)

// Deps is what the wiring gives to commands beyond operations.
type Deps struct {
	Env       *console.Env
	Version   string
	Rehearse  run.Rehearse
	Preview   workflows.Preview
	Verify    audit.Verify
	Witness   audit.Witness
	Bundle    audit.Bundle
	Trace     trace.Deps
	Documents document.Deps
	Author    records.Author
	Results   records.ReadResult
	Code      func(seed string, at time.Time) (string, error) // one-time codes of the demo's persons
	Worker    func(ctx context.Context, child string) error
	Sandbox   sandbox.Serve // of workspaces
}

// Root makes the whole command line. To add a command: its package, a line in
// commands, an acceptance script.
func Root(d Deps) *cobra.Command {
	env := d.Env
	output := "text"
	root := &cobra.Command{
		Use: "dc-release", Short: "Release data products through gates, with records that verify",
		SilenceUsage: true, SilenceErrors: true, Version: d.Version,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if output != "text" && output != "json" {
				return fault.New(fault.Invalid, "--output %q: want text or json", output)
			}
			if env.Processes < 0 {
				return fault.New(fault.Invalid, "--processes %d: want a positive number, or 0 for the default", env.Processes)
			}
			env.JSON = env.JSON || output == "json"
			return nil
		},
	}
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.PersistentFlags().StringVar(&env.Data, "data", DefaultData(), "data directory, on a local disk")
	root.PersistentFlags().StringVar(&env.Sandbox, "sandbox", "", "namespace, uid or none (default: the strongest that works)")
	root.PersistentFlags().BoolVar(&env.Evaluation, "evaluation", false, "allow the sandbox none for GxP: every record is marked EVALUATION")
	root.PersistentFlags().StringSliceVar(&env.Labels, "label", nil, "further labels of the worker that this process starts, for runs-on")
	root.PersistentFlags().IntVar(&env.Processes, "processes", 0, "processes and threads that one job may have at once (default 4096)")
	root.PersistentFlags().StringVar(&env.TimeSource, "time-source", "", "NTP server, host[:port], that the clock is compared with: nothing is signed beyond 5 s")
	root.PersistentFlags().StringVar(&env.TSA, "tsa", "", "URL of a time stamp authority (RFC 3161) that stamps the checkpoints in release logs")
	root.PersistentFlags().StringVar(&env.TSACA, "tsa-ca", "", "file with the certificates in PEM that the authorities of time stamps must lead to")
	root.PersistentFlags().StringVar(&env.SecretsKey, "secrets-key", "", "file, or env:NAME, with the key that secrets are sealed with (default: keys/secrets.key of the data directory)")
	root.PersistentFlags().StringArrayVar(&env.Anchors, "anchor", nil, "file with a checkpoint that the ledger must extend, like one that a witness cosigned")
	root.PersistentFlags().StringVar(&output, "output", "text", "text or json")
	root.PersistentFlags().BoolVar(&env.JSON, "json", false, "the same as --output json")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fault.New(fault.Invalid, "%v", err) })
	root.AddCommand(commands(d)...)
	return root
}

func commands(d Deps) []*cobra.Command {
	return []*cobra.Command{
		demo.New(demo.Deps{Env: d.Env, Code: d.Code, Sandbox: d.Sandbox}),
		run.New(d.Env, d.Rehearse),
		actions.New(d.Env),
		install.Serve(d.Env), install.Intake(d.Env), install.Solution(d.Env),
		records.Runs(d.Env), records.Releases(d.Env, d.Author), gate.New(d.Env), records.Evidence(d.Env, d.Results), acceptance.New(d.Env),
		environment.New(d.Env), environment.Rollback(d.Env), sandbox.New(d.Env, d.Sandbox), audit.New(d.Env, d.Verify, d.Witness, d.Bundle),
		people.Person(d.Env), people.Token(d.Env), people.Role(d.Env), secret.New(d.Env), change.Deviation(d.Env), change.Approval(d.Env),
		job.Deploy(d.Env), job.Describe(d.Env), job.Publish(d.Env), document.New(d.Env, d.Documents), trace.New(d.Env, d.Trace), workflows.New(d.Env, d.Preview),
		workerCommand(d), versionCommand(d),
	}
}

func versionCommand(d Deps) *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version of this program", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		return d.Env.Print("version", map[string]any{"version": d.Version}, func(w *tabwriter.Writer) { fmt.Fprintln(w, d.Version) })
	}}
}

func workerCommand(d Deps) *cobra.Command {
	var child string
	cmd := &cobra.Command{Use: "worker", Short: "Claim and run executions", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if child == "" {
			return fault.New(fault.Invalid, "remote workers are not in this version").WithHint("dc-release serve starts the worker beside it")
		}
		return d.Worker(cmd.Context(), child)
	}}
	cmd.Flags().StringVar(&child, "child", "", "arguments of the worker beside a server")
	_ = cmd.Flags().MarkHidden("child")
	return cmd
}

// DefaultData is DC_RELEASE_DATA, else dc-release below the user's state
// directory (XDG base directories).
func DefaultData() string {
	if dir := os.Getenv("DC_RELEASE_DATA"); dir != "" {
		return dir
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		state = filepath.Join(os.Getenv("HOME"), ".local", "state")
	}
	return filepath.Join(state, "dc-release")
}
