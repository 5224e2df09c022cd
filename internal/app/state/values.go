package state

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Keeper keeps what events point to.
type Keeper interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
}

// Fit gives the values that an event of a run has room for; of others it gives
// none, and the event that follows it and names their blob.
func Fit(ctx context.Context, blobs Keeper, run string, d pipeline.ValuesKept, values map[string]string) (map[string]string, []ledger.Draft, error) {
	if pipeline.FitsEvent(values) {
		return values, nil, nil
	}
	raw, err := canonical.Marshal(values)
	if err == nil {
		d.Values, err = blobs.PutBytes(ctx, raw)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("keep values of job %q: %w", d.Job, err)
	}
	return nil, []ledger.Draft{{Stream: ledger.RunStream(run), Data: &d}}, nil
}

// apply adds an event; values that had no room in it come from their blob.
func (r *Reader) apply(ctx context.Context, s Run, e ledger.Event) (Run, error) {
	s = s.apply(e)
	d, ok := e.Data.(*pipeline.ValuesKept)
	if !ok {
		return s, nil
	}
	values := map[string]string{}
	raw, err := r.Blobs.Bytes(ctx, d.Values)
	if err == nil {
		err = canonical.Unmarshal(raw, &values)
	}
	if err != nil {
		return s, fmt.Errorf("values of job %q of run %s: %w", d.Job, s.Run.Run, err)
	}
	s.State = s.State.WithValues(*d, values)
	return s, nil
}
