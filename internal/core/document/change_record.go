package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// outlineChangeRecord writes what changes and why, its impact and risk, the
// components, the plan, the way back and the approvals.
func outlineChangeRecord(a *author) {
	a.identification()
	a.section("Reason and content of the change")
	a.prose(a.facts.Note.Intro)
	a.changes()
	a.people()
	a.impact()
	a.risk()
	a.section("Components")
	a.artifacts()
	a.sources()
	a.plan()
	a.backOut()
	a.section("Verification summary")
	a.summary(func(Evidence) bool { return true })
	a.decisions()
	a.exceptions()
	a.approvals()
	a.section("Annex: release note, verbatim")
	a.verbatim()
}

// impact is the section of the release note that must not be empty.
func (a *author) impact() {
	a.section("Impact assessment")
	if strings.TrimSpace(a.facts.Note.Impact) == "" {
		a.notice(Caution, "Not there", text("The release note has no impact assessment."))
		return
	}
	a.prose(a.facts.Note.Impact)
}

// verbatim is the release note as the tagged commit holds it.
func (a *author) verbatim() {
	n := a.facts.Note
	if n.Text == "" {
		a.notice(Caution, "Not there", text("The tagged commit holds no release note that can be read."))
		return
	}
	a.paragraph(text("File "), code(orDash(n.Path)), text(" at the tagged commit, SHA-256 "), code(orDash(n.SHA256)), text("."))
	a.add(Block{Code: &Code{Language: "markdown", Text: n.Text}})
}

func (a *author) changes() {
	t := Table{
		Caption: "Changes",
		Columns: []Column{{Title: "Number", Weight: 2}, {Title: "Title", Weight: 8}, {Title: "Reference", Weight: 7}},
		Empty:   "The release note lists no change.",
	}
	for _, c := range a.facts.Note.Changes {
		t.Rows = append(t.Rows, row(plain(fmt.Sprintf("#%d", c.Number)), plain(c.Title), cell(link(c.Link, c.Link))))
	}
	a.table(t)
}

func (a *author) risk() {
	a.section("Risk assessment")
	tone := map[string]Tone{"Low Risk": Positive, "Medium Risk": Caution, "High Risk": Negative}[a.facts.Note.Level]
	if tone == "" {
		tone = Neutral
	}
	a.fields(field("Level", status(cmp.Or(a.facts.Note.Level, "none stated"), tone)))
	t := Table{
		Caption: "Risks",
		Columns: []Column{{Title: "Category", Weight: 2}, {Title: "Assessment", Weight: 8}},
		Empty:   "The release note lists no risk.",
	}
	for _, r := range a.facts.Note.Risks {
		t.Rows = append(t.Rows, row(plain(r.Category), plain(unwrapped(r.Text))))
	}
	a.table(t)
}

func (a *author) sources() {
	t := Table{
		Caption: "Workflow files that the plan was made from",
		Columns: []Column{{Title: "File", Weight: 8}, {Title: "Called as", Weight: 9}, {Title: "Origin", Weight: 4}, {Title: "SHA-256", Weight: 10}},
		Empty:   "No workflow file is recorded.",
	}
	for _, s := range a.facts.Sources {
		t.Rows = append(t.Rows, row(mono(s.Path), plain(s.called()), plain(s.Origin), mono(s.SHA256)))
	}
	a.table(t)
}

// called is how a workflow calls the file, where that is more than its path.
func (s Source) called() string {
	if strings.TrimPrefix(s.Uses, "./") == s.Path {
		return "by its path"
	}
	return s.Uses
}

// plan shows the way of the release: jobs and gates as they were planned, with
// what became of them.
func (a *author) plan() {
	a.section("Release plan and progress")
	a.road()
	t := Table{
		Caption: "Jobs and gates in the order of the plan",
		Columns: []Column{{Title: "Job", Weight: 6}, {Title: "Name", Weight: 8}, {Title: "Environment or gate", Weight: 5}, {Title: "Tries", Weight: 2, Numeric: true}, {Title: "Conclusion", Weight: 4}, {Title: "Reason", Weight: 8}},
		Empty:   "No job is recorded.",
	}
	for _, j := range a.facts.Jobs {
		last := j.last()
		t.Rows = append(t.Rows, row(mono(j.Key), plain(j.Name), plain(j.Environment), number(int64(len(j.Executions))), outcome(orWaiting(last.Conclusion)), plain(last.Reason)))
	}
	a.table(t)
	d := Table{
		Caption: "Deployments",
		Columns: []Column{{Title: "Environment", Weight: 4}, {Title: "Version", Weight: 3}, {Title: "Ended", Weight: 5}, {Title: "Outcome", Weight: 3}, {Title: "IV", Weight: 3}, {Title: "Tree SHA-256", Weight: 11}},
		Empty:   "Nothing has been deployed yet.",
	}
	for _, e := range a.facts.Environments {
		for _, x := range e.Deployments {
			d.Rows = append(d.Rows, row(plain(strings.ToUpper(e.Name)), plain(x.Version), plain(stamp(x.EndedAt)), outcome(x.Outcome), outcome(x.IV.State), mono(x.TreeSHA256)))
		}
	}
	a.table(d)
}

