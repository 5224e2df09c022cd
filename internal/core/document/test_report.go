package document

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// outlineTestReport writes every execution, installation and result in one
// environment. Results that bind to the commit alone (UT, DT) stand in the
// report of each environment before PRD, as those environments rest on them.
func outlineTestReport(a *author) {
	env := a.request.Environment
	a.identification()
	a.section("Scope")
	a.say("This report holds every execution of every job in %s, with failed and skipped ones, the deployments with their installation verification, and every result file. "+
		"A result counts only for the verification and environment that the plan lets its job prove; results that do not count are kept and listed with the reason. "+
		"A result file that is empty, unreadable or holds only skipped cases is failed evidence.", strings.ToUpper(env))
	a.section("Summary")
	a.conclusion()
	a.summary(a.belongs)
	a.installations()
	a.executions()
	a.results()
	a.section("Deviations")
	a.deviationList(a.ofEnvironment())
	a.register()
}

// belongs reports whether evidence is part of this environment's report.
func (a *author) belongs(e Evidence) bool {
	if e.Environment == "" {
		return a.request.Environment != "prd"
	}
	return e.Environment == a.request.Environment
}

func (a *author) conclusion() {
	var files, bad, earlier int
	for _, e := range a.facts.Evidence {
		if !e.Current && a.belongs(e) {
			earlier++
		}
		if !e.Current || e.Uncounted != "" || !a.belongs(e) {
			continue
		}
		files++
		if !e.Passed {
			bad++
		}
	}
	switch {
	case files == 0:
		a.notice(Caution, "No evidence", text("No result is recorded for this environment. Absence of a result is never counted as a pass."))
	case bad > 0:
		a.notice(Negative, "Not passed", text(fmt.Sprintf("%d of %s of the current attempts did not pass.", bad, Plural(int64(files), "result", "results"))))
	default:
		said := "Every result of the current attempts passed, of " + Plural(int64(files), "file", "files") + "."
		if earlier > 0 {
			said += " Earlier attempts are listed below."
		}
		a.notice(Positive, "Passed", text(said))
	}
}

func (a *author) installations() {
	a.section("Deployments and installation verification")
	iv := evidence.IV
	if a.request.Environment == "prd" {
		iv = evidence.PIV
	}
	a.say("After each deployment the environment is read back and compared with what should be there (%s).", iv)
	t := Table{
		Caption: "Deployments",
		Columns: []Column{{Title: "Execution", Weight: 9}, {Title: "Version", Weight: 3}, {Title: "Mode", Weight: 3}, {Title: "Started", Weight: 6}, {Title: "Took", Weight: 3}, {Title: "Outcome", Weight: 4}, {Title: "Read back", Weight: 7}, {Title: "Tree SHA-256", Weight: 10}},
		Empty:   "Nothing has been deployed into this environment.",
	}
	for _, e := range a.facts.Environments {
		if e.Name != a.request.Environment {
			continue
		}
		for _, d := range e.Deployments {
			t.Rows = append(t.Rows, row(mono(d.Execution), plain(d.Version), plain(d.Mode), plain(stamp(d.StartedAt)), plain(took(d.StartedAt, d.EndedAt)), withReason(d.Outcome, d.Reason), d.IV.printed(), mono(d.TreeSHA256)))
		}
	}
	a.table(t)
}

func (i Installation) printed() []Run {
	runs := outcome(orWaiting(i.State))
	if i.Compared > 0 {
		runs = append(runs, text(" "+Plural(i.Compared, "file", "files")+" compared"))
	}
	for _, d := range i.Differences {
		runs = append(runs, small(d))
	}
	return runs
}

func withReason(state, reason string) []Run {
	runs := outcome(state)
	if reason != "" {
		runs = append(runs, small(reason))
	}
	return runs
}

