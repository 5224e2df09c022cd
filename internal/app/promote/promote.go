// Package promote holds releases at gates: it gathers the facts, records what
// is missing, freezes the manifest when nothing is, and voids an open gate when
// what it was frozen on no longer holds.
package promote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Sources looks at what lies outside of the ledger.
type Sources interface {
	// TagObject is what the tag points to now, "" when it is gone.
	TagObject(ctx context.Context, solution, tag string) (object string, err error)
	// NoteFindings are the errors of a release note.
	NoteFindings(ctx context.Context, version string, note []byte) []string
	// Trace reads the requirements of a release and links them with the
	// results of its run.
	Trace(ctx context.Context, run state.Run, s gate.Standing, name, at string) (unplanned, gaps []string, err error)
	// Drift observes a place and compares it with what was deployed last.
	Drift(ctx context.Context, solution, place string) ([]string, error)
}

// Documents renders what a gate needs, without that gate's signatures. Documents
// that cannot be complete yet are a *gate.Incomplete, which keeps the gate closed.
type Documents interface {
	Render(ctx context.Context, run state.Run, s gate.Standing, name string, opening int) ([]gate.RenderedDocument, error)
}

// Blobs keeps manifests.
type Blobs interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
	Bytes(ctx context.Context, digest string) ([]byte, error)
}

// Solutions finds the policy of a solution.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
}

// Lists reads the views that facts come from.
type Lists interface {
	Releases(ctx context.Context, solution string) ([]inspect.Release, error)
	PersonByIdentity(ctx context.Context, digest string) (person string, err error)
}

// Reviews says why the audit trail of a release counts as not reviewed, as it
// stands now; nil when it is.
type Reviews interface {
	Unreviewed(ctx context.Context, solution, version string) ([]string, error)
}

// Gates evaluates gates.
type Gates struct {
	Reviews   Reviews
	Log       ledger.Log
	State     *state.Reader
	Lists     Lists
	Now       func() time.Time
	Blobs     Blobs
	Sources   Sources
	Documents Documents
	Solutions Solutions
}

var actor = ledger.Actor{Kind: ledger.Machine, ID: "orchestrator", Role: "gate", Authentication: "internal"}

// Evaluate brings a gate of a run's release to the phase that the facts give.
func (g *Gates) Evaluate(ctx context.Context, runID, name string) error {
	_, err := ledger.Decide(ctx, g.Log, func() (ledger.Batch, error) {
		run, err := g.State.Run(ctx, runID)
		if err != nil || run.Run.Version == "" || !run.Run.Counted {
			return ledger.Batch{}, err
		}
		s, err := g.State.Release(ctx, run.Run.Solution, run.Run.Version)
		if err != nil {
			return ledger.Batch{}, err
		}
		phase := s.Gate(name).Phase
		if phase == gate.PhaseConsumed || phase == gate.PhaseRejected || s.Held != "" {
			return ledger.Batch{}, nil
		}
		solution, err := g.Solutions.Solution(ctx, run.Run.Solution)
		if err != nil {
			return ledger.Batch{}, err
		}
		facts, err := g.Facts(ctx, run, s, name)
		if err != nil {
			return ledger.Batch{}, err
		}
		stream := ledger.ReleaseStream(run.Run.Solution, run.Run.Version)
		b := ledger.Batch{
			Command: fmt.Sprintf("gate/%s/%s/%d/%d", stream, name, s.Version, run.Version), Actor: actor, Correlation: runID, Policy: solution.Digest,
			Reads: []ledger.Read{{Stream: stream, Version: s.Version}, {Stream: ledger.RunStream(runID), Version: run.Version}},
		}
		def, demanded := s.Definition(policy.Profile(run.Run.Profile), name)
		p, err := g.move(ctx, def, demanded, facts, run, s, solution)
		if p != nil {
			b.Events = []ledger.Draft{{Stream: stream, Data: p}}
		}
		if err != nil || p == nil || !def.Rehearsable(facts) {
			return b, err
		}
		rehearsal, err := deploy.FirstRehearsal(runID)
		b.Effects = []ledger.Effect{rehearsal}
		return b, err
	})
	return err
}

