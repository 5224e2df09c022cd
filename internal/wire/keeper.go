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
	for {
		<-c.done
		k.mu.Lock()
		if k.stopped {
			k.mu.Unlock()
			return
		}
		k.o.Config.Logger.Error("worker ended", "error", c.err)
		time.Sleep(time.Second) // a worker that cannot start must not spin
		if err := k.o.App.Claims.GiveUp(context.Background(), deadChild); err != nil {
			k.o.Config.Logger.Error("give up executions", "error", err)
		}
		next, err := startChild(k.o.Config, k.o.socket)
		if err != nil {
			k.o.Config.Logger.Error("start worker", "error", err)
			k.mu.Unlock()
			return
		}
		k.now, c = next, next
		k.mu.Unlock()
	}
}

func (k *keeper) stop(kill bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	return k.now.stop(kill)
}