// last is the execution that gates read, else the newest one.
func (j Job) last() Execution {
	for _, e := range slices.Backward(j.Executions) {
		if e.Current {
			return e
		}
	}
	if len(j.Executions) == 0 {
		return Execution{}
	}
	return j.Executions[len(j.Executions)-1]
}

func orWaiting(conclusion string) string {
	if conclusion == "" {
		return "waiting"
	}
	return conclusion
}

func (a *author) backOut() {
	a.section("Back-out")
	r := a.facts.Rollback
	if !r.Applicable {
		a.fields(field("Rollback", text("not applicable: "+orDash(r.Reason))), field("Recovery procedure", r.procedure()...))
		return
	}
	rehearsed := cell(status("not rehearsed", Caution))
	if r.Rehearsed {
		rehearsed = cell(status("rehearsed", Positive), text(" in "+strings.ToUpper(orDash(r.Environment))+" on "+stamp(r.RehearsedAt)))
	}
	a.fields(
		field("Roll back to", strong(orDash(r.Version))),
		field("Kept artifacts, tree SHA-256", mono(r.TreeSHA256)...),
		field("Rehearsal", rehearsed...),
		field("Data compatibility", text(cmp.Or(r.Data, "nothing is stated"))),
		field("Recovery procedure", r.procedure()...),
	)
	a.say("A rollback is a new forward record: it deploys the kept artifacts of the earlier release by digest, needs its own signatures, and is verified again.")
}

func (r Rollback) procedure() []Run {
	if r.Procedure == "" {
		return cell(text("none is named"))
	}
	return mono(r.Procedure)
}

func (a *author) approvals() {
	a.section("Approvals")
	if len(a.facts.Gates) == 0 {
		a.say("The plan of this run has no gate.")
		return
	}
	for _, g := range a.facts.Gates {
		if a.stage == StageCandidate && g.Name == a.request.Gate {
			a.subsection(fmt.Sprintf("%s (%s)", gateTitle(g.Name), g.Name))
			a.say("The signatures of this gate stand on the signature page of the final document.")
			continue
		}
		a.gate(g)
	}
	a.say(bindings)
}

// summary counts the evidence of the attempts that gates read, one row for each
// verification and environment.
func (a *author) summary(include func(Evidence) bool) {
	a.vocabulary()
	t := Table{
		Caption: "Counted results of the current attempts",
		Columns: []Column{
			{Title: "Verification", Weight: 3},
			{Title: "Environment", Weight: 3},
			{Title: "Evidence", Weight: 2, Numeric: true},
			{Title: "Cases", Weight: 2, Numeric: true},
			{Title: "Passed", Weight: 2, Numeric: true},
			{Title: "Failed", Weight: 2, Numeric: true},
			{Title: "Errors", Weight: 2, Numeric: true},
			{Title: "Skipped", Weight: 2, Numeric: true},
			{Title: "Verdict", Weight: 2},
		},
		Empty: "No evidence is recorded.",
	}
	for _, g := range a.groups(include) {
		t.Rows = append(t.Rows, row(
			cell(strong(g.verification)), plain(cmp.Or(strings.ToUpper(g.environment), "of the commit")), number(g.files),
			number(g.totals.Cases), number(g.totals.Passed), number(g.totals.Failed), number(g.totals.Errored), number(g.totals.Skipped), verdict(g.passed),
		))
	}
	a.table(t)
}

// vocabulary gives each short form its name, once in a document.
func (a *author) vocabulary() {
	labels := make([]string, len(evidence.Verifications))
	for i, v := range evidence.Verifications {
		labels[i] = v.Label()
	}
	last := len(labels) - 1
	a.say("Verifications: %s and %s.", strings.Join(labels[:last], ", "), labels[last])
}

// group is the evidence of one verification in one environment.
type group struct {
	verification, environment string
	files                     int64
	totals                    Totals
	passed                    bool
}

// groups are in the order of promotion, in each place in that of verifications.
func (a *author) groups(include func(Evidence) bool) []group {
	out := groupEvidence(a.facts.Evidence, include)
	place := func(name string) int {
		return slices.IndexFunc(a.facts.Environments, func(e Environment) bool { return e.Name == name })
	}
	slices.SortStableFunc(out, func(x, y group) int {
		kind := func(g group) int {
			return slices.Index(evidence.Verifications, evidence.Verification(g.verification))
		}
		return cmp.Or(cmp.Compare(place(x.environment), place(y.environment)), cmp.Compare(kind(x), kind(y)))
	})
	return out
}

func groupEvidence(all []Evidence, include func(Evidence) bool) []group {
	var out []group
	at := map[[2]string]int{}
	for _, e := range all {
		if !e.Current || e.Uncounted != "" || !include(e) {
			continue
		}
		key := [2]string{e.Verification, e.Environment}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, group{verification: e.Verification, environment: e.Environment, passed: true})
		}
		g := &out[i]
		g.files++
		g.totals = g.totals.plus(e.Counted)
		g.passed = g.passed && e.Passed
	}
	return out
}

func (t Totals) plus(o Totals) Totals {
	return Totals{Cases: t.Cases + o.Cases, Passed: t.Passed + o.Passed, Failed: t.Failed + o.Failed, Errored: t.Errored + o.Errored, Skipped: t.Skipped + o.Skipped}
}