// Holds reports whether nothing voids an open gate: the facts are gathered once
// more before its job is released.
func (g *Gates) Holds(ctx context.Context, run state.Run, s gate.Standing, name string) (bool, error) {
	solution, err := g.Solutions.Solution(ctx, run.Run.Solution)
	if err != nil {
		return false, err
	}
	if s.Held != "" {
		return false, nil
	}
	facts, err := g.Facts(ctx, run, s, name)
	if err != nil {
		return false, err
	}
	def, _ := s.Definition(policy.Profile(run.Run.Profile), name)
	if len(def.Missing(facts)) > 0 {
		return false, nil
	}
	voided, err := g.stillHolds(ctx, name, facts, run, s, solution)
	return voided == nil, err
}

// move is the event that the facts lead to, nil for none.
func (g *Gates) move(ctx context.Context, def gate.Definition, demanded bool, f gate.Facts, run state.Run, s gate.Standing, solution policy.Solution) (ledger.Payload, error) {
	missing, now := def.Missing(f), s.Gate(def.Name)
	switch {
	case now.Phase == gate.PhaseOpen && len(missing) > 0:
		return &gate.Voided{Gate: def.Name, Manifest: now.Opened.Manifest, Because: missing[0]}, nil
	case now.Phase == gate.PhaseOpen:
		return g.stillHolds(ctx, def.Name, f, run, s, solution)
	case len(missing) > 0 && !slices.Equal(missing, now.Missing):
		return &gate.Closed{Gate: def.Name, Missing: missing}, nil
	case len(missing) > 0:
		return nil, nil
	}
	opening := now.Openings + 1
	documents, err := g.Documents.Render(ctx, run, s, def.Name, opening)
	if incomplete := (*gate.Incomplete)(nil); errors.As(err, &incomplete) {
		if slices.Equal(incomplete.Missing, now.Missing) {
			return nil, nil
		}
		return &gate.Closed{Gate: def.Name, Missing: incomplete.Missing}, nil
	}
	if err != nil {
		return nil, err
	}
	manifest, err := g.manifest(ctx, def.Name, opening, f, run, s, solution, documents)
	if err != nil {
		return nil, err
	}
	raw, err := canonical.Marshal(manifest)
	if err != nil {
		return nil, err
	}
	digest, err := g.Blobs.PutBytes(ctx, raw)
	if err != nil {
		return nil, err
	}
	return &gate.Opened{Gate: def.Name, Manifest: digest, Position: position(run, s), Opening: opening, Documents: documents, Unsigned: !demanded}, nil
}

// position is the seq of the last event that the facts of a gate were read from.
func position(run state.Run, s gate.Standing) int64 {
	last := s.Seq
	if n := len(run.Events); n > 0 {
		last = max(last, run.Events[n-1].Seq)
	}
	return last
}

// stillHolds voids an open gate when policy, artifact or plan are not the frozen
// ones. Later passing evidence stays outside of the manifest.
func (g *Gates) stillHolds(ctx context.Context, name string, f gate.Facts, run state.Run, s gate.Standing, solution policy.Solution) (ledger.Payload, error) {
	opened := s.Gate(name).Opened
	raw, err := g.Blobs.Bytes(ctx, opened.Manifest)
	if err != nil {
		return nil, err
	}
	var frozen gate.Manifest
	if err := canonical.Unmarshal(raw, &frozen); err != nil {
		return nil, err
	}
	void := func(because string) (ledger.Payload, error) {
		return &gate.Voided{Gate: name, Manifest: opened.Manifest, Because: because}, nil
	}
	if frozen.Policy != solution.Digest {
		return void("the policy of the solution changed")
	}
	if !slices.EqualFunc(frozen.Artifacts, artifacts(f, nil), func(a, b gate.ManifestArtifact) bool {
		return a.Tree == b.Tree && slices.Equal(a.Environments, b.Environments)
	}) {
		return void("another artifact was deployed")
	}
	if now := behind(f); now != nil && (frozen.Deployment == nil || frozen.Deployment.Plan != now.Plan) {
		return void("the deployment to " + now.Environment + " was planned again")
	}
	for _, e := range f.Evidence {
		known := slices.ContainsFunc(frozen.Evidence, func(m gate.ManifestEvidence) bool { return m.Execution == e.Execution && m.SHA256 == e.SHA256 })
		if !known && e.Counted && e.Verdict != "passed" {
			return void(fmt.Sprintf("%s evidence %s failed after the gate opened", e.Verification, e.Name))
		}
	}
	return nil, nil
}
