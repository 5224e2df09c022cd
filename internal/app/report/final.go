package report

import (
	"context"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Finals makes and stores the documents of record of a release: the candidates
// that were signed, each with the page of its signatures, and the certificate.
// It reads the ledger as it was when the last gate was consumed, so that it
// gives the same bytes however much later it is asked. It fails while that gate
// is not consumed.
func (r *Reporter) Finals(ctx context.Context, run state.Run, s gate.Standing) ([]gate.RenderedDocument, error) {
	if s.Registered == nil {
		return nil, errNoRelease(run)
	}
	size, err := r.consumed(ctx, s)
	if err != nil {
		return nil, err
	}
	m, err := r.at(ctx, run.Run.Run, s.Registered.Solution, s.Registered.Version, size)
	if err != nil {
		return nil, err
	}
	f, err := r.facts(ctx, m, gate.ApproveForUse)
	if err != nil {
		return nil, err
	}
	last := slices.IndexFunc(f.Gates, func(g document.Gate) bool { return g.Name == gate.ApproveForUse })
	opened := m.standing.Gate(gate.ApproveForUse).Opened
	if last < 0 || opened == nil {
		return nil, fmt.Errorf("finals of %s %s: gate %s was never opened", f.Product.Key, f.Release.Version, gate.ApproveForUse)
	}
	out := []gate.RenderedDocument{}
	for _, d := range opened.Documents {
		final, err := r.finalise(ctx, d, f.Gates[last])
		if err != nil {
			return nil, err
		}
		stored, err := r.store(ctx, d.Name, final.Tree())
		if err != nil {
			return nil, err
		}
		f.Documents = append(f.Documents, document.Reference{Number: stored.Number, Title: final.Tree().Meta.Title, SHA256: stored.Files[jsonExtension]})
		out = append(out, stored)
	}
	certificate, err := document.Certify(f, opened.Opening)
	if err != nil {
		return nil, err
	}
	stored, err := r.store(ctx, document.Certificate.Name, certificate.Tree())
	return append(out, stored), err
}

// finalise reads a candidate back and adds the signatures of its gate.
func (r *Reporter) finalise(ctx context.Context, d gate.RenderedDocument, g document.Gate) (document.Final, error) {
	data, err := r.Blobs.Bytes(ctx, d.Files[jsonExtension])
	if err != nil {
		return document.Final{}, fmt.Errorf("finalise document %q: %w", d.Number, err)
	}
	c, err := document.OpenCandidate(data)
	if err != nil {
		return document.Final{}, fmt.Errorf("finalise document %q: %w", d.Number, err)
	}
	return document.Finalise(c, g)
}

// consumed is the size of the ledger right after the last gate was consumed and
// the release authorised, which one batch does.
func (r *Reporter) consumed(ctx context.Context, s gate.Standing) (int64, error) {
	reg := s.Registered
	events, err := r.State.Log.Stream(ctx, ledger.ReleaseStream(reg.Solution, reg.Version), 0)
	if err != nil {
		return 0, err
	}
	var size int64
	var command string
	for _, e := range events {
		switch d := e.Data.(type) {
		case *gate.Consumed:
			if d.Gate == gate.ApproveForUse {
				size, command = e.Seq, e.Command
			}
		case *release.Authorised:
			if size != 0 && e.Command == command {
				size = e.Seq
			}
		}
	}
	if size == 0 {
		return 0, fault.New(fault.Blocked, "release %s of %s has no final documents: gate %s is %s", reg.Version, reg.Solution, gate.ApproveForUse, s.Gate(gate.ApproveForUse).Phase)
	}
	return size, nil
}

func errNoRelease(run state.Run) error {
	return fault.New(fault.Invalid, "run %s is for no release: %s is no version tag", run.Run.Run, run.Run.Trigger.Ref)
}
