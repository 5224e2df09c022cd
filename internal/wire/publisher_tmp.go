package wire

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

const publishEffect = "publish"

type publisher struct{}

func newPublisher(*Owner, *solution.Registry, *deploy.Deployer, *claim.Server) publisher {
	return publisher{}
}
func (publisher) Carry(context.Context, []byte) error { return nil }
func (publisher) Publish(context.Context, string, int64, string) (string, string, error) {
	return "", "", nil
}

func (publisher) Render(context.Context, state.Run, gate.Standing, string, int) ([]gate.RenderedDocument, error) {
	return nil, nil
}

func (publisher) PublishRollback(context.Context, policy.Solution, string, release.RollbackRequested) (string, error) {
	return "", nil
}
