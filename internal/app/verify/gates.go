package verify

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// gates decides every consumed gate again with the rules that decided it: the
// signatures that the profile demands, by different people, each eligible when
// the gate was consumed, over the manifest that is here.
func (f *folder) gates() {
	var s gate.Standing
	previous := ""
	opened := map[string]opening{}
	for _, e := range f.own() {
		if d, ok := e.Data.(*gate.Consumed); ok {
			f.consumed(s, e, d, opened[d.Gate], previous)
			previous = d.Manifest
		}
		s = gate.Apply(s, e)
		if d, ok := e.Data.(*gate.Opened); ok {
			opened[d.Gate] = opening{s, e.Time}
		}
	}
	if s.Gate(f.index.Gate).Phase != gate.PhaseConsumed {
		f.add("ledger", "gate", "gate %s is %s, published is what it let through", f.index.Gate, s.Gate(f.index.Gate).Phase)
	}
}

func (f *folder) consumed(s gate.Standing, e ledger.Event, d *gate.Consumed, frozen opening, previous string) {
	bad := func(format string, args ...any) {
		f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "gate", "gate "+d.Gate+": "+format, args...)
	}
	g := s.Gate(d.Gate)
	if g.Phase != gate.PhaseOpen || g.Opened == nil || g.Opened.Manifest != d.Manifest {
		bad("was consumed while it was %s", g.Phase)
		return
	}
	profile := f.profile(e.Seq)
	def, demanded := s.Definition(profile, d.Gate)
	if demanded == g.Opened.Unsigned {
		bad("unsigned is %v in profile %s", g.Opened.Unsigned, profile)
	}
	if s.Automatic && !f.baseline(e.Seq).Rollback.Automatic {
		bad("nobody asked for the rollback, and the baseline lets no place go back by itself")
	}
	effective := gate.Effective(s, d.Gate, f.index.Solution, func(id string) policy.Subject { return f.person(id, e.Seq).At(e.Time) })
	if open := gate.Unsigned(def, effective); len(open) > 0 {
		bad("nobody eligible signed %v", open)
	}
	for _, id := range d.Signatures {
		if !slices.ContainsFunc(effective, func(x gate.Signed) bool { return x.Signature == id }) {
			bad("signature %s did not count", id)
		}
	}
	file := releaselog.ManifestPath(d.Gate)
	if !f.here(file, d.Manifest, e.Seq, "manifest") {
		return
	}
	var m gate.Manifest
	if err := canonical.Unmarshal(f.files[file], &m); err != nil {
		f.add(file, "manifest", "%v", err)
		return
	}
	for _, wrong := range append(f.manifest(m, g, previous), frozen.change(m)...) {
		f.add(file, "manifest", "%s", wrong)
	}
	f.planned(m, e.Seq)
	if r := f.registered(); r != nil {
		for _, wrong := range append(f.frozen(m, r.Run, g.Opened.Position), f.reports(m, r.Run, g.Opened.Position)...) {
			f.add(file, "frozen", "%s", wrong)
		}
		for _, wrong := range f.demanded(def, r.Run, g, frozen) {
			bad("opened without what the baseline demands: %s", wrong)
		}
	}
}

