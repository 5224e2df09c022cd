package verify

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// planned holds what was deployed behind a gate against what its signers saw:
// the plan is here, is what the manifest says of it, and no other was carried
// out.
func (f *folder) planned(m gate.Manifest, consumed int64) {
	d := m.Deployment
	if d == nil {
		return
	}
	file := releaselog.PlanPath(m.Gate)
	if !f.here(file, d.Plan, consumed, "plan") {
		return
	}
	var p deployment.Plan
	if err := canonical.Unmarshal(f.files[file], &p); err != nil {
		f.add(file, "plan", "%v", err)
		return
	}
	switch {
	case p.Schema != deployment.PlanSchema:
		f.add(file, "plan", "schema %q, want %q", p.Schema, deployment.PlanSchema)
	case p.Solution != m.Solution || p.Version != m.Version || p.Environment != d.Environment:
		f.add(file, "plan", "is of %s %s in %s, the gate lets %s %s into %s", p.Solution, p.Version, p.Environment, m.Solution, m.Version, d.Environment)
	case p.Summary() != d.Summary || !slices.Equal(deployment.Few(p.Destroys()), d.Destroys):
		f.add(file, "plan", "does %s %q, people signed for %s %q", p.Summary(), p.Destroys(), d.Summary, d.Destroys)
	case !slices.ContainsFunc(m.Artifacts, func(a gate.ManifestArtifact) bool { return a.Tree == p.Artifact }):
		f.add(file, "plan", "deploys artifact %.12s, which is not in the manifest", p.Artifact)
	}
	for _, e := range f.history.streams[ledger.EnvironmentStream(m.Solution, d.Environment)] {
		x, ok := e.Data.(*deployment.Deployed)
		if ok && e.Seq > consumed && f.mine(*x) && x.Plan != d.Plan {
			f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "plan", "was carried out by plan %.12s, people signed for %.12s", x.Plan, d.Plan)
		}
	}
}

// mine reports whether a deployment is that of the folder's release, or of its
// rollback.
func (f *folder) mine(d deployment.Deployed) bool {
	if r := f.registered(); r != nil {
		return d.Run == r.Run && d.Rollback == ""
	}
	q, ok := f.own()[0].Data.(*deployment.RollbackRequested)
	return ok && d.Rollback == q.Rollback
}

// planOf is the plan that a manifest which is here names, "" for none.
func (f *folder) planOf(name string) string {
	var m gate.Manifest
	if err := canonical.Unmarshal(f.files[releaselog.ManifestPath(name)], &m); err != nil || m.Deployment == nil {
		return ""
	}
	return m.Deployment.Plan
}
