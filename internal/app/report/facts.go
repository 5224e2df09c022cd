package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/app/signed"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Facts gathers everything that documents may say of a run's release, as the
// run and the standing were folded. They hold the gates up to the named one, ""
// for all; a gate outside of the profile is among them once it was heard of.
func (r *Reporter) Facts(ctx context.Context, run state.Run, s gate.Standing, gateName string) (document.Facts, error) {
	m, err := r.of(ctx, run, s)
	if err != nil {
		return document.Facts{}, err
	}
	return r.facts(ctx, m, gateName)
}

// of is the moment at which a run and its release were folded.
func (r *Reporter) of(ctx context.Context, run state.Run, s gate.Standing) (*moment, error) {
	if s.Registered == nil {
		return nil, errNoRelease(run)
	}
	size, err := r.sizeOf(ctx, run, s)
	if err != nil {
		return nil, err
	}
	return r.at(ctx, run.Run.Run, s.Registered.Solution, s.Registered.Version, size)
}

func (r *Reporter) facts(ctx context.Context, m *moment, gateName string) (document.Facts, error) {
	f := document.Facts{
		Schema: document.FactsSchema, FrozenAt: m.time, Evaluation: m.evaluation(), Tool: r.Tool,
		Product: m.product(), Release: m.release(), Sources: m.sources(), Documents: []document.Reference{}, Restriction: signed.Restriction(m.standing),
		Policy: document.Policy{Profile: m.run.Run.Profile, SHA256: m.policy, Baseline: strconv.Itoa(m.revision)},
	}
	for _, fill := range []func(context.Context, *moment, *document.Facts) error{
		r.fillLedger, r.fillPeople, r.fillNote, r.fillPrevious, r.fillEvidence, r.fillJobs, r.fillArtifacts,
		r.fillEnvironments, r.fillRollback, r.fillExceptions, r.fillSetting, r.fillHistory,
	} {
		if err := fill(ctx, m, &f); err != nil {
			reg := m.standing.Registered
			return f, fmt.Errorf("facts of release %s of %s: %w", reg.Version, reg.Solution, err)
		}
	}
	var err error
	if f.Decisions, err = r.signed().Decisions(ctx, m.standing, m.ofRelease); err != nil {
		return f, err
	}
	if f.Gates, err = r.gates(ctx, m, gateName); err != nil {
		return f, err
	}
	traced, err := r.Tracer.Trace(ctx, m.run, m.standing, gateName, m.time)
	if err != nil {
		return f, fmt.Errorf("matrix of release %s: %w", f.Release.Version, err)
	}
	f.Matrix, f.Items = traced.Matrix.Document(), traced.Printed()
	return f, nil
}

// evaluation is why the run is no record for regulated use, "" when it is one.
func (m *moment) evaluation() string {
	var why []string
	if m.run.Run.Evaluated {
		why = append(why, fmt.Sprintf("the jobs ran without isolation that counts (sandbox %q)", m.run.Run.Sandbox))
	}
	if m.baseline.Evaluation {
		why = append(why, "the baseline of the solution is for evaluation")
	}
	return strings.Join(why, "; ")
}

func (m *moment) product() document.Product {
	return document.Product{
		Key: m.baseline.Solution, Repository: m.baseline.Code,
		RequirementsRepository: m.baseline.Requirements, ReleaseLogRepository: m.baseline.ReleaseLog,
	}
}

func (m *moment) release() document.Release {
	reg := m.standing.Registered
	change := m.standing.Change
	out := document.Release{
		ChangeType: string(cmp.Or(change.Type, release.Normal)), Reference: change.Declared.Reference, Because: change.Because,
		Version: reg.Version, Tag: reg.Tag, TagObject: reg.TagObject, Commit: reg.Commit, FilesSHA256: reg.Files,
		RequirementsCommit: reg.RequirementsCommit, Run: m.run.Run.Run, State: string(m.standing.State),
	}
	if change.Declared.Type != change.Type {
		out.Declared = string(change.Declared.Type)
	}
	return out
}

func (m *moment) sources() []document.Source {
	out := []document.Source{}
	for _, s := range m.run.Plan.Sources {
		out = append(out, document.Source{Uses: s.Path, Path: strings.TrimPrefix(s.Path, "./"), SHA256: s.SHA256, Origin: s.Origin})
	}
	return out
}

// fillPeople names who pushed the tag and the authors, each once. An identity
// that was not mapped to a person at registration stands as its digest.
func (r *Reporter) fillPeople(ctx context.Context, m *moment, f *document.Facts) error {
	f.Authors = []document.Person{}
	for _, a := range m.standing.Registered.Authors {
		p := document.Person{ID: "git identity " + prefix(a.Identity)}
		if a.Person != "" {
			var err error
			if p, err = r.person(ctx, m, a.Person); err != nil {
				return err
			}
		}
		if a.As == "tagger" {
			f.Trigger = p
		}
		if !slices.Contains(f.Authors, p) {
			f.Authors = append(f.Authors, p)
		}
	}
	if who := m.run.Run.Trigger.Actor; who != "" && f.Trigger.Login != who {
		f.Trigger = document.Person{ID: who}
	}
	return nil
}

func prefix(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}

func (r *Reporter) fillNote(ctx context.Context, m *moment, f *document.Facts) error {
	reg := m.standing.Registered
	data, err := r.Blobs.Bytes(ctx, reg.Note)
	if err != nil {
		return fmt.Errorf("release note: %w", err)
	}
	v, err := release.ParseVersion(reg.Version)
	if err != nil {
		return err
	}
	note, _ := release.ParseNote(v.NotePath(), data)
	f.Note = note.Facts(v.NotePath(), data)
	return nil
}

func (r *Reporter) fillPrevious(ctx context.Context, m *moment, f *document.Facts) error {
	reg := m.standing.Registered
	if reg.Previous == "" {
		f.Previous = document.Previous{First: true}
		return nil
	}
	before, _, err := r.State.StandingAt(ctx, ledger.ReleaseStream(reg.Solution, reg.Previous), m.size)
	if err != nil {
		return err
	}
	f.Previous = document.Previous{Version: reg.Previous, State: string(before.State)}
	if before.Registered != nil {
		f.Previous.Commit = before.Registered.Commit
	}
	for _, last := range []string{gate.ApproveToPrd, gate.ApproveForUse} {
		if c := before.Gate(last).Consumed; c != nil {
			f.Previous.ManifestSHA256 = c.Manifest
		}
	}
	return nil
}
