package report

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// fillEvidence lists every item of the run with its cases, read again from the
// files.
func (r *Reporter) fillEvidence(ctx context.Context, m *moment, f *document.Facts) error {
	f.Evidence = []document.Evidence{}
	for _, rec := range m.run.Evidence {
		for _, item := range rec.Items {
			e, err := r.item(ctx, m, rec, item)
			if err != nil {
				return err
			}
			f.Evidence = append(f.Evidence, e)
		}
	}
	return nil
}

// item is one item as a fact. Its verdict is the recorded one; where reading the
// file again gives another, both are said.
func (r *Reporter) item(ctx context.Context, m *moment, rec state.Recorded, item evidence.Item) (document.Evidence, error) {
	report, judged, err := r.Tracer.Judged(ctx, m.run, rec, item)
	if err != nil {
		return document.Evidence{}, err
	}
	if item.Format == evidence.FormatInstallation || item.Format == evidence.FormatRehearsal {
		judged.Cases = condense(judged.Cases)
	}
	e := document.EvidenceOf(report, judged)
	e.Name, e.SHA256, e.Size, e.Format = item.Name, item.SHA256, item.Size, item.Format
	e.Execution, e.Attempt, e.Current = rec.Execution, m.run.AttemptOf(rec), m.run.Latest(rec)
	e.Source, e.ReceivedAt, e.Passed = source(rec, item), rec.Time, item.Verdict == evidence.VerdictPassed
	if e.Passed != judged.Passed {
		e.Remarks = append(e.Remarks, fmt.Sprintf("recorded as %s; read again it did not give the same verdict", item.Verdict))
	}
	if rec.Person != "" {
		if e.Tester, err = r.person(ctx, m, rec.Person); err != nil {
			return e, err
		}
	}
	if item.Format == evidence.FormatAcceptance {
		err = r.steps(ctx, m, rec, item, &e)
	}
	return e, err
}

// steps adds what a tester recorded step by step, and who reviewed it.
func (r *Reporter) steps(ctx context.Context, m *moment, rec state.Recorded, item evidence.Item, e *document.Evidence) error {
	raw, err := r.Blobs.Bytes(ctx, item.SHA256)
	if err != nil {
		return err
	}
	protocol, err := acceptance.ParseProtocol(raw)
	if err != nil {
		return err
	}
	e.Steps = executedSteps(protocol)
	for _, a := range m.run.Acceptances {
		if a.Submitted != nil && a.Submitted.Signature == rec.Signature && a.Reviewed != nil {
			e.Reviewer, err = r.person(ctx, m, a.Reviewed.Person)
		}
	}
	return err
}

func executedSteps(p acceptance.Protocol) []document.ExecutedStep {
	var out []document.ExecutedStep
	for _, t := range p.Tests {
		for i, record := range t.Records {
			s := document.ExecutedStep{
				Test: t.ID, Step: int64(i + 1), Action: t.Steps[i].Action, Expected: t.Steps[i].Expected,
				Actual: record.Actual, Verdict: string(record.Verdict), At: record.At, Corrected: int64(len(record.Corrects)), Reason: record.Reason, Deviation: record.Deviation,
			}
			for _, f := range record.Attachments {
				s.Files = append(s.Files, document.File{Path: f.Name, SHA256: f.SHA256})
			}
			out = append(out, s)
		}
	}
	return out
}

// condense makes one case of the files that are as they should be; differences
// stay one by one.
func condense(cases []evidence.Classified) []evidence.Classified {
	var out []evidence.Classified
	var same int
	var first evidence.Classified
	for _, c := range cases {
		if c.Case.Outcome != evidence.Passed {
			out = append(out, c)
			continue
		}
		if same == 0 {
			first = c
		}
		same++
	}
	if same == 0 {
		return out
	}
	first.Case.Name = fmt.Sprintf("files that equal the artifact: %d", same)
	return append([]evidence.Classified{first}, out...)
}

// source says where an item came from.
func source(rec state.Recorded, item evidence.Item) string {
	switch {
	case rec.Person != "":
		return "manual record"
	case item.Format == evidence.FormatConclusion:
		return "job conclusion"
	case item.Format == evidence.FormatInstallation:
		return "installation verification"
	case item.Format == evidence.FormatRehearsal:
		return "rehearsal of the rollback"
	case item.Format == evidence.FormatTaskRuns:
		return "run by the target"
	}
	return "result file"
}
