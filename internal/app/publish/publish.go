// Package publish writes the record of a release into its release log: the
// job of a gate asks, an effect composes and pushes, and what was pushed is
// read back before the ledger says that it is published. The last publication
// makes the release effective.
package publish

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Log is the ledger with its stored bytes and hashes.
type Log interface {
	ledger.Log
	// StreamRecords gives the stored bytes of a stream's events up to a seq.
	StreamRecords(ctx context.Context, stream ledger.Stream, upTo int64) ([]ledger.Record, error)
	// Events gives events after a seq, in order, at most limit.
	Events(ctx context.Context, after int64, limit int) ([]ledger.Event, error)
	// Hashes reads stored hashes of the tree; valid within do.
	Hashes(ctx context.Context, do func(size int64, r ledger.HashReader) error) error
	// Changed is closed at the next commit.
	Changed() <-chan struct{}
}

// Blobs holds what events point to.
type Blobs interface {
	Bytes(ctx context.Context, digest string) ([]byte, error)
	Open(ctx context.Context, digest string) (io.ReadCloser, error)
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
}

// Claims says whether a worker's claim is current.
type Claims interface {
	Current(ctx context.Context, execution string, fence int64) (pipeline.Slot, error)
}

// Solutions finds the policy of a solution.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
}

// Lists reads views.
type Lists interface {
	Releases(ctx context.Context, solution string) ([]inspect.Release, error)
}

// Documents renders the documents of record: what was signed, with the page of
// signatures, and the certificate.
type Documents interface {
	Finals(ctx context.Context, run state.Run, s gate.Standing) ([]gate.RenderedDocument, error)
}

// ReleaseLogs opens the release log of a solution.
type ReleaseLogs func(ctx context.Context, solution policy.Solution) (ReleaseLog, error)

// Publisher publishes for one installation.
type Publisher struct {
	Log         Log
	State       *state.Reader
	Blobs       Blobs
	Claims      Claims
	Solutions   Solutions
	Lists       Lists
	Documents   Documents
	ReleaseLogs ReleaseLogs
	Keys        *keys.Holder     // that checkpoints, indexes and statements are signed with
	Now         func() time.Time // when a checkpoint is committed
	Authority   Authority        // that stamps anchored checkpoints, nil for none
	Seals       Sealer           // of final PDF files, nil for none

	mu sync.Mutex // one publication at a time: the root index names all versions
}

// Effect is the kind of the effect that carries a publication out.
const Effect = "publish"

var actor = ledger.Actor{Kind: ledger.Machine, ID: "publisher", Role: "publish", Authentication: "internal"}

// args are the arguments of the effect.
type args struct {
	Solution    string `json:"solution"`
	Version     string `json:"version"`
	Publication string `json:"publication"`
}

// Publish serves the job of a consumed gate: it asks for the publication once
// and waits until what was pushed has been read back. A rehearsal and a
// solution without a release log publish nothing; the publication is "".
func (p *Publisher) Publish(ctx context.Context, execution string, fence int64, gateName string) (publication, commit string, err error) {
	slot, err := p.Claims.Current(ctx, execution, fence)
	if err != nil {
		return "", "", err
	}
	run, err := p.State.Run(ctx, slot.Run)
	if err != nil {
		return "", "", err
	}
	solution, err := p.Solutions.Solution(ctx, slot.Solution)
	if err != nil {
		return "", "", err
	}
	if err := ofGate(run, execution, gateName); err != nil {
		return "", "", err
	}
	if !run.Run.Counted || solution.ReleaseLog == "" {
		return "", "", nil
	}
	stream := ledger.ReleaseStream(run.Run.Solution, run.Run.Version)
	err = p.Keys.With(releaselog.AttestKey, func(key ed25519.PrivateKey) error {
		_, err := ledger.Decide(ctx, p.Log, func() (b ledger.Batch, err error) {
			publication, b, err = p.intend(ctx, key, run, execution, gateName)
			b.Policy = solution.Digest
			return b, err
		})
		return err
	})
	if err != nil {
		return "", "", err
	}
	done, err := p.wait(ctx, stream, publication)
	return publication, done.Commit, err
}

// ofGate refuses a job that is not the job of the gate.
func ofGate(run state.Run, execution, name string) error {
	job, ok := run.Plan.Job(pipeline.JobOf(execution))
	switch {
	case !ok || job.Kind != pipeline.Gate || job.Environment != name || run.Queued[execution].Gate != name:
		return fault.New(fault.Forbidden, "job %q is not the job of gate %s", pipeline.JobOf(execution), name).WithHint("publish from the job with environment: %s", name)
	case run.Run.Version == "" && run.Run.Counted:
		return fault.New(fault.Invalid, "run %s is for no release: nothing to publish", run.Run.Run)
	}
	return nil
}

// intend is the batch that asks for a publication; without events when it was
// asked for before.
func (p *Publisher) intend(ctx context.Context, key ed25519.PrivateKey, run state.Run, execution, name string) (string, ledger.Batch, error) {
	r := run.Run
	s, err := p.State.Release(ctx, r.Solution, r.Version)
	if err != nil {
		return "", ledger.Batch{}, err
	}
	g := s.Gate(name)
	if g.Phase != gate.PhaseConsumed {
		return "", ledger.Batch{}, fault.New(fault.Blocked, "gate %s of version %s is %s: nothing is published before it is consumed", name, r.Version, g.Phase)
	}
	stream := ledger.ReleaseStream(r.Solution, r.Version)
	publication := fmt.Sprintf("%s-%s-%d", r.Version, name, g.Openings)
	events, err := p.Log.Stream(ctx, stream, 0)
	if err != nil {
		return "", ledger.Batch{}, err
	}
	for _, e := range events {
		if d, ok := e.Data.(*document.PublicationIntended); ok && d.Publication == publication {
			return publication, ledger.Batch{}, nil
		}
	}
	attested, reads, err := p.attestRelease(ctx, key, r, events, publication)
	if err != nil {
		return "", ledger.Batch{}, err
	}
	raw, err := json.Marshal(args{Solution: r.Solution, Version: r.Version, Publication: publication})
	return publication, ledger.Batch{
		Command: "publish/" + r.Solution + "/" + publication, Actor: actor, Correlation: r.Run,
		Reads: append(reads, ledger.Read{Stream: stream, Version: s.Version}),
		Events: append(attested, ledger.Draft{Stream: stream, Data: &document.PublicationIntended{
			Publication: publication, Folder: r.Version, Gate: name, Execution: execution,
		}}),
		Effects: []ledger.Effect{{Kind: Effect, Key: Effect + "/" + r.Solution + "/" + publication, Args: raw}},
	}, err
}

// wait ends when the stream says that the publication is done.
func (p *Publisher) wait(ctx context.Context, stream ledger.Stream, publication string) (document.Published, error) {
	for {
		changed := p.Log.Changed()
		done, ok, err := p.published(ctx, stream, publication)
		if err != nil || ok {
			return done, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return done, fmt.Errorf("wait for publication %s: %w", publication, ctx.Err())
		}
	}
}

func (p *Publisher) published(ctx context.Context, stream ledger.Stream, publication string) (document.Published, bool, error) {
	events, err := p.Log.Stream(ctx, stream, 0)
	if err != nil {
		return document.Published{}, false, err
	}
	for _, e := range events {
		if d, ok := e.Data.(*document.Published); ok && d.Publication == publication {
			return *d, true, nil
		}
	}
	return document.Published{}, false, nil
}
