package sandbox

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
)

// inside is a command in a namespace.
type inside struct {
	box     *namespace
	id      int64
	name    string
	answer  chan report // started or signalled
	exited  chan struct{}
	code    int
	lost    error // the sandbox ended before the command was seen to end
	streams []*stream
	calls   sync.Mutex // one call at a time
}

// call sends a request and waits for its answer.
func (p *inside) call(r request, fds ...int) error {
	p.calls.Lock()
	defer p.calls.Unlock()
	r.ID = p.id
	if err := p.box.link.send(r, fds...); err != nil {
		return fmt.Errorf("command %q: %w", p.name, err)
	}
	select {
	case a := <-p.answer:
		if a.Error != "" {
			return errors.New(a.Error)
		}
		return nil
	case <-p.box.listened:
		return fmt.Errorf("command %q: %w", p.name, p.box.why())
	}
}

// discard closes the streams of a command that was not started.
func (p *inside) discard() error {
	var bad []error
	for _, s := range p.streams {
		bad = append(bad, s.r.Close())
	}
	return errors.Join(bad...)
}

func (p *inside) Wait() (int, error) {
	<-p.exited
	err := settleAll(p.streams...)
	if p.lost != nil {
		return -1, fmt.Errorf("command %q: %w", p.name, p.lost)
	}
	return p.code, err
}

func (p *inside) Signal(sig syscall.Signal) error {
	return p.call(request{Signal: int(sig)})
}
