package console

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/app/operation"
)

// Steady asks over a long time and changes nothing: when the owner ends it asks
// the next one, or becomes it. An owner that asks nothing for a while, because
// nobody reads what it prints, gives the data directory back meanwhile.
type Steady struct {
	env *Env

	mu      sync.Mutex
	session Session // nil between two
	owner   bool
	idle    *time.Timer
}

// How long it takes.
const (
	giveBackAfter = time.Second
	gonePatience  = time.Minute // with owners that give no answer
	goneEvery     = time.Second // who starts the owner again is given the time to
)

// Steadily opens a steady session for one action and closes it.
func (e *Env) Steadily(ctx context.Context, do func(*Steady) error) error {
	s := &Steady{env: e}
	s.idle = time.AfterFunc(giveBackAfter, s.giveBack)
	err := do(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle.Stop()
	return errors.Join(err, s.close())
}

// Call implements operation.Caller, for operations that change nothing.
func (s *Steady) Call(ctx context.Context, name string, request []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle.Stop()
	defer s.idle.Reset(giveBackAfter)
	for deadline := time.Now().Add(gonePatience); ; {
		if err := s.open(ctx); err != nil {
			return nil, err
		}
		answer, err := s.session.Call(ctx, name, request)
		if !errors.Is(err, operation.ErrGone) || ctx.Err() != nil || time.Now().After(deadline) {
			return answer, errors.Join(err, ctx.Err())
		}
		if err := s.close(); err != nil {
			return nil, err
		}
		select {
		case <-time.After(goneEvery):
		case <-ctx.Done():
		}
	}
}

// Owner reports whether nobody else owned the data directory at the last call:
// then nothing moves.
func (s *Steady) Owner() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owner
}

func (s *Steady) open(ctx context.Context) (err error) {
	if s.session != nil {
		return nil
	}
	if s.session, err = s.env.Connect(ctx, s.env); err != nil {
		return err
	}
	s.owner = s.session.Owner()
	return nil
}

func (s *Steady) close() error {
	if s.session == nil {
		return nil
	}
	err := s.session.Close()
	s.session = nil
	return err
}

func (s *Steady) giveBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner {
		_ = s.close() // what was read is read
	}
}
