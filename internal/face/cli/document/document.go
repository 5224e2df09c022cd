// Package document is "dc-release document": the tests of documents, in a job,
// in a working directory, of a release and of a published folder.
package document

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/workflow"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/job"
	"github.com/dc-release/dc-release/internal/face/cli/trace"
)

// Request asks for the tests of a working directory.
type Request struct {
	trace.Request
	Profile string
	Note    string // version whose note is tested
}

// FolderRequest asks for the tests of a published folder.
type FolderRequest struct {
	ReleaseLog, Version string
	Trust               string // file with the fingerprints of the issuer's keys
	TSACA               string
	Code                string // working copy with the tagged commit, "" for none
}

// Deps is what the wiring gives.
type Deps struct {
	Local  func(ctx context.Context, q Request) (document.Tested, error)
	Folder func(ctx context.Context, q FolderRequest) (document.Tested, error)
	// Template finds what is wrong with a template.
	Template func(file string, data []byte) []document.Finding
}

// New makes "dc-release document".
func New(env *console.Env, d Deps) *cobra.Command {
	cmd := &cobra.Command{Use: "document", Short: "Documents of releases and their checks"}
	cmd.AddCommand(testCommand(env, d), checksCommand(env), templateCommand(env, d))
	return cmd
}

func checksCommand(env *console.Env) *cobra.Command {
	return &cobra.Command{Use: "checks", Short: "List the document checks", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		checks := traceability.Checks()
		return env.Print("document-checks", map[string]any{"checks": checks}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "CHECK\tSEVERITY\tOUTSIDE OF GXP\tRULE")
			for _, c := range checks {
				outside := "warning"
				if c.Basic {
					outside = string(c.Severity)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.ID, c.Severity, outside, c.Rule)
			}
		})
	}}
}

const help = `Test documents: release note, requirements, risks, tests and their trace, pages,
links, and what was published.

Inside of a job, without a flag, those of its commit. With --version those of a
release at its pinned commits; --results adds the checks that read its results.
With --release-log and --version those of a published folder; --code names a
working copy with its tagged commit. Otherwise those of the files in --dir and
--requirements, with the results of --result-file (unit tests: FILE; those of a
place: tst=FILE) and, where --dir is a working copy, with its history.

A check that cannot be looked at is not run and says why. The command ends with 7
when a check failed, in a job with 6.`

// options are the flags.
type options struct {
	local        Request
	folder       FolderRequest
	query        traceability.TestQuery
	junit, sarif bool
}

// elsewhere are the flags that ask for other documents than those of a job.
var elsewhere = []string{"solution", "version", "release-log", "dir", "requirements", "result-file", "note", "profile"}

func testCommand(env *console.Env, d Deps) *cobra.Command {
	var o options
	cmd := &cobra.Command{Use: "test", Short: "Test documents", Long: help, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		inside := job.Inside() && !slices.ContainsFunc(elsewhere, cmd.Flags().Changed)
		t, err := o.ask(cmd.Context(), env, d, inside)
		if err != nil {
			return err
		}
		if err := o.print(env, t); err != nil {
			return err
		}
		if !t.Failed() {
			return nil
		}
		kind := fault.Unverified
		if inside {
			kind = fault.RunFailed
		}
		return fault.New(kind, "%d of %d document checks failed", t.Count(document.CheckFailed), len(t.Checks))
	}}
	fs := cmd.Flags()
	fs.StringVar(&o.query.Solution, "solution", "", "solution; without --version, the project whose ids these are (default: that of dc-release.yaml)")
	fs.StringVar(&o.query.Version, "version", "", "release")
	fs.BoolVar(&o.query.Results, "results", false, "with --version, run the checks that read results as well")
	fs.StringVar(&o.query.Gate, "gate", "", "with --results, the gate whose expectations count (default: the last one that was looked at)")
	fs.StringVar(&o.folder.ReleaseLog, "release-log", "", "folder of a release log")
	fs.StringVar(&o.folder.Trust, "trust", "", "with --release-log, file with the fingerprints of the issuer's keys, received elsewhere")
	fs.StringVar(&o.folder.Code, "code", "", "with --release-log, working copy of the code")
	fs.StringVar(&o.local.Dir, "dir", ".", "folder of the code, when no --version is given")
	fs.StringVar(&o.local.Requirements, "requirements", "", "folder of the requirements")
	fs.StringArrayVar(&o.local.Results, "result-file", nil, "result file, or ENVIRONMENT=FILE")
	fs.StringVar(&o.local.Note, "note", "", "version whose release note is tested (default: the newest that is not tagged)")
	fs.StringVar(&o.local.Profile, "profile", "", "gxp or non-gxp (default: that of dc-release.yaml, else gxp)")
	fs.BoolVar(&o.junit, "junit", false, "print a JUnit report")
	fs.BoolVar(&o.sarif, "sarif", false, "print SARIF")
	cmd.MarkFlagsMutuallyExclusive("junit", "sarif")
	return cmd
}

