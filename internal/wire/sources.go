package wire

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/gate"
)

// sources looks at what lies outside of the ledger for the gates.
type sources struct {
	o        *Owner
	deployer *deploy.Deployer
	registry *solution.Registry
}

// TagObject implements promote.Sources: it fetches, because a tag may have
// moved since.
func (s sources) TagObject(ctx context.Context, key, tag string) (string, error) {
	b, err := s.registry.Solution(ctx, key)
	if err != nil {
		return "", err
	}
	code, err := s.o.mirrors.Code(ctx, b.Baseline)
	if err != nil {
		return "", err
	}
	ref, _, err := code.Resolve(ctx, "refs/tags/"+tag)
	return ref.Object, err
}

// NoteFindings implements promote.Sources.
func (s sources) NoteFindings(_ context.Context, version string, note []byte) []string {
	return traceability.NoteErrors(version, note)
}

// Trace implements promote.Sources.
func (s sources) Trace(ctx context.Context, run state.Run, st gate.Standing, name, at string) (unplanned, gaps []string, err error) {
	return s.o.tracer.Gaps(ctx, run, st, name, at)
}

// Drift implements promote.Sources.
func (s sources) Drift(ctx context.Context, key, place string) ([]string, error) {
	return s.deployer.Drift(ctx, key, place)
}
