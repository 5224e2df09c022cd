package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// fillExceptions lists by ledger sequence what a reviewer should look at.
func (r *Reporter) fillExceptions(ctx context.Context, m *moment, f *document.Facts) error {
	f.Exceptions = []document.Exception{}
	add := func(e ledger.Event, kind, subject, format string, args ...any) {
		x := document.Exception{Kind: kind, At: e.Time, Seq: e.Seq, Subject: subject, Text: fmt.Sprintf(format, args...)}
		if _, refused := e.Data.(*ledger.Refused); e.Actor.Kind == ledger.Person && !refused {
			x.Disposition = e.Reason // why a person did it; of a refusal it repeats the message
		}
		f.Exceptions = append(f.Exceptions, x)
	}
	var unnamed error
	name := func(id string) string {
		p, err := r.person(ctx, m, id)
		unnamed = cmp.Or(unnamed, err)
		return p.Name
	}
	by := func(e ledger.Event) string { return actor(e.Header, name) }
	if err := r.changes(ctx, m, by, add); err != nil {
		return err
	}
	for _, e := range m.ofRun {
		m.ofJobs(e, f, by, add)
	}
	for _, e := range m.ofRelease {
		m.ofGates(e, by, add)
	}
	m.refused(by, add)
	slices.SortStableFunc(f.Exceptions, func(a, b document.Exception) int { return cmp.Compare(a.Seq, b.Seq) })
	return unnamed
}

// adder adds an exception.
type adder func(e ledger.Event, kind, subject, format string, args ...any)

func (m *moment) ofJobs(e ledger.Event, f *document.Facts, by func(ledger.Event) string, add adder) {
	switch d := e.Data.(type) {
	case *pipeline.ExecutionQueued:
		if d.Attempt > 1 || d.Try > 1 {
			add(e, "re-run", d.Execution, "attempt %d, try %d of job %s", d.Attempt, d.Try, d.Name)
		}
	case *pipeline.ExecutionFinished:
		if d.Conclusion != pipeline.Success {
			add(e, kindOf(d.Conclusion), d.Execution, "%s", orText(reasonOf(f, d.Execution), "the job was "+string(d.Conclusion)))
			m.dispose(f, d.Execution)
		}
		m.unknown(e, d.Execution, add)
	case *pipeline.ExecutionGivenUp:
		add(e, "lost attempt", d.Execution, "%s, by %s", d.Reason, by(e))
		m.dispose(f, d.Execution)
		m.unknown(e, d.Execution, add)
	case *pipeline.JobConcluded:
		if d.Conclusion == pipeline.Failure || d.Conclusion == pipeline.Cancelled {
			add(e, "job not run", d.Job, "%s: %s", d.Conclusion, d.Reason)
		}
	case *pipeline.LateResult:
		add(e, "late result", d.Execution, "%s came after the attempt had ended; kept and not counted, outcome %s", d.Conclusion, d.Outcome)
	case *pipeline.ResultConflict:
		add(e, "result conflict", d.Execution, "a second result %s differs from the accepted %s; kept and not counted", d.Refused, d.Accepted)
	case *pipeline.RunCancelRequested:
		add(e, "cancelled run", d.Run, "cancelled by %s", by(e))
	case *pipeline.RerunRequested:
		add(e, "requested re-run", d.Run, "asked for by %s", by(e))
	case *acceptance.StepRecorded:
		if d.Correction {
			add(e, "corrected entry", d.Acceptance, "%s step %d was recorded again by %s", d.Test, d.Step, by(e))
		}
	case *acceptance.Abandoned:
		add(e, "abandoned tests", d.Acceptance, "the execution was abandoned by %s", by(e))
	case *evidence.Recorded:
		if d.Person != "" {
			add(e, "manual entry", d.Signature, "%s recorded %s by hand", by(e), document.Plural(int64(len(d.Items)), "result", "results"))
		}
		for _, item := range d.Items {
			if item.Counted && item.Verdict != evidence.VerdictPassed {
				add(e, "failed evidence", orText(d.Execution, d.Job), "%s %s: %s", item.Verification, item.Name, orText(join(item.Flags), "failed"))
				m.passedLater(f, e.Seq, item)
			}
		}
	}
}

// unknown are the tasks that an execution which has ended let a target run, and of
// which no evidence says how they ended.
func (m *moment) unknown(e ledger.Event, execution string, add adder) {
	for _, s := range m.run.Started {
		if s.Execution == execution && !deploy.RunsRecorded(m.run, s.TasksStarted) {
			add(e, "unknown tasks", execution, "call %d let the target %s run tasks in %s, and nobody knows which ran or how they ended", s.Call, s.Target, s.Environment)
		}
	}
}

