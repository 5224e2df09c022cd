package ledger

import (
	"context"
	"errors"
)

// ErrConflict says that a stream, a lock or a unique value is not as the
// decision saw it: load again, decide again.
var ErrConflict = errors.New("changed meanwhile")

// Log is where events are appended and read; the store implements it.
type Log interface {
	// Append stores a batch whole and durable, or nothing. A command that was
	// appended before gives the events it made then.
	Append(ctx context.Context, b Batch) ([]Event, error)
	// Stream gives the events of a stream after a version, in order.
	Stream(ctx context.Context, stream Stream, after int64) ([]Event, error)
}

// tries bounds how often a decision is made again.
const tries = 50

// Decide loads, decides and appends until nothing changed in between. A batch
// without events appends nothing and gives nil.
func Decide(ctx context.Context, log Log, decide func() (Batch, error)) ([]Event, error) {
	for i := 0; ; i++ {
		b, err := decide()
		if err != nil || len(b.Events) == 0 {
			return nil, err
		}
		events, err := log.Append(ctx, b)
		if errors.Is(err, ErrConflict) && i < tries && ctx.Err() == nil {
			continue
		}
		return events, err
	}
}