func (a *author) executions() {
	a.section("Executions")
	t := Table{
		Caption: "All executions, the current attempt marked",
		Columns: []Column{{Title: "Execution", Weight: 8}, {Title: "Job", Weight: 7}, {Title: "Attempt", Weight: 4, Numeric: true}, {Title: "Started", Weight: 6}, {Title: "Took", Weight: 3}, {Title: "Worker", Weight: 5}, {Title: "Conclusion", Weight: 7}},
		Empty:   "No job has run in this environment.",
	}
	for _, j := range a.facts.Jobs {
		if j.Gate || j.Environment != a.request.Environment && (j.Environment != "" || a.request.Environment == "prd") {
			continue
		}
		for _, e := range j.Executions {
			conclusion := outcome(orWaiting(e.Conclusion))
			if e.Current {
				conclusion = append(conclusion, text(" current"))
			}
			if e.Reason != "" {
				conclusion = append(conclusion, small(e.Reason))
			}
			t.Rows = append(t.Rows, row(mono(e.ID), plain(j.Name), number(int64(e.Attempt)), plain(stamp(e.StartedAt)), plain(took(e.StartedAt, e.EndedAt)), plain(e.Worker), conclusion))
		}
	}
	a.table(t)
}

func (a *author) results() {
	a.section("Results")
	printed := map[string]printedResult{}
	for _, e := range a.facts.Evidence {
		if !a.belongs(e) {
			continue
		}
		a.subsection(fmt.Sprintf("%s, %s, attempt %d", e.Name, e.Verification, e.Attempt))
		before, again := printed[e.SHA256]
		again = again && reflect.DeepEqual(before.Cases, e.Cases)
		if !again {
			printed[e.SHA256] = printedResult{e, fmt.Sprintf("%d.%d", a.sections[0], a.sections[1])}
		}
		a.result(e)
		if again {
			a.say("The file is the same as that of %s, byte for byte; its %s listed there.", before.section, Plural(int64(len(e.Cases)), "case is", "cases are"))
		} else {
			a.cases(e)
		}
		a.executed(e)
	}
	if len(printed) == 0 {
		a.say("No result is recorded for this environment.")
	}
}

// printedResult is evidence with the section that lists its cases.
type printedResult struct {
	Evidence
	section string
}

// source is where a result came from, with the execution that handed it in.
func (e Evidence) source() []Run {
	if e.Execution == "" {
		return plain(e.Source)
	}
	return cell(text(orDash(e.Source)), text(", execution "), code(e.Execution))
}

func (a *author) result(e Evidence) {
	attempt := "earlier attempt, kept"
	if e.Current {
		attempt = "current attempt"
	}
	items := []Field{
		field("Verdict", append(verdict(e.Passed), text(", "+attempt))...),
		field("Verification", text(e.Verification+", "+evidence.Verification(e.Verification).Name())),
		field("Source", e.source()...),
		field("Received", text(stamp(e.ReceivedAt))),
		field("SHA-256", mono(e.SHA256)...),
	}
	if e.Tester.printed() != "" {
		items = append(items, field("Tester", text(e.Tester.printed())))
	}
	if len(e.Reasons) > 0 {
		items = append(items, field("Reasons", lines(e.Reasons...)...))
	}
	if len(e.Remarks) > 0 {
		items = append(items, field("Remarks", lines(e.Remarks...)...))
	}
	if e.Reviewer.printed() != "" {
		items = append(items, field("Reviewed by", text(e.Reviewer.printed())))
	}
	if suite := e.suite(); suite != "" {
		items = append(items, field("Suite", text(suite)))
	}
	a.fields(items...)
}

// suite is the one that all cases are of, "" where they are of several.
func (e Evidence) suite() string {
	for _, c := range e.Cases {
		if c.Suite != e.Cases[0].Suite {
			return ""
		}
	}
	if len(e.Cases) == 0 {
		return ""
	}
	return e.Cases[0].Suite
}

func (a *author) cases(e Evidence) {
	t := Table{
		Caption: fmt.Sprintf("Cases of %s: %s", e.Name, e.counts()),
		Columns: []Column{{Title: "Case", Weight: 10}, {Title: "Ids", Weight: 7}, {Title: "Outcome", Weight: 4}, {Title: "Time", Weight: 3, Numeric: true}, {Title: "Remark", Weight: 9}},
		Empty:   "The result holds no case.",
	}
	whole := e.suite()
	for _, c := range e.Cases {
		suite := c.Suite
		if suite == whole {
			suite = ""
		}
		t.Rows = append(t.Rows, row(detailed(c.Name, suite), ids(c.IDs), c.printed(), plain(milliseconds(c.DurationUS)), lines(c.Flag, c.Message)))
	}
	a.table(t.without("Ids", "Remark"))
}