// passedLater says of the exception that was added last that the same evidence
// passed in a later attempt.
func (m *moment) passedLater(f *document.Facts, seq int64, failed evidence.Item) {
	for _, e := range m.ofRun {
		d, ok := e.Data.(*evidence.Recorded)
		if !ok || e.Seq <= seq {
			continue
		}
		for _, item := range d.Items {
			if item.Name == failed.Name && item.Verification == failed.Verification && item.Environment == failed.Environment && item.Verdict == evidence.VerdictPassed {
				f.Exceptions[len(f.Exceptions)-1].Disposition = "passed later as " + orText(d.Execution, d.Job)
				return
			}
		}
	}
}

// dispose says of the exception that was added last what came of the job.
func (m *moment) dispose(f *document.Facts, execution string) {
	last := &f.Exceptions[len(f.Exceptions)-1]
	st := m.run.Jobs[pipeline.JobOf(execution)]
	if last.Disposition != "" || st.Execution == execution {
		return
	}
	last.Disposition = fmt.Sprintf("tried again as %s: %s", st.Execution, orText(string(st.Outcome), string(st.Status)))
}

func (m *moment) ofGates(e ledger.Event, by func(ledger.Event) string, add adder) {
	switch d := e.Data.(type) {
	case *gate.Voided:
		add(e, "voided gate", d.Gate, "%s; signatures over manifest %s count no more", d.Because, d.Manifest)
	case *signature.Made:
		if d.Decision == "reject" {
			add(e, "rejected gate", d.Gate, "%s rejected as %s", by(e), d.Role.Title())
		}
	case *signature.Withdrawn:
		add(e, "withdrawn signature", d.Signature, "withdrawn by %s", by(e))
	case *release.Classified:
		if d.Type != release.Normal || d.Declared.Type != release.Normal {
			add(e, "change type", string(d.Type), "declared was %s %s; %s", d.Declared.Type, d.Declared.Reference, orText(strings.Join(d.Because, "; "), "it goes by it"))
		}
	case *release.Held:
		add(e, "hold", string(e.Stream), "%s, by %s", d.Because, by(e))
	case *deviation.Opened:
		add(e, "deviation", d.Deviation, "%s", d.Text)
	case *deviation.Disposed:
		add(e, "disposition", d.Deviation, "%s, accepted by %s: %s; %s", d.Disposition, by(e), d.Cause, d.Action)
	case *approval.Requested:
		if d.Waiver != nil {
			add(e, "waiver", d.Approval, "%s %s asked for by %s", d.Waiver.Check, d.Waiver.Item, by(e))
		}
	case *approval.Granted:
		add(e, "waiver granted", d.Approval, "by %s", by(e))
	case *release.TagMoved:
		add(e, "moved tag", d.Tag, "points to %s, registered was %s", orText(d.Found, "nothing"), d.Expected)
	}
}

// refused are the operations about this release that were not allowed, and the
// pushes of its tag that started nothing. Wrong factors are not among them:
// nobody who signs was known then, and a guess must not void a review.
func (m *moment) refused(by func(ledger.Event) string, add adder) {
	for _, e := range m.ofInstallation {
		if d, ok := e.Data.(*ledger.Refused); ok && d.Operation != signature.WrongFactors && m.about(d.Subject) {
			add(e, "refused operation", d.Operation, "%s, asked by %s", d.Message, by(e))
		}
	}
	for _, e := range m.ofSolution {
		if d, ok := e.Data.(*release.IntakeRefused); ok && d.Ref == "refs/tags/"+m.standing.Registered.Tag {
			add(e, "refused push", d.Ref, "%s at %s", d.Message, d.Commit)
		}
	}
}

func kindOf(c pipeline.Conclusion) string {
	if c == pipeline.Cancelled {
		return "cancelled attempt"
	}
	return "failed attempt"
}

// reasonOf is the reason that the list of jobs gives.
func reasonOf(f *document.Facts, execution string) string {
	for _, j := range f.Jobs {
		for _, e := range j.Executions {
			if e.ID == execution {
				return e.Reason
			}
		}
	}
	return ""
}

func join(parts []string) string { return strings.Join(parts, "; ") }

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// actor is who an event is by, for a sentence.
func actor(h ledger.Header, print func(id string) string) string {
	if h.Actor.Kind == ledger.Person {
		return print(h.Actor.ID)
	}
	return h.Actor.ID
}
