package traceability

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// TestQuery asks for the document tests of a release.
type TestQuery struct {
	Solution string `json:"solution"`
	Version  string `json:"version"`
	// Results says that the checks which read results run as well.
	Results bool   `json:"results,omitempty"`
	Gate    string `json:"gate,omitempty"` // whose results are expected, "" for the last one that was looked at
}

// TestRun runs the document tests of a run at its commits, without results.
// Version is "" for a run of no release. A rehearsal of a repository that says
// no profile is not judged by that of GxP.
func (t *Tracer) TestRun(ctx context.Context, p Pin, version, profile string) (document.Tested, error) {
	if profile == "" {
		profile = string(policy.NonGxP)
	}
	s, err := t.subject(ctx, p, version, profile)
	if err != nil {
		return document.Tested{}, err
	}
	return t.test(ctx, s)
}

// TestRelease runs the document tests of a registered release as it stands at a
// time (UTC).
func (t *Tracer) TestRelease(ctx context.Context, q TestQuery, now string) (document.Tested, error) {
	standing, err := t.Releases.Release(ctx, q.Solution, q.Version)
	if err != nil {
		return document.Tested{}, err
	}
	if standing.Registered == nil {
		return document.Tested{}, fault.New(fault.NotFound, "release %q of %q is not known", q.Version, q.Solution)
	}
	s, err := t.subject(ctx, PinOf(standing), q.Version, standing.Registered.Profile)
	if err != nil || !q.Results {
		if err != nil {
			return document.Tested{}, err
		}
		return t.test(ctx, s)
	}
	run, err := t.Releases.Run(ctx, standing.Registered.Run)
	if err != nil {
		return document.Tested{}, err
	}
	if q.Gate == "" {
		q.Gate = reached(standing)
	}
	s.results = func(_, _ []trace.Item) ([]document.Finding, document.Left, error) {
		traced, err := t.Trace(ctx, run, standing, q.Gate, now)
		if err != nil {
			return nil, nil, err
		}
		findings, left := traced.Matrix.CheckResults(trace.Circumstance{
			Version: q.Version, At: now, Waivers: waivers(standing), Artifacts: artifacts(run),
		})
		return findings, left, nil
	}
	return t.test(ctx, s)
}

// waivers are those that were asked for of the matrix.
func waivers(s gate.Standing) []trace.Waiver {
	var out []trace.Waiver
	for _, a := range s.Approvals {
		if a.Waiver != nil && a.Waiver.Check == Waivable && a.State != approval.StateRefused {
			out = append(out, trace.Waiver{ID: a.Approval, Item: a.Waiver.Item, Version: a.Version, Signed: a.State == approval.StateGranted, Expires: a.Waiver.Expires})
		}
	}
	return out
}

// artifacts are what results that count were made with, by environment.
func artifacts(run state.Run) map[string][]string {
	out := map[string][]string{}
	for _, rec := range run.Evidence {
		for _, i := range rec.Items {
			if i.Counted && i.Tree != "" {
				out[i.Environment] = append(out[i.Environment], i.Tree)
			}
		}
	}
	return out
}

// subject gathers what a run or release is tested with.
func (t *Tracer) subject(ctx context.Context, p Pin, version, profile string) (s subject, err error) {
	solution, err := t.Solutions.Solution(ctx, p.Solution)
	if err != nil {
		return s, err
	}
	s = subject{project: p.Solution, profile: profile, untested: noVersion, unknown: noVersion}
	if solution.Profile == "" {
		s.project = ""
	}
	s.code = source{commit: p.Code, name: Code}
	if s.code.tree, err = t.Repositories.CodeTree(ctx, solution.Baseline); err != nil {
		return s, err
	}
	s.requirements = source{commit: p.Requirements, name: Requirements}
	if p.Requirements != "" {
		if s.requirements.tree, err = t.Repositories.RequirementsTree(ctx, solution.Baseline); err != nil {
			return s, err
		}
	}
	if version == "" {
		return s, nil
	}
	if s.version, err = release.ParseVersion(version); err != nil {
		return s, err
	}
	s.note = release.Context{Version: s.version, Repository: release.WebAddress(solution.Code)}
	standing, err := t.Releases.Release(ctx, p.Solution, version)
	if err != nil || standing.Registered == nil {
		s.unknown = "the version is not registered"
		return s, err
	}
	return s, t.since(ctx, &s, standing)
}

// since adds the release before, and what was committed since.
func (t *Tracer) since(ctx context.Context, s *subject, standing gate.Standing) error {
	r := standing.Registered
	solution, err := t.Solutions.Solution(ctx, r.Solution)
	if err != nil {
		return err
	}
	s.note.Registered, s.note.Released = r.Note, []release.Version{}
	previous, err := t.chain(ctx, s, standing)
	if err != nil {
		return err
	}
	h := &release.History{}
	b := &before{
		code: source{tree: s.code.tree, name: Code}, requirements: source{tree: s.requirements.tree, name: Requirements},
		commits: map[Repository][]release.Commit{},
	}
	if previous != nil {
		if h.Previous, err = release.ParseVersion(previous.Version); err != nil {
			return err
		}
		b.code.commit, b.requirements.commit = previous.Commit, previous.RequirementsCommit
	}
	history, err := t.Repositories.History(ctx, solution.Baseline, Code)
	if err != nil {
		return err
	}
	if h.Commits, err = history.History(ctx, b.code.commit, r.Commit, "documentation"); err != nil {
		return err
	}
	b.commits[Code] = h.Commits
	s.note.History = h
	if s.before, s.unknown = b, ""; previous == nil {
		s.before, s.unknown = nil, noBefore
		return nil
	}
	if b.requirements.commit == "" || r.RequirementsCommit == "" {
		b.requirements.tree = nil
		return nil
	}
	if history, err = t.Repositories.History(ctx, solution.Baseline, Requirements); err != nil {
		return err
	}
	b.commits[Requirements], err = history.History(ctx, b.requirements.commit, r.RequirementsCommit, "")
	return err
}

// chain follows the releases before, and gives the last of them; nil for none.
func (t *Tracer) chain(ctx context.Context, s *subject, standing gate.Standing) (last *release.Registered, err error) {
	for at := standing.Registered.Previous; at != ""; {
		before, err := t.Releases.Release(ctx, standing.Registered.Solution, at)
		if err != nil {
			return nil, err
		}
		if before.Registered == nil {
			break
		}
		if last == nil {
			last = before.Registered
		}
		v, err := release.ParseVersion(at)
		if err != nil {
			return nil, err
		}
		s.note.Released = append(s.note.Released, v)
		at = before.Registered.Previous
	}
	return last, nil
}
