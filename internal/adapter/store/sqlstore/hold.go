package sqlstore

import (
	"context"
	"sync/atomic"
)

// guarded is an engine that can be held: from then on it only reads.
type guarded struct {
	Engine
	held atomic.Pointer[error]
}

// Write implements Engine; it is refused with the reason of the hold.
func (g *guarded) Write(ctx context.Context, do func(Tx) error, after ...func() error) error {
	if why := g.held.Load(); why != nil {
		return *why
	}
	return g.Engine.Write(ctx, do, after...)
}

// OpenHeld opens a store that is held from the start: it migrates nothing,
// refuses nothing that can be read, and writes nothing.
func OpenHeld(e Engine, why error, c Config) *Store {
	s := &Store{engine: &guarded{Engine: e}, config: c, changed: make(chan struct{})}
	s.Hold(why)
	return s
}

// Hold lets the store answer and write nothing any more, for good. Whatever
// would write ends with the reason; views stay where they are.
func (s *Store) Hold(why error) { s.engine.held.Store(&why) }
