package publish

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Carry carries a publication out: the effect. It composes the folder from the
// ledger up to the event that asked for it, so that trying again gives the
// same bytes; a commit that was pushed before is found by its id.
func (p *Publisher) Carry(ctx context.Context, raw []byte) error {
	var a args
	if err := json.Unmarshal(raw, &a); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	stream := ledger.ReleaseStream(a.Solution, a.Version)
	if _, ok, err := p.published(ctx, stream, a.Publication); err != nil || ok {
		return err
	}
	solution, err := p.Solutions.Solution(ctx, a.Solution)
	if err != nil {
		return err
	}
	h, err := p.ofRelease(ctx, a)
	if err != nil {
		return fmt.Errorf("publish %s of %s: %w", a.Publication, a.Solution, err)
	}
	done, err := p.push(ctx, solution, h)
	if err != nil {
		return fmt.Errorf("publish %s of %s: %w", a.Publication, a.Solution, err)
	}
	return p.record(ctx, solution, h, done)
}

// record says that the publication is done; the last one makes the release
// effective instead of the one before.
func (p *Publisher) record(ctx context.Context, solution policy.Solution, h *history, done document.Published) error {
	_, err := ledger.Decide(ctx, p.Log, func() (ledger.Batch, error) {
		b := ledger.Batch{
			Command: "published/" + h.solution + "/" + h.publication, Actor: actor, Correlation: h.subject.events[0].Correlation, Policy: solution.Digest,
			Events: []ledger.Draft{{Stream: h.subject.name, Data: &done}},
		}
		if h.gate != gate.ApproveForUse {
			return b, nil
		}
		s, err := p.State.Release(ctx, h.solution, h.version)
		if err != nil {
			return b, err
		}
		b.Reads = append(b.Reads, ledger.Read{Stream: h.subject.name, Version: s.Version})
		b.Events = append(b.Events, ledger.Draft{Stream: h.subject.name, Data: &release.ForUse{Publication: h.publication, Commit: done.Commit}})
		all, err := p.Lists.Releases(ctx, h.solution)
		if err != nil {
			return b, err
		}
		for _, r := range all {
			other, err := p.State.Release(ctx, h.solution, r.Version)
			if err != nil {
				return b, err
			}
			if r.Version == h.version || other.State != release.Effective {
				continue
			}
			stream := ledger.ReleaseStream(h.solution, r.Version)
			b.Reads = append(b.Reads, ledger.Read{Stream: stream, Version: other.Version})
			b.Events = append(b.Events, ledger.Draft{Stream: stream, Data: &release.Superseded{By: h.version}})
		}
		return b, nil
	})
	return err
}

// PublishRollback implements rollback.Publisher: the record of a rollback in a
// folder of its own. Every part of it is idempotent.
func (p *Publisher) PublishRollback(ctx context.Context, solution policy.Solution, environment string, r deployment.RollbackRequested) (commit string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stream := ledger.EnvironmentStream(solution.Solution, environment)
	if done, ok, err := p.published(ctx, stream, r.Rollback); err != nil || ok {
		return done.Commit, err
	}
	if err := p.intendRollback(ctx, solution, stream, r); err != nil {
		return "", err
	}
	h, err := p.ofRollback(ctx, solution.Solution, environment, r)
	if err != nil {
		return "", fmt.Errorf("publish rollback %s of %s: %w", r.Rollback, solution.Solution, err)
	}
	done, err := p.push(ctx, solution, h)
	if err != nil {
		return "", fmt.Errorf("publish rollback %s of %s: %w", r.Rollback, solution.Solution, err)
	}
	_, err = p.Log.Append(ctx, ledger.Batch{
		Command: "published/" + solution.Solution + "/" + r.Rollback, Actor: actor, Correlation: r.Rollback, Policy: solution.Digest,
		Events: []ledger.Draft{{Stream: stream, Data: &done}},
	})
	return done.Commit, err
}

// intendRollback asks for the publication of a rollback, once.
func (p *Publisher) intendRollback(ctx context.Context, solution policy.Solution, stream ledger.Stream, r deployment.RollbackRequested) error {
	return p.Keys.With(releaselog.AttestKey, func(key ed25519.PrivateKey) error {
		_, err := ledger.Decide(ctx, p.Log, func() (ledger.Batch, error) {
			return p.rollbackIntention(ctx, key, solution, stream, r)
		})
		return err
	})
}

// rollbackIntention is the batch that asks; without events when it was asked for
// before.
func (p *Publisher) rollbackIntention(ctx context.Context, key ed25519.PrivateKey, solution policy.Solution, stream ledger.Stream, r deployment.RollbackRequested) (ledger.Batch, error) {
	events, err := p.Log.Stream(ctx, stream, 0)
	if err != nil {
		return ledger.Batch{}, err
	}
	for _, e := range events {
		if d, ok := e.Data.(*document.PublicationIntended); ok && d.Publication == r.Rollback {
			return ledger.Batch{}, nil
		}
	}
	attested, err := p.attestRollback(ctx, key, solution.Solution, r, events)
	return ledger.Batch{
		Command: "publish/" + solution.Solution + "/" + r.Rollback, Actor: actor, Correlation: r.Rollback, Policy: solution.Digest,
		Reads: []ledger.Read{{Stream: stream, Version: int64(len(events))}},
		Events: append(attested, ledger.Draft{Stream: stream, Data: &document.PublicationIntended{
			Publication: r.Rollback, Folder: "rollbacks/" + r.Rollback, Gate: gate.ApproveRollback,
		}}),
	}, err
}

// push makes the commit, reads it back and anchors its checkpoint.
func (p *Publisher) push(ctx context.Context, solution policy.Solution, h *history) (document.Published, error) {
	log, err := p.ReleaseLogs(ctx, solution)
	if err != nil {
		return document.Published{}, err
	}
	f, err := p.folder(ctx, h)
	if err != nil {
		return document.Published{}, err
	}
	commit, err := log.Publish(ctx, Commit{
		Branch: branch(solution), ID: h.publication, Subject: "release " + h.folder + ": " + h.gate, Seconds: h.at.Unix(),
		Compose: func(ctx context.Context, base Base) (files map[string]Content, err error) {
			err = p.sealed(ctx, func(s sealing) error {
				files, err = p.compose(ctx, s, h, f, base)
				return err
			})
			return files, err
		},
	})
	if err != nil {
		return document.Published{}, err
	}
	index, err := p.readBack(ctx, h, log.At(commit))
	if err != nil {
		return document.Published{}, err
	}
	if _, err := p.anchor(ctx, solution, log, anchor{size: h.size, note: f.checkpoint, seconds: h.at.Unix()}); err != nil {
		return document.Published{}, err
	}
	return document.Published{Publication: h.publication, Commit: commit, Index: index, Size: h.size}, nil
}

func branch(s policy.Solution) string {
	if s.Branch == "" {
		return "main"
	}
	return s.Branch
}

func (p *Publisher) origin() string { return p.Keys.Origin() }