// counts says how many cases there are and how many of them count.
func (e Evidence) counts() string {
	switch {
	case e.Totals.Cases == 0:
		return "none"
	case e.Counted.Cases == e.Totals.Cases:
		return Plural(e.Totals.Cases, "case, which counts", "cases, all of which count")
	case e.Counted.Cases == 0:
		return Plural(e.Totals.Cases, "case, which does not count", "cases, none of which counts")
	}
	return fmt.Sprintf("%d cases, of which %s", e.Totals.Cases, Plural(e.Counted.Cases, "counts", "count"))
}

// executed lists the steps that a tester recorded one by one.
func (a *author) executed(e Evidence) {
	if len(e.Steps) == 0 {
		return
	}
	t := Table{
		Caption: fmt.Sprintf("Steps of %s as they were executed", e.Name),
		Columns: []Column{{Title: "Step", Weight: 5}, {Title: "What was to do and to see", Weight: 10}, {Title: "What was seen", Weight: 10}, {Title: "Verdict", Weight: 4}, {Title: "Recorded", Weight: 5}},
	}
	for _, s := range e.Steps {
		t.Rows = append(t.Rows, row([]Run{code(s.Test), small(fmt.Sprintf("step %d", s.Step))}, detailed(s.Action, s.Expected), s.seen(), s.verdict(), plain(stamp(s.At))))
	}
	a.table(t)
}

func (s ExecutedStep) seen() []Run {
	runs := plain(s.Actual)
	for _, f := range s.Files {
		runs = append(runs, small(fmt.Sprintf("file %s, SHA-256 %s", f.Path, f.SHA256)))
	}
	if s.Corrected > 0 {
		runs = append(runs, small(fmt.Sprintf("corrected %s, the last because: %s", Plural(s.Corrected, "time", "times"), s.Reason)))
	}
	return runs
}

func (s ExecutedStep) verdict() []Run {
	tone := Negative
	switch s.Verdict {
	case "passed":
		tone = Positive
	case "blocked":
		tone = Caution
	}
	runs := []Run{status(s.Verdict, tone)}
	if s.Deviation != "" {
		runs = append(runs, small("deviation "+s.Deviation))
	}
	return runs
}

func (c Case) printed() []Run {
	runs := outcome(c.Outcome)
	if c.Flaky {
		runs = append(runs, text(" on a retry"))
	}
	if !c.Counted {
		runs = append(runs, newline(), status("not counted", Caution))
	}
	return runs
}

func ids(all []string) []Run {
	var runs []Run
	for _, id := range all {
		if runs != nil {
			runs = append(runs, newline())
		}
		runs = append(runs, code(id))
	}
	if runs == nil {
		return plain("")
	}
	return runs
}

func milliseconds(us int64) string {
	return fmt.Sprintf("%d.%03d s", us/1_000_000, us%1_000_000/1000)
}

func (a *author) register() {
	a.section("Evidence register")
	a.say("The files are kept unchanged in the release log; files marked external are held in the blob store and named here by digest and size.")
	t := Table{
		Caption: "Evidence files",
		Columns: []Column{{Title: "Name", Weight: 7}, {Title: "Attempt", Weight: 3, Numeric: true}, {Title: "Format", Weight: 4}, {Title: "Size", Weight: 3, Numeric: true}, {Title: "Place", Weight: 4}, {Title: "SHA-256", Weight: 13}},
		Empty:   "No evidence file is recorded.",
	}
	for _, e := range a.facts.Evidence {
		if !a.belongs(e) {
			continue
		}
		place := "release log"
		if e.External {
			place = "external"
		}
		t.Rows = append(t.Rows, row(plain(e.Name), number(int64(e.Attempt)), plain(e.Format), plain(bytesText(e.Size)), plain(place), mono(e.SHA256)))
	}
	a.table(t)
}
