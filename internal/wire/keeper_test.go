package wire

import (
	"syscall"
	"testing"
	"time"
)

// worker is the process that the keeper has now.
func (k *keeper) worker() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now.cmd.Process.Pid
}

// A worker may die at any moment of its life, also of its first second: without
// one nothing that is queued would ever run.
func TestAWorkerThatDiesIsReplacedHoweverSoon(t *testing.T) {
	o, err := Open(t.Context(), Config{Data: t.TempDir(), Build: "test", Sandbox: "none", Slots: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 2 {
		before := o.keep.worker()
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for o.keep.worker() == before {
			<-tick.C
		}
	}
	// Whoever closes the owner does not wait for the pause before the next one.
	if err := syscall.Kill(o.keep.worker(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}
