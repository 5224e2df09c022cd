package report

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// fillEnvironments lists the places that the run has deployed to or has
// evidence in, in the order of promotion.
func (r *Reporter) fillEnvironments(ctx context.Context, m *moment, f *document.Facts) error {
	f.Environments = []document.Environment{}
	for _, name := range policy.Places {
		e := document.Environment{Name: name, Target: m.baseline.Environments[name].Target, Deployments: []document.Deployment{}}
		all := m.places[name].Deployments
		for i, d := range all {
			if d.Run != m.run.Run.Run || d.Rollback != "" {
				continue
			}
			until := m.size
			if i+1 < len(all) {
				until = all[i+1].Seq
			}
			deployment, err := r.deployment(ctx, m, d, until)
			if err != nil {
				return err
			}
			e.Deployments = append(e.Deployments, deployment)
		}
		if len(e.Deployments) > 0 || m.proves(name) {
			f.Environments = append(f.Environments, e)
		}
	}
	return nil
}

// proves reports whether the run has evidence in the place.
func (m *moment) proves(place string) bool {
	for _, rec := range m.run.Evidence {
		for _, item := range rec.Items {
			if item.Environment == place {
				return true
			}
		}
	}
	return false
}

// deployment is one deployment with the last read-back of it before the next
// one into the same place.
func (r *Reporter) deployment(ctx context.Context, m *moment, d state.Deployment, until int64) (document.Deployment, error) {
	out := document.Deployment{
		Execution: d.Execution, Version: d.Version, Mode: "native", TreeSHA256: d.Tree, StartedAt: d.Time, EndedAt: d.Time, Outcome: "success",
		IV: document.Installation{State: "not-run"},
	}
	if c, ok := m.run.Claims[d.Execution]; ok {
		out.StartedAt = c.Time
	}
	for _, rec := range m.run.Evidence {
		if rec.Seq <= d.Seq || rec.Seq > until {
			continue
		}
		for _, item := range rec.Items {
			if item.Format != evidence.FormatInstallation || item.Environment != d.Environment || item.Tree != d.Tree {
				continue
			}
			var err error
			if out.IV, err = r.installation(ctx, rec, item); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

func (r *Reporter) installation(ctx context.Context, rec state.Recorded, item evidence.Item) (document.Installation, error) {
	out := document.Installation{State: item.Verdict, At: rec.Time, EvidenceSHA256: item.SHA256}
	raw, err := r.Blobs.Bytes(ctx, item.SHA256)
	if err != nil {
		return out, fmt.Errorf("evidence %q: %w", item.Name, err)
	}
	read, err := deploy.ReadRaw[deploy.Installation](raw)
	if err != nil {
		return out, fmt.Errorf("evidence %q: %w", item.Name, err)
	}
	for _, c := range read.Checks {
		if c.Unread() {
			out.Differences = append(out.Differences, c.Path+": it is not read back, so that nothing is verified of it here")
			continue
		}
		out.Compared++
		if c.Expected != c.Actual {
			out.Differences = append(out.Differences, fmt.Sprintf("%s: expected %s, is %s", c.Path, c.Expected, c.Actual))
		}
	}
	if read.Problem != "" {
		out.Differences = append(out.Differences, read.Problem)
	}
	return out, nil
}

// fillRollback says how to go back: to the release before, with the artifact
// that PRD ran then, and whether that was rehearsed.
func (r *Reporter) fillRollback(ctx context.Context, m *moment, f *document.Facts) error {
	reg := m.standing.Registered
	if reg.Previous == "" {
		f.Rollback = document.Rollback{Reason: "this is the first release"}
		return nil
	}
	for _, d := range m.places["prd"].Deployments {
		if d.Version == reg.Previous {
			f.Rollback = document.Rollback{Applicable: true, Version: d.Version, TreeSHA256: d.Tree}
		}
	}
	if !f.Rollback.Applicable {
		f.Rollback = document.Rollback{Reason: fmt.Sprintf("version %s was not deployed to prd by this installation", reg.Previous)}
		return nil
	}
	fillRehearsal(m, &f.Rollback)
	return r.kept(ctx, m, f)
}

// fillRehearsal says whether the last rehearsal went back and forth again.
func fillRehearsal(m *moment, f *document.Rollback) {
	last := map[string]evidence.Item{} // by what the place was to hold
	for _, rec := range m.run.Evidence {
		for _, item := range rec.Items {
			if item.Verification == string(evidence.RR) && item.Counted {
				last[item.Tree] = item
				f.RehearsedAt, f.Environment = rec.Time, item.Environment
			}
		}
	}
	f.Rehearsed = len(last) > 0
	for _, item := range last {
		f.Rehearsed = f.Rehearsed && item.Verdict == evidence.VerdictPassed
	}
	if !f.Rehearsed {
		f.RehearsedAt, f.Environment = "", ""
	}
}

// kept takes back that a rollback is possible when the artifact is not there.
func (r *Reporter) kept(ctx context.Context, m *moment, f *document.Facts) error {
	for _, d := range m.places["prd"].Deployments {
		if d.Version != f.Rollback.Version || d.Tree != f.Rollback.TreeSHA256 {
			continue
		}
		run, _, err := r.State.RunAt(ctx, d.Run, m.size)
		if err != nil {
			return err
		}
		if run.Kept != nil && run.Kept.Tree == d.Tree {
			return nil
		}
	}
	f.Rollback = document.Rollback{Reason: fmt.Sprintf("the artifact of version %s is not kept", f.Rollback.Version)}
	return nil
}

// about reports whether a recorded subject is this release or run.
func (m *moment) about(subject string) bool {
	reg := m.standing.Registered
	switch ledger.Stream(subject) {
	case ledger.ReleaseStream(reg.Solution, reg.Version), ledger.RunStream(m.run.Run.Run):
		return true
	}
	return false
}
