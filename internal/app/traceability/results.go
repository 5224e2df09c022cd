package traceability

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// results are the counted cases of every attempt.
func (t *Tracer) results(ctx context.Context, run state.Run) ([]trace.Result, error) {
	var out []trace.Result
	for _, rec := range run.Evidence {
		for _, item := range rec.Items {
			if !item.Counted {
				continue
			}
			_, judged, err := t.Judged(ctx, run, rec, item)
			if err != nil {
				return nil, err
			}
			out = append(out, trace.Results(judged, run.AttemptOf(rec), item.Commit, item.SHA256)...)
		}
	}
	return out, nil
}

// Judged reads the file of an item again, whatever its format, and gives the
// part that the item was made of. A file of several verifications gives each
// case to one item.
func (t *Tracer) Judged(ctx context.Context, run state.Run, rec state.Recorded, item evidence.Item) (evidence.Report, evidence.Judged, error) {
	report, err := t.read(ctx, item)
	if err == nil {
		report, err = t.bind(ctx, Pin{Solution: run.Run.Solution, Code: run.Run.Trigger.SHA}, report)
	}
	if err != nil {
		return report, evidence.Judged{}, fmt.Errorf("evidence %q: %w", item.Name, err)
	}
	judged, ok := item.Find(evidence.Judge(report, run.Origin(rec, item)))
	if !ok {
		return report, judged, fmt.Errorf("evidence %q: it was recorded as %s in %q and holds nothing of it now", item.Name, item.Verification, item.Environment)
	}
	return report, judged, nil
}

// read reads the file of an item. Those of test tools may be of any size.
func (t *Tracer) read(ctx context.Context, item evidence.Item) (report evidence.Report, err error) {
	if own, ok := ownFormats[item.Format]; ok {
		raw, err := t.Blobs.Bytes(ctx, item.SHA256)
		if err != nil {
			return report, err
		}
		return own(raw)
	}
	blob, err := t.Blobs.Open(ctx, item.SHA256)
	if err != nil {
		return report, err
	}
	defer blob.Close()
	if report = t.Results(item.Name, blob); report.SHA256 != item.SHA256 {
		return report, fault.New(fault.Unverified, "blob %s holds other bytes (%s)", item.SHA256, report.SHA256)
	}
	return report, nil
}

// ownFormats are the results that this program makes itself.
var ownFormats = map[string]func([]byte) (evidence.Report, error){
	evidence.FormatConclusion:   evidence.ReadConclusion,
	evidence.FormatAcceptance:   acceptance.ReadProtocol,
	evidence.FormatInstallation: deploy.ReadReport[deploy.Installation],
	evidence.FormatRehearsal:    deploy.ReadReport[deploy.Rehearsal],
	evidence.FormatTaskRuns:     deploy.ReadReport[deploy.TaskRuns],
}

// bind gives cases that name no item the ids of the test map at the commit. Ids
// decide nothing of what a case proves, so the item that was recorded stays the
// same.
func (t *Tracer) bind(ctx context.Context, p Pin, r evidence.Report) (evidence.Report, error) {
	if _, own := ownFormats[r.Format]; own || !trace.Unbound(r) {
		return r, nil
	}
	m, known := t.maps.get(p)
	if !known {
		tree, err := t.code(ctx, p)
		if err != nil {
			return r, err
		}
		if m, err = t.readTestMap(ctx, tree, p.Code); err != nil {
			return r, err
		}
		t.maps.put(p, m)
	}
	return m.Bind(r), nil
}

func (t *Tracer) readTestMap(ctx context.Context, code Tree, commit string) (trace.TestMap, error) {
	data, ok, err := code.ReadFile(ctx, commit, trace.TestMapFile)
	if err != nil || !ok {
		return nil, err
	}
	return t.Sources.TestMap(data), nil
}
