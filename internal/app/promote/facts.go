package promote

import (
	"context"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Facts gathers what a gate of a release looks at.
func (g *Gates) Facts(ctx context.Context, run state.Run, s gate.Standing, name string) (gate.Facts, error) {
	r, now := s.Registered, ledger.FormatTime(g.Now())
	f := gate.Facts{
		Commit: r.Commit, Deployments: map[string]deployment.Deployed{}, Authors: map[string]bool{}, Evidence: Evidence(run),
		Deviations: s.Deviations, Waivers: approval.Effective(s.Approvals, now),
	}
	if err := g.authors(ctx, r, &f); err != nil {
		return f, err
	}
	var err error
	if f.Emergencies, err = g.emergencies(ctx, r); err != nil {
		return f, err
	}
	if f.TagMoved, err = g.tagMoved(ctx, s); err != nil {
		return f, err
	}
	note, err := g.Blobs.Bytes(ctx, r.Note)
	if err != nil {
		return f, err
	}
	f.Note = g.Sources.NoteFindings(ctx, r.Version, note)
	if f.Unplanned, f.Gaps, err = g.Sources.Trace(ctx, run, s, name, now); err != nil {
		return f, err
	}
	for _, place := range policy.Places {
		there, err := g.State.Place(ctx, r.Solution, place)
		if err != nil {
			return f, err
		}
		if d, ok := there.Of(run.Run.Run); ok {
			f.Deployments[place] = d.Deployed
		}
	}
	solution, err := g.Solutions.Solution(ctx, r.Solution)
	if err != nil {
		return f, err
	}
	f.Opaque = solution.Rebuilds == "accepted"
	if err := g.artifact(ctx, run, solution.Scans, name, &f); err != nil {
		return f, err
	}
	def, _ := s.Definition(policy.Profile(run.Run.Profile), name)
	if f.Plan, err = g.plan(ctx, run, s, def.Enters); err != nil {
		return f, err
	}
	if f.Rehearsal, err = g.rehearsal(ctx, solution, s); err != nil {
		return f, err
	}
	if def.After != "prd" && name != gate.CatchUp {
		return f, nil
	}
	if f.Unreviewed, err = g.Reviews.Unreviewed(ctx, r.Solution, r.Version); err != nil {
		return f, err
	}
	f.Drift, err = g.Sources.Drift(ctx, r.Solution, "prd")
	return f, err
}

// tagMoved says what the tag of a release points to when it is not what was
// registered.
func (g *Gates) tagMoved(ctx context.Context, s gate.Standing) (string, error) {
	r := s.Registered
	object, err := g.Sources.TagObject(ctx, r.Solution, r.Tag)
	if err != nil || s.Moved == nil && object == r.TagObject {
		return "", err
	}
	return fmt.Sprintf("%s points to %.12s, registered was %.12s", r.Tag, object, r.TagObject), nil
}

// rehearsal is which rollback is to be rehearsed before the release may enter PRD.
func (g *Gates) rehearsal(ctx context.Context, solution policy.Solution, s gate.Standing) (*gate.Rehearsal, error) {
	if !gate.Rehearses(solution.Profile, s.Change.Type) {
		return nil, nil
	}
	prd, err := g.State.Place(ctx, solution.Solution, "prd")
	return deploy.RehearsalOf(solution, s.Registered.Version, prd), err
}

// artifact gathers what is demanded and known of the artifact; the gates that
// decide on reports read them.
func (g *Gates) artifact(ctx context.Context, run state.Run, demanded policy.Scans, name string, f *gate.Facts) (err error) {
	if f.Scans = demanded; name != gate.PreVal && name != gate.CatchUp {
		demanded = policy.Scans{}
	}
	if run.Kept != nil {
		f.Kept, f.Parts = run.Kept.Tree, run.Kept.Parts
	}
	if run.Kept != nil && len(demanded.Builders) > 0 {
		raw, err := g.Blobs.Bytes(ctx, run.Kept.Manifest)
		if err != nil {
			return fmt.Errorf("artifact %s: %w", run.Kept.Tree, err)
		}
		if err := canonical.Unmarshal(raw, &f.Files); err != nil {
			return fmt.Errorf("artifact %s: %w", run.Kept.Tree, err)
		}
	}
	f.Reports, err = g.State.Reports(ctx, run, demanded)
	return err
}

// plan is what was planned last for the place behind a gate.
func (g *Gates) plan(ctx context.Context, run state.Run, s gate.Standing, place string) (*gate.Plan, error) {
	if place == "" {
		return nil, nil
	}
	there, err := g.State.Place(ctx, run.Run.Solution, place)
	if err != nil {
		return nil, err
	}
	p, ok := there.Planned(run.Run.Run, "")
	if !ok {
		return nil, nil
	}
	return &gate.Plan{Planned: p, Deletable: approval.Deletable(s.Approvals, p.Plan)}, nil
}

// authors finds whose work is in the release; an identity may have been mapped
// after the release was registered.
func (g *Gates) authors(ctx context.Context, r *release.Registered, f *gate.Facts) error {
	for _, a := range r.Authors {
		person := a.Person
		if person == "" {
			var err error
			if person, err = g.Lists.PersonByIdentity(ctx, a.Identity); err != nil {
				return err
			}
		}
		if person != "" {
			f.Authors[person] = true
			continue
		}
		f.Unmapped = append(f.Unmapped, fmt.Sprintf("%s %.12s", a.As, a.Identity))
	}
	return nil
}

// emergencies are the other versions of the solution that are in use before
// everything about them is done.
func (g *Gates) emergencies(ctx context.Context, r *release.Registered) ([]string, error) {
	all, err := g.Lists.Releases(ctx, r.Solution)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, other := range all {
		if other.Version == r.Version {
			continue
		}
		s, err := g.State.Release(ctx, r.Solution, other.Version)
		if err != nil {
			return nil, err
		}
		if s.Restricted() {
			out = append(out, other.Version)
		}
	}
	return out, nil
}

// Evidence is every item of a run, each with whether its attempt is the latest
// of its job.
func Evidence(run state.Run) []gate.Evidence {
	var out []gate.Evidence
	for _, rec := range run.Evidence {
		for _, item := range rec.Items {
			out = append(out, gate.Evidence{Item: item, Execution: rec.Execution, Job: rec.Job, Person: rec.Person, Agreed: run.Agreed(rec), Latest: run.Latest(rec)})
		}
	}
	return out
}

// artifacts are the trees in the places, each with the artifacts that it binds.
func artifacts(f gate.Facts, kept *pipeline.ArtifactKept) []gate.ManifestArtifact {
	out := []gate.ManifestArtifact{}
	for _, place := range policy.Places {
		d, ok := f.Deployments[place]
		if !ok {
			continue
		}
		i := slices.IndexFunc(out, func(a gate.ManifestArtifact) bool { return a.Tree == d.Tree })
		if i < 0 {
			out = append(out, gate.ManifestArtifact{Tree: d.Tree})
			i = len(out) - 1
			if kept != nil && kept.Tree == d.Tree {
				out[i].Parts = kept.Parts
			}
		}
		out[i].Environments = append(out[i].Environments, place)
	}
	return out
}

// manifest freezes the facts.
func (g *Gates) manifest(ctx context.Context, name string, opening int, f gate.Facts, run state.Run, s gate.Standing, solution policy.Solution, documents []gate.RenderedDocument) (gate.Manifest, error) {
	r := s.Registered
	m := gate.Manifest{
		Schema: gate.ManifestSchema, Gate: name, Opening: opening, Solution: r.Solution, Version: r.Version,
		Sources:            []gate.ManifestSource{{Repository: run.Run.Trigger.Repository, Tag: r.Tag, TagObject: r.TagObject, Commit: r.Commit, Files: r.Files}},
		Note:               r.Note,
		RequirementsCommit: r.RequirementsCommit, Workflows: run.Plan.Sources, Plan: run.Run.Plan, Policy: solution.Digest,
		Builds: builds(run.Events), Artifacts: artifacts(f, run.Kept), Evidence: []gate.ManifestEvidence{}, Deviations: []string{}, Documents: documents, Change: s.Change, Waivers: f.Waivers,
		PreviousGate: previousGate(s, name), Deployment: behind(f), Reports: gate.Reports(f.Reports),
	}
	if m.Workflows == nil {
		m.Workflows = []pipeline.Source{}
	}
	if m.Documents == nil {
		m.Documents = []gate.RenderedDocument{}
	}
	for _, e := range f.Evidence {
		m.Evidence = append(m.Evidence, gate.ManifestEvidence{
			Execution: e.Execution, Name: e.Name, SHA256: e.SHA256, Verification: e.Verification,
			Environment: e.Environment, Verdict: e.Verdict, Counted: e.Counted, Latest: e.Latest,
		})
	}
	for _, d := range f.Deviations {
		m.Deviations = append(m.Deviations, d.Summary())
	}
	if r.Previous != "" {
		before, err := g.State.Release(ctx, r.Solution, r.Previous)
		if err != nil {
			return m, err
		}
		for _, last := range []string{gate.ApproveToPrd, gate.ApproveForUse} {
			if c := before.Gate(last).Consumed; c != nil {
				m.PreviousRelease = c.Manifest
			}
		}
	}
	return m, nil
}

// behind is the deployment that the gate lets through, nil for none.
func behind(f gate.Facts) *gate.ManifestDeployment {
	if f.Plan == nil {
		return nil
	}
	return &gate.ManifestDeployment{Environment: f.Plan.Environment, Plan: f.Plan.Plan, Summary: f.Plan.Summary, Destroys: f.Plan.Destroys}
}

// previousGate is the manifest of the gate that was consumed before.
func previousGate(s gate.Standing, name string) string {
	var digest string
	for _, n := range []string{gate.PreVal, gate.ApproveToPrd, gate.ApproveForUse} {
		if n == name {
			break
		}
		if c := s.Gate(n).Consumed; c != nil {
			digest = c.Manifest
		}
	}
	return digest
}

// builds are the versions of this program that wrote the run's events.
func builds(events []ledger.Header) []string {
	out := []string{}
	for _, e := range events {
		if !slices.Contains(out, e.Build) {
			out = append(out, e.Build)
		}
	}
	slices.Sort(out)
	return out
}
