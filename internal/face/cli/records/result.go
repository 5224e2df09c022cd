package records

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// ReadResult reads a result file, or a folder that is one piece of evidence. An
// error is a failure to read; what is wrong with the content is in the report.
type ReadResult func(path string) (evidence.Report, error)

// result is what "evidence read" says of one file.
type result struct {
	File string `json:"file"`
	evidence.Report
	Verdict evidence.Judgement `json:"verdict"`
}

func readEvidence(env *console.Env, read ReadResult) *cobra.Command {
	return &cobra.Command{
		Use: "read FILE...", Short: "Say what result files hold, without storing them", Args: cobra.MinimumNArgs(1),
		Long: "Say what result files, zip archives of allure-results or such folders hold, without storing them: format, cases, problems with their place, and the verdict over the cases. Which verification a case counts for is decided where the file is handed in.",
		RunE: func(_ *cobra.Command, files []string) error {
			results, err := readResults(read, files)
			if err != nil {
				return err
			}
			if err := env.Print("evidence-read", map[string]any{"files": results}, func(w *tabwriter.Writer) {
				for i, r := range results {
					if i > 0 {
						fmt.Fprintln(w)
					}
					r.write(w)
				}
			}); err != nil {
				return err
			}
			for _, r := range results {
				if !r.Verdict.Passed {
					return &console.Exit{Code: fault.ExitCode(fault.New(fault.Unverified, ""))}
				}
			}
			return nil
		},
	}
}

// readResults reads all files or says of each that cannot be read why.
func readResults(read ReadResult, files []string) ([]result, error) {
	var out []result
	var wrong []string
	for _, file := range files {
		report, err := read(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			wrong = append(wrong, fmt.Sprintf("read result file %q: there is none", file))
		case err != nil:
			wrong = append(wrong, err.Error())
		}
		if report.Cases == nil {
			report.Cases = []evidence.Case{}
		}
		out = append(out, result{File: file, Report: report, Verdict: evidence.Verdict(report)})
	}
	if len(wrong) > 0 {
		return nil, fault.New(fault.Invalid, "%s", strings.Join(wrong, "\n"))
	}
	return out, nil
}

func (r result) write(w *tabwriter.Writer) {
	format, verdict := r.Format, "failed"
	if format == "" {
		format = "no known format"
	}
	if r.Verdict.Passed {
		verdict = "passed"
	}
	fmt.Fprintf(w, "%s: %s, %s\n", inCell(r.File), format, verdict)
	t := r.Totals
	fmt.Fprintf(w, "  sha256 %s\n", r.SHA256)
	fmt.Fprintf(w, "  %d cases: %d passed, %d failed, %d errors, %d skipped, %d flaky\n", t.Cases, t.Passed, t.Failed, t.Errored, t.Skipped, t.Flaky)
	reasons := r.Verdict.Reasons
	for _, p := range r.Problems { // they are said with their place below
		reasons = slices.DeleteFunc(slices.Clone(reasons), func(s string) bool { return s == p.String() })
	}
	for _, reason := range reasons {
		fmt.Fprintf(w, "  because: %s\n", inCell(reason))
	}
	for _, p := range r.Problems {
		kind := "note"
		if p.Fatal {
			kind = "problem"
		}
		fmt.Fprintf(w, "%s: %s: %s\n", r.place(p.Entry, p.Line, p.Column), kind, inCell(p.Message))
	}
	w.Flush() // a table of its own: its columns are not those of the lines above
	if len(r.Cases) > 0 {
		fmt.Fprintln(w, "OUTCOME\tTIME\tSTAGE\tIDS\tLINE\tCASE")
	}
	for _, c := range r.Cases {
		outcome := string(c.Outcome)
		if c.Flaky() {
			outcome = "flaky"
		}
		name := c.Name
		if c.Suite != "" {
			name = c.Suite + " > " + name
		}
		fmt.Fprintf(w, "%s\t%v\t%s\t%s\t%d\t%s\n", outcome, (time.Duration(c.DurationUS) * time.Microsecond).Round(time.Millisecond), c.Verification, strings.Join(c.IDs, " "), c.Line, inCell(name))
	}
	w.Flush()
	if len(r.Attachments) > 0 {
		fmt.Fprintln(w, "SHA256\tBYTES\tTYPE\tATTACHMENT")
	}
	for _, a := range r.Attachments {
		fmt.Fprintf(w, "%.12s\t%d\t%s\t%s (%s)\n", a.SHA256, a.Size, inCell(a.MediaType), inCell(a.Name), inCell(a.Entry))
	}
	w.Flush()
}

// place is FILE:LINE:COLUMN as far as it is known; an entry of an archive stands
// behind its file.
func (r result) place(entry string, line, column int) string {
	at := inCell(r.File)
	if entry != "" {
		at += "!" + inCell(entry)
	}
	if line > 0 {
		at += fmt.Sprintf(":%d", line)
	}
	if column > 0 {
		at += fmt.Sprintf(":%d", column)
	}
	return at
}

// maxShown is how much of a text is shown, in characters.
const maxShown = 200

// inCell shows a foreign text so that it neither steers a terminal nor leaves
// its cell.
func inCell(s string) string {
	s = strings.NewReplacer("\n", "[U+000A]", "\t", "[U+0009]").Replace(document.Visible(s))
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown-1]) + "…"
	}
	return s
}