// manifest compares what was signed with the ledger and the files that are
// here.
func (f *folder) manifest(m gate.Manifest, g gate.State, previous string) []string {
	var out []string
	o := g.Opened
	same := func(what, got, want string) {
		if got != want {
			out = append(out, fmt.Sprintf("%s is %q, the ledger says %q", what, got, want))
		}
	}
	same("schema", m.Schema, gate.ManifestSchema)
	same("gate", m.Gate, o.Gate)
	same("opening", fmt.Sprint(m.Opening), fmt.Sprint(o.Opening))
	same("solution", m.Solution, f.index.Solution)
	same("version", m.Version, f.index.Version)
	if digest, err := canonical.Digest(f.baseline(g.OpenedSeq)); err == nil {
		same("policy", m.Policy, digest)
	}
	documents, err := canonical.Digest(m.Documents)
	if want, err2 := canonical.Digest(o.Documents); !f.isRollback() && (err != nil || err2 != nil || documents != want) {
		out = append(out, "documents are not those that were rendered when the gate opened")
	}
	r := f.registered()
	if r == nil {
		return append(out, f.rollback(m)...)
	}
	same("previous gate", m.PreviousGate, previous)
	same("requirements commit", m.RequirementsCommit, r.RequirementsCommit)
	same("note", m.Note, r.Note)
	if note, ok := f.files["release-note.md"]; !ok || canonical.SHA256(note) != m.Note {
		out = append(out, "release-note.md is not the note that was signed")
	}
	if len(m.Sources) != 1 {
		return append(out, fmt.Sprintf("%d sources, want 1", len(m.Sources)))
	}
	same("tag", m.Sources[0].Tag, r.Tag)
	same("tag object", m.Sources[0].TagObject, r.TagObject)
	same("commit", m.Sources[0].Commit, r.Commit)
	same("files", m.Sources[0].Files, r.Files)
	for _, a := range m.Artifacts {
		for _, place := range a.Environments {
			if !slices.ContainsFunc(f.history.streams[ledger.EnvironmentStream(f.index.Solution, place)], func(e ledger.Event) bool {
				d, ok := e.Data.(*deployment.Deployed)
				return ok && d.Run == r.Run && d.Tree == a.Tree
			}) {
				out = append(out, fmt.Sprintf("artifact %.12s was not deployed to %s", a.Tree, place))
			}
		}
		if want := f.parts(r.Run, a.Tree); !slices.Equal(a.Parts, want) {
			out = append(out, fmt.Sprintf("artifact %.12s binds %v, the run kept %v", a.Tree, a.Parts, want))
		}
	}
	return out
}

// parts are the artifacts that a run bound to a tree when it kept it.
func (f *folder) parts(run, tree string) []deployment.Part {
	for _, e := range f.history.streams[ledger.RunStream(run)] {
		if d, ok := e.Data.(*pipeline.ArtifactKept); ok && d.Tree == tree {
			return d.Parts
		}
	}
	return nil
}

// frozen compares the manifest's evidence with the run up to the position of
// the ledger at which it was frozen: nothing left out and nothing made up.
func (f *folder) frozen(m gate.Manifest, run string, position int64) []string {
	var out []string
	events := f.history.streams[ledger.RunStream(run)]
	at := func(e ledger.Event) bool { return e.Seq == position }
	if !slices.ContainsFunc(events, at) && !slices.ContainsFunc(f.own(), at) {
		return []string{fmt.Sprintf("was frozen at event %d, which is neither of the run nor of the release", position)}
	}
	latest := map[string]string{}
	var items []gate.ManifestEvidence
	for _, e := range events {
		if e.Seq > position {
			break
		}
		switch d := e.Data.(type) {
		case *pipeline.RunStarted:
			if d.Plan != m.Plan {
				out = append(out, fmt.Sprintf("plan is %s, the run has %s", m.Plan, d.Plan))
			}
		case *pipeline.ExecutionQueued:
			latest[d.Job] = d.Execution
		case *evidence.Recorded:
			for _, i := range d.Items {
				items = append(items, gate.ManifestEvidence{
					Execution: d.Execution, Name: i.Name, SHA256: i.SHA256, Verification: i.Verification, Environment: i.Environment,
					Verdict: i.Verdict, Counted: i.Counted,
				})
			}
		}
	}
	for i := range items {
		items[i].Latest = items[i].Execution == "" || latest[pipeline.JobOf(items[i].Execution)] == items[i].Execution
	}
	left := slices.Clone(m.Evidence)
	for _, i := range items {
		at := slices.Index(left, i)
		if at < 0 {
			out = append(out, fmt.Sprintf("evidence %s of %q is in the run and not in the manifest", i.Name, i.Execution))
			continue
		}
		left = slices.Delete(left, at, at+1)
	}
	for _, i := range left {
		out = append(out, fmt.Sprintf("evidence %s of %q is in the manifest and not in the run", i.Name, i.Execution))
	}
	return out
}
