package wire

import (
	"context"
	"sync"
	"time"
)

// keeper keeps one worker beside the owner: one that dies by itself is started
// again, after what it held was given up.
type keeper struct {
	o    *Owner
	quit chan struct{} // closed by stop

	mu  sync.Mutex
	now *child
}

// restartAfter keeps a worker that cannot start from being started without end.
const restartAfter = time.Second

func keepWorker(o *Owner) (*keeper, error) {
	c, err := startChild(o.Config, o.socket)
	if err != nil {
		return nil, err
	}
	k := &keeper{o: o, quit: make(chan struct{}), now: c}
	go k.watch(c)
	return k, nil
}

// watch replaces a worker that ended without being told to. No lock is held
// while it waits: whoever stops the keeper does not wait for it.
func (k *keeper) watch(c *child) {
	for {
		select {
		case <-c.done:
		case <-k.quit:
			return
		}
		select {
		case <-k.quit:
			return
		case <-time.After(restartAfter):
		}
		next, err := k.replace(c)
		if err != nil {
			k.o.Config.Logger.Error("start worker", "error", err)
		}
		c = next
	}
}

// replace starts the next worker; without one it is tried again.
func (k *keeper) replace(ended *child) (*child, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if closed(k.quit) {
		return ended, nil
	}
	k.o.Config.Logger.Error("worker ended", "error", ended.err)
	if err := k.o.App.Claims.GiveUp(context.Background(), deadChild); err != nil {
		k.o.Config.Logger.Error("give up executions", "error", err)
	}
	next, err := startChild(k.o.Config, k.o.socket)
	if err != nil {
		return ended, err
	}
	k.now = next
	return next, nil
}

func (k *keeper) stop(kill bool) error {
	close(k.quit)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now.stop(kill)
}
