package verify

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// handed are the bytes of a report that the ledger names, here or elsewhere.
func (f *folder) handed(kind, digest string) ([]byte, bool) {
	data, ok := f.files[releaselog.ReportPath(kind, digest)]
	if !ok {
		data, ok = f.external(digest)
	}
	return data, ok && canonical.SHA256(data) == digest
}

// counted counts what stands in a report again. One that is not here is not
// counted, and told of as an external file.
func (f *folder) counted(e ledger.Event, r component.Handed) {
	data, ok := f.handed(r.Kind, r.SHA256)
	if !ok {
		return
	}
	where := f.at(releaselog.ReportPath(r.Kind, r.SHA256))
	read, err := component.Read(component.Kind(r.Kind), data)
	if err != nil {
		f.report.add(where, e.Seq, "recount", "%v", err)
		return
	}
	got := numbers(read.Hand(component.Kind(r.Kind), r.Name, r.SHA256, int64(len(data))))
	if want := numbers(r); got != want {
		f.report.add(where, e.Seq, "recount", "counted again it has %s, the ledger says %s", got, want)
	}
}

func numbers(h component.Handed) string {
	return fmt.Sprintf("%d bytes, %d components, %d critical, %d high, %d medium, %d low, %d unknown, %d assessed", h.Size, h.Components, h.Critical, h.High, h.Medium, h.Low, h.Unknown, h.Assessed)
}

// demanded decides again what the baseline demanded of reports about the artifact
// when a gate opened, with the threshold and the waivers of that moment. Where a
// report that counts is not here, nothing can be said.
func (f *folder) demanded(def gate.Definition, run string, g gate.State, frozen opening) []string {
	facts := gate.Facts{Scans: f.baseline(g.OpenedSeq).Scans, Waivers: approval.Effective(frozen.standing.Approvals, frozen.time), Deployments: map[string]deployment.Deployed{}}
	if !facts.Scans.Any() {
		return nil
	}
	for _, e := range f.history.streams[ledger.EnvironmentStream(f.index.Solution, def.After)] {
		if d, ok := e.Data.(*deployment.Deployed); ok && d.Run == run && e.Seq < g.OpenedSeq {
			facts.Deployments[def.After] = *d
		}
	}
	latest := map[string]string{}
	for _, e := range f.history.streams[ledger.RunStream(run)] {
		if e.Seq > g.Opened.Position {
			break
		}
		switch d := e.Data.(type) {
		case *pipeline.ExecutionQueued:
			latest[d.Job] = d.Execution
		case *pipeline.ArtifactKept:
			var err error
			facts.Kept, facts.Parts = d.Tree, d.Parts
			if facts.Files, err = f.tree(f.files[releaselog.AttestationPath(fmt.Sprintf("build-%d", e.Seq))], *d); err != nil && len(facts.Scans.Builders) > 0 {
				return []string{fmt.Sprintf("the files of artifact %.12s are not known: %v", d.Tree, err)}
			}
		case *component.Described:
			for _, h := range d.Reports {
				facts.Reports = append(facts.Reports, gate.Report{Handed: h, Execution: d.Execution, Tree: d.Tree, Seq: e.Seq})
			}
		}
	}
	for i := range facts.Reports {
		r := &facts.Reports[i]
		if r.Latest = latest[pipeline.JobOf(r.Execution)] == r.Execution; !r.Latest || r.Tree != facts.Deployments[def.After].Tree {
			continue // does not count
		}
		data, ok := f.handed(r.Kind, r.SHA256)
		if !ok {
			return nil
		}
		var err error
		if r.Content, err = component.Read(component.Kind(r.Kind), data); err != nil {
			r.Problem = err.Error()
		}
	}
	return def.Unmet(facts)
}
