package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// stockAge is how long a prepared sandbox waits at most: its view of the file
// system began when it was prepared, and its uid is lent.
const stockAge = time.Minute

// Stock opens sandboxes of one configuration and keeps one of the kind Namespace
// prepared for the next execution, which then need not wait for a helper to start.
// What is prepared has seen no execution; each is for one.
type Stock struct {
	c Config

	mu     sync.Mutex
	next   *prepared // nil for none
	closed bool
}

// prepared is a sandbox that waits, or is being made.
type prepared struct {
	made  chan struct{} // closed when box or err is there
	box   *namespace
	err   error
	timer *time.Timer
}

// NewStock is a stock with nothing in it.
func NewStock(c Config) *Stock { return &Stock{c: c.withDefaults()} }

// Prepare begins to make the next sandbox, when there is none.
func (s *Stock) Prepare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.next != nil {
		return
	}
	p := &prepared{made: make(chan struct{})}
	go func() {
		defer close(p.made)
		p.box, p.err = prepareNamespace(context.Background(), s.c, false)
	}()
	p.timer = time.AfterFunc(stockAge, func() { _ = s.discard(p) })
	s.next = p
}

// take gives what is prepared, nil for nothing.
func (s *Stock) take() *prepared {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.next
	s.next = nil
	if p != nil {
		p.timer.Stop()
	}
	return p
}

// discard closes a prepared sandbox that nobody has taken.
func (s *Stock) discard(p *prepared) error {
	s.mu.Lock()
	ours := p != nil && s.next == p
	if ours {
		s.next = nil
	}
	s.mu.Unlock()
	if !ours {
		return nil
	}
	p.timer.Stop()
	return p.close()
}

// close ends a sandbox as soon as it is made.
func (p *prepared) close() error {
	<-p.made
	if p.err != nil {
		return nil // there is nothing; who opens one hears why
	}
	return p.box.Close()
}

// Open makes a sandbox as Open does, from what is prepared where there is
// something that works, and begins to prepare the next one.
func (s *Stock) Open(ctx context.Context, kind Kind, spec Spec) (Sandbox, error) {
	if kind != Namespace || spec.Offline {
		return Open(ctx, kind, s.c, spec)
	}
	box, err := s.open(ctx, spec)
	if err == nil {
		s.Prepare()
	}
	return box, err
}

func (s *Stock) open(ctx context.Context, spec Spec) (Sandbox, error) {
	p := s.take()
	if p == nil {
		return Open(ctx, Namespace, s.c, spec)
	}
	resolved, err := spec.resolve()
	<-p.made
	if err == nil && p.err == nil {
		if err = p.box.enter(ctx, resolved); err == nil {
			return p.box, nil
		}
	}
	// It may have died while it waited, which says nothing of another one.
	closing := p.close()
	box, again := Open(ctx, Namespace, s.c, spec)
	if again != nil {
		return nil, errors.Join(again, err, closing)
	}
	if closing != nil {
		return nil, errors.Join(fmt.Errorf("open sandbox for %q: %w", spec.Execution, closing), box.Close())
	}
	return box, nil
}

// Close ends what waits; nothing is prepared any more.
func (s *Stock) Close() error {
	s.mu.Lock()
	s.closed = true
	p := s.next
	s.mu.Unlock()
	return s.discard(p)
}