func (o *options) ask(ctx context.Context, env *console.Env, d Deps, inside bool) (document.Tested, error) {
	switch {
	case o.local.Profile != "" && o.local.Profile != "gxp" && o.local.Profile != "non-gxp":
		return document.Tested{}, fault.New(fault.Invalid, "--profile %q: want gxp or non-gxp", o.local.Profile)
	case inside:
		t, err := job.TestDocuments(ctx)
		return t.Tested, err
	case o.folder.ReleaseLog != "" && o.query.Version == "":
		return document.Tested{}, fault.New(fault.Invalid, "a published folder needs both --release-log and --version")
	case o.folder.ReleaseLog != "":
		o.folder.Version, o.folder.TSACA = strings.TrimPrefix(o.query.Version, "v"), env.TSACA
		return d.Folder(ctx, o.folder)
	case o.query.Version != "":
		return console.Ask[document.Tested](ctx, env, "document.test", o.query)
	case o.query.Results:
		return document.Tested{}, fault.New(fault.Invalid, "--results needs --version; result files of a folder are given with --result-file")
	}
	o.local.Project = o.query.Solution
	return d.Local(ctx, o.local)
}

func (o *options) print(env *console.Env, t document.Tested) error {
	write := func(data []byte, err error) error {
		if err == nil {
			_, err = env.Out.Write(data)
		}
		return err
	}
	switch {
	case o.junit:
		return write(traceability.JUnit(t))
	case o.sarif:
		return write(traceability.SARIF(t))
	case env.JSON:
		return env.Print("document-test", map[string]any{"profile": t.Profile, "checks": t.Checks, "findings": t.Findings}, nil)
	}
	writeText(env, t)
	return nil
}

// marks stand before each check.
var marks = map[document.Verdict]string{document.CheckPassed: "ok  ", document.CheckWarned: "warn", document.CheckFailed: "FAIL", document.CheckNotRun: "-   "}

func writeText(env *console.Env, t document.Tested) {
	for _, c := range t.Checks {
		fmt.Fprintf(env.Out, "%s %s %s\n", marks[c.Verdict], c.ID, c.Rule)
		if c.Reason != "" {
			fmt.Fprintf(env.Out, "       not run: %s\n", c.Reason)
		}
		for _, f := range t.Findings {
			if f.ID == c.ID {
				fmt.Fprintf(env.Out, "       %s\n", oneLine(f.String()))
				annotate(env, f)
			}
		}
	}
	fmt.Fprintf(env.Out, "%d checks: %d passed, %d warned, %d failed, %d not run; %d findings\n", len(t.Checks),
		t.Count(document.CheckPassed), t.Count(document.CheckWarned), t.Count(document.CheckFailed), t.Count(document.CheckNotRun), len(t.Findings))
}

// annotate tells a workflow's runner where a finding is.
func annotate(env *console.Env, f document.Finding) {
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return
	}
	level := "error"
	if f.Severity == workflow.Warning {
		level = "warning"
	}
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	fmt.Fprintf(env.Out, "::%s file=%s,line=%d,title=%s::%s\n", level, property.Replace(f.At.File), f.At.Line, f.ID, data.Replace(document.Visible(f.Message)))
}

// oneLine is foreign text on one line.
func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(document.Visible(s))
}
