package wire

import (
	"context"
	"sync"
	"time"
)

// keeper keeps one worker beside the owner: one that dies by itself is started
// again, after what it held was given up.
type keeper struct {
	o *Owner

	mu      sync.Mutex
	now     *child
	stopped bool
}

func keepWorker(o *Owner) (*keeper, error) {
	c, err := startChild(o.Config, o.socket)
	if err != nil {
		return nil, err
	}
	k := &keeper{o: o, now: c}
	go k.watch(c)
	return k, nil
}

// watch replaces a worker that ended without being told to.
func (k *keeper) watch(c *child) {
	for c != nil {
		<-c.done
		c = k.replace(c)
	}
}

// replace starts the next worker; nil when there is to be none.
func (k *keeper) replace(ended *child) *child {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return nil
	}
	logger := k.o.Config.Logger
	logger.Error("worker ended", "error", ended.err)
	if time.Since(ended.started) < time.Second {
		logger.Error("worker does not start: no job can run")
		return nil // it must not spin
	}
	if err := k.o.App.Claims.GiveUp(context.Background(), deadChild); err != nil {
		logger.Error("give up executions", "error", err)
	}
	next, err := startChild(k.o.Config, k.o.socket)
	if err != nil {
		logger.Error("start worker", "error", err)
		return nil
	}
	k.now = next
	return next
}

func (k *keeper) stop(kill bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	return k.now.stop(kill)
}
