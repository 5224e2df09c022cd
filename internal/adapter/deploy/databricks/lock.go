package databricks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// lockName is the lock of a deployment, in the folder of its state.
const lockName = "deploy.lock"

const lockHint = "somebody deploys to this place, or a deployment broke off; look who holds state/deploy.lock below the root, and remove it only when nothing runs"

// toAsk is how long the lock of a deployment that failed is asked for, also when it
// was cancelled.
const toAsk = 30 * time.Second

// lockLeft adds to why a deployment failed that its lock was not released, or that
// nobody can say: nothing can be deployed then.
func (s *session) lockLeft(ctx context.Context, why error) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), toAsk)
	defer done()
	raw, err := s.client.Content(ctx, s.place.root+"/state/"+lockName)
	if errors.Is(err, workspace.NotFound) {
		return why
	}
	left := &fault.Error{Kind: fault.KindOf(why), Err: why, Hint: lockHint}
	if err != nil {
		left.Msg = fmt.Sprintf("whether state/%s is left cannot be read (%v)", lockName, err)
		return left
	}
	left.Msg = fmt.Sprintf("state/%s is left: %.100q", lockName, raw)
	if lock, err := object(raw); err == nil {
		left.Msg = fmt.Sprintf("state/%s is left, of %q since %q", lockName, text(lock["User"]), text(lock["AcquisitionTime"]))
	}
	return left
}
