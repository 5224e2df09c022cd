package verify

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/provenance"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// sealed are the statements that one publication named.
type sealed struct {
	publication string
	first, last int64 // seq of the events that name them
	references  []provenance.Reference
}

// attested gathers them by publication, in order.
func (f *folder) attested() []sealed {
	var out []sealed
	for _, e := range f.own() {
		d, ok := e.Data.(*provenance.Attested)
		if !ok {
			continue
		}
		if n := len(out); n == 0 || out[n-1].publication != d.Publication {
			out = append(out, sealed{publication: d.Publication, first: e.Seq})
		}
		s := &out[len(out)-1]
		s.last, s.references = e.Seq, append(s.references, d.Statements...)
	}
	return out
}

// provenance makes every statement again from the ledger and compares it with
// the one that is here: none is left out, none is made up, none is about
// something else. A folder from before there were statements has none.
func (f *folder) provenance() {
	all := f.attested()
	f.unattested(all)
	facts := f.facts()
	after := int64(0)
	for _, s := range all {
		expected, err := facts.Statements(after, s.first)
		if err != nil {
			f.report.add(f.at(f.history.file[s.first]), s.first, "statement", "%v", err)
		}
		after = s.last
		f.statements(s, expected)
	}
}

// unattested names the publications without statements, once there are any.
func (f *folder) unattested(all []sealed) {
	if len(all) == 0 {
		return
	}
	for _, e := range f.own() {
		d, ok := e.Data.(*document.PublicationIntended)
		named := func(s sealed) bool { return s.publication == d.Publication && s.last < e.Seq }
		if ok && e.Seq > all[0].first && !slices.ContainsFunc(all, named) {
			f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "statement", "publication %s states nothing of what happened", d.Publication)
		}
	}
}

// facts are those of the folder; the files of an artifact are those that its
// statement lists, when they are the tree that the ledger names.
func (f *folder) facts() provenance.Facts {
	out := provenance.Facts{Installation: f.keys.Installation, Solution: f.index.Solution, Version: f.index.Version, Subject: f.own()}
	if r := f.registered(); r != nil {
		out.Run = f.history.streams[ledger.RunStream(r.Run)]
		for _, place := range policy.Places {
			out.Places = append(out.Places, f.history.streams[ledger.EnvironmentStream(f.index.Solution, place)]...)
		}
	}
	out.Tree = func(k pipeline.ArtifactKept) (deployment.Tree, error) {
		for _, e := range out.Run {
			if d, ok := e.Data.(*pipeline.ArtifactKept); ok && d.Execution == k.Execution && d.Tree == k.Tree {
				file := releaselog.AttestationPath(fmt.Sprintf("build-%d", e.Seq))
				files, err := f.tree(f.files[file], k)
				if err != nil {
					f.report.add(f.at(file), e.Seq, "statement", "%v", err)
				}
				return files, nil // compared without files, which is found too
			}
		}
		return nil, fmt.Errorf("artifact %.12s is not in the run", k.Tree)
	}
	return out
}

// tree reads the files of an artifact from the envelope of its build, which are
// those of its parts too where it has any.
func (f *folder) tree(envelope []byte, kept pipeline.ArtifactKept) (deployment.Tree, error) {
	var body json.RawMessage
	if err := signature.Peek(envelope, provenance.PayloadType, &body); err != nil {
		return nil, err
	}
	files, err := provenance.TreeOf(body)
	if err != nil {
		return nil, err
	}
	if got := files.Digest(); got != kept.Tree {
		return nil, fmt.Errorf("lists the files of artifact %s, the ledger says %s", got, kept.Tree)
	}
	parts, err := files.Parts(deployment.PartNames(kept.Parts))
	if err != nil {
		return nil, err
	}
	if !slices.Equal(parts, kept.Parts) {
		return nil, fmt.Errorf("lists the files of the artifacts %v, the ledger says %v", parts, kept.Parts)
	}
	return files, nil
}

// statements compares what a publication names with what it had to name, and
// opens each.
func (f *folder) statements(s sealed, expected []provenance.Named) {
	known := map[string]provenance.Named{}
	for _, x := range expected {
		known[x.Name] = x
	}
	for _, r := range s.references {
		x, ok := known[r.Name]
		if !ok || x.Seq != r.Seq {
			f.report.add(f.at(releaselog.AttestationPath(r.Name)), r.Seq, "statement", "states nothing that happened before publication %s", s.publication)
			continue
		}
		delete(known, r.Name)
		f.report.Counts.Statements++
		file := releaselog.AttestationPath(r.Name)
		if !f.here(file, r.Envelope, r.Seq, "statement") && f.files[file] == nil {
			continue
		}
		if err := f.statement(f.files[file], s.first, x.Statement); err != nil {
			f.report.add(f.at(file), r.Seq, "statement", "%v", err)
		}
	}
	for _, x := range expected {
		if _, missing := known[x.Name]; missing {
			f.report.add(f.at(f.history.file[x.Seq]), x.Seq, "statement", "publication %s has no statement %s of it", s.publication, x.Name)
		}
	}
}

// statement says in what an envelope is not the one that is wanted, also where
// its digest told so already: a reader wants to know what was changed. The type
// of the envelope, the algorithm and the types inside are fixed: nothing in it
// can choose another.
func (f *folder) statement(data []byte, seq int64, want provenance.Statement) error {
	var body json.RawMessage
	if err := f.unseal(data, provenance.PayloadType, seq, &body); err != nil {
		return err
	}
	differs, err := provenance.Differs(body, want)
	if err == nil && differs != "" {
		err = fmt.Errorf("%s", differs)
	}
	return err
}
