package verify

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// described finds every report about the artifact that the ledger names, counts it
// again, and holds it to the artifact that the run kept before.
func (f *folder) described(events []ledger.Event) {
	kept := ""
	for _, e := range events {
		switch d := e.Data.(type) {
		case *pipeline.ArtifactKept:
			kept = d.Tree
		case *component.Described:
			if d.Tree != kept {
				f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "artifact", "reports are about artifact %.12s, the run kept %.12s", d.Tree, kept)
			}
			for _, r := range d.Reports {
				if !slices.Contains(component.Kinds(), component.Kind(r.Kind)) {
					f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "artifact", "report %s is of kind %q", r.Name, r.Kind)
					continue
				}
				if !slices.ContainsFunc(f.index.Externals, func(x releaselog.External) bool { return x.SHA256 == r.SHA256 }) {
					f.here(releaselog.ReportPath(r.Kind, r.SHA256), r.SHA256, e.Seq, "artifact")
				}
				f.counted(e, r)
			}
		}
	}
}

// reports compares the reports that a manifest names with those of the run up to
// the position at which it was frozen.
func (f *folder) reports(m gate.Manifest, run string, position int64) []string {
	latest := map[string]string{}
	var want []gate.ManifestReport
	for _, e := range f.history.streams[ledger.RunStream(run)] {
		if e.Seq > position {
			break
		}
		switch d := e.Data.(type) {
		case *pipeline.ExecutionQueued:
			latest[d.Job] = d.Execution
		case *component.Described:
			for _, r := range d.Reports {
				want = append(want, gate.ManifestReport{Execution: d.Execution, Kind: r.Kind, Name: r.Name, SHA256: r.SHA256, Tree: d.Tree})
			}
		}
	}
	for i, r := range want {
		want[i].Latest = latest[pipeline.JobOf(r.Execution)] == r.Execution
	}
	if !slices.Equal(m.Reports, want) {
		return []string{fmt.Sprintf("names %d reports about the artifact, which are not the %d of the run", len(m.Reports), len(want))}
	}
	return nil
}
