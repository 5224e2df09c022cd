package deploy

import (
	"context"
	"sync"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// turns let one deployment at a time into a place; the zero value is ready. One
// process deploys for an installation, so they need not be seen by others.
type turns struct {
	mu     sync.Mutex
	places map[ledger.Stream]chan struct{} // holds a token while the place is free
}

// take waits until the place is free; done frees it again.
func (t *turns) take(ctx context.Context, place ledger.Stream) (done func(), err error) {
	t.mu.Lock()
	free, ok := t.places[place]
	if !ok {
		if t.places == nil {
			t.places = map[ledger.Stream]chan struct{}{}
		}
		free = make(chan struct{}, 1)
		free <- struct{}{}
		t.places[place] = free
	}
	t.mu.Unlock()
	select {
	case <-free:
		return func() { free <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
