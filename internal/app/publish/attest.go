package publish

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/provenance"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// attestRelease seals what happened to a release since its publication before.
// The reads keep the ledger from growing in between, so that what is stated is
// exactly what stands before the events that name it.
func (p *Publisher) attestRelease(ctx context.Context, key ed25519.PrivateKey, r pipeline.RunStarted, events []ledger.Event, publication string) ([]ledger.Draft, []ledger.Read, error) {
	registered, ok := events[0].Data.(*release.Registered)
	if !ok {
		return nil, nil, fmt.Errorf("stream %s begins with %s", events[0].Stream, events[0].Type)
	}
	f := provenance.Facts{Installation: p.Keys.Installation, Solution: r.Solution, Version: r.Version, Subject: events}
	var err error
	if f.Run, err = p.Log.Stream(ctx, ledger.RunStream(r.Run), 0); err != nil {
		return nil, nil, err
	}
	reads := []ledger.Read{{Stream: ledger.RunStream(r.Run), Version: int64(len(f.Run))}}
	since, err := p.effectiveSince(ctx, r.Solution, registered.Previous)
	if err != nil {
		return nil, nil, err
	}
	for _, place := range policy.Places {
		stream := ledger.EnvironmentStream(r.Solution, place)
		there, err := p.Log.Stream(ctx, stream, 0)
		if err != nil {
			return nil, nil, err
		}
		reads = append(reads, ledger.Read{Stream: stream, Version: int64(len(there))})
		f.Places = append(f.Places, slices.DeleteFunc(there, func(e ledger.Event) bool { return e.Seq <= since })...)
	}
	drafts, err := p.attest(ctx, key, f, events[0].Stream, publication)
	return drafts, reads, err
}

// attestRollback seals what happened since a rollback was requested.
func (p *Publisher) attestRollback(ctx context.Context, key ed25519.PrivateKey, solution string, r deployment.RollbackRequested, events []ledger.Event) ([]ledger.Draft, error) {
	begin := slices.IndexFunc(events, func(e ledger.Event) bool {
		q, ok := e.Data.(*deployment.RollbackRequested)
		return ok && q.Rollback == r.Rollback
	})
	if begin < 0 {
		return nil, fmt.Errorf("rollback %s was not requested", r.Rollback)
	}
	f := provenance.Facts{Installation: p.Keys.Installation, Solution: solution, Version: r.To, Subject: events[begin:]}
	return p.attest(ctx, key, f, events[begin].Stream, r.Rollback)
}

// attest seals statements, keeps their envelopes and gives the events that name
// them.
func (p *Publisher) attest(ctx context.Context, key ed25519.PrivateKey, f provenance.Facts, stream ledger.Stream, publication string) ([]ledger.Draft, error) {
	f.Tree = func(k pipeline.ArtifactKept) (files deployment.Tree, err error) {
		raw, err := p.Blobs.Bytes(ctx, k.Manifest)
		if err != nil {
			return nil, err
		}
		return files, canonical.Unmarshal(raw, &files)
	}
	after := int64(0)
	for _, e := range f.Subject {
		if _, ok := e.Data.(*provenance.Attested); ok {
			after = e.Seq
		}
	}
	made, err := f.Statements(after, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	refs := []provenance.Reference{}
	for _, s := range made {
		envelope, err := signature.Seal(provenance.PayloadType, p.Keys.ID(releaselog.AttestKey), key, s.Statement)
		if err != nil {
			return nil, fmt.Errorf("seal statement %s: %w", s.Name, err)
		}
		digest, err := p.Blobs.PutBytes(ctx, envelope)
		if err != nil {
			return nil, err
		}
		refs = append(refs, provenance.Reference{Seq: s.Seq, Name: s.Name, Envelope: digest})
	}
	var out []ledger.Draft
	for part := range slices.Chunk(refs, provenance.MaxReferences) {
		out = append(out, ledger.Draft{Stream: stream, Data: &provenance.Attested{Publication: publication, Statements: part}})
	}
	return out, nil
}

// statements adds the sealed statements that the ledger names.
func (p *Publisher) statements(ctx context.Context, h *history, f *folder) error {
	for _, e := range h.subject.from(h.after).events {
		d, ok := e.Data.(*provenance.Attested)
		if !ok {
			continue
		}
		for _, s := range d.Statements {
			if err := p.add(ctx, f, releaselog.AttestationPath(s.Name), s.Envelope); err != nil {
				return err
			}
		}
	}
	return nil
}
